"""Altitude bands of different data: exact where they can be, intervals that hold the truth where not."""

from __future__ import annotations

import pytest

from keepclear.core.conflict import Interval
from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.geoid import GEOID_ERROR_M, geoid_height_m
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum
from keepclear.engine.heights import geoid_over, heights_of, shared_height_m, vertical_gap

SPOT = Circle(0.0, 0.0, 100.0)
WIDE = Circle(10.0, 179.0, 300_000.0)


def band(low_m: float, high_m: float, datum: str, upper_datum: str | None = None) -> AltitudeBand:
    upper = AltitudeDatum(upper_datum or datum)
    return AltitudeBand(Altitude(low_m, AltitudeDatum(datum)), Altitude(high_m, upper))


@pytest.mark.parametrize("datum", list(AltitudeDatum))
def test_one_datum_compares_exactly(datum: AltitudeDatum) -> None:
    assert vertical_gap(band(0, 100, datum), SPOT, band(130, 200, datum), SPOT) == Interval(30, 30)
    assert vertical_gap(band(130, 200, datum), SPOT, band(0, 100, datum), SPOT) == Interval(30, 30)
    assert vertical_gap(band(0, 100, datum), SPOT, band(100, 200, datum), SPOT) == Interval(0, 0)
    assert shared_height_m(band(0, 100, datum), SPOT, band(40, 200, datum), SPOT) == 60


def test_heights_above_ground_may_be_nearer_when_places_apart_on_the_ground_matter() -> None:
    low, high = band(0, 100, "AGL"), band(150, 250, "AGL")

    assert vertical_gap(low, SPOT, high, SPOT) == Interval(50, 50)
    # A cliff may stand between them: what is above one's ground may be below the other's.
    assert vertical_gap(low, SPOT, high, SPOT, apart_m=500).least == 0


def test_sea_level_and_ellipsoid_differ_by_the_geoid_and_the_error_of_its_grid() -> None:
    geoid_m = geoid_height_m((0.0, 0.0))

    heights = heights_of(band(100, 200, "AMSL"), SPOT)

    assert heights.least_lower == pytest.approx(100 + geoid_m - GEOID_ERROR_M, abs=0.05)
    assert heights.most_lower == pytest.approx(100 + geoid_m + GEOID_ERROR_M, abs=0.05)
    assert heights.most_upper - heights.most_lower == 100


def test_over_a_wide_footprint_sea_level_is_all_that_it_is_there() -> None:
    sea = geoid_over(WIDE)

    for heading in range(0, 360, 15):
        for range_m in (0.0, 150_000.0, 300_000.0):
            there = destination((WIDE.lat_deg, WIDE.lon_deg), heading, range_m)
            assert sea.least <= geoid_height_m(there) <= sea.most


@pytest.mark.parametrize("lat_deg", [89.99, -90.0])
def test_over_a_pole_sea_level_is_known(lat_deg: float) -> None:
    assert geoid_over(Circle(lat_deg, 0.0, 5_000.0)).least < geoid_height_m((lat_deg, 0.0))
    cap = Polygon(tuple((lat_deg / abs(lat_deg) * 80.0, lon) for lon in (0.0, 120.0, -120.0)))
    assert geoid_over(cap).most - geoid_over(cap).least < 100


def test_height_above_ground_without_a_terrain_model_could_be_anywhere_between_shore_and_summit() -> None:
    drone, summit, space = band(0, 120, "AGL"), band(8_000, 8_100, "AMSL"), band(9_100, 9_200, "AMSL")

    assert vertical_gap(drone, SPOT, summit, SPOT).least == 0
    assert vertical_gap(drone, SPOT, summit, SPOT).most > 7_000
    assert vertical_gap(drone, SPOT, space, SPOT).least > 0


#: Level, true height above the sea: standard air, and days at the edge of what has been measured.
@pytest.mark.parametrize(
    ("level_m", "true_m"),
    [
        (3_048.0, 3_048.0),
        (3_048.0, 2_500.0),  # a deep winter low
        (3_048.0, 3_600.0),  # a hot high
        (10_668.0, 9_000.0),
        (0.0, -1_300.0),
        (0.0, 600.0),
    ],
)
def test_a_flight_level_without_pressure_holds_every_height_it_may_have(level_m: float, true_m: float) -> None:
    heights = heights_of(band(level_m, level_m, "FL"), SPOT)
    geoid_m = geoid_height_m((0.0, 0.0))

    assert heights.least_lower - geoid_m < true_m < heights.most_lower - geoid_m


@pytest.mark.parametrize(
    ("footprint", "other"), [(SPOT, SPOT), (SPOT, WIDE), (Polygon(((0, 0), (0, 1), (1, 0))), Circle(0.2, 0.2, 9.0))]
)
def test_the_gap_is_the_same_both_ways_round(footprint: Footprint, other: Footprint) -> None:
    bands = [
        band(0, 100, "WGS84"),
        band(500, 600, "AMSL"),
        band(0, 120, "AGL"),
        band(3_000, 4_000, "FL"),
        band(50, 9_900, "AGL", "AMSL"),
    ]
    for one in bands:
        for two in bands:
            there, back = vertical_gap(one, footprint, two, other), vertical_gap(two, other, one, footprint)
            assert there == back
            assert 0 <= there.least <= there.most
