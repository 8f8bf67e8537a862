"""Edges of GeoJSON polygons, brought to the geodesic edges that we use.

RFC 7946 section 3.1.1 makes an edge a straight line between two positions in longitude and latitude; ours, as those of
F3548, are geodesics. Between the same two corners they lie apart: 9 m in the middle of 20 km at 48 degrees, 2 km in
the middle of 300 km. Which of the two an author meant cannot be seen from the file. So by default every edge takes
the one of the two that lies further out: the polygon is then never smaller than either reading by more than
0.5 m and 0.5 % of the distance between the readings. The property `edges` chooses one reading.
"""

from __future__ import annotations

import enum
import math

import shapely

from keepclear.core.footprint import LatLon

#: How far the chords of a densified edge may lie from the line they stand for, metres, where the readings are close.
EDGE_TOLERANCE_M = 0.5
#: And where they are far apart, as part of the distance between them: a ring of four corners round a pole is read too.
EDGE_TOLERANCE = 0.001
#: Sides are told on a sphere; the ellipsoid is flattened by 1 in 298, so a deviation is known to this part of itself.
SPHERE_DOUBT = 0.004
#: Larger than any radius of the ellipsoid's curvature, so that deviations come out too large rather than too small.
_RADIUS_M = 6_400_000.0


class Edges(enum.StrEnum):
    """How the edges of a GeoJSON polygon are read."""

    OUTER = "outer"  # whichever of the two lies further out
    STRAIGHT = "straight"  # straight in longitude and latitude, as RFC 7946 says
    GEODESIC = "geodesic"  # the shortest line, as F3548 says


def densified(corners: list[LatLon], edges: Edges) -> tuple[list[LatLon], float]:
    """Corners of a polygon of geodesic edges that stands for one read as `edges` says.

    Args:
        corners: latitude and longitude in degrees, without the closing repeat.
        edges: the reading.

    Returns:
        The corners with those added that are needed, and how far the two readings lie apart at most, metres.
    """
    turn = _turn(corners)
    result: list[LatLon] = []
    apart_m = 0.0
    for position, following in zip(corners, corners[1:] + corners[:1], strict=True):
        between, edge_apart_m = _samples(position, following)
        apart_m = max(apart_m, edge_apart_m)
        # A sample whose side is in doubt would cut into the geodesic reading; leaving it out costs no more than this.
        doubt_m = SPHERE_DOUBT * edge_apart_m
        result.append(position)
        for sample, off_m in between:
            # `off_m` is positive to the left of the way; the outside lies left when the ring turns clockwise.
            if edges is Edges.STRAIGHT or (edges is Edges.OUTER and off_m * turn < -doubt_m):
                result.append(sample)
    return result, apart_m


def lies_inside(hole: list[LatLon], outline: list[LatLon]) -> bool:
    """Whether a ring lies inside another, both drawn straight in longitude and latitude; False when in doubt.

    An outline round a pole is not drawn as one piece of a flat map, so nothing is said to lie inside it.
    """
    around, ring = _flat(outline, outline[0][1]), _flat(hole, outline[0][1])
    if around is None or ring is None:
        return False
    area = shapely.Polygon(around)
    return bool(area.is_valid and shapely.covers(area, shapely.LinearRing(ring)))


def _flat(corners: list[LatLon], from_lon_deg: float) -> list[LatLon] | None:
    """Corners with longitudes that go on past 180, the first within 180 degrees of a meridian; None round a pole."""
    lon_deg, before, flat = from_lon_deg, from_lon_deg, []
    for lat_deg, next_deg in corners:
        lon_deg += short_way_deg(before, next_deg)
        before = next_deg
        flat.append((lon_deg, lat_deg))
    closing = lon_deg + short_way_deg(before, corners[0][1])
    return flat if abs(closing - flat[0][0]) < 1.0 else None


def _samples(position: LatLon, following: LatLon) -> tuple[list[tuple[LatLon, float]], float]:
    """Points of the straight line between two corners with their distance left of the great circle, and the largest."""
    (lat_deg, lon_deg), lon_step = position, short_way_deg(position[1], following[1])
    lat_step = following[0] - lat_deg
    start, end = _unit(lat_deg, lon_deg), _unit(*following)
    normal = _cross(start, end)
    length = math.hypot(*normal)
    if length < 1e-12 or lon_step == 0.0:  # one point, opposite points or one meridian: the two readings agree
        return [], 0.0

    def at(fraction: float) -> tuple[LatLon, float]:
        spot = (lat_deg + fraction * lat_step, _wrapped(lon_deg + fraction * lon_step))
        point = _unit(*spot)
        off = sum(one * other for one, other in zip(normal, point, strict=True)) / length
        return spot, math.asin(max(-1.0, min(1.0, off))) * _RADIUS_M

    probes = [abs(at(part / 16)[1]) for part in range(1, 16)]
    apart_m = max(probes)
    if apart_m <= EDGE_TOLERANCE_M:
        return [], apart_m
    pieces = _pieces(position, lat_step, lon_step, max(EDGE_TOLERANCE_M, EDGE_TOLERANCE * apart_m))
    return [at(part / pieces) for part in range(1, pieces)], apart_m


def _pieces(position: LatLon, lat_step: float, lon_step: float, tolerance_m: float) -> int:
    """Into how many pieces an edge is cut so that each lies within the tolerance of its geodesic.

    A piece leaves its geodesic by at most its acceleration over eight. On a sphere a point that moves evenly in
    latitude (m) and longitude (c) accelerates by sin(lat) cos(lat) c^2 northward and 2 sin(lat) m c eastward.
    """
    highest = max(abs(position[0]), abs(position[0] + lat_step))
    crosses_equator = position[0] * (position[0] + lat_step) < 0
    lowest = 0.0 if crosses_equator else min(abs(position[0]), abs(position[0] + lat_step))
    east, north = math.radians(abs(lon_step)), math.radians(abs(lat_step))
    bend = math.sin(math.radians(highest)) * (math.cos(math.radians(lowest)) * east * east + 2 * north * east)
    return max(2, math.ceil(math.sqrt(_RADIUS_M * bend / 8 / tolerance_m)))


def _turn(corners: list[LatLon]) -> int:
    """1 when the inside lies left of the way round, -1 when it lies right. Right across 180 and round a pole."""
    lon_deg, area, lats, turned = 0.0, 0.0, 0.0, 0.0
    for position, following in zip(corners, corners[1:] + corners[:1], strict=True):
        step = short_way_deg(position[1], following[1])
        area += lon_deg * (following[0] - position[0]) - step * position[0]
        lats += position[0]
        lon_deg += step
        turned += step
    if abs(turned) > 180.0:  # round a pole: the inside is poleward of every edge
        return 1 if (turned > 0) == (lats > 0) else -1
    return 1 if area > 0 else -1


def short_way_deg(from_lon_deg: float, to_lon_deg: float) -> float:
    """Degrees east from one longitude to another by the shorter way, in [-180, 180).

    >>> short_way_deg(179.0, -179.0)
    2.0
    """
    return (to_lon_deg - from_lon_deg + 180.0) % 360.0 - 180.0


def _wrapped(lon_deg: float) -> float:
    return (lon_deg + 180.0) % 360.0 - 180.0


def _unit(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))


def _cross(one: tuple[float, float, float], other: tuple[float, float, float]) -> tuple[float, float, float]:
    return (
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    )
