"""The oracle is right: held against GeographicLib, figures worked out elsewhere, brute force and a second argument."""

from __future__ import annotations

import math
import random

import adversarial
import numpy as np
import oracle
import pytest
from geographiclib.geodesic import Geodesic

from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D

GEOGRAPHICLIB = Geodesic.WGS84
SPAN = TimeSpan(0, 10)
BAND = adversarial.a_band(0.0, 100.0)


def a_volume(footprint: Circle | Polygon, band: AltitudeBand = BAND, span: TimeSpan = SPAN) -> Volume4D:
    return Volume4D(footprint, band, span)


def sure(one: Circle | Polygon, other: Circle | Polygon, separation: Separation | None = None) -> oracle.Sure:
    return oracle.truth(a_volume(one), a_volume(other), separation or Separation()).sure


def box(south: float, west: float, tall: float, wide: float) -> Polygon:
    return Polygon(((south, west), (south, west + wide), (south + tall, west + wide), (south + tall, west)))


# -- distances --------------------------------------------------------------------------------------------------------


def test_the_distances_of_the_oracle_are_those_of_geographiclib() -> None:
    rng = random.Random(1)
    pairs = [
        (adversarial.a_place(rng), rng.uniform(0, 360), adversarial.a_size(rng, most_m=9e6, least_m=1e-3))
        for _ in range(400)
    ]

    for start, azimuth, range_m in pairs:
        end = oracle.destination(start, azimuth, range_m)
        theirs = GEOGRAPHICLIB.Direct(*start, azimuth, range_m)
        back = GEOGRAPHICLIB.Inverse(*start, *end)

        assert GEOGRAPHICLIB.Inverse(*end, theirs["lat2"], theirs["lon2"])["s12"] < 5e-8
        assert oracle.distance_m(start, end) == pytest.approx(back["s12"], abs=5e-8)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((0.0, 0.0), (90.0, 0.0), 10_001_965.729),  # the quarter meridian
        ((0.0, 0.0), (0.0, 1.0), 111_319.490793),  # a degree of the equator: its radius times pi / 180
        ((0.0, 179.5), (0.0, -179.5), 111_319.490793),
    ],
)
def test_known_distances_come_out(one: LatLon, other: LatLon, metres: float) -> None:
    assert oracle.distance_m(one, other) == pytest.approx(metres, abs=1e-3)


@pytest.mark.parametrize(
    ("lat", "long_m", "bulge_m"),
    [(48.0, 20_000, 8.7), (48.0, 100_000, 218), (48.0, 300_000, 1_963), (60.0, 300_000, 3_063), (75.0, 300_000, 6_600)],
)
def test_an_edge_bulges_from_its_parallel_by_the_figures_measured_before(
    lat: float, long_m: float, bulge_m: float
) -> None:
    half_deg = long_m / oracle.distance_m((lat, 0.0), (lat, 0.001)) * 0.0005
    polygon = Polygon(((lat, -half_deg), (lat, half_deg), (lat - 5, 0.0)))

    # The chart's middle of the edge lies inside, as deep as the geodesic bulges toward the pole.
    assert oracle.signed_distance_m((lat, 0.0), polygon) == pytest.approx(-bulge_m, rel=0.01)


# -- the four facts ---------------------------------------------------------------------------------------------------


def dense_points(polygon: Polygon, count: int) -> tuple[oracle.Floats, oracle.Floats, float]:
    """Points along every edge, and the greatest step between two of them."""
    edges = oracle.outline_of(polygon)
    parts = np.linspace(0.0, 1.0, count + 1)[:-1]
    lon, lat, _ = oracle.GEOD.fwd(
        np.repeat(edges.lon, count),
        np.repeat(edges.lat, count),
        np.repeat(edges.leaving, count),
        np.outer(edges.length, parts).ravel(),
    )
    return np.asarray(lat), np.asarray(lon), float(edges.length.max() / count)


@pytest.mark.parametrize("number", range(30))
def test_the_gap_of_two_polygons_is_what_brute_force_along_both_outlines_brackets(number: int) -> None:
    rng = random.Random(number)
    middle, size = adversarial.a_place(rng), adversarial.a_size(rng, most_m=3_000_000)
    makers: tuple[adversarial.Maker, ...] = (adversarial.convex, adversarial.star, adversarial.ragged)
    one = adversarial.a_shape(rng, middle, size, makers)
    place = oracle.destination(middle, rng.uniform(0, 360), size * rng.uniform(0.5, 2.5))
    other = adversarial.a_shape(rng, place, size * rng.uniform(0.1, 1.0), makers)
    assert isinstance(one, Polygon) and isinstance(other, Polygon)

    gap = oracle.gap_between(one, other)

    lat, lon, step = dense_points(one, 40)
    lat2, lon2, step2 = dense_points(other, 40)
    apart = oracle.inverse(lat[:, None], lon[:, None], lat2[None, :], lon2[None, :])[2].min()
    holds = winds_round(one.outline[0], other) or winds_round(other.outline[0], one)
    # Two outlines are no farther apart than two of their points, and at most half a step of each nearer.
    if gap.share:
        assert holds or apart <= (step + step2) / 2
    else:
        assert not holds
        assert apart - (step + step2) / 2 <= gap.most_m and gap.least_m <= apart


