"""When, and how high, a notice could be clear: the earliest shift in time, and the least in height, that clear it.

A shift in time changes nothing in space. So space is judged once for each pair, and what is left is whole microseconds:
each pair that meets in space forbids one stretch of shifts.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace

from keepclear.core.conflict import Interval, Verdict, is_too_near_in_time, too_near
from keepclear.core.separation import Separation
from keepclear.core.timespan import HOUR_US, LATEST_US, SECOND_US, TimeSpan
from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M, Altitude, AltitudeBand, Volume4D
from keepclear.engine.heights import difference, vertical_gap
from keepclear.engine.judge import judge, judge_space
from keepclear.engine.standing import StandingIndex
from keepclear.errors import ensure

#: How far a start is moved at most.
LATEST_SHIFT_US = 30 * 24 * HOUR_US

#: One volume's span, the other's, and the time that must lie between them.
_Meeting = tuple[TimeSpan, TimeSpan, float]


def earliest_clear_start(volumes: Sequence[Volume4D], others: Sequence[tuple[Volume4D, Separation]]) -> int | None:
    """The earliest start, not before the planned one, at which the whole notice is clear of all the others.

    Args:
        volumes: of one notice; all are shifted by the same time.
        others: what it must be clear of, each with the separation that is agreed there.

    Returns:
        The start of the first volume, microseconds UTC; the planned one if it is clear as it stands; None if it is
        not clear within 30 days.
    """
    return _earliest_of(
        volumes,
        [
            (volume.span, other.span, separation.time_s)
            for other, separation in others
            for volume in volumes
            if judge_space(volume, other, separation) is not Verdict.CLEAR
        ],
    )


def earliest_start_among(
    volumes: Sequence[Volume4D],
    index: StandingIndex,
    separations: Mapping[str, Separation],
    *,
    exclude: Container[str] = (),
) -> int | None:
    """The same among all that stands: of the parties named, at the separation of each, without the keys excluded."""
    meetings = []
    for volume in volumes:
        for near in index.meeting(volume, separations, later_us=LATEST_SHIFT_US):
            if near.key in exclude:
                continue
            other, separation = index.volume(near.key, near.position), separations[index.party_of(near.key)]
            if near.is_sure or judge_space(volume, other, separation) is not Verdict.CLEAR:
                meetings.append((volume.span, other.span, separation.time_s))
    return _earliest_of(volumes, meetings)


def nearest_free_height_mm(
    volumes: Sequence[Volume4D],
    index: StandingIndex,
    separations: Mapping[str, Separation],
    *,
    exclude: Container[str] = (),
) -> int | None:
    """The least shift in height, whole millimetres, up or down, at which a whole notice is clear of all that stands.

    Every volume is shifted alike, in its own datum; what cannot be compared surely is not clear. No lower limit comes
    below 0, or below where it is; no limit beyond the highest altitude there is.

    Returns:
        Millimetres, negative is down; 0 if it is clear as it stands; up where up and down are as near; None if no shift
        does it.
    """
    if not volumes:
        return None
    lowest = max(math.ceil((min(0.0, v.band.lower.value_m) - v.band.lower.value_m) * 1000) for v in volumes)
    highest = min(math.floor((ALTITUDE_MAX_M - v.band.upper.value_m) * 1000) for v in volumes)
    met = [pair for volume in volumes for pair in _met_at_any_height(volume, index, separations, exclude)]
    forbidden = sorted(_forbidden_mm(one, other, agreed, lowest, highest) for one, other, agreed in met)
    up = down = 0
    for first, last in forbidden:
        if first > up:
            break
        up = max(up, last + 1)
    for first, last in sorted(forbidden, key=lambda stretch: -stretch[1]):
        if last < down:
            break
        down = min(down, first - 1)
    free = [shift for shift in (up, down) if lowest <= shift <= highest]
    nearest = min(free, key=abs, default=None)
    if nearest is not None:
        clear = all(_is_clear_in_height(_moved(one, nearest), other, agreed) for one, other, agreed in met)
        ensure(clear, "the height that is given is clear")
    return nearest


def _met_at_any_height(
    volume: Volume4D, index: StandingIndex, separations: Mapping[str, Separation], exclude: Container[str]
) -> Iterator[tuple[Volume4D, Volume4D, Separation]]:
    """What a volume meets in time and on the ground, whatever the heights."""
    lower, upper = volume.band.lower, volume.band.upper
    band = AltitudeBand(Altitude(ALTITUDE_MIN_M, lower.datum), Altitude(ALTITUDE_MAX_M, upper.datum))
    tall = replace(volume, band=band)
    for near in index.meeting(tall, separations):
        if near.key in exclude:
            continue
        other, agreed = index.volume(near.key, near.position), separations[index.party_of(near.key)]
        if near.is_sure or judge(tall, other, agreed, measure_depth=False).verdict is not Verdict.CLEAR:
            yield volume, other, agreed


def _forbidden_mm(one: Volume4D, other: Volume4D, agreed: Separation, lowest: int, highest: int) -> tuple[int, int]:
    """The first and last shift of one at which the two are too near: a stretch without gaps, found by halving."""
    low, above = lowest, highest + 1
    while low < above:
        middle = (low + above) // 2
        if _is_above(_moved(one, middle), other, agreed):
            above = middle
        else:
            low = middle + 1
    below, high = lowest - 1, highest
    while below < high:
        middle = (below + high + 1) // 2
        if _is_above(other, _moved(one, middle), agreed):
            below = middle
        else:
            high = middle - 1
    return below + 1, above - 1


def _moved(volume: Volume4D, shift_mm: int) -> Volume4D:
    lower, upper = volume.band.lower, volume.band.upper
    up_m = shift_mm / 1000
    band = AltitudeBand(Altitude(lower.value_m + up_m, lower.datum), Altitude(upper.value_m + up_m, upper.datum))
    return replace(volume, band=band)


def _is_above(one: Volume4D, other: Volume4D, agreed: Separation) -> bool:
    """Whether one surely lies above the other by what must be kept."""
    gap = difference(one.band.lower, one.footprint, other.band.upper, other.footprint, agreed.horizontal_m)
    at_least = Interval(max(0.0, gap.least), max(0.0, gap.most))
    return too_near(at_least, minimum=agreed.vertical_m) is Verdict.CLEAR


def _is_clear_in_height(one: Volume4D, other: Volume4D, agreed: Separation) -> bool:
    gap = vertical_gap(one.band, one.footprint, other.band, other.footprint, apart_m=agreed.horizontal_m)
    return too_near(gap, minimum=agreed.vertical_m) is Verdict.CLEAR


def _earliest_of(volumes: Sequence[Volume4D], meetings: Sequence[_Meeting]) -> int | None:
    if not volumes:
        return None
    shift_us = _first_allowed(sorted(_forbidden(meeting) for meeting in meetings))
    end_us = max(volume.span.end_us for volume in volumes)
    if shift_us > LATEST_SHIFT_US or end_us + shift_us > LATEST_US:
        return None
    ensure(all(_is_apart(meeting, shift_us) for meeting in meetings), "the start that is given is clear")
    return min(volume.span.start_us for volume in volumes) + shift_us


def _forbidden(meeting: _Meeting) -> tuple[int, int]:
    """The first and last shift, microseconds, at which two spans are too near: a stretch without gaps."""
    one, other, minimum_s = meeting
    # Rounded up: spans a whole number of microseconds apart keep the minimum when they are at least that many apart.
    apart_us = math.ceil(minimum_s * SECOND_US)
    return (other.start_us - one.end_us - apart_us + 1, other.end_us - one.start_us + apart_us - 1)


def _first_allowed(forbidden: Sequence[tuple[int, int]]) -> int:
    """The least shift of 0 or more that lies in none of the stretches, given by rising start."""
    shift_us = 0
    for first, last in forbidden:
        if first > shift_us:
            break
        shift_us = max(shift_us, last + 1)
    return shift_us


def _is_apart(meeting: _Meeting, shift_us: int) -> bool:
    one, other, minimum_s = meeting
    shifted = TimeSpan(one.start_us + shift_us, one.end_us + shift_us)
    return not is_too_near_in_time(shifted, other, minimum_s=minimum_s)
