"""Altitude bands as heights that can be compared: exactly within one datum, as intervals between two.

Two data are never compared without a stated conversion. All conversions go through mean sea level:

| From | To height above mean sea level | Why |
|---|---|---|
| WGS84 | less the geoid height over the footprint, and `GEOID_ERROR_M` either way | EGM96, 15-minute grid |
| AGL | plus the ground, between `GROUND_LOWEST_M` and `GROUND_HIGHEST_M` | no terrain model here |
| FL | a column of air from the coldest to the warmest, at the lowest to the highest pressure | no pressure |

An interval that is too wide to decide makes a conflict POSSIBLE, never CLEAR. Sources: docs/explanation/altitude.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from keepclear.core.conflict import Interval
from keepclear.core.footprint import Footprint
from keepclear.core.geodesy import CURVATURE_RADIUS_MIN_M
from keepclear.core.geoid import GEOID_ERROR_M, geoid_range_m
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum
from keepclear.engine.shape import ball_of

#: The shore of the Dead Sea (-430 m and falling) and the top of Everest (8,849 m), each with some metres to spare.
GROUND_LOWEST_M, GROUND_HIGHEST_M = -450.0, 8_860.0

#: The ground of two places differs by at most a wall of this height and as much again as they are apart, and never by
#: more than lies between the lowest and the highest ground.
WALL_HIGHEST_M = 1_500.0

#: Pressure altitude of mean sea level at the lowest (870 hPa) and highest (1,090 hPa) sea-level pressure on record,
#: rounded outward.
SEA_LEVEL_LOWEST_PRESSURE_M, SEA_LEVEL_HIGHEST_PRESSURE_M = 1_300.0, -640.0

#: How thick a layer of air is at its coldest and warmest, as a part of the standard atmosphere's.
AIR_COLDEST, AIR_WARMEST = 0.75, 1.20


@dataclass(frozen=True, slots=True)
class Heights:
    """A band as heights above the WGS84 ellipsoid, metres: each limit lies between its least and its most."""

    least_lower: float
    most_lower: float
    least_upper: float
    most_upper: float


def heights_of(band: AltitudeBand, footprint: Footprint) -> Heights:
    """The limits of a band over a footprint, as intervals of height above the WGS84 ellipsoid."""
    lower, upper = height_of(band.lower, footprint), height_of(band.upper, footprint)
    return Heights(lower.least, lower.most, upper.least, upper.most)


def height_of(altitude: Altitude, footprint: Footprint) -> Interval:
    """An altitude as an interval of heights above the WGS84 ellipsoid, metres, over a footprint."""
    if altitude.datum is AltitudeDatum.WGS84:
        return Interval(altitude.value_m, altitude.value_m)
    sea, geoid = _above_sea(altitude, footprint), geoid_over(footprint)
    return Interval(sea.least + geoid.least, sea.most + geoid.most)


def vertical_gap(
    one_band: AltitudeBand,
    one_footprint: Footprint,
    other_band: AltitudeBand,
    other_footprint: Footprint,
    *,
    apart_m: float = 0.0,
) -> Interval:
    """The gap in height between two bands, metres; 0 when they touch or overlap.

    Args:
        apart_m: how far apart on the ground two points may be and still matter: the horizontal minimum. With 0 only
            points above one another matter, so heights above the same ground compare exactly.
    """
    if _compare_exactly(one_band, other_band):
        gap_m = max(
            0.0, one_band.lower.value_m - other_band.upper.value_m, other_band.lower.value_m - one_band.upper.value_m
        )
        return Interval(gap_m, gap_m)
    over = difference(one_band.lower, one_footprint, other_band.upper, other_footprint, apart_m)
    under = difference(other_band.lower, other_footprint, one_band.upper, one_footprint, apart_m)
    return Interval(max(0.0, over.least, under.least), max(0.0, over.most, under.most))


def shared_height_m(
    one_band: AltitudeBand, one_footprint: Footprint, other_band: AltitudeBand, other_footprint: Footprint
) -> float:
    """How much height two bands share at most, metres; 0 when they are surely apart or only touch."""
    if _compare_exactly(one_band, other_band):
        upper_m = min(one_band.upper.value_m, other_band.upper.value_m)
        return max(0.0, upper_m - max(one_band.lower.value_m, other_band.lower.value_m))
    over = difference(one_band.lower, one_footprint, other_band.upper, other_footprint, 0.0)
    under = difference(other_band.lower, other_footprint, one_band.upper, one_footprint, 0.0)
    own = difference(one_band.lower, one_footprint, one_band.upper, one_footprint, 0.0)
    other = difference(other_band.lower, other_footprint, other_band.upper, other_footprint, 0.0)
    return max(0.0, min(-over.least, -under.least, -own.least, -other.least))


def _compare_exactly(one: AltitudeBand, other: AltitudeBand) -> bool:
    """Whether all four limits are of one datum that is the same everywhere: the usual case, and the quick one."""
    datum = one.lower.datum
    same = one.upper.datum is datum and other.lower.datum is datum and other.upper.datum is datum
    return same and datum is not AltitudeDatum.AGL


def is_upside_down(band: AltitudeBand, footprint: Footprint) -> bool:
    """Whether the lower limit surely lies above the upper, whatever ground and weather."""
    return difference(band.lower, footprint, band.upper, footprint, 0.0).least > 0


def difference(
    upper: Altitude, upper_footprint: Footprint, lower: Altitude, lower_footprint: Footprint, apart_m: float
) -> Interval:
    """`upper` less `lower`, metres; negative when they are the other way round."""
    if upper.datum is lower.datum:
        exact = upper.value_m - lower.value_m
        spread = _ground_differs_m(apart_m) if upper.datum is AltitudeDatum.AGL else 0.0
        return Interval(exact - spread, exact + spread)
    one, other = _above_sea(upper, upper_footprint), _above_sea(lower, lower_footprint)
    return Interval(one.least - other.most, one.most - other.least)


def _ground_differs_m(apart_m: float) -> float:
    """How much the ground of two places may differ that are at most so far apart."""
    return min(GROUND_HIGHEST_M - GROUND_LOWEST_M, WALL_HIGHEST_M + apart_m) if apart_m > 0 else 0.0


def _above_sea(altitude: Altitude, footprint: Footprint) -> Interval:
    """An altitude as an interval of heights above mean sea level, metres."""
    value_m = altitude.value_m
    match altitude.datum:
        case AltitudeDatum.AMSL:
            return Interval(value_m, value_m)
        case AltitudeDatum.WGS84:
            geoid = geoid_over(footprint)
            return Interval(value_m - geoid.most, value_m - geoid.least)
        case AltitudeDatum.AGL:
            return Interval(value_m + GROUND_LOWEST_M, value_m + GROUND_HIGHEST_M)
        case AltitudeDatum.FL:
            corners = [
                (value_m - sea_level) * thickness
                for sea_level in (SEA_LEVEL_LOWEST_PRESSURE_M, SEA_LEVEL_HIGHEST_PRESSURE_M)
                for thickness in (AIR_COLDEST, AIR_WARMEST)
            ]
            return Interval(min(corners), max(corners))


@lru_cache(maxsize=16_384)
def geoid_over(footprint: Footprint) -> Interval:
    """The height of mean sea level above the ellipsoid over a footprint, metres, with the error of the grid."""
    ball = ball_of(footprint)
    lat_deg, lon_deg = ball.centre
    angle = 1.01 * ball.radius_m / CURVATURE_RADIUS_MIN_M + 1e-9
    north, south = lat_deg + math.degrees(angle), lat_deg - math.degrees(angle)
    if north > 89.9 or south < -89.9:
        least, most = geoid_range_m(max(south, -90.0), -180.0, min(north, 90.0), 180.0)
    else:
        # The widest reach of a circle on a sphere: sin(half width) = sin(radius) / cos(latitude).
        half_deg = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(lat_deg))))) + 1e-6
        least, most = geoid_range_m(south, lon_deg - half_deg, north, lon_deg + half_deg)
    return Interval(least - GEOID_ERROR_M, most + GEOID_ERROR_M)