def winds_round(point: LatLon, polygon: Polygon) -> bool:
    """Whether the outline goes round a point: the sum of the turns of the line of sight, by GeographicLib.

    It shares nothing with fact 4. Good where the outline stays on the point's half of the Earth.
    """
    lat, lon, _ = dense_points(polygon, 60)
    sights = [GEOGRAPHICLIB.Inverse(*point, a, b)["azi1"] for a, b in zip(lat, lon, strict=True)]
    turns = [(later - sight + 180) % 360 - 180 for sight, later in zip(sights, sights[1:] + sights[:1], strict=True)]
    return bool(abs(sum(turns)) > 180)


@pytest.mark.parametrize("number", range(30))
def test_a_point_is_inside_exactly_when_the_outline_goes_round_it(number: int) -> None:
    rng = random.Random(1_000 + number)
    middle, size = adversarial.a_place(rng), adversarial.a_size(rng, most_m=2_000_000)
    polygon = adversarial.a_shape(rng, middle, size, (adversarial.star, adversarial.ragged, adversarial.convex))
    assert isinstance(polygon, Polygon)

    for _ in range(8):
        point = oracle.destination(middle, rng.uniform(0, 360), size * math.sqrt(rng.random()) * 1.1)
        signed = oracle.signed_distance_m(point, polygon)

        assert abs(signed) < 1e-3 or (signed < 0) == winds_round(point, polygon)


@pytest.mark.parametrize("number", range(20))
def test_the_inner_side_is_that_of_the_smaller_area_by_geographiclib(number: int) -> None:
    rng = random.Random(2_000 + number)
    polygon = adversarial.a_shape(rng, adversarial.a_place(rng), 10 ** rng.uniform(3, 6.3), adversarial.SHAPES[1:4])
    assert isinstance(polygon, Polygon)

    area = GEOGRAPHICLIB.Polygon()
    for lat, lon in polygon.outline:
        area.AddPoint(lat, lon)

    # GeographicLib counts an outline that keeps the smaller part on its left as positive.
    assert oracle.outline_of(polygon).is_left_inside == (area.Compute(False, True)[2] > 0)


# -- cases with known answers -----------------------------------------------------------------------------------------


def test_a_pole_is_inside_a_ring_of_corners_round_it() -> None:
    ring = Polygon(tuple((85.0, lon) for lon in (0.0, 90.0, -180.0, -90.0)))

    assert sure(ring, Circle(90.0, 0.0, 1.0)) is oracle.Sure.CONFLICT
    assert sure(ring, Circle(85.0, 45.0, 1.0)) is oracle.Sure.CLEAR  # the edge runs nearer the pole than its corners
    assert sure(ring, Circle(-90.0, 0.0, 1.0)) is oracle.Sure.CLEAR


def test_a_box_across_the_antimeridian_holds_what_lies_on_it_and_not_the_rest_of_its_parallel() -> None:
    across = Polygon(((10.0, 179.9), (10.0, -179.9), (10.2, -179.9), (10.2, 179.9)))

    assert sure(across, Circle(10.1, 180.0, 1.0)) is oracle.Sure.CONFLICT
    assert sure(across, Circle(10.1, -179.95, 1.0)) is oracle.Sure.CONFLICT
    assert sure(across, Circle(10.1, 0.0, 1.0)) is oracle.Sure.CLEAR


def test_circles_are_apart_by_their_centres_distance_less_their_radii() -> None:
    between = 111_319.490793

    gap = oracle.gap_between(Circle(0.0, 0.0, 50_000.0), Circle(0.0, 1.0, 61_319.0))

    assert gap.least_m <= between - 111_319.0 <= gap.most_m
    assert sure(Circle(0.0, 0.0, 50_000.0), Circle(0.0, 1.0, 61_319.5)) is oracle.Sure.CONFLICT


def test_what_shares_a_corner_touches_and_what_stops_short_of_it_does_not() -> None:
    west = box(48.0, 16.0, 0.5, 0.5)

    assert sure(west, box(48.5, 16.5, 0.5, 0.5)) is oracle.Sure.CONFLICT
    assert sure(west, box(48.25, 16.5, 0.5, 0.5)) is oracle.Sure.CONFLICT  # half of a meridian edge in common
    assert sure(west, box(48.25, 16.500001, 0.5, 0.5)) is oracle.Sure.CLEAR  # 7 cm


