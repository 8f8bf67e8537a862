"""The line itself: paths that are tested, what came of a test, the state of a channel, two clocks."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.errors import Malformed


class Path(enum.StrEnum):
    """A way by which the two sides reach each other; each is tested by itself (V3)."""

    NETWORK = "network"
    TELEPHONE = "telephone"
    RADIO = "radio"


class TestResult(enum.StrEnum):
    """What a line test came to. A late answer does not undo the miss before it: both are kept."""

    __test__ = False  # not a test of ours, whatever a test runner makes of its name

    ANSWERED = "answered"
    LATE = "late"
    MISSED = "missed"


class MissCause(enum.StrEnum):
    """Why a test was missed, as somebody states it afterwards; until then it is not stated."""

    TECHNICAL = "technical"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    NOT_STATED = "not_stated"


class ChannelName(enum.StrEnum):
    """The safety channel is this line; what is political goes elsewhere, and its state never closes this one (V5)."""

    SAFETY = "safety"
    POLITICAL = "political"


class ChannelState(enum.StrEnum):
    """How a party says that a channel stands. LIMITED holds nothing back: it says that answers may be slow."""

    OPEN = "open"
    LIMITED = "limited"
    SUSPENDED = "suspended"


#: What stays open while the safety channel is suspended and no agreement says so: STOP, notices of hazards with their
#: answers, and line tests (V5).
STAYS_OPEN = ("stop", "hazard", "line_test")

#: A difference of two clocks above this is recorded with each later message (T3), milliseconds.
SKEW_NOTED_MS = 2_000


@dataclass(frozen=True, slots=True)
class LineRules:
    """What is kept about a line: as agreed, and by default where nothing was.

    Attributes:
        test_every_s: from one test of a path to the next, seconds.
        test_within_s: how long an answer may take, or an officer to enter a test by telephone or radio, seconds.
        paths: what is tested.
        heard_within_s: silence of the other node beyond this is DEGRADED, seconds.
        alarm_after_s: and beyond this an alarm, seconds.
    """

    test_every_s: int
    test_within_s: int
    paths: tuple[Path, ...]
    heard_within_s: float
    alarm_after_s: float

    def __post_init__(self) -> None:
        if not 0 < self.test_within_s < self.test_every_s:
            raise Malformed(
                f"a test is answered before the next is due: within {self.test_within_s} s, every"
                f" {self.test_every_s} s",
                at="line.test_within",
            )
        if not 0 < self.heard_within_s < self.alarm_after_s:
            raise Malformed(
                f"a line is DEGRADED before it alarms: after {self.heard_within_s} s, and {self.alarm_after_s} s",
                at="line.alarm_after",
            )


def measured_skew_ms(sent_us: int, their_receipt_us: int, heard_us: int) -> tuple[int, int]:
    """How far another clock is ahead of ours, and how uncertain that is, milliseconds (T3).

    Their machine received between our sending and our hearing of it; the middle is the estimate, half the way round
    trip the doubt. So a test that lay in a queue for an hour says nothing, and says so.

    Args:
        sent_us, heard_us: by our clock. their_receipt_us: by theirs.

    >>> measured_skew_ms(0, 5_100_000, 200_000)
    (5000, 100)
    """
    round_trip_us = max(0, heard_us - sent_us)
    middle_us = sent_us + round_trip_us // 2
    return round((their_receipt_us - middle_us) / 1_000), -(-round_trip_us // 2_000)


def is_skewed(skew_ms: int, uncertain_ms: int) -> bool:
    """Whether two clocks surely differ by more than two seconds (T3).

    >>> is_skewed(3_600_000, 40), is_skewed(2_010, 40), is_skewed(0, 9_000)
    (True, False, False)
    """
    return abs(skew_ms) - uncertain_ms > SKEW_NOTED_MS
