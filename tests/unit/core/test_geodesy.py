"""Distances and positions on the ellipsoid, against published figures and against one another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

from keepclear.core import geodesy

SYDNEY, LONDON = (-33.865, 151.2094), (51.5074, -0.1278)
PLACES = [(0.0, 0.0), (0.0, 179.9), (-89.9, 12.0), (90.0, 0.0), SYDNEY, LONDON, (60.0, -179.9)]


@pytest.mark.parametrize("one", PLACES)
@pytest.mark.parametrize("other", PLACES)
def test_distance_and_bearing_agree_with_geographiclib(one: tuple[float, float], other: tuple[float, float]) -> None:
    truth = Geodesic.WGS84.Inverse(*one, *other)

    assert geodesy.distance_m(one, other) == pytest.approx(truth["s12"], abs=1e-7)
    if one != other:
        turn = geodesy.bearing_deg(one, other) - truth["azi1"]
        assert math.sin(math.radians(turn)) == pytest.approx(0.0, abs=1e-9)
        assert math.cos(math.radians(turn)) == pytest.approx(1.0, abs=1e-9)


def test_going_there_and_measuring_back_gives_the_same_distance() -> None:
    arrived = geodesy.destination((59.0, 179.99), 45.0, 123_456.789)

    assert geodesy.distance_m((59.0, 179.99), arrived) == pytest.approx(123_456.789, abs=1e-6)
    assert -180 <= arrived[1] < 180


@pytest.mark.parametrize("length_m", [0.01, 1.0, 1e3, 1e5, 1e6, 5e6])
@pytest.mark.parametrize("heading_deg", [0.0, 33.0, 90.0])
@pytest.mark.parametrize("lat_deg", [0.0, 45.0, 89.99, -90.0])
def test_a_chord_bounds_its_geodesic_from_both_sides(lat_deg: float, heading_deg: float, length_m: float) -> None:
    far = geodesy.destination((lat_deg, 20.0), heading_deg, length_m)
    chord_m = math.dist(geodesy.point_to_ecef(lat_deg, 20.0), geodesy.point_to_ecef(*far))

    assert geodesy.geodesic_at_least_m(chord_m) <= length_m + 2e-8
    assert geodesy.geodesic_at_most_m(chord_m) >= length_m - 2e-8
    assert chord_m <= geodesy.chord_at_most_m(length_m) + 2e-8


def test_a_direction_from_the_centre_of_the_earth_leads_back_to_its_position() -> None:
    for lat_deg, lon_deg in PLACES:
        x, y, z = geodesy.point_to_ecef(lat_deg, lon_deg)
        back = geodesy.direction_to_position(x * 0.7, y * 0.7, z * 0.7)

        assert geodesy.distance_m(back, (lat_deg, lon_deg)) < 1e-7


def test_arrays_of_positions_are_the_same_as_one_at_a_time() -> None:
    lat, lon = (np.array(column) for column in zip(*PLACES, strict=True))

    together = geodesy.to_ecef(lat, lon)

    assert together == pytest.approx(np.array([geodesy.point_to_ecef(*place) for place in PLACES]), abs=1e-8)
