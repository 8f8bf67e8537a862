"""Entries about duties: who owes what by when, and what became of it."""

from __future__ import annotations

import enum

from keepclear.node.entries.base import Entry, Instant, PartyId


class DutyState(enum.StrEnum):
    """The life of a duty."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    WAIVED = "waived"


class DutyChanged(Entry, frozen=True):
    """`duty`: somebody owes something by an instant; it is opened, met, missed or waived (derived).

    Attributes:
        duty: `acknowledge_by amber/A-0412/v1 birch`: the term, what it is about, who owes it.
        owed_by: the party.
        due_at: microseconds, by the clock of the node that is owed.
        proof: leaf hash of the entry that met it, or empty.
    """

    duty: str
    owed_by: PartyId
    due_at: Instant
    state: DutyState
    proof: str = ""


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "duty": DutyChanged,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"duty"})
