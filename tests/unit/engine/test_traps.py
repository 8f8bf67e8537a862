"""Each trap that engines for this fall into, by the name of its row in our table: `judge` and the kernels avoid it."""

from __future__ import annotations

import math

import pytest

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan, parse_instant
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.detect import find_conflicts
from keepclear.engine.standing import StandingIndex
from keepclear.engine.validity import check_volume
from keepclear.errors import LimitReached, Malformed
from unit.engine.packed_given import verdict_of_both

pytestmark = [pytest.mark.usefixtures("kernels"), pytest.mark.timeout(900)]

W84 = AltitudeDatum.WGS84
CLEAR, CONFLICT, POSSIBLE = Verdict.CLEAR, Verdict.CONFLICT, Verdict.POSSIBLE


def volume(
    footprint: Footprint, low_m: float = 0, high_m: float = 100, start: int = 0, end: int = 10, **data: AltitudeDatum
) -> Volume4D:
    datum = data.get("datum", AltitudeDatum.WGS84)
    return Volume4D(footprint, AltitudeBand(Altitude(low_m, datum), Altitude(high_m, datum)), TimeSpan(start, end))


def box(south: float, west: float, north: float, east: float) -> Polygon:
    return Polygon(((south, west), (south, east), (north, east), (north, west)))


def test_antimeridian() -> None:
    across = volume(box(-0.2, 179.9, 0.2, -179.9))

    assert verdict_of_both(across, volume(Circle(0.0, 180.0, 50))) is CONFLICT
    assert verdict_of_both(across, volume(Circle(0.0, 179.95, 50))) is CONFLICT
    assert verdict_of_both(across, volume(Circle(0.0, -179.95, 50))) is CONFLICT
    assert verdict_of_both(across, volume(Circle(0.0, 10.1, 50))) is CLEAR
    assert verdict_of_both(across, volume(Circle(0.0, -179.8, 50))) is CLEAR


@pytest.mark.parametrize("side", [1, -1])
def test_poles(side: int) -> None:
    cap = volume(Polygon(tuple((side * 85.0, lon) for lon in (0.0, 60.0, 120.0, -180.0, -120.0, -60.0))))

    assert verdict_of_both(cap, volume(Circle(side * 90.0, 0.0, 10))) is CONFLICT
    assert verdict_of_both(cap, volume(Circle(side * 89.0, 135.0, 10))) is CONFLICT
    assert verdict_of_both(cap, volume(Circle(side * 84.0, 0.0, 10))) is CLEAR
    assert verdict_of_both(cap, volume(Circle(-side * 90.0, 0.0, 10))) is CLEAR


@pytest.mark.parametrize(("lat", "length_deg", "offset_m"), [(48.0, 4.03, 1_963.0), (60.0, 5.38, 3_063.0)])
def test_geodesic_edge_and_not_straight_on_a_chart(lat: float, length_deg: float, offset_m: float) -> None:
    """A spot between the chart's edge and the geodesic belongs to the zone south of it."""
    zone = volume(Polygon(((lat - 2, 0.0), (lat - 2, length_deg), (lat, length_deg), (lat, 0.0))))
    between = destination((lat, length_deg / 2), 0.0, offset_m * 0.9)
    beyond = destination((lat, length_deg / 2), 0.0, offset_m * 1.1)

    assert verdict_of_both(zone, volume(Circle(*between, 20))) is CONFLICT
    assert verdict_of_both(zone, volume(Circle(*beyond, 20))) is CLEAR


@pytest.mark.parametrize("lat", [0.0, 48.0, 70.0, 85.0])
def test_one_plane_for_all(lat: float) -> None:
    """Far from wherever a map would have its middle a metre is a metre."""
    for heading in (0.0, 45.0, 90.0):
        for apart_m in (10_000.0, 50_000.0):
            one = Circle(lat, 5.0, 100)
            here, there = volume(one), volume(Circle(*destination((lat, 5.0), heading, apart_m), 100))
            assert verdict_of_both(here, there, Separation(apart_m - 200 + 0.01)) is CONFLICT
            assert verdict_of_both(here, there, Separation(apart_m - 200 - 0.01)) is CLEAR


def test_circle_as_polygon() -> None:
    """A circle of 20 corners falls short of 50 km by 615 m, one of 64 by 60 m."""
    zone = volume(Circle(48.0, 12.0, 50_000))
    for heading in range(0, 360, 7):
        just_in = destination((48.0, 12.0), heading, 50_000 + 9.9)
        just_out = destination((48.0, 12.0), heading, 50_000 + 10.1)
        assert verdict_of_both(zone, volume(Circle(*just_in, 10))) is CONFLICT
        assert verdict_of_both(zone, volume(Circle(*just_out, 10))) is CLEAR


@pytest.mark.parametrize("lat", [0.0, 48.0, 70.0, 80.0])
def test_buffer_in_degrees(lat: float) -> None:
    """A thousand metres are a thousand metres east and west too."""
    zone = volume(box(lat, 12.0, lat + 0.2, 12.4))
    east = volume(Circle(*destination((lat + 0.1, 12.4), 90.0, 900.0), 1))

    assert verdict_of_both(zone, east, Separation(1_000)) is CONFLICT
    assert verdict_of_both(zone, east, Separation(800)) is CLEAR


