"""Entries about STOP: asked, answered, and no longer asked (N5)."""

from __future__ import annotations

from keepclear.core.alert import Answer
from keepclear.node.entries.base import Entry, Person, Serial, Text


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


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "stop": StopSent,
    "stop_answer": StopAnswered,
    "resume": Resumed,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {}
#: Found by a rule rather than said by a person or a peer.
DERIVED: frozenset[str] = frozenset()
