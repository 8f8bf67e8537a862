"""Whether two volumes conflict: cases with known answers, the traps first."""

from __future__ import annotations

import itertools

import pytest

from keepclear.core.conflict import Judgement, Verdict
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import bearing_deg, destination, distance_m
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.judge import DOUBT_M, judge, judge_space

CLEAR, POSSIBLE, CONFLICT = Verdict.CLEAR, Verdict.POSSIBLE, Verdict.CONFLICT
HOUR = TimeSpan(0, 3600 * SECOND_US)


def over(footprint: Footprint, low_m: float = 0.0, high_m: float = 100.0, span: TimeSpan = HOUR) -> Volume4D:
    datum = AltitudeDatum.WGS84
    return Volume4D(footprint, AltitudeBand(Altitude(low_m, datum), Altitude(high_m, datum)), span)


def polygon(*corners: LatLon) -> Polygon:
    return Polygon(tuple((lat, (lon + 180.0) % 360.0 - 180.0) for lat, lon in corners))


def box(south: float, west: float, north: float, east: float) -> Polygon:
    return polygon((south, west), (south, east), (north, east), (north, west))


def judged(one: Footprint, other: Footprint, horizontal_m: float = 0.0) -> Judgement:
    """The judgement of two footprints that are in force together, the same both ways round."""
    separation = Separation(horizontal_m=horizontal_m)
    there, back = judge(over(one), over(other), separation), judge(over(other), over(one), separation)
    assert there.verdict is back.verdict
    return there


# ------------------------------------------------------------------------------------------------------------ circles


def test_circles_are_exact_and_not_polygons() -> None:
    first = Circle(48.0, 11.0, 30_000.0)
    centre = destination((48.0, 11.0), 77.0, 50_000.0)

    assert judged(first, Circle(*centre, 20_000.0 - 0.001)).verdict is CLEAR
    assert judged(first, Circle(*centre, 20_000.0 + 0.001)).verdict is CONFLICT
    assert judged(first, Circle(*centre, 20_000.0)).verdict is POSSIBLE


def test_exactly_the_agreed_distance_is_kept_within_the_stated_doubt() -> None:
    first, centre = Circle(-70.0, 179.99, 500.0), destination((-70.0, 179.99), 90.0, 3_000.0)
    second = Circle(*centre, 500.0)

    assert judged(first, second, 2_000.0 - 2 * DOUBT_M).verdict is CLEAR
    assert judged(first, second, 2_000.0 + 2 * DOUBT_M).verdict is CONFLICT
    assert judged(first, second, 2_000.0).horizontal_m.most == pytest.approx(2_000.0, abs=1e-5)


def test_a_circle_in_a_notch_is_clear_and_one_that_fills_it_is_not() -> None:
    arrow = polygon((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.5), (1.0, 0.0))
    notch = (0.8, 0.5)

    assert judged(Circle(*notch, 20_000.0), arrow).verdict is CLEAR
    assert judged(Circle(*notch, 25_000.0), arrow).verdict is CONFLICT


def test_a_circle_inside_a_polygon_and_a_polygon_inside_a_circle_conflict() -> None:
    field = box(10.0, 20.0, 11.0, 21.0)

    assert judged(Circle(10.5, 20.5, 1.0), field).verdict is CONFLICT
    assert judged(Circle(10.5, 20.5, 300_000.0), field).verdict is CONFLICT


# ----------------------------------------------------------------------------------------------------------- polygons


def test_an_edge_is_a_geodesic_and_not_a_line_of_constant_latitude() -> None:
    # Between two places 300 km apart at 48 N the geodesic runs 1,963 m north of the parallel.
    east = next(lon for lon in itertools.count(4.0, 0.0001) if distance_m((48.0, 0.0), (48.0, lon)) >= 300_000)
    southern = polygon((48.0, 0.0), (48.0, east), (47.0, east / 2))

    assert judged(southern, Circle(destination((48.0, east / 2), 0, 1_900.0)[0], east / 2, 10.0)).verdict is CONFLICT
    assert judged(southern, Circle(destination((48.0, east / 2), 0, 2_000.0)[0], east / 2, 10.0)).verdict is CLEAR


