"""What the picture holds of the line to each peer: its tests, its clock, its channels, and what waits (V3, V5, T3)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from keepclear.core.agreement import Agreement
from keepclear.core.line import STAYS_OPEN, ChannelName, ChannelState, LineRules, MissCause, Path, TestResult
from keepclear.core.notice import Mode
from keepclear.node.settings import Settings

#: Tests with one peer that stay in the picture: the newest. The record keeps all.
TESTS_KEPT = 50


@dataclass(slots=True)
class HeldTest:
    """A line test, of ours or of a peer's.

    Attributes:
        key: `party/serial` of whoever tested.
        n: index of the asking entry in its channel; -1 for a test by voice.
        their_receipt_us: when the tested machine had it, by its own clock; 0 is not yet.
        causes: what was stated about a miss, oldest first: (party, cause, person, remarks).
    """

    key: str
    party: str
    path: Path
    mode: Mode
    at: int
    by: str
    asks_person: bool = True
    due_at: int = 0
    n: int = -1
    their_receipt_us: int = 0
    results: list[TestResult] = field(default_factory=list)
    latency_ms: int = 0
    answered_by: str = ""
    language_ok: bool = False
    skew_ms: int = 0
    skew_uncertain_ms: int = -1
    causes: list[tuple[str, MissCause, str, str]] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether its answer is awaited."""
        return not self.results


@dataclass(frozen=True, slots=True)
class Stated:
    """What one side said last of a channel."""

    state: ChannelState
    at: int
    by: str
    remarks: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not delivered while suspended."""

    number: int
    kind: str
    body: str
    mode: Mode
    at: int


@dataclass(slots=True)
class HeldLine:
    """The line to one peer.

    Attributes:
        since: when it was enrolled; the first tests are due one interval later.
        tested_at: path to when we last tested it, whatever came of it.
        skew_ms: how far its clock was ahead at the last test; -1 for the doubt says never measured.
        stated: (party, channel) to what that party said last.
        waiting: not delivered while suspended, in order.
    """

    party: str
    since: int = 0
    is_silent: bool = False
    silent_since: int = 0
    last_heard: int = 0
    software: str = ""
    tested_at: dict[Path, int] = field(default_factory=dict)
    tests: dict[str, HeldTest] = field(default_factory=dict)
    skew_ms: int = 0
    skew_uncertain_ms: int = -1
    skew_test: str = ""
    stated: dict[tuple[str, ChannelName], Stated] = field(default_factory=dict)
    waiting: deque[Waiting] = field(default_factory=deque)
    last_number: int = 0

    def is_suspended(self) -> bool:
        """Whether either side has suspended the safety channel."""
        return any(
            each.state is ChannelState.SUSPENDED
            for (_, name), each in self.stated.items()
            if name is ChannelName.SAFETY
        )

    def holds_back(self) -> bool:
        """Whether a message goes behind others that wait."""
        return bool(self.waiting) or self.is_suspended()


def line_rules(agreement: Agreement | None, settings: Settings) -> LineRules:
    """What is kept about a line under an agreement, and by default where it says nothing.

    A path that this version does not know is not tested by it.
    """
    agreed = agreement.line if agreement else None
    heard_s = (agreed.heard_within_s if agreed else None) or settings.heard_within_beats * settings.heartbeat_s
    alarm_s = (agreed.alarm_after_s if agreed else None) or settings.alarm_after_beats * settings.heartbeat_s
    # Never an alarm before it is DEGRADED, whatever was agreed of the one and left out of the other.
    alarm_s = max(alarm_s, heard_s + 1)
    if agreed is None:
        every_s, within_s = round(settings.line_test_every_s), round(settings.line_test_within_s)
        return LineRules(every_s, within_s, (Path.NETWORK,), heard_s, alarm_s)
    known = {path.value for path in Path}
    paths = tuple(Path(path) for path in agreed.paths if path in known)
    within_s = min(agreed.test_within_s, agreed.test_every_s - 1) or 1
    return LineRules(max(2, agreed.test_every_s), within_s, paths, heard_s, alarm_s)


def stays_open(agreement: Agreement | None) -> tuple[str, ...]:
    """What a suspension does not touch, in the agreement's words (V5)."""
    agreed = agreement.suspension if agreement else None
    return agreed.stays_open if agreed else STAYS_OPEN
