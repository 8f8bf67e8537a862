"""Whether a position lies inside a polygon, exactly; and a position that does."""

from __future__ import annotations

import math

import numpy as np
import shapely

from keepclear.core.footprint import LatLon, Polygon
from keepclear.core.geodesy import Floats, direction_to_position, inverse, point_to_ecef
from keepclear.engine.edges import ERROR_M, drop_foot
from keepclear.engine.shape import Ball, Outline, ball_of, outline_of


def is_inside(point: LatLon, polygon: Polygon) -> bool | None:
    """Whether a position lies inside a polygon; None when it lies on its boundary as far as can be measured.

    Counts how many arcs cross a line from the point to one side. An arc that runs on the other side of the point than
    its geodesic does is found by dropping the foot, and counts as one crossing more.
    """
    ball = ball_of(polygon)
    apart_m = inverse(point[1], point[0], ball.centre[1], ball.centre[0])[2]
    if apart_m > ball.radius_m + ERROR_M:
        # Also keeps the antipode of the point out of the polygon: seen from there the turns would look the same.
        return False
    outline = outline_of(polygon)
    x, y = _horizon(point_to_ecef(*point), outline.starts)
    next_x, next_y = np.concatenate((x[1:], x[:1])), np.concatenate((y[1:], y[:1]))
    cross = x * next_y - next_x * y
    run_x, run_y = next_x - x, next_y - y
    left = cross > 0.0
    # The line is a hair above its own height, so that a corner on it counts once; a point on an arc is right of it.
    crosses = ((y > 0.0) != (next_y > 0.0)) & (left == (run_y > 0.0))
    inside = int(np.count_nonzero(crosses)) % 2 == 1
    run = run_x * run_x + run_y * run_y
    bulge_m = outline.bulge_m[:, 0] * 2.0 + ERROR_M
    close = cross * cross <= bulge_m * bulge_m * run
    if not np.count_nonzero(close):
        return inside
    along = -(x * run_x + y * run_y)
    slack = 0.01 * run + bulge_m * np.sqrt(run)
    close &= (along >= -slack) & (along <= run + slack)
    for piece in close.nonzero()[0].tolist():
        # The arc lies along the line, so a hair below it: which side that is depends on where it runs.
        flat = y[piece] == next_y[piece] == 0.0
        strays = _strays(outline, piece, point, left=bool(run_x[piece] > 0.0 if flat else left[piece]))
        if strays is None:
            return None
        inside ^= strays
    return inside


def _strays(outline: Outline, piece: int, point: LatLon, *, left: bool) -> bool | None:
    """Whether the point lies between the arc and the geodesic of a piece; None if it lies on the geodesic.

    `left` says on which side of the arc the point lies.
    """
    edge = outline.edges[outline.edge[piece]]
    start_m = outline.offset_m[piece]
    end_m = outline.offset_m[piece + 1] if _goes_on(outline, piece) else edge[3]
    foot = drop_foot(point, edge, (start_m + end_m) / 2.0, clamp=False)
    beyond_m = max(0.0, start_m - foot.at_m, foot.at_m - end_m)
    if math.hypot(foot.right_m, beyond_m) <= ERROR_M:
        return None
    return beyond_m == 0.0 and (foot.right_m < 0) != left


def _goes_on(outline: Outline, piece: int) -> bool:
    return piece + 1 < len(outline.edge) and outline.edge[piece + 1] == outline.edge[piece]


def _horizon(point_m: tuple[float, float, float], others_m: Floats) -> tuple[Floats, Floats]:
    """Other places as seen along the line through the Earth's centre and a point: x, y with x to y turning left."""
    x, y = np.array(horizon_frame(point_m)) @ (others_m - np.array(point_m)).T
    return x, y


def horizon_frame(
    point_m: tuple[float, float, float],
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Two unit vectors across the line from the Earth's centre to a point."""
    x, y, z = point_m
    size = math.sqrt(x * x + y * y + z * z)
    flat = math.hypot(x, y)
    east = (-y / flat, x / flat, 0.0) if flat > 0.1 * size else _any_across(x, z)
    up = (x / size, y / size, z / size)
    north = (
        up[1] * east[2] - up[2] * east[1],
        up[2] * east[0] - up[0] * east[2],
        up[0] * east[1] - up[1] * east[0],
    )
    return east, north


def _any_across(x: float, z: float) -> tuple[float, float, float]:
    """A unit vector across (x, y, z) for a place near the axis of the Earth, where east is not well known."""
    flat = math.hypot(x, z)
    return (z / flat, 0.0, -x / flat)


def inner_point(polygon: Polygon) -> LatLon | None:
    """A position well inside a polygon; None if none is found, as in slivers thinner than their arcs are true."""
    ball = ball_of(polygon)
    plane = shapely.Polygon(flattened(outline_of(polygon), ball))
    if not plane.is_valid or plane.is_empty:
        return None
    inner = shapely.point_on_surface(plane)
    east, north = horizon_frame(ball.centre_m)
    x, y, z = (c + inner.x * e + inner.y * n for c, e, n in zip(ball.centre_m, east, north, strict=True))
    point = direction_to_position(x, y, z)
    return point if is_inside(point, polygon) else None


def flattened(outline: Outline, ball: Ball) -> Floats:
    """Starts of pieces on a plane that meets the Earth at the ball's centre, metres, shape (m, 2).

    Seen from the centre of the Earth, so that arcs are straight. Metres are true at the middle and stretched outward.
    """
    x, y = _horizon(ball.centre_m, outline.starts)
    centre = np.asarray(ball.centre_m)
    height = (outline.starts @ centre) / float(centre @ centre)
    flat = np.empty((len(x), 2))
    flat[:, 0], flat[:, 1] = x / height, y / height
    return flat
