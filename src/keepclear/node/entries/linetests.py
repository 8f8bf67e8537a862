"""Entries about line tests, silence, and clocks that differ (V3, T3)."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.line import MissCause, Path, TestResult
from keepclear.node.entries.base import Entry, Instant, PartyId, Person, Seconds, Serial, Text

#: Empty: no person, the machine by its schedule.
PersonOrMachine = Annotated[str, msgspec.Meta(max_length=60)]
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
TestRef = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}/[A-Z]{1,3}-[0-9]{4,7}$")]


class LineTestSent(Entry, frozen=True):
    """`line_test`: do you hear us? Over the network; the other side's machine receives it, and a person answers.

    Attributes:
        by: who asks; empty when the schedule did.
        machine_suffices: the machine's receipt is answer enough. Otherwise a person on watch answers.
    """

    id: Serial
    path: Path
    answer_within_s: Seconds
    by: PersonOrMachine = ""
    machine_suffices: bool = False


class LineTestAnswered(Entry, frozen=True):
    """`line_test_answer`: a person on watch hears you.

    Attributes:
        language_ok: whether the two can speak with each other in the agreed language now.
    """

    id: Serial
    by: Person
    language_ok: bool


class LineTestResult(Entry, frozen=True):
    """`line_test_result`: what a test of a path came to, by whoever tested.

    A test by telephone or radio has no other entry: the officer who made the call enters what came of it.

    Attributes:
        by: who entered it; empty when it follows from an answer or from a deadline.
        latency_ms: from asking to the answer, milliseconds.
        answered_by: who answered; empty when nobody did, or the machine.
        cause: of a miss, as far as it was stated then; a later one is an entry of its own.
        skew_ms: how far the other side's clock was ahead at the test, milliseconds.
        skew_uncertain_ms: how far that may be wrong; -1 when it was not measured.
    """

    id: Serial
    path: Path
    result: TestResult
    by: PersonOrMachine = ""
    latency_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    answered_by: PersonOrMachine = ""
    language_ok: bool = False
    cause: MissCause = MissCause.NOT_STATED
    skew_ms: Milliseconds = 0
    skew_uncertain_ms: Annotated[int, msgspec.Meta(ge=-1, le=2**53)] = -1


class LineTestCause(Entry, frozen=True):
    """`line_test_cause`: why a test was missed, as either side states it. The miss stands beside it, unchanged."""

    test: TestRef
    cause: MissCause
    by: Person
    remarks: Text = ""


class LineChanged(Entry, frozen=True):
    """`line_changed`: the other node fell silent, is heard again, or runs another version (derived).

    Attributes:
        last_heard: when it was last heard; 0 is never since we started.
    """

    party: PartyId
    is_silent: bool
    last_heard: Instant
    software: Annotated[str, msgspec.Meta(max_length=80)] = ""


class ClockMeasured(Entry, frozen=True):
    """`clock_measured`: how far a peer's clock was ahead of ours at a line test (T3, derived)."""

    party: PartyId
    test: Serial
    skew_ms: Milliseconds
    skew_uncertain_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class MessageSkew(Entry, frozen=True):
    """`message_skew`: the clock of whoever wrote this entry was off by more than 2 s at the last test (T3, derived)."""

    party: PartyId
    index: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    skew_ms: Milliseconds
    test: Serial


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "line_test": LineTestSent,
    "line_test_answer": LineTestAnswered,
    "line_test_result": LineTestResult,
    "line_test_cause": LineTestCause,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "line_changed": LineChanged,
    "clock_measured": ClockMeasured,
    "message_skew": MessageSkew,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset({"clock_measured", "line_changed", "message_skew"})
