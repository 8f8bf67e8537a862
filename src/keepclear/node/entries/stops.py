"""Entries about STOP: asked, answered, and no longer asked (N5)."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from keepclear.core.alert import Answer
from keepclear.node.entries.base import Entry, Hash, PartyId, Person, Serial, Text

#: Fourteen lines of a card, with room.
CARD_MAX = 2_000


class StopSent(Entry, frozen=True):
    """`stop`: asks anyone on duty to stop what they are doing now (N5). Needs no named contact."""

    id: Serial
    by: Person
    remarks: Text = ""
    notices: tuple[Serial, ...] = ()


class StopAnswered(Entry, frozen=True):
    """`stop_answer`: the answer of whoever was on duty."""

    id: Serial
    answer: Answer
    by: Person


class Resumed(Entry, frozen=True):
    """`resume`: the party that asked to stop no longer asks."""

    id: Serial
    by: Person


class CallBack(enum.StrEnum):
    """What came of calling back the enrolled number about a STOP that came by voice."""

    CONFIRMED = "CONFIRMED"
    NOT_CONFIRMED = "NOT_CONFIRMED"  # they say that they did not send it
    NO_ANSWER = "NO_ANSWER"


class VoiceStop(Entry, frozen=True):
    """`voice_stop`: a STOP that came by voice, UNAUTHENTICATED; typed in by a person, who is to call back (N5).

    Attributes:
        id: serial among what we typed in.
        party: from whom it is said to come.
        by: who typed it in.
        text: the card as it was typed, line by line; not for targets.
        card: SHA-256 of the text, in hexadecimal.
        telephone: the enrolled number that is to be called back; empty when there is none.
    """

    id: Serial
    party: PartyId
    by: Person
    text: Annotated[str, msgspec.Meta(max_length=CARD_MAX)]
    card: Hash
    telephone: Annotated[str, msgspec.Meta(max_length=40)] = ""


class VoiceStopCalled(Entry, frozen=True):
    """`voice_stop_called`: the enrolled number was called back.

    Attributes:
        id: serial of what was typed in.
        result: what came of it.
        spoke_to: who answered, as they gave their name.
    """

    id: Serial
    result: CallBack
    by: Person
    spoke_to: Annotated[str, msgspec.Meta(max_length=60)] = ""


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "stop": StopSent,
    "stop_answer": StopAnswered,
    "resume": Resumed,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "voice_stop": VoiceStop,
    "voice_stop_called": VoiceStopCalled,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset()
