"""Zones are met exactly: belts on the ellipsoid, hours half-open, heights by datum (C4).

The property holds belts against a count of points that shares nothing with the engine but the geodesic library.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from given import a_volume
from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.schedule import Window
from keepclear.core.timespan import HOUR_US, TimeSpan, parse_instant, zulu
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.core.zone import Belt, Rule, Zone, ZoneKind, ZoneRule
from keepclear.engine.belt import SLIVER_M, is_beyond, reaches_into
from keepclear.engine.zones import breaks, check_zone, first_in_force, is_in_force, meets
from keepclear.errors import Malformed

GEOD = Geod(ellps="WGS84")
ROAD = ((10.0, 20.0), (10.0, 20.6), (10.4, 21.0))


def a_zone(shape, *, rule=Rule.STAY_OUT, **changed):
    depth_m = changed.pop("depth_m", None)
    return Zone("Z-1", "A zone", ZoneKind.RESTRICTED, shape, (ZoneRule(rule, depth_m=depth_m),), **changed)


def at(start, heading_deg, range_m, radius_m):
    lat, lon = destination(start, heading_deg, range_m)
    return Circle(lat, lon, radius_m)


# ------------------------------------------------------------------------------------------------------------- belts


@pytest.mark.parametrize("side", ["north", "south"])
@pytest.mark.parametrize(("off_m", "verdict"), [(-0.01, Verdict.CONFLICT), (0.01, Verdict.CLEAR)])
def test_a_circle_meets_a_belt_up_to_its_depth_and_a_centimetre_beyond_it_does_not(side, off_m, verdict):
    line = ((10.0, 20.0), (10.0, 20.6))
    belt = Belt(line, left_m=6_000.0, right_m=9_000.0)
    heading, middle = GEOD.inv(20.0, 10.0, 20.6, 10.0)[0], destination(line[0], 90.0, 0.0)
    middle = destination(line[0], heading, 30_000.0)
    along = GEOD.inv(middle[1], middle[0], 20.6, 10.0)[0]
    depth_m, turn = (6_000.0, -90.0) if side == "north" else (9_000.0, 90.0)

    circle = at(middle, along + turn, depth_m + 1_000.0 + off_m, 1_000.0)

    assert reaches_into(circle, belt) is verdict


def test_a_belt_on_one_side_leaves_the_other_side_free_up_to_the_line():
    belt = Belt(ROAD[:2], left_m=10_000.0, right_m=0.0)
    middle = destination(ROAD[0], 90.0, 30_000.0)

    assert reaches_into(at(middle, 180.0, 2_000.0, 1_900.0), belt) is Verdict.CLEAR
    assert reaches_into(at(middle, 0.0, 2_000.0, 1_900.0), belt) is Verdict.CONFLICT
    assert reaches_into(at(middle, 180.0, 2_000.0, 2_500.0), belt) is Verdict.CONFLICT


def test_beyond_an_end_the_side_is_told_by_the_line_going_on():
    belt = Belt(((0.0, 20.0), (0.0, 20.5)), left_m=10_000.0, right_m=2_000.0)
    end = (0.0, 20.5)

    assert reaches_into(at(end, 45.0, 8_000.0, 500.0), belt) is Verdict.CONFLICT
    assert reaches_into(at(end, 135.0, 8_000.0, 500.0), belt) is Verdict.CLEAR
    assert reaches_into(at(end, 90.0, 8_000.0, 500.0), belt) is Verdict.CONFLICT


def test_outside_a_bend_the_far_side_of_one_edge_is_not_taken_for_the_near_side_of_the_other():
    # Eastward, then north: what lies east of the second edge is on the right of the line, though left of the first.
    belt = Belt(((0.0, 20.0), (0.0, 20.5), (0.5, 20.5)), left_m=10_000.0, right_m=0.0)

    assert reaches_into(Circle(0.01, 20.55, 1_000.0), belt) is Verdict.CLEAR
    assert reaches_into(Circle(0.05, 20.45, 1_000.0), belt) is Verdict.CONFLICT


def a_belt_by_chance(rng):
    start = (rng.uniform(-60, 60), rng.uniform(-180, 179))
    heading, line = rng.uniform(0, 360), [start]
    for _ in range(rng.integers(1, 4)):
        heading += rng.uniform(-80, 80)
        line.append(destination(line[-1], heading, rng.uniform(8_000, 40_000)))
    depths = [(6_000, 6_000), (20_000, 15_000), (10_000, 0), (0, 10_000), (3_000, 8_000)][rng.integers(5)]
    return Belt(tuple(line), *map(float, depths))


def a_footprint_by_chance(rng, belt):
    """Near the line: beside it or beyond an end, often between the two depths."""
    one, other = (
        (a, b) for a, b in [list(zip(belt.line, belt.line[1:], strict=False))[rng.integers(len(belt.line) - 1)]]
    ).__next__()
    heading, _, length = GEOD.inv(one[1], one[0], other[1], other[0])
    anchor = destination(one, heading, rng.uniform(-0.3, 1.3) * length)
    middle = destination(
        anchor, heading + rng.choice([-90, 90]), rng.uniform(0.0, 1.4) * max(belt.left_m, belt.right_m)
    )
    reach = rng.uniform(200, 4_000)
    if rng.random() < 0.5:
        return Circle(*middle, reach)
    turns = np.sort(rng.choice(36, rng.integers(3, 7), replace=False))
    return Polygon(tuple(destination(middle, 10.0 * turn, reach) for turn in turns))


def points_of(footprint):
    """Latitudes and longitudes of many points in a footprint."""
    if isinstance(footprint, Circle):
        rings = np.linspace(0.0, footprint.radius_m, 6)
        turns = np.linspace(0.0, 360.0, 36, endpoint=False)
        ranges, headings = (grid.ravel() for grid in np.meshgrid(rings, turns))
        ones = np.ones_like(ranges)
        lon, lat, _ = GEOD.fwd(footprint.lon_deg * ones, footprint.lat_deg * ones, headings, ranges)
        return lat, lon
    lats, lons = [], []
    corners = footprint.outline
    for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
        heading, _, length = GEOD.inv(one[1], one[0], other[1], other[0])
        along = np.linspace(0, length, 25)
        lon, lat, _ = GEOD.fwd(one[1] * np.ones(25), one[0] * np.ones(25), heading * np.ones(25), along)
        lats.append(lat)
        lons.append(lon)
    return np.concatenate(lats), np.concatenate(lons)


def depth_into(belt, lat, lon):
    """How deep each point lies in a belt, metres: below 0 outside. The line as points 200 m apart."""
    best = np.full(lat.shape, np.inf)
    side = np.zeros(lat.shape)
    for one, other in zip(belt.line, belt.line[1:], strict=False):
        heading, _, length = GEOD.inv(one[1], one[0], other[1], other[0])
        steps = np.linspace(0.0, length, max(2, int(length // 200)))
        ones = np.ones_like(steps)
        line_lon, line_lat, back = GEOD.fwd(one[1] * ones, one[0] * ones, heading * ones, steps)
        # atleast one inverse for each pair of point and step
        grid = np.ones((len(lat), len(steps)))
        towards, _, apart = GEOD.inv(grid * line_lon, grid * line_lat, grid * lon[:, None], grid * lat[:, None])
        nearest = apart.argmin(axis=1)
        rows = np.arange(len(lat))
        turn = np.sin(np.radians(towards[rows, nearest] - (back[nearest] + 180.0)))
        nearer = apart[rows, nearest] < best - 1e-9
        best = np.where(nearer, apart[rows, nearest], best)
        side = np.where(nearer, turn, side)
    return np.where(side < 0, belt.left_m, belt.right_m) - best


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_a_belt_is_never_clear_of_a_footprint_with_a_point_in_it_nor_met_by_one_that_is_far(seed):
    rng = np.random.default_rng(seed)
    belt = a_belt_by_chance(rng)
    footprint = a_footprint_by_chance(rng, belt)

    verdict = reaches_into(footprint, belt)

    deepest = float(depth_into(belt, *points_of(footprint)).max())
    # The line is counted in steps of 200 m, the footprint in steps of less than a kilometre.
    if deepest > 5.0:
        assert verdict is not Verdict.CLEAR
    if deepest < -1_200.0:
        assert verdict is Verdict.CLEAR


def test_within_a_depth_of_the_line_is_exact_to_the_depth_itself():
    belt = Belt(ROAD[:2], 20_000.0, 20_000.0)
    start = destination(ROAD[0], GEOD.inv(20.0, 10.0, 20.6, 10.0)[0], 30_000.0)
    heading = GEOD.inv(start[1], start[0], 20.6, 10.0)[0]
    circle = at(start, heading - 90.0, 3_000.0, 2_000.0)

    assert is_beyond(circle, belt, 5_000.01) is Verdict.CLEAR
    assert is_beyond(circle, belt, 4_999.99) is Verdict.CONFLICT


# ------------------------------------------------------------------------------------------------- hours and heights


def test_hours_are_half_open_and_run_over_midnight_at_their_own_offset():
    night = Window(20 * 60, 4 * 60, ("FRI",), 180)
    friday = parse_instant("2027-01-15T17:00:00Z")

    assert night.next_span(friday - 1) == TimeSpan(friday, friday + 8 * HOUR_US)
    assert [
        night.holds(instant) for instant in (friday - 1, friday, friday + 8 * HOUR_US - 1, friday + 8 * HOUR_US)
    ] == [
        False,
        True,
        True,
        False,
    ]


@given(
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.sets(st.sampled_from(["MON", "WED", "SUN"])),
    st.integers(-840, 840),
    st.integers(0, 4 * 10**15),
)
@settings(max_examples=150, deadline=None)
def test_a_window_holds_just_where_its_spans_say_by_the_calendar(start, end, days, offset, instant):
    window = Window(start, end, tuple(days), offset)

    span = window.next_span(instant)

    assert span is not None and span.end_us > instant
    local = zulu(span.start_us + offset * 60_000_000)
    assert int(local[11:13]) * 60 + int(local[14:16]) == start
    assert (span.end_us - span.start_us) // 60_000_000 == (end - start) % 1440 or (end - start) % 1440 == 0
    assert window.holds(instant) == (span.start_us <= instant)


def test_a_zone_lifted_at_noon_is_not_met_by_what_begins_at_noon():
    noon = a_volume().span.start_us
    zone = a_zone(Circle(10.5, 20.0, 1_000.0), span=TimeSpan(noon - HOUR_US, noon))

    assert meets(a_volume(), zone) is None
    assert not is_in_force(zone, noon)
    assert is_in_force(zone, noon - 1)


def test_the_first_stretch_in_force_is_cut_to_both_the_plan_and_the_hours():
    day = parse_instant("2027-01-15T00:00:00Z")
    zone = a_zone(Circle(10.5, 20.0, 1_000.0), schedule=(Window(600, 660), Window(900, 960)))

    span = first_in_force(zone, TimeSpan(day + 10 * HOUR_US + HOUR_US // 2, day + 23 * HOUR_US))

    assert span == TimeSpan(day + 10 * HOUR_US + HOUR_US // 2, day + 11 * HOUR_US)


def test_a_zone_is_met_in_height_as_well():
    def amsl(value_m):
        return Altitude(value_m, AltitudeDatum.AMSL)

    zone = a_zone(Circle(10.5, 20.0, 1_000.0), band=AltitudeBand(amsl(2_000), amsl(3_000)))

    assert meets(a_volume(ceiling_m=1_999), zone) is None
    assert meets(a_volume(ceiling_m=2_000), zone) is not None
    assert meets(a_volume(ceiling_m=1), a_zone(Circle(10.5, 20.0, 1_000.0))) is not None


def test_staying_within_a_depth_breaks_nothing_and_going_deeper_does():
    zone = a_zone(Belt(ROAD[:2], 20_000.0, 20_000.0), rule=Rule.STAY_WITHIN_DEPTH, depth_m=5_000.0)
    near, deep = (Volume4D(at(ROAD[0], 0.0, off, 500.0), a_volume().band, a_volume().span) for off in (3_000, 9_000))

    assert breaks(near, zone, zone.rules[0]) is None
    assert breaks(deep, zone, zone.rules[0]) is not None


def test_a_line_that_comes_back_to_a_corner_is_refused():
    with pytest.raises(Malformed):
        check_zone(a_zone(Belt((*ROAD, ROAD[0]), 1.0, 1.0)))


def test_the_edge_of_a_belt_is_known_to_a_tenth_of_a_millimetre():
    assert SLIVER_M <= 1e-4