def test_a_circle_in_a_notch_is_clear_and_one_reaching_a_wall_is_not() -> None:
    notch = Polygon(((0.0, 0.0), (0.0, 3.0), (2.0, 3.0), (2.0, 2.0), (1.0, 2.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0)))
    to_wall = oracle.distance_m((1.6, 1.5), (1.6, 1.0))

    assert sure(notch, Circle(1.6, 1.5, to_wall - 20)) is oracle.Sure.CLEAR
    assert sure(notch, Circle(1.6, 1.5, to_wall + 20)) is oracle.Sure.CONFLICT


def test_strips_that_cross_share_a_point_though_neither_holds_a_corner_of_the_other() -> None:
    along = adversarial.planned((48.0, 16.0), 0.0, [(-0.005, -5e4), (0.005, -5e4), (0.005, 5e4), (-0.005, 5e4)])
    across = adversarial.planned((48.0, 16.0), 90.0, [(-0.005, -5e4), (0.005, -5e4), (0.005, 5e4), (-0.005, 5e4)])

    assert oracle.gap_between(along, across).share


def test_boxes_in_one_line_a_kilometre_apart_are_clear() -> None:
    assert sure(box(0.0, 10.0, 1.0, 1.0), box(1.01, 10.0, 1.0, 1.0)) is oracle.Sure.CLEAR
    assert sure(box(0.0, 10.0, 1.0, 1.0), box(0.0, 11.01, 1.0, 1.0)) is oracle.Sure.CLEAR


def test_exactly_the_agreed_height_or_time_apart_is_kept_and_a_hair_less_is_not() -> None:
    place = Circle(0.0, 0.0, 10.0)
    above = adversarial.a_band(250.0, 300.0)

    def told(vertical_m: float, time_s: float, later: TimeSpan) -> oracle.Sure:
        one, other = a_volume(place), a_volume(place, above, later)
        return oracle.truth(one, other, Separation(0.0, vertical_m, time_s)).sure

    assert told(150.0, 0.0, SPAN) is oracle.Sure.CLEAR
    assert told(150.25, 0.0, SPAN) is oracle.Sure.CONFLICT
    assert told(150.25, 0.0, TimeSpan(10, 20)) is oracle.Sure.CLEAR  # end to end shares no instant
    assert told(150.25, 1e-6, TimeSpan(10, 20)) is oracle.Sure.CONFLICT
    assert told(150.25, 60.0, TimeSpan(60_000_010, 60_000_020)) is oracle.Sure.CLEAR
    assert told(150.25, 60.0, TimeSpan(60_000_009, 60_000_020)) is oracle.Sure.CONFLICT


def test_heights_above_the_sea_and_the_ellipsoid_are_sure_only_beyond_what_the_geoid_can_make_of_them() -> None:
    place = Circle(0.0, 0.0, 10.0)
    sea = AltitudeBand(Altitude(500.0, AltitudeDatum.AMSL), Altitude(600.0, AltitudeDatum.AMSL))

    def told(low_m: float) -> oracle.Sure:
        one, other = a_volume(place, sea), a_volume(place, adversarial.a_band(low_m, low_m + 400))
        return oracle.truth(one, other, Separation()).sure

    assert told(400.0) is oracle.Sure.CONFLICT
    assert told(600.0) is oracle.Sure.NEAR
    assert told(688.0) is oracle.Sure.CLEAR


# -- the pairs --------------------------------------------------------------------------------------------------------


def test_a_pair_is_made_again_from_its_seed_and_number() -> None:
    assert [adversarial.a_pair(5, n) for n in range(50)] == [adversarial.a_pair(5, n) for n in range(50)]


def test_every_polygon_drawn_is_one_that_meets_itself_nowhere() -> None:
    for number in range(300):
        pair = adversarial.a_pair(6, number)
        for footprint in (pair.one.footprint, pair.other.footprint):
            assert isinstance(footprint, Circle) or oracle.is_simple(footprint), pair


def test_the_oracle_is_sure_of_most_pairs_and_leaves_none_of_them_wide_open() -> None:
    truths = [
        oracle.truth(pair.one, pair.other, pair.separation, pair.geoid_m)
        for pair in (adversarial.a_pair(7, number) for number in range(600))
    ]

    near = [one for one in truths if one.sure is oracle.Sure.NEAR]
    assert len(near) < 60
    assert sum(one.sure is oracle.Sure.CONFLICT for one in truths) > 150
    assert sum(one.sure is oracle.Sure.CLEAR for one in truths) > 150
    assert all(one.ground.most_m - one.ground.least_m < 0.01 for one in near if one.height.most == 0)
