"""What is refused at the door, with the reason; and what looks odd and is a place all the same."""

from __future__ import annotations

import math

import pytest

from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.validity import check_footprint, check_volume
from keepclear.errors import Malformed

REFUSED: dict[str, list[tuple[tuple[float, float], ...]]] = {
    "crosses itself": [
        ((0, 0), (1, 1), (1, 0), (0, 1)),
        ((0, 179.5), (1, -179.5), (1, 179.5), (0, -179.5)),
        ((80, 0), (80, 180), (80, 90), (80, -90)),  # twice over the pole
        ((0, 0), (40, 60), (40, 0), (0, 60)),
    ],
    "touches itself": [
        ((0, 0), (0, 4), (4, 4), (0, 2), (4, 0)),  # a corner on an edge
        ((0, 0), (1, 1), (2, 0), (2, 2), (1, 1), (0, 2)),  # one corner twice
    ],
    "runs back along itself": [((0, 0), (0, 1), (0, 2)), ((0, 0), (0, 2), (0, 1), (1, 1))],
    "same place": [((0, 0), (0, 1), (0, 1), (1, 1)), ((90, 0), (90, 50), (80, 0))],
    "no shortest line": [((0, 0), (0, 179.99999), (10, 90))],
    "fits into a circle": [((0, 0), (0, 120), (0, -120)), ((-60, 0), (0, 80), (60, 0), (0, -80))],
}


@pytest.mark.parametrize(
    ("reason", "corners"), [(reason, corners) for reason, each in REFUSED.items() for corners in each]
)
def test_a_polygon_that_is_no_place_is_refused_with_the_reason(
    reason: str, corners: tuple[tuple[float, float], ...]
) -> None:
    with pytest.raises(Malformed, match=reason):
        check_footprint(Polygon(corners))


def _comb() -> Polygon:
    """Forty teeth, 2 cm apart at their feet."""
    corners = [(50.0, 8.0)]
    for tooth in range(40):
        east = destination((50.0, 8.0), 90.0, tooth * 1.02)
        east_end = destination((50.0, 8.0), 90.0, tooth * 1.02 + 1.0)
        corners += [destination(east, 0.0, 500.0), destination(east_end, 0.0, 500.0), destination(east_end, 0.0, 5.0)]
        corners.append(destination(destination((50.0, 8.0), 90.0, tooth * 1.02 + 1.02), 0.0, 5.0))
    corners[-1] = destination(corners[-1], 90.0, 1.0)
    corners.append(destination(corners[-1], 180.0, 5.0))
    return Polygon(tuple(corners))


@pytest.mark.parametrize(
    "footprint",
    [
        Circle(90.0, 0.0, 0.01),
        Polygon(((80, 0), (80, 120), (80, -120))),
        Polygon(((90, 0), (80, 0), (80, 30))),
        Polygon(((0, 179.9), (0, -179.9), (0.2, 180))),
        Polygon(((10, 10), (10, 10.5), (10 + 1e-7, 10.25))),  # a centimetre high, fifty kilometres wide
        Polygon(((10, 10), (10, 10 + 1e-7), (10 + 1e-7, 10))),  # a centimetre each way
        Polygon(((0, 0), (0, 80), (60, 40))),
        Polygon(tuple(destination((30, 30), 3.0 * i, 900_000.0 if i % 2 else 100_000.0) for i in range(120))),
        _comb(),
    ],
)
def test_a_place_however_odd_is_accepted(footprint: Footprint) -> None:
    check_footprint(footprint)


def test_a_polygon_of_two_thousand_corners_is_checked() -> None:
    wave = [destination((47.0, 8.0), 0.18 * i, 50_000.0 + 500.0 * math.sin(i)) for i in range(2_000)]

    check_footprint(Polygon(tuple(wave)))
    wave[1], wave[900] = wave[900], wave[1]

    with pytest.raises(Malformed, match="itself"):
        check_footprint(Polygon(tuple(wave)))


def _volume(lower: tuple[float, str], upper: tuple[float, str]) -> Volume4D:
    low, high = (Altitude(value, AltitudeDatum(datum)) for value, datum in (lower, upper))
    return Volume4D(Circle(0.0, 0.0, 100.0), AltitudeBand(low, high), TimeSpan(0, 1))


def test_limits_in_different_data_are_refused_when_they_are_surely_upside_down() -> None:
    # Mean sea level is 17 m above the ellipsoid there.
    check_volume(_volume((0, "AMSL"), (100, "WGS84")))
    check_volume(_volume((0, "AGL"), (100, "AMSL")))
    check_volume(_volume((100, "AGL"), (3_000, "FL")))

    with pytest.raises(Malformed, match="lower limit lies above the upper"):
        check_volume(_volume((100, "AMSL"), (110, "WGS84")))
    with pytest.raises(Malformed, match="lower limit lies above the upper"):
        check_volume(_volume((20_000, "WGS84"), (10_000, "FL")))