def test_touching() -> None:
    """Exactly the agreed height apart is kept; what shares a height or an edge touches, and that is a conflict."""
    low, high = volume(Circle(48.0, 12.0, 10), 0, 100), volume(Circle(48.0, 12.0, 10), 404.8, 500)
    assert verdict_of_both(low, high, Separation(0, 304.8)) is CLEAR
    assert verdict_of_both(low, volume(Circle(48.0, 12.0, 10), 100, 200)) is CONFLICT
    west, east = box(48.0, 12.0, 48.1, 12.1), box(48.0, 12.1, 48.1, 12.2)
    assert verdict_of_both(volume(west), volume(east)) is CONFLICT
    first, then = volume(west, start=0, end=10), volume(west, start=10, end=20)
    assert verdict_of_both(first, then) is CLEAR
    assert verdict_of_both(first, then, Separation(0, 0, 1)) is CONFLICT
    assert verdict_of_both(first, volume(west, start=9, end=10)) is CONFLICT


def test_bounding_box_as_shape() -> None:
    """The box of an L holds its notch; the L does not."""
    shape = volume(Polygon(((48.0, 12.0), (48.0, 12.3), (48.05, 12.3), (48.05, 12.05), (48.2, 12.05), (48.2, 12.0))))

    assert verdict_of_both(shape, volume(Circle(48.15, 12.2, 100))) is CLEAR
    assert verdict_of_both(shape, volume(Circle(48.02, 12.2, 100))) is CONFLICT
    assert verdict_of_both(shape, volume(Circle(48.15, 12.02, 100))) is CONFLICT


def test_altitude_reference() -> None:
    """Metres above ellipsoid, sea, ground and a pressure are not one number: what cannot be told is POSSIBLE."""
    spot = Circle(48.0, 12.0, 100)
    above = volume(spot, 130, 140, datum=AltitudeDatum.WGS84)
    sea = volume(spot, 0, 100, datum=AltitudeDatum.AMSL)
    assert verdict_of_both(sea, above) is CONFLICT  # the sea stands some 45 m above the ellipsoid there
    assert verdict_of_both(sea, volume(spot, 200, 240, datum=AltitudeDatum.WGS84)) is CLEAR
    assert verdict_of_both(sea, volume(spot, 300, 400, datum=AltitudeDatum.AGL)) is POSSIBLE
    assert verdict_of_both(sea, volume(spot, 500, 600, datum=AltitudeDatum.FL)) is POSSIBLE
    assert verdict_of_both(sea, volume(spot, 9_000, 9_500, datum=AltitudeDatum.FL)) is CLEAR


def test_time() -> None:
    """A leap second is the next second, local time is refused, and one microsecond is enough to conflict."""
    assert parse_instant("2027-06-30T23:59:60Z") == parse_instant("2027-07-01T00:00:00Z")
    with pytest.raises(Malformed):
        parse_instant("2027-06-30T23:59:59")
    spot, start = Circle(48.0, 12.0, 100), parse_instant("2027-06-30T23:59:60Z")
    one, other = volume(spot, start=start - 1, end=start), volume(spot, start=start - 10**9, end=start + 10**9)
    assert verdict_of_both(one, other) is CONFLICT
    assert verdict_of_both(one, volume(spot, start=start, end=start + 1)) is CLEAR


def test_notice_of_several_volumes() -> None:
    """Judged volume by volume: what crosses only the hull of the two meets neither."""
    climb = [volume(Circle(48.0, 12.0, 500), 0, 100, 0, 10), volume(Circle(48.2, 12.0, 500), 900, 1_000, 90, 100)]
    index = StandingIndex()
    index.add("climb", climb)

    assert index.conflicts(volume(Circle(48.1, 12.0, 500), 400, 500, 40, 50), {"": Separation()}) == []
    assert [
        hit for hit, _ in index.conflicts(volume(Circle(48.2, 12.0, 500), 0, 2_000, 95, 96), {"": Separation()})
    ] == [("climb", 1)]


def test_result_limits() -> None:
    """A bound that is hit is an error that names it, never a shorter list."""
    index = StandingIndex()
    spot = volume(Circle(48.0, 12.0, 100))
    for number in range(5):
        index.add(str(number), [spot])

    with pytest.raises(LimitReached):
        index.pairs({("", ""): Separation()}, most=9)
    assert len(index.pairs({("", ""): Separation()}, most=10)) == 10
    with pytest.raises(LimitReached):
        find_conflicts(index, lambda _: [spot], [spot], lambda _: Separation(), most=4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_not_a_number(bad: float) -> None:
    with pytest.raises(Malformed):
        Circle(bad, 0.0, 10)
    with pytest.raises(Malformed):
        Circle(0.0, 0.0, bad)


def test_zero_area_and_self_crossing() -> None:
    for corners in (((48.0, 12.0), (48.1, 12.0), (48.2, 12.0)), ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))):
        with pytest.raises(Malformed):
            check_volume(volume(Polygon(corners)))
