"""Time-to-clear: the bounds at their edges. What holds for all of them is in tests/property/test_clearing_motion.py."""

from __future__ import annotations

import math

import pytest

from keepclear.core.clearing import (
    Clearing,
    Mover,
    clearing_of,
    lateral_time_s,
    message_time_s,
    spare_s,
    time_to_clear_s,
    vertical_times_s,
)
from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.core.wayout import deepest_way_out_m, way_out_m
from keepclear.errors import Malformed

AMSL = AltitudeDatum.AMSL


def test_the_reaction_counts_twice_and_a_turn_in_still_air_on_top() -> None:
    assert time_to_clear_s(1200.0, 60.0, reaction_s=10.0) == 40.0

    turning = lateral_time_s(Mover(60.0, 10.0, turn_radius_m=600.0), 12_000.0)

    # Straight behind at 10 km or more: a little over half a turn, 31 s and the curvature's 2 %.
    assert 10 + 12_600 / 60 + math.pi * 600 / 60 < turning < 10 + 12_600 / 60 + 1.12 * math.pi * 600 / 60


def test_a_stream_makes_it_slower_and_a_stronger_one_slower_still() -> None:
    times = [lateral_time_s(Mover(60.0, 10.0, stream_mps=w, turn_radius_m=500.0), 5_000.0) for w in (0, 10, 20, 59)]

    assert times == sorted(times) and times[0] < times[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"speed_mps": 0.0}, "0.0 m/s"),
        ({"stream_mps": 60.0}, "against 60.0 m/s"),
        ({"detour": 0.9}, "detour 0.9"),
        ({"reaction_s": -1.0}, "reaction_s"),
        ({"climb_mps": math.nan}, "climb_mps"),
        ({"turn_radius_m": 100_001.0}, "100000 m"),
    ],
)
def test_a_mover_for_whom_no_time_can_be_promised_is_refused(given: dict[str, float], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        Mover(**{"speed_mps": 60.0, "reaction_s": 10.0, **given})


def test_a_convoy_is_out_when_its_tail_is_and_goes_by_the_road() -> None:
    convoy = Mover(10.0, 30.0, length_m=500.0, detour=1.5)

    assert lateral_time_s(convoy, 3_000.0) == 30 + (3_300 * 1.5 + 500) / 10


def _square(side_m: float) -> Polygon:
    corners: list[LatLon] = [
        destination((34.0, 36.0), bearing, side_m / math.sqrt(2)) for bearing in (45, 135, 225, 315)
    ]
    return Polygon(tuple(corners))


def test_the_way_out_of_a_square_is_to_its_nearest_side() -> None:
    square = _square(10_000.0)

    from_middle = way_out_m(square, (34.0, 36.0), margin_m=0.0)
    near_a_side = way_out_m(square, destination((34.0, 36.0), 0.0, 4_000.0), margin_m=500.0)

    assert 5_000 <= from_middle < 5_020
    assert 1_500 <= near_a_side < 1_530


def test_outside_there_is_no_way_to_go_unless_the_position_may_be_wrong() -> None:
    at = destination((34.0, 36.0), 0.0, 5_600.0)

    assert way_out_m(_square(10_000.0), at, margin_m=500.0) == 0.0
    assert way_out_m(_square(10_000.0), at, margin_m=500.0, position_error_m=200.0) == 200.0
    assert way_out_m(Circle(34.0, 36.0, 5_000.0), at, margin_m=500.0) == 0.0


def test_the_deepest_place_of_a_corridor_is_half_its_width_away_from_outside() -> None:
    ends = [destination((34.0, 36.0), 90.0, 100_000.0), destination((34.0, 36.0), 270.0, 100_000.0)]
    corridor = Polygon(
        (destination(ends[0], 0.0, 3_000.0), destination(ends[0], 180.0, 3_000.0),
         destination(ends[1], 180.0, 3_000.0), destination(ends[1], 0.0, 3_000.0))
    )  # fmt: skip

    depth = deepest_way_out_m(corridor, margin_m=1_000.0)

    assert 4_000 <= depth < 4_300


def test_a_polygon_around_the_pole_and_one_over_the_antimeridian_have_a_way_out() -> None:
    polar = Polygon(((89.0, 0.0), (89.0, 90.0), (89.0, 179.0), (89.0, -90.0)))
    far_east = Polygon(((-38.0, 179.9), (-38.0, -179.9), (-38.2, -179.9), (-38.2, 179.9)))

    assert 70_000 < way_out_m(polar, (90.0, 0.0), margin_m=0.0) < 112_000
    assert 8_000 < way_out_m(far_east, (-38.1, 180.0), margin_m=0.0) < 12_000


def test_what_is_too_large_to_be_drawn_is_bounded_by_its_farthest_corner() -> None:
    large = Polygon(((0.0, 0.0), (0.0, 20.0), (20.0, 20.0), (20.0, 0.0)))

    assert way_out_m(large, (10.0, 10.0), margin_m=0.0) > 1_500_000
    assert deepest_way_out_m(large, margin_m=0.0) > 1_500_000


def test_up_or_down_may_be_quicker_than_out() -> None:
    volume = Volume4D(
        Circle(34.0, 36.0, 20_000.0), AltitudeBand(Altitude(1_000.0, AMSL), Altitude(2_000.0, AMSL)), TimeSpan(0, 10)
    )
    mover = Mover(60.0, 10.0, climb_mps=5.0, descent_mps=5.0, vertical_now_mps=5.0)

    found = clearing_of(
        mover, volume, (34.0, 36.0), horizontal_m=0.0, height=Altitude(1_900.0, AMSL), vertical_m=100.0, floor_m=0.0
    )

    assert found == Clearing(lateral_s=pytest.approx(353.3, abs=0.1), up_s=10 + 250 / 5, down_s=10 + 1_050 / 5)
    assert found.soonest_s == 60


def test_nobody_is_sent_below_the_floor_or_compared_across_data() -> None:
    band = AltitudeBand(Altitude(1_000.0, AMSL), Altitude(2_000.0, AMSL))
    mover = Mover(60.0, 10.0, climb_mps=5.0, descent_mps=5.0)

    assert vertical_times_s(mover, band, Altitude(1_100.0, AMSL), margin_m=0.0)[1] is None
    assert vertical_times_s(mover, band, Altitude(1_100.0, AMSL), margin_m=0.0, floor_m=1_000.0)[1] is None
    assert vertical_times_s(mover, band, Altitude(1_100.0, AltitudeDatum.FL), margin_m=0.0, floor_m=0.0) == (None, None)


def test_the_message_counts_with_what_this_line_was_measured_to_need() -> None:
    measured = [float(value) for value in range(1, 21)]

    assert message_time_s(measured, default_s=300) == 18
    assert message_time_s(measured, default_s=300, percent=100) == 20
    assert message_time_s(measured[:9], default_s=300) == 300
    assert spare_s(lead_s=600.9, message_s=18, need_s=500) == 82
    with pytest.raises(Malformed):
        message_time_s(measured, default_s=300, percent=0)
