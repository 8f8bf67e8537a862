"""Whether two volumes conflict: exact where it can be, and never CLEAR when they do.

The rule is in `core.conflict`; the method for the ground in docs/explanation/geometry.md, for heights in
docs/explanation/altitude.md.
"""

from __future__ import annotations

from keepclear.core.conflict import Interval, Judgement, Verdict, both, gap_s, is_too_near_in_time, too_near
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.engine.ground import depth_m, ground_gap, rough_depth_m, rough_gap
from keepclear.engine.heights import shared_height_m, vertical_gap

#: The false-positive margin on the ground, metres: POSSIBLE is answered for footprints only when the true gap lies
#: within this of the decision (0, or the agreed minimum). Nothing in conflict is ever answered CLEAR.
DOUBT_M = 1e-4


def judge(
    one: Volume4D, other: Volume4D, separation: Separation = NO_SEPARATION, *, measure_depth: bool = True
) -> Judgement:
    """What the rule says of two volumes. Symmetric.

    Every interval holds the true value. When one dimension is already clear the others may be wide: they were not
    needed. With `measure_depth` off the depth on the ground is bounded by the enclosing balls alone, as it is then.

    Raises:
        Malformed: a footprint that is no place (`engine.validity.check_footprint` gives the reason at the door).
    """
    in_time = is_too_near_in_time(one.span, other.span, minimum_s=separation.time_s)
    vertical = vertical_gap(one.band, one.footprint, other.band, other.footprint, apart_m=separation.horizontal_m)
    verdict = too_near(vertical, minimum=separation.vertical_m) if in_time else Verdict.CLEAR
    if verdict is Verdict.CLEAR:
        ground, depth_at_most_m = rough_gap(one.footprint, other.footprint), rough_depth_m
    else:
        ground = ground_gap(one.footprint, other.footprint, minimum_m=separation.horizontal_m)
        depth_at_most_m = depth_m if measure_depth else rough_depth_m
        verdict = both(verdict, too_near(ground.gap, minimum=separation.horizontal_m))
    meets = ground.gap.least <= 0
    return Judgement(
        verdict=verdict,
        horizontal_m=ground.gap,
        vertical_m=vertical,
        time_s=gap_s(one.span, other.span),
        overlap_horizontal_m=depth_at_most_m(one.footprint, other.footprint) if meets else 0.0,
        overlap_vertical_m=shared_height_m(one.band, one.footprint, other.band, other.footprint),
        overlap=_shared_span(one.span, other.span),
        near=ground.near,
    )


def judge_space(one: Volume4D, other: Volume4D, separation: Separation = NO_SEPARATION) -> Verdict:
    """What the rule says of two volumes if they were in force at the same time: it holds for every shift of time."""
    vertical = vertical_gap(one.band, one.footprint, other.band, other.footprint, apart_m=separation.horizontal_m)
    in_height = too_near(vertical, minimum=separation.vertical_m)
    if in_height is Verdict.CLEAR:
        return Verdict.CLEAR
    ground = ground_gap(one.footprint, other.footprint, minimum_m=separation.horizontal_m)
    return both(in_height, too_near(ground.gap, minimum=separation.horizontal_m))


def _shared_span(one: TimeSpan, other: TimeSpan) -> TimeSpan | None:
    start_us, end_us = max(one.start_us, other.start_us), min(one.end_us, other.end_us)
    return TimeSpan(start_us, end_us) if start_us < end_us else None


__all__ = ["DOUBT_M", "Interval", "judge", "judge_space"]
