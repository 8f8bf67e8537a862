"""What makes two planned volumes a conflict: the definition that the engine's kernels are held to.

| Question | Rule |
|---|---|
| time | spans are half-open; the gap between two is 0 when they share an instant |
| height | bands are closed; touching is meeting |
| ground | footprints are closed; touching is meeting |
| separation | in conflict in one dimension when `gap < minimum` or the two share a point (`gap == 0`) |
| all | two volumes conflict when they do in time, in height and on the ground |
| doubt | inside the error bound of a measurement it *is* a conflict, labelled POSSIBLE |

Spans that meet end to end share no instant, so with a time separation of 0 they do not conflict; with one of 60 s
their gap of 0 s is less than the minimum, and they do. Source: the agreed table of questions in docs/decisions/0002.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.core.timespan import SECOND_US, TimeSpan


class Verdict(enum.StrEnum):
    """Whether two volumes conflict. POSSIBLE counts as a conflict everywhere."""

    CLEAR = "CLEAR"
    POSSIBLE = "POSSIBLE"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value that lies between `least` and `most`, both included. Equal ends: it is exact."""

    least: float
    most: float

    @property
    def is_exact(self) -> bool:
        """Whether there is no doubt about the value."""
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the engine found about two volumes.

    Attributes:
        verdict: CLEAR only when it is sure.
        horizontal_m: gap on the ground, metres; 0 when they share a point.
        vertical_m: gap in height, metres; 0 when they share a height.
        time_s: gap in time, seconds; 0 when they share an instant or meet end to end.
        overlap_horizontal_m: how deep one reaches into the other, metres: a bound from above, 0 when apart.
        overlap_vertical_m: height shared, metres; 0 when apart.
        overlap: the span shared, or None.
        near: a position (latitude, longitude in degrees) where they are nearest, or that both hold.
    """

    verdict: Verdict
    horizontal_m: Interval
    vertical_m: Interval
    time_s: float
    overlap_horizontal_m: float
    overlap_vertical_m: float
    overlap: TimeSpan | None
    near: tuple[float, float] | None


def gap_s(one: TimeSpan, other: TimeSpan) -> float:
    """Seconds between two spans; 0 when they share an instant or meet end to end."""
    return max(0, one.start_us - other.end_us, other.start_us - one.end_us) / SECOND_US


def is_too_near_in_time(one: TimeSpan, other: TimeSpan, *, minimum_s: float) -> bool:
    """Whether two spans share an instant, or are less than the minimum apart. Exact: integers decide.

    >>> noon = TimeSpan(0, 10)
    >>> is_too_near_in_time(noon, TimeSpan(10, 20), minimum_s=0)
    False
    """
    gap_us = max(one.start_us - other.end_us, other.start_us - one.end_us)
    return gap_us < 0 or max(0, gap_us) < minimum_s * SECOND_US


def too_near(gap: Interval, *, minimum: float) -> Verdict:
    """The rule for one dimension: in conflict when the gap is 0 or less than the minimum; doubt is POSSIBLE."""

    def conflicts(value: float) -> bool:
        return value <= 0 or value < minimum

    if not conflicts(gap.least):
        return Verdict.CLEAR
    return Verdict.CONFLICT if conflicts(gap.most) else Verdict.POSSIBLE


def both(one: Verdict, other: Verdict) -> Verdict:
    """The verdict when two dimensions must conflict at once."""
    if Verdict.CLEAR in (one, other):
        return Verdict.CLEAR
    return Verdict.POSSIBLE if Verdict.POSSIBLE in (one, other) else Verdict.CONFLICT
