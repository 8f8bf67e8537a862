"""The earliest clear start: clear there, not clear a microsecond before, none if there is none."""

from __future__ import annotations

import pytest

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import HOUR_US, SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.resolve import earliest_clear_start


def spot(start_us: int, end_us: int, lon_deg: float = 0.0) -> Volume4D:
    low, high = (Altitude(value, AltitudeDatum.AMSL) for value in (0.0, 100.0))
    return Volume4D(Circle(0.0, lon_deg, 1_000.0), AltitudeBand(low, high), TimeSpan(start_us, end_us))


def shifted(volume: Volume4D, by_us: int) -> Volume4D:
    span = TimeSpan(volume.span.start_us + by_us, volume.span.end_us + by_us)
    return Volume4D(volume.footprint, volume.band, span)


def test_a_notice_that_is_clear_keeps_its_start() -> None:
    assert earliest_clear_start([spot(100, 200)], [(spot(200, 300), NO_SEPARATION)]) == 100
    assert earliest_clear_start([spot(100, 200)], [(spot(100, 200, lon_deg=1.0), NO_SEPARATION)]) == 100


def test_a_gap_that_is_too_short_is_passed_over_and_one_that_just_fits_is_taken() -> None:
    others = [(spot(0, 1_000), NO_SEPARATION), (spot(1_099, 2_000), NO_SEPARATION), (spot(2_100, 3_000), NO_SEPARATION)]

    assert earliest_clear_start([spot(500, 600)], others) == 2_000


@pytest.mark.parametrize("time_s", [0.0, 60.0, 0.0000015, 59.9999999])
def test_the_start_given_is_clear_and_a_microsecond_before_is_not(time_s: float) -> None:
    separation = Separation(time_s=time_s)
    mine, other = spot(10 * SECOND_US, 20 * SECOND_US), spot(0, 15 * SECOND_US)

    start_us = earliest_clear_start([mine], [(other, separation)])

    assert start_us is not None
    shift_us = start_us - mine.span.start_us
    assert judge(shifted(mine, shift_us), other, separation).verdict is Verdict.CLEAR
    assert judge(shifted(mine, shift_us - 1), other, separation).verdict is Verdict.CONFLICT


def test_all_volumes_of_a_notice_move_together() -> None:
    mine = [spot(0, 10), spot(10, 20, lon_deg=1.0)]
    others = [(spot(30, 40, lon_deg=1.0), NO_SEPARATION), (spot(5, 25), NO_SEPARATION)]

    # The first volume could start at 25, but then the second would meet the other one until 40.
    assert earliest_clear_start(mine, others) == 30


def test_what_is_never_clear_within_thirty_days_has_no_start() -> None:
    month_us = 30 * 24 * HOUR_US

    assert earliest_clear_start([spot(0, 10)], [(spot(0, month_us + 1), NO_SEPARATION)]) is None
    assert earliest_clear_start([spot(0, 10)], [(spot(0, month_us), NO_SEPARATION)]) == month_us
    assert earliest_clear_start([], []) is None
