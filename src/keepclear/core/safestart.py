"""The earliest safe start, given so that it locates nobody: rounded up twice, metered, and a default for nothing.

An answer about when an area can be empty is an answer about who is in it. So the lead is rounded to whole steps before
the time of day is added (asking again a little later does not find the step's edge), it is never below what is said
when nothing is there, and each question is charged, whatever the answer. When the budget is spent the answer is that
a person must be asked, in every case alike: a default then would be unsafe.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from keepclear.core.timespan import SECOND_US
from keepclear.errors import Malformed

#: Answers are given in steps of five minutes.
STEP_S: Final = 300


class SafeStartKind(enum.StrEnum):
    """What is answered."""

    FROM = "from"
    BEYOND = "beyond"  # later than answers reach
    ASK = "ask"  # a person must be asked: the budget is spent


@dataclass(frozen=True, slots=True)
class SafeStartRule:
    """What two parties agreed about answers.

    Attributes:
        default_s: the lead that is answered when nothing is there, and the least that ever is.
        reach_s: no lead beyond this is named.
        budget: answers in a period.
        period_s: how long an answer stays charged.
    """

    default_s: int
    reach_s: int
    budget: int
    period_s: int

    def __post_init__(self) -> None:
        if not 0 < self.default_s <= self.reach_s:
            raise Malformed(f"the default lies above 0 and within reach: {self.default_s} s", at="default_s")
        if self.budget < 1 or self.period_s < 1:
            raise Malformed("a budget has at least one answer and lasts at least a second", at="budget")

    @property
    def words(self) -> int:
        """How many different answers there are while the budget lasts: what one answer can tell is its logarithm."""
        return (_steps(self.reach_s) - _steps(self.default_s)) + 2


@dataclass(frozen=True, slots=True)
class Meter:
    """When answers were charged to one party, microseconds, oldest first."""

    charged_us: tuple[int, ...] = ()

    def left(self, rule: SafeStartRule, now_us: int) -> int:
        """How many answers are left."""
        return max(0, rule.budget - len(self._held(rule, now_us)))

    def _held(self, rule: SafeStartRule, now_us: int) -> tuple[int, ...]:
        return tuple(at for at in self.charged_us if now_us - at < rule.period_s * SECOND_US)

    def charge(self, rule: SafeStartRule, now_us: int) -> Meter:
        """The meter with one more answer, and without those that no longer count."""
        return Meter((*self._held(rule, now_us), now_us))


@dataclass(frozen=True, slots=True)
class SafeStart:
    """The answer: not before `start_us`, when its kind is FROM."""

    kind: SafeStartKind
    start_us: int = 0


def earliest_safe_start(
    now_us: int, need_s: int | None, *, message_s: int, rule: SafeStartRule, meter: Meter
) -> tuple[SafeStart, Meter]:
    """When an area can surely be empty, and the meter after the answer.

    Args:
        need_s: the longest time to clear of anything inside; None when nothing is.
        message_s: how long it takes until those inside know.

    Returns:
        The answer and the meter. Once the budget is spent, ASK, whatever is there, and nothing more is charged.
    """
    if meter.left(rule, now_us) == 0:
        return SafeStart(SafeStartKind.ASK), meter
    lead_s = rule.default_s if need_s is None else max(rule.default_s, message_s + need_s)
    charged = meter.charge(rule, now_us)
    if lead_s > rule.reach_s:
        return SafeStart(SafeStartKind.BEYOND), charged
    step_us = STEP_S * SECOND_US
    start_us = now_us + _steps(lead_s) * step_us
    return SafeStart(SafeStartKind.FROM, -(-start_us // step_us) * step_us), charged


def _steps(lead_s: int) -> int:
    return -(-lead_s // STEP_S)