@pytest.mark.parametrize("lon_deg", [0.0, 100.0, 180.0, -180.0])
def test_polygons_that_share_an_edge_touch_and_a_centimetre_apart_they_do_not(lon_deg: float) -> None:
    west, edge = box(10.0, lon_deg - 1, 11.0, lon_deg), lon_deg
    apart = box(10.2, edge + 1e-7, 10.8, edge + 1)  # 11 mm
    into = box(10.2, edge - 1e-7, 10.8, edge + 1)

    assert judged(west, box(10.0, edge, 11.0, edge + 1)).verdict is CONFLICT
    assert judged(west, apart).verdict is CLEAR
    assert judged(west, into).verdict is CONFLICT


def test_a_corner_on_an_edge_is_doubt_and_doubt_is_never_clear() -> None:
    touching = polygon((10.5, 1.0), (10.4, 2.0), (10.6, 2.0))

    assert judged(box(10.0, 0.0, 11.0, 1.0), touching).verdict is not CLEAR


def test_one_polygon_inside_another_conflicts_and_in_its_hollow_does_not() -> None:
    outer = box(0.0, 0.0, 2.0, 2.0)
    horseshoe = polygon((0, 0), (0, 3), (3, 3), (3, 0), (2, 0), (2, 2), (1, 2), (1, 0))

    assert judged(outer, box(0.9, 0.9, 1.1, 1.1)).verdict is CONFLICT
    assert judged(horseshoe, box(1.2, 0.2, 1.8, 1.8)).verdict is CLEAR


def test_polygons_that_cross_with_every_corner_outside_the_other_conflict() -> None:
    assert judged(box(0.0, -5.0, 1.0, 5.0), box(-4.0, 0.0, 4.0, 0.001)).verdict is CONFLICT


def test_the_same_polygon_twice_and_moved_by_a_hair_conflicts() -> None:
    star = polygon(*(destination((50.0, 8.0), 36.0 * i, 4_000.0 if i % 2 else 1_500.0) for i in range(10)))
    moved = polygon(*(destination(corner, 20.0, 1e-6) for corner in star.outline))

    assert judged(star, star).verdict is CONFLICT
    assert judged(star, moved).verdict is CONFLICT


def test_a_sliver_one_centimetre_wide_and_fifty_kilometres_long_is_seen() -> None:
    start, end = (45.0, 7.0), destination((45.0, 7.0), 40.0, 50_000.0)
    across = bearing_deg(start, end) + 90.0
    sliver = polygon(start, end, destination(end, across, 0.01), destination(start, across, 0.01))
    middle = destination(start, 40.0, 25_000.0)

    assert judged(sliver, Circle(*destination(middle, across, 5.0), 4.98)).verdict is CLEAR
    assert judged(sliver, Circle(*destination(middle, across, 5.0), 5.0)).verdict is CONFLICT


# -------------------------------------------------------------------------------------------------- all over the Earth


def test_a_polygon_over_the_antimeridian_is_on_both_sides_of_it() -> None:
    zone = polygon((-1.0, 179.0), (-1.0, -179.0), (1.0, -179.0), (1.0, 179.0))

    for lon_deg in (179.5, -179.5, 180.0):
        assert judged(zone, Circle(0.0, lon_deg, 10.0)).verdict is CONFLICT
    for lon_deg in (0.0, 178.9, -178.9):
        assert judged(zone, Circle(0.0, lon_deg, 10.0)).verdict is CLEAR


@pytest.mark.parametrize("sign", [1, -1])
def test_a_ring_about_a_pole_holds_the_pole(sign: int) -> None:
    cap = polygon(*((sign * 85.0, lon) for lon in (0.0, 90.0, 180.0, -90.0)))

    assert judged(cap, Circle(sign * 90.0, 45.0, 1.0)).verdict is CONFLICT
    assert judged(cap, Circle(sign * 88.0, 10.0, 1_000.0)).verdict is CONFLICT
    assert judged(cap, Circle(sign * 84.0, 0.0, 10_000.0)).verdict is CLEAR


