"""When a notice could start and be clear: the earliest shift in time that ends all its conflicts.

A shift in time changes nothing in space. So space is judged once for each pair, and what is left is whole microseconds:
each pair that meets in space forbids one stretch of shifts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from keepclear.core.conflict import Verdict, is_too_near_in_time
from keepclear.core.separation import Separation
from keepclear.core.timespan import HOUR_US, LATEST_US, SECOND_US, TimeSpan
from keepclear.core.volume import Volume4D
from keepclear.engine.judge import judge_space
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
    if not volumes:
        return None
    meetings = [
        (volume.span, other.span, separation.time_s)
        for other, separation in others
        for volume in volumes
        if judge_space(volume, other, separation) is not Verdict.CLEAR
    ]
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
