"""The way out: how far it is, at most, from a position to a place that is surely outside a footprint and its margin.

Everything is bounded from above. Seen from one position (azimuthal, equidistant) distances from it are true and others
look longer, so a margin drawn on that picture is drawn a little wider than it is, and a path measured on it is never
shorter than on the ground.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry import Polygon as Drawn

from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import WGS84, Floats, direction_to_position, distance_m, inverse, point_to_ecef
from keepclear.errors import Malformed

#: Beyond this the picture is too distorted for the bounds below; the distance to the farthest corner counts instead.
SEEN_MAX_M: Final = 1_000_000.0
#: Edges are drawn in pieces no longer than this; at SEEN_MAX_M such a piece leaves the true edge by 0.1 m at most.
PIECE_M: Final = 5_000.0
#: At SEEN_MAX_M, lengths across the line of sight look at most 0.42 % longer; the ellipsoid adds less than 0.4 %.
STRETCH: Final = 1.01
#: Quarter turns of a margin are drawn with 16 chords, which lie inside the true arc by 0.12 %.
_ROUND: Final = 1.002
_DRAWN_M: Final = 1.0
#: An edge lies no farther from a point than the farther of its ends, within a hemisphere; 1 % covers its bulge.
_BULGE: Final = 1.01


def way_out_m(footprint: Footprint, position: LatLon, *, margin_m: float, position_error_m: float = 0.0) -> float:
    """From a position to the nearest place outside a footprint and its margin, metres; at most so far. 0 when outside.

    A pocket that is closed all around does not count as outside: one must come out to where one can go on.

    Args:
        margin_m: what must be kept from the footprint, >= 0.
        position_error_m: the true position may be so far from the one given.

    Source: docs/explanation/clearing.md, "The way out".

    >>> round(way_out_m(Circle(0.0, 0.0, 5_000.0), (0.0, 0.0), margin_m=1_000.0))
    6000
    """
    if margin_m < 0 or position_error_m < 0:
        raise Malformed(f"a margin is not below zero: {min(margin_m, position_error_m)} m", at="margin_m")
    if isinstance(footprint, Circle):
        left_m = footprint.radius_m + margin_m - distance_m((footprint.lat_deg, footprint.lon_deg), position)
        return max(0.0, left_m + position_error_m)
    seen = _seen_from(footprint, position)
    if seen is None:
        return _BULGE * max(distance_m(position, corner) for corner in footprint.outline) + margin_m + position_error_m
    here = Point(0.0, 0.0)
    grown = _grown(seen, margin_m)
    edge_m = float(grown.exterior.distance(here))
    if grown.contains(here):
        return edge_m + position_error_m
    return position_error_m if edge_m <= position_error_m else 0.0


def deepest_way_out_m(footprint: Footprint, *, margin_m: float) -> float:
    """The longest way out from anywhere inside a footprint and its margin, metres; at most so long.

    For a long and narrow corridor it is half its width and the margin, not half its length.

    >>> deepest_way_out_m(Circle(0.0, 0.0, 5_000.0), margin_m=1_000.0)
    6000.0
    """
    if isinstance(footprint, Circle):
        return footprint.radius_m + margin_m
    middle = _middle(footprint)
    extent_m = _BULGE * max(distance_m(middle, corner) for corner in footprint.outline)
    seen = _seen_from(footprint, middle)
    if seen is None:
        return extent_m + margin_m
    grown = _grown(seen, margin_m)
    tolerance_m = max(1.0, extent_m / 1_000.0)
    radius_m = float(shapely.maximum_inscribed_circle(Drawn(grown.exterior), tolerance=tolerance_m).length)
    return min(extent_m + margin_m, (radius_m + tolerance_m) * STRETCH)


def _middle(polygon: Polygon) -> LatLon:
    points = np.array([point_to_ecef(*corner) for corner in polygon.outline])
    x, y, z = points.sum(axis=0)
    return direction_to_position(float(x), float(y), float(z))


def _seen_from(polygon: Polygon, position: LatLon) -> Any:
    """The polygon drawn around a position, metres east and north; None when it reaches too far to be drawn."""
    if _BULGE * max(distance_m(position, corner) for corner in polygon.outline) > SEEN_MAX_M:
        return None
    lons, lats = _along(polygon)
    here = np.full(len(lons), position[1]), np.full(len(lons), position[0])
    bearing_deg, _, range_m = inverse(*here, lons, lats)
    turn = np.radians(bearing_deg)
    drawn = Drawn(np.column_stack((range_m * np.sin(turn), range_m * np.cos(turn))))
    return drawn if drawn.is_valid else drawn.convex_hull


def _along(polygon: Polygon) -> tuple[Floats, Floats]:
    """Corners, and positions along long edges so that no piece is longer than PIECE_M: longitudes and latitudes."""
    lons, lats = [], []
    corners = polygon.outline
    for (lat, lon), (next_lat, next_lon) in zip(corners, (*corners[1:], corners[0]), strict=True):
        lons.append(lon)
        lats.append(lat)
        count = int(distance_m((lat, lon), (next_lat, next_lon)) // PIECE_M)
        if count:
            between = WGS84.npts(lon, lat, next_lon, next_lat, count)
            lons += [point[0] for point in between]
            lats += [point[1] for point in between]
    return np.array(lons), np.array(lats)


def _grown(seen: Any, margin_m: float) -> Any:
    """The drawn polygon and all that is nearer to it than the margin, a little wider than true."""
    return seen.buffer(margin_m * STRETCH * _ROUND + _DRAWN_M, quad_segs=16)