def test_a_pole_as_a_corner_is_a_corner() -> None:
    slice_of_arctic = polygon((90.0, 0.0), (80.0, 0.0), (80.0, 60.0))

    assert judged(slice_of_arctic, Circle(85.0, 30.0, 10.0)).verdict is CONFLICT
    assert judged(slice_of_arctic, Circle(85.0, -30.0, 10.0)).verdict is CLEAR
    assert judged(slice_of_arctic, Circle(89.9999, -90.0, 20.0)).verdict is CONFLICT


def test_the_smaller_part_is_meant_whichever_way_the_corners_run() -> None:
    zone = box(0.0, 0.0, 1.0, 1.0)
    backward = Polygon(tuple(reversed(zone.outline)))

    for each in (zone, backward):
        assert judged(each, Circle(0.5, 0.5, 1.0)).verdict is CONFLICT
        assert judged(each, Circle(-0.5, -179.5, 1.0)).verdict is CLEAR


def test_footprints_of_thousands_of_kilometres_are_judged_to_the_metre() -> None:
    ocean = Circle(0.0, -150.0, 5_000_000.0)
    edge = destination((0.0, -150.0), 63.0, 5_000_000.0)

    assert (
        judged(ocean, Circle(*destination(edge, bearing_deg(edge, (0.0, -150.0)) + 180, 11.0), 10.0)).verdict is CLEAR
    )
    assert judged(ocean, Circle(*edge, 10.0)).verdict is CONFLICT
    assert judged(polygon((0, -100), (0, -20), (60, -60)), box(-0.2, -60.1, -0.1, -60.0)).verdict is CLEAR
    assert judged(polygon((0, -100), (0, -20), (60, -60)), box(-0.1, -60.1, 0.0001, -60.0)).verdict is CONFLICT


def test_a_separation_of_hundreds_of_kilometres_is_measured_along_the_ground() -> None:
    one, other = box(0.0, 0.0, 1.0, 1.0), box(0.0, 8.0, 1.0, 9.0)
    gap_m = distance_m((1.0, 1.0), (1.0, 8.0))

    assert judged(one, other, gap_m - 0.01).verdict is CLEAR
    assert judged(one, other, gap_m + 0.01).verdict is CONFLICT


# ------------------------------------------------------------------------------------------------ height, time, report


def test_heights_that_touch_meet_and_a_millimetre_apart_do_not() -> None:
    spot = Circle(1.0, 1.0, 10.0)

    assert judge(over(spot, 0, 100), over(spot, 100, 200)).verdict is CONFLICT
    assert judge(over(spot, 0, 100), over(spot, 100.001, 200)).verdict is CLEAR
    assert judge(over(spot, 0, 100), over(spot, 150, 200), Separation(vertical_m=50)).verdict is CLEAR
    assert judge(over(spot, 0, 100), over(spot, 150, 200), Separation(vertical_m=50.001)).verdict is CONFLICT


def test_volumes_end_to_end_in_time_conflict_only_if_time_must_lie_between() -> None:
    spot = Circle(1.0, 1.0, 10.0)
    later = over(spot, span=TimeSpan(HOUR.end_us, HOUR.end_us + 1))

    assert judge(over(spot), later).verdict is CLEAR
    assert judge(over(spot), later, Separation(time_s=1.0)).verdict is CONFLICT
    assert judge_space(over(spot), later) is CONFLICT


def test_a_conflict_says_how_deep_how_high_how_long_and_where() -> None:
    one = over(Circle(10.0, 10.0, 1_000.0), 0, 100, TimeSpan(0, 20))
    other = over(Circle(*destination((10.0, 10.0), 0.0, 1_500.0), 1_000.0), 40, 300, TimeSpan(10, 40))

    found = judge(one, other, NO_SEPARATION)

    assert found.verdict is CONFLICT
    assert found.overlap_horizontal_m == pytest.approx(500.0, abs=1e-3)
    assert found.overlap_vertical_m == 60.0
    assert found.overlap == TimeSpan(10, 20)
    assert found.time_s == 0
    assert found.near is not None
    assert distance_m(found.near, (10.0, 10.0)) <= 1_000.0


def test_boxes_side_by_side_overlap_by_what_they_share_and_not_by_their_size() -> None:
    found = judged(box(10.0, 0.9, 10.1, 1.0), box(10.02, 1.0 - 1e-4, 10.08, 1.1))

    assert 10.9 < found.overlap_horizontal_m < 11.1
