"""The shapes of the functions that decide. Each subject in `decide` lists its own; `decide` puts the lists together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keepclear.node.decision import Decision, Draft
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: What follows from a command at an instant: picture, command, now in microseconds, settings.
Decide = Callable[[Picture, Any, int, Settings], Decision]
#: What has fallen due: picture, now in microseconds, settings. Not asked while our clock is suspect.
Due = Callable[[Picture, int, Settings], list[Draft]]
#: Raises unless what one entry of a peer says can be so, whatever is in force: the entry and its body.
CheckBody = Callable[[Read, Any], None]
#: Raises unless the new entries of one delivery follow from what we hold: picture, sender, entries, settings.
CheckTogether = Callable[[Picture, str, Sequence[Read], Settings], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """One entry of a peer that has just been taken up; the picture already holds it.

    Attributes:
        received_at: when its bytes were read, by our clock, microseconds.
    """

    read: Read
    sender: str
    now_us: int
    received_at: int


#: What follows from one entry of a peer: picture, where and when it came, its body, settings.
Take = Callable[[Picture, Taken, Any, Settings], list[Draft]]
