"""Mean sea level against figures published with EGM96, and ranges against the grid itself."""

from __future__ import annotations

import numpy as np
import pytest

from keepclear.core.geoid import GEOID_ERROR_M, geoid_height_m, geoid_range_m

#: Positions and heights of the test file that was published with the EGM96 interpolation program.
PUBLISHED = [
    ((38.6281550, -90.2208450), -31.628),
    ((-14.6212170, -54.9788860), -2.969),
    ((46.8743190, 102.4487290), -43.575),
    ((-23.6174460, 133.8747120), 15.871),
    ((38.6254730, -0.0005), 50.066),
    ((-0.4667440, 0.0023000), 17.329),
]


@pytest.mark.parametrize(("place", "height_m"), PUBLISHED)
def test_heights_are_those_published_with_the_model(place: tuple[float, float], height_m: float) -> None:
    assert geoid_height_m(place) == pytest.approx(height_m, abs=0.1)
    assert abs(geoid_height_m(place) - height_m) < GEOID_ERROR_M


def test_the_antimeridian_and_the_poles_are_places_like_any_other() -> None:
    assert geoid_height_m((10.0, 180.0)) == pytest.approx(geoid_height_m((10.0, -180.0)))
    assert geoid_height_m((10.0, 179.9999)) == pytest.approx(geoid_height_m((10.0, -179.9999)), abs=0.01)
    assert geoid_height_m((90.0, 0.0)) == geoid_height_m((90.0, 123.0)) == 13.61
    assert geoid_height_m((-90.0, 0.0)) == -29.53


@pytest.mark.parametrize(
    "box", [(10.1, 20.1, 10.12, 20.15), (-1.0, 179.5, 1.3, -179.2), (44.9, 5.0, 45.6, 8.1), (80.0, -180.0, 90.0, 180.0)]
)
def test_a_range_holds_every_height_in_its_box(box: tuple[float, float, float, float]) -> None:
    south, west, north, east = box
    width = 360.0 if (west, east) == (-180.0, 180.0) else (east - west) % 360
    draw = np.random.default_rng(7)

    least, most = geoid_range_m(*box)

    for share_lat, share_lon in draw.random((300, 2)):
        lon = (west + share_lon * width + 180) % 360 - 180
        assert least <= geoid_height_m((south + share_lat * (north - south), lon)) <= most
