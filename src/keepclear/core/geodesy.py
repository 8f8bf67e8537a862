"""Distances, bearings and positions on the WGS84 ellipsoid; the one file that knows which geodesic library we use.

PROJ's geodesic routines (through pyproj) solve the direct and the inverse problem to about 15 nanometres, anywhere,
poles and antimeridian included. Beside them stand straight lines through the Earth (chords), which cost one square
root and bound the geodesic distance from both sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from keepclear.core.footprint import LatLon

Floats = npt.NDArray[np.float64]

WGS84 = Geod(ellps="WGS84")
EQUATOR_RADIUS_M = float(WGS84.a)
POLE_RADIUS_M = float(WGS84.b)
ECCENTRICITY_SQUARED = float(WGS84.es)

#: Least and greatest radius of curvature of any section of the ellipsoid: north-south at the equator, and at a pole.
CURVATURE_RADIUS_MIN_M = POLE_RADIUS_M**2 / EQUATOR_RADIUS_M
CURVATURE_RADIUS_MAX_M = EQUATOR_RADIUS_M**2 / POLE_RADIUS_M

#: The routines of the library, untyped there: longitude before latitude, degrees and metres, scalars or arrays.
#: Used directly only where a call in between would cost more than the answer.
inverse: Any = WGS84.inv
direct: Any = WGS84.fwd


def distance_m(one: LatLon, other: LatLon) -> float:
    """Length of the shortest line between two positions, metres.

    >>> round(distance_m((0.0, 179.5), (0.0, -179.5)))
    111319
    """
    return float(inverse(one[1], one[0], other[1], other[0])[2])


def bearing_deg(one: LatLon, other: LatLon) -> float:
    """Direction, degrees true in [0, 360), in which the shortest line leaves `one` for `other`."""
    return float(inverse(one[1], one[0], other[1], other[0])[0]) % 360.0


def area_m2(outline: Sequence[LatLon]) -> float:
    """Area inside the shortest lines between corners, in either order, square metres.

    >>> round(area_m2(((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0))) / 1e6)
    12309
    """
    lats, lons = [lat for lat, _ in outline], [lon for _, lon in outline]
    return abs(float(WGS84.polygon_area_perimeter(lons, lats)[0]))


def destination(start: LatLon, heading_deg: float, range_m: float) -> LatLon:
    """Where one arrives by going straight on for `range_m` metres from `start`; longitude in [-180, 180).

    >>> destination((0.0, 0.0), 90.0, 0.0)
    (0.0, 0.0)
    """
    lon_deg, lat_deg, _ = direct(start[1], start[0], heading_deg, range_m)
    return (float(lat_deg), -180.0 if lon_deg == 180.0 else float(lon_deg))


def to_ecef(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Positions on the ellipsoid as Earth-centred x, y, z in metres, shape (n, 3)."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    sine, cosine = np.sin(lat), np.cos(lat)
    normal_m = EQUATOR_RADIUS_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    out = np.empty((len(lat), 3))
    flat_m = normal_m * cosine
    np.multiply(flat_m, np.cos(lon), out=out[:, 0])
    np.multiply(flat_m, np.sin(lon), out=out[:, 1])
    np.multiply(normal_m * (1.0 - ECCENTRICITY_SQUARED), sine, out=out[:, 2])
    return out


def point_to_ecef(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    """One position on the ellipsoid as Earth-centred x, y, z in metres."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sine, cosine = math.sin(lat), math.cos(lat)
    normal_m = EQUATOR_RADIUS_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sine * sine)
    flat_m = normal_m * cosine
    return (flat_m * math.cos(lon), flat_m * math.sin(lon), normal_m * (1.0 - ECCENTRICITY_SQUARED) * sine)


def direction_to_position(x: float, y: float, z: float) -> LatLon:
    """The position on the ellipsoid in that direction from the centre of the Earth; any length but zero."""
    lat_deg = math.degrees(math.atan2(z, (1.0 - ECCENTRICITY_SQUARED) * math.hypot(x, y)))
    lon_deg = math.degrees(math.atan2(y, x))
    return (lat_deg, -180.0 if lon_deg >= 180.0 else lon_deg)


def chord_at_most_m(geodesic_m: float) -> float:
    """The longest straight line between two positions that are so far apart along the ground, metres.

    Why: for the squared chord f along a geodesic, f'' = 2 - 2 k h, with k the normal curvature, at least 1/R, and h the
    height of the far end below the near end's horizon plane, at least f / (2 R), because the ellipsoid lies inside the
    sphere of its greatest radius of curvature R that touches it there. Hence f <= (2 R sin(s / (2 R)))**2.
    """
    half_angle = geodesic_m / (2.0 * CURVATURE_RADIUS_MAX_M)
    if half_angle >= math.pi / 2:
        return 2.0 * EQUATOR_RADIUS_M
    return 2.0 * CURVATURE_RADIUS_MAX_M * math.sin(half_angle)


def geodesic_at_least_m(chord_m: float) -> float:
    """The shortest distance along the ground between two positions with a straight line of that length, metres."""
    return 2.0 * CURVATURE_RADIUS_MAX_M * math.asin(min(1.0, chord_m / (2.0 * CURVATURE_RADIUS_MAX_M)))


def geodesic_at_most_m(chord_m: float) -> float:
    """The longest distance along the ground between two positions with a straight line of that length, metres.

    The same argument as for `chord_at_most_m`, with the sphere of the least radius, which rolls freely inside.
    """
    ratio = chord_m / (2.0 * CURVATURE_RADIUS_MIN_M)
    return 2.0 * CURVATURE_RADIUS_MIN_M * math.asin(ratio) if ratio < 1.0 else math.pi * EQUATOR_RADIUS_M
