"""Whether a planned volume meets a zone while the zone is in force: the rule for two volumes, with no gap to keep."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.conflict import Verdict, both, too_near
from keepclear.core.separation import NO_SEPARATION
from keepclear.core.timespan import LATEST_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.core.zone import Belt, Rule, Zone, ZoneRule
from keepclear.engine.belt import is_beyond, reaches_into
from keepclear.engine.heights import vertical_gap
from keepclear.engine.judge import judge
from keepclear.engine.validity import check_footprint
from keepclear.errors import Malformed


@dataclass(frozen=True, slots=True)
class Meeting:
    """A volume in a zone.

    Attributes:
        verdict: CONFLICT, or POSSIBLE where the measurement leaves a doubt.
        span: the first stretch in which the zone is in force and the volume is planned.
    """

    verdict: Verdict
    span: TimeSpan


def first_in_force(zone: Zone, span: TimeSpan) -> TimeSpan | None:
    """The first stretch of a span in which a zone is in force by its span and its hours; None when it never is.

    Half-open throughout: a zone lifted at 12:00 does not meet what begins at 12:00.
    """
    start_us, end_us = span.start_us, span.end_us
    if zone.span is not None:
        start_us, end_us = max(start_us, zone.span.start_us), min(end_us, zone.span.end_us)
    if start_us >= end_us:
        return None
    if not zone.schedule:
        return TimeSpan(start_us, end_us)
    found = None
    for window in zone.schedule:
        stretch = window.next_span(start_us)
        if stretch is None or stretch.start_us >= end_us:
            continue
        part = TimeSpan(max(start_us, stretch.start_us), min(end_us, stretch.end_us))
        found = part if found is None else min(found, part)
    return found


def is_in_force(zone: Zone, instant_us: int) -> bool:
    """Whether a zone is in force at an instant, by its span and its hours."""
    return instant_us < LATEST_US and first_in_force(zone, TimeSpan(instant_us, instant_us + 1)) is not None


def meets(volume: Volume4D, zone: Zone) -> Meeting | None:
    """Whether a volume meets a zone: in time, in height and on the ground at once (C4). None: surely not.

    Raises:
        Malformed: a footprint that is no place.
    """
    span = first_in_force(zone, volume.span)
    if span is None:
        return None
    shape, band = zone.shape, zone.band or volume.band
    if isinstance(shape, Belt):
        vertical = vertical_gap(volume.band, volume.footprint, band, volume.footprint)
        verdict = both(too_near(vertical, minimum=0.0), Verdict.CONFLICT)
        if verdict is not Verdict.CLEAR:
            verdict = both(verdict, reaches_into(volume.footprint, shape))
    else:
        there = Volume4D(shape, band, span)
        verdict = judge(volume, there, NO_SEPARATION, measure_depth=False).verdict
    return None if verdict is Verdict.CLEAR else Meeting(verdict, span)


def breaks(volume: Volume4D, zone: Zone, rule: ZoneRule) -> Meeting | None:
    """What a volume does in a zone that a rule speaks of: it meets it, or with a depth lies beyond that depth in it."""
    meeting = meets(volume, zone)
    if meeting is None or rule.rule is not Rule.STAY_WITHIN_DEPTH:
        return meeting
    if rule.depth_m is None or not isinstance(zone.shape, Belt):
        return meeting
    beyond = both(meeting.verdict, is_beyond(volume.footprint, zone.shape, rule.depth_m))
    return None if beyond is Verdict.CLEAR else Meeting(beyond, meeting.span)


def check_zone(zone: Zone) -> None:
    """Check that a zone is a place.

    Raises:
        Malformed: with the reason.
    """
    if not isinstance(zone.shape, Belt):
        check_footprint(zone.shape)
        return
    if len(set(zone.shape.line)) != len(zone.shape.line):
        raise Malformed("a line does not come back to a corner: make two zones of it", at="zone.belt.line")
