"""Entries about the ladder: which rung was climbed, what came of it, and calls that people made (N4, R3)."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec

from keepclear.core.escalation import Rung, TryOutcome
from keepclear.node.entries.base import Entry, Instant, PartyId, Person

About = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Detail = Annotated[str, msgspec.Meta(max_length=200)]


class CallResult(enum.StrEnum):
    """What came of a call that a person made."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    TECHNICAL = "technical"


class LadderStep(Entry, frozen=True):
    """`ladder_step`: a rung is due; `unanswered` says that what was attempted stayed unanswered (derived).

    Attributes:
        about: the alert, or the STOP as `party/serial/recipient`.
        party: who does not answer.
        rung: which one.
        due_at: when it was due.
    """

    about: About
    party: PartyId
    rung: Rung
    due_at: Instant


class LadderTried(Entry, frozen=True):
    """`ladder_tried`: what came of one attempt on one path (derived).

    Attributes:
        about: the alert, or the STOP as `party/serial/recipient`.
        rung: which one.
        outcome: what came of it.
        path: the address that was tried; empty when there is none.
        tried_at: when it was tried.
        detail: what the path's machine said.
    """

    about: About
    rung: Rung
    outcome: TryOutcome
    tried_at: Instant
    path: Detail = ""
    detail: Detail = ""


class CallMade(Entry, frozen=True):
    """`call_made`: a person called about it, and writes down what came of that.

    Attributes:
        about: the alert, or the STOP as `party/serial/recipient`.
        result: what came of it.
        number: the number that was called.
        spoke_to: who answered, as they gave their name.
    """

    about: About
    result: CallResult
    by: Person
    number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    spoke_to: Annotated[str, msgspec.Meta(max_length=60)] = ""


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "ladder_step": LadderStep,
    "ladder_tried": LadderTried,
    "call_made": CallMade,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"ladder_step", "ladder_tried"})
