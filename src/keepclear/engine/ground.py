"""How far apart two footprints are on the ground, with certain bounds, and how deep they reach into each other.

The method and the argument why the bounds hold: docs/explanation/geometry.md. In short:

1. Enclosing balls: most pairs end here.
2. Arcs through the Earth's centre stand in for geodesics; what they say counts only by more than their `bulge_m`.
3. What is left goes to geodesics: feet of perpendiculars and sides of lines, to about a micrometre.
4. What is nearer to the decision than `ERROR_M` stays in doubt: the interval says so.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from keepclear.core.conflict import Interval
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import (
    CURVATURE_RADIUS_MIN_M,
    Floats,
    chord_at_most_m,
    direct,
    direction_to_position,
    geodesic_at_least_m,
    inverse,
    point_to_ecef,
)
from keepclear.engine.shape import Ball, Outline, ball_of, outline_of

#: One geodesic distance, foot or side is right to this, metres. The library promises 15 nm; the rest is for the search.
ERROR_M = 5e-6
#: Pairs of pieces looked at in one go; bounds memory to some tens of megabytes.
CELLS_MAX = 250_000
#: Geodesic feet dropped for one pair at most. Beyond it the answer stays in doubt, which counts as a conflict.
FEET_MAX = 20_000
#: Feet dropped to sharpen a distance when the verdict no longer depends on it.
FEET_FOR_NEATNESS = 12

_SPHERE_M = 6_371_008.8
_TOGETHER = Interval(0.0, 0.0)
Edge = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Foot:
    """Where the perpendicular from a point meets a geodesic.

    `at_m` is counted along the edge; `distance_m` is 0 or more; `right_m` is the distance to the right of the line.
    """

    at_m: float
    distance_m: float
    right_m: float


@dataclass(frozen=True, slots=True)
class Ground:
    """How two footprints lie: the gap between them, and a position where they are nearest or that both hold."""

    gap: Interval
    near: LatLon | None


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Pieces of an outline that matter for one question; `number` names them in the outline."""

    outline: Outline
    number: npt.NDArray[np.intp] | range
    starts: Floats
    ends: Floats
    frame: Floats
    base_m: Floats
    length_m: Floats
    bulge_m: Floats
    trust: Floats


def ground_gap(one: Footprint, other: Footprint, *, minimum_m: float) -> Ground:
    """The gap between two footprints, metres, sharp enough to be compared with `minimum_m` and with 0.

    The interval always holds the true gap. It may be wide where the comparison does not need more.
    """
    first, second = ball_of(one), ball_of(other)
    apart_m = float(inverse(first.centre[1], first.centre[0], second.centre[1], second.centre[0])[2])
    reach_m = first.radius_m + second.radius_m
    if apart_m - reach_m > minimum_m + ERROR_M:
        return Ground(Interval(apart_m - reach_m - ERROR_M, apart_m + reach_m), None)
    match one, other:
        case Polygon(), Polygon():
            return _polygons(one, other, minimum_m)
        case Circle(), Polygon():
            return _circle_and_polygon(one, other, minimum_m)
        case Polygon(), Circle():
            return _circle_and_polygon(other, one, minimum_m)
        case _:
            return Ground(_gap(Interval(apart_m, apart_m), reach_m), _between(first, second, apart_m))


def _gap(distance: Interval, reach_m: float) -> Interval:
    """What is left of a distance when `reach_m` of it is covered, with the error of measuring; never below 0."""
    least, most = distance.least - reach_m - ERROR_M, distance.most - reach_m + ERROR_M
    return _TOGETHER if most <= 0 else Interval(max(0.0, least), most)


def _between(first: Ball, second: Ball, apart_m: float) -> LatLon:
    """A position on the line between two centres, in both balls where they meet, else midway between them."""
    lat, lon = first.centre
    heading = inverse(lon, lat, second.centre[1], second.centre[0])[0]
    at_m = (min(first.radius_m, apart_m) + max(0.0, apart_m - second.radius_m)) / 2.0
    lon, lat, _ = direct(lon, lat, heading, at_m)
    return (float(lat), float(lon))


# ---------------------------------------------------------------------------------------------- circle and polygon


def _circle_and_polygon(circle: Circle, polygon: Polygon, minimum_m: float) -> Ground:
    centre = (circle.lat_deg, circle.lon_deg)
    outline = outline_of(polygon)
    if is_inside(centre, polygon) is True:
        return Ground(_TOGETHER, centre)
    pieces = _all_pieces(outline)
    point_m = np.asarray(point_to_ecef(*centre))[None, :]
    least_m = _least_distances(*_seen_from(pieces, point_m), pieces)[:, 0]
    order = np.argsort(least_m)
    candidates = ((float(least_m[i]), centre, outline, int(i)) for i in order)
    nearest, near = _nearest(candidates, circle.radius_m + minimum_m)
    return Ground(_gap(nearest, circle.radius_m), near)


def is_inside(point: LatLon, polygon: Polygon) -> bool | None:
    """Whether a position lies inside a polygon; None when it lies on its boundary as far as can be measured.

    Turns once round the point along all arcs. An arc that runs on the other side of the point than its geodesic does
    is found by dropping the foot, and counts as one crossing more.
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
    turns = float(np.arctan2(cross, x * next_x + y * next_y).sum())
    inside = round(turns / math.tau) % 2 == 1
    run_x, run_y = next_x - x, next_y - y
    run = run_x * run_x + run_y * run_y
    bulge_m = outline.bulge_m[:, 0] * 2.0 + ERROR_M
    along = -(x * run_x + y * run_y)
    slack = 0.01 * run + bulge_m * np.sqrt(run)
    close = (cross * cross <= bulge_m * bulge_m * run) & (along >= -slack) & (along <= run + slack)
    for piece in np.flatnonzero(close).tolist():
        strays = _strays(outline, piece, point, left=bool(cross[piece] > 0))
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
    seen = (others_m - np.asarray(point_m)) @ np.asarray(_horizon_frame(point_m)).T
    return seen[:, 0], seen[:, 1]


def _horizon_frame(
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


# ------------------------------------------------------------------------------------------------- two polygons


def _polygons(one: Polygon, other: Polygon, minimum_m: float) -> Ground:
    shared = _shared_corner(one, other)
    if shared is not None:
        return Ground(_TOGETHER, shared)
    reach_m = minimum_m + 1.0
    first, second = _near_pieces(one, other, reach_m)
    surveys = list(_survey(first, second, chord_at_most_m(minimum_m + 4 * ERROR_M)))
    for survey in surveys:
        if survey.crossing is not None:
            return Ground(_TOGETHER, survey.crossing)
    least_m = min((survey.least_m for survey in surveys), default=math.inf)
    doubtful = dict.fromkeys(pair for survey in surveys for pair in survey.doubtful_edges)
    meeting = _meet_exactly(one, other, doubtful) if doubtful else _one_in_the_other(one, other)
    if meeting is not None:
        return Ground(_TOGETHER, meeting)
    found = sorted((c for survey in surveys for c in survey.candidates), key=lambda candidate: candidate[0])
    if not found:
        balls = ball_of(one), ball_of(other)
        apart_m = inverse(balls[0].centre[1], balls[0].centre[0], balls[1].centre[1], balls[1].centre[0])[2]
        least = min(reach_m, geodesic_at_least_m(least_m))
        return Ground(Interval(least, max(least, apart_m + balls[0].radius_m + balls[1].radius_m)), None)
    nearest, near = _nearest(iter(found), minimum_m, beyond_m=minimum_m + 3 * ERROR_M)
    return Ground(_gap_of_lines(nearest), near)


def _gap_of_lines(nearest: Interval) -> Interval:
    """Two lines known not to cross: exactly 0 only if one foot was exactly 0 long."""
    if nearest.most == 0.0:
        return _TOGETHER
    return Interval(max(0.0, nearest.least - ERROR_M), nearest.most + ERROR_M)


def _shared_corner(one: Polygon, other: Polygon) -> LatLon | None:
    """A corner that both have to the last digit: there they touch, whatever the geometry."""
    return next(iter(set(one.outline) & set(other.outline)), None)


@dataclass(frozen=True, slots=True)
class _Survey:
    """What the arcs say about some pieces of two outlines.

    Attributes:
        crossing: a position where they surely cross, or None.
        least_m: the least straight distance of any corner of one to any piece of the other; 0 or less: may touch.
        candidates: (least distance, corner, outline, piece of it) for all that may be within the minimum.
    """

    crossing: LatLon | None
    least_m: float
    candidates: list[tuple[float, LatLon, Outline, int]]
    doubtful_edges: list[tuple[Edge, Edge]]


def _all_pieces(outline: Outline) -> _Pieces:
    return _Pieces(
        outline,
        range(len(outline)),
        outline.starts,
        outline.ends,
        outline.frame,
        outline.base_m,
        outline.length_m,
        outline.bulge_m,
        outline.trust,
    )


def _some_pieces(outline: Outline, number: npt.NDArray[np.intp]) -> _Pieces:
    both = np.concatenate((number, number + len(outline)))
    return _Pieces(
        outline,
        number,
        outline.starts[number],
        outline.ends[number],
        outline.frame[both],
        outline.base_m[both],
        outline.length_m[number],
        outline.bulge_m[number],
        outline.trust[number],
    )


def _near_pieces(one: Polygon, other: Polygon, reach_m: float) -> tuple[_Pieces, _Pieces]:
    """The pieces of each that can be within `reach_m` of the other; all of them where there are few."""
    first, second = outline_of(one), outline_of(other)
    if len(first) * len(second) <= 400:
        return _all_pieces(first), _all_pieces(second)
    return _within(first, ball_of(other), reach_m), _within(second, ball_of(one), reach_m)


def _within(outline: Outline, ball: Ball, reach_m: float) -> _Pieces:
    offsets = (outline.starts + outline.ends) / 2.0 - np.asarray(ball.centre_m)
    # Half of the piece along the ground is at most 1.01 of half its chord, and its middle lies as far above the chord.
    limit = outline.length_m[:, 0] * 0.52 + outline.length_m[:, 0] ** 2 / (6.0 * CURVATURE_RADIUS_MIN_M)
    limit += ball.radius_m + reach_m + 1.0
    number = np.flatnonzero(np.einsum("ij,ij->i", offsets, offsets) <= limit * limit)
    return _some_pieces(outline, number)


def _seen_from(pieces: _Pieces, points_m: Floats) -> tuple[Floats, Floats]:
    """How far each point lies to the left of each piece, and how far along it; shape (pieces, points) each."""
    seen = pieces.frame @ points_m.T
    seen -= pieces.base_m
    count = len(pieces.starts)
    return seen[:count], seen[count:]


def _least_distances(left_m: Floats, along_m: Floats, pieces: _Pieces) -> Floats:
    """The least straight distance from each point to each geodesic piece, metres; below 0 means: may touch."""
    excess = np.maximum(along_m - pieces.length_m, -along_m)
    np.maximum(excess, 0.0, out=excess)
    excess *= excess
    excess += left_m * left_m
    np.sqrt(excess, out=excess)
    excess *= pieces.trust
    excess -= pieces.bulge_m
    return excess


def _survey(first: _Pieces, second: _Pieces, within_m: float) -> Iterator[_Survey]:
    """Look at all pairs of pieces, some rows at a time."""
    if len(first.starts) == 0 or len(second.starts) == 0:
        return
    rows = max(1, CELLS_MAX // len(second.starts))
    if len(first.starts) <= rows:
        yield _survey_rows(first, second, within_m)
        return
    numbers = np.asarray(first.number)
    for start in range(0, len(numbers), rows):
        yield _survey_rows(_some_pieces(first.outline, numbers[start : start + rows]), second, within_m)


def _survey_rows(first: _Pieces, second: _Pieces, within_m: float) -> _Survey:
    count, other_count = len(first.starts), len(second.starts)
    left, along = _seen_from(first, np.concatenate((second.starts, second.ends)))
    left_back, along_back = _seen_from(second, np.concatenate((first.starts, first.ends)))
    start_side, end_side = left[:, :other_count], left[:, other_count:]
    start_back, end_back = left_back[:, :count].T, left_back[:, count:].T
    crossing = (start_side * end_side < 0) & (start_back * end_back < 0)
    unsure: list[tuple[Edge, Edge]] = []
    if crossing.any():
        margin = np.minimum(np.abs(start_side), np.abs(end_side)) > first.bulge_m
        margin &= np.minimum(np.abs(start_back), np.abs(end_back)) > second.bulge_m.T
        # Arcs of opposite sides of the Earth share planes too.
        margin &= first.starts @ second.starts.T > 0
        sure = np.argwhere(crossing & margin)
        if len(sure):
            i, j = sure[0]
            return _Survey(_crossing_at(first, second, int(i), int(j)), 0.0, [], [])
        unsure = [(_edge(first, i), _edge(second, j)) for i, j in np.argwhere(crossing).tolist()]
    least = _least_distances(start_side, along[:, :other_count], first)
    least_back = _least_distances(left_back[:, :count], along_back[:, :count], second)
    # Ends of pieces are starts of others, except where the neighbour was left out as too far away.
    least_m = float(min(least.min(), least_back.min()))
    candidates = _candidates(least, first, second, within_m) + _candidates(least_back, second, first, within_m)
    doubtful = _doubtful(least, first, second) + [(b, a) for a, b in _doubtful(least_back, second, first)]
    return _Survey(None, least_m, candidates, unsure + doubtful)


def _crossing_at(first: _Pieces, second: _Pieces, i: int, j: int) -> LatLon:
    """Where two arcs cross: the line in which their planes meet."""
    direction = np.cross(first.frame[i], second.frame[j])
    if direction @ first.starts[i] < 0:
        direction = -direction
    x, y, z = direction.tolist()
    return direction_to_position(x, y, z)


def _candidates(
    least: Floats, pieces: _Pieces, points: _Pieces, within_m: float
) -> list[tuple[float, LatLon, Outline, int]]:
    found = np.argwhere(least <= within_m)
    return [
        (float(least[i, j]), _corner(points, int(j)), pieces.outline, int(pieces.number[int(i)]))
        for i, j in found.tolist()
    ]


def _edge(pieces: _Pieces, i: int) -> Edge:
    return pieces.outline.edges[pieces.outline.edge[int(pieces.number[i])]]


def _doubtful(least: Floats, pieces: _Pieces, points: _Pieces) -> list[tuple[Edge, Edge]]:
    """Edges that may touch or cross near the start of a piece of the other; both edges that meet there."""
    found = []
    for i, j in np.argwhere(least <= 0.0).tolist():
        edge = _edge(pieces, i)
        outline, number = points.outline, int(points.number[j])
        found.append((edge, outline.edges[outline.edge[number]]))
        found.append((edge, outline.edges[outline.edge[number - 1]]))
    return found


def _corner(points: _Pieces, j: int) -> LatLon:
    """The position where a piece starts."""
    outline, number = points.outline, int(points.number[j])
    edge = outline.edges[outline.edge[number]]
    return (edge[0], edge[1]) if outline.offset_m[number] == 0.0 else _along(edge, outline.offset_m[number])


def _one_in_the_other(one: Polygon, other: Polygon) -> LatLon | None:
    """A corner of one that lies in the other, when the boundaries are known to be apart: any corner speaks for all."""
    if is_inside(one.outline[0], other):
        return one.outline[0]
    return other.outline[0] if is_inside(other.outline[0], one) else None


def _meet_exactly(one: Polygon, other: Polygon, doubtful: Collection[tuple[Edge, Edge]]) -> LatLon | None:
    """A position that both surely hold, when the arcs leave it in doubt whether the boundaries cross.

    Two edges that cross, or a place of one that lies inside the other: corners, and middles of edges, since two boxes
    side by side may overlap with every corner on an edge of the other.
    """
    for point, holder in ((inner_point(one), other), (inner_point(other), one)):
        if point is not None and is_inside(point, holder):
            return point
    for first, second in doubtful:
        if edges_cross(first, second):
            return _crossing_of(first, second)
    first_edges, second_edges = (dict.fromkeys(pair[side] for pair in doubtful) for side in (0, 1))
    for polygon, edges, holder in ((one, first_edges, other), (other, second_edges, one)):
        for place in (*polygon.outline, *(_along(edge, edge[3] / 2.0) for edge in edges)):
            if is_inside(place, holder):
                return place
    return None


# ------------------------------------------------------------------------------------------------- on geodesics


def drop_foot(point: LatLon, edge: Edge, guess_m: float, *, clamp: bool = True) -> Foot:
    """The nearest place on an edge, or with `clamp` off on the geodesic that goes on beyond it.

    Newton's method: on a sphere the right triangle of point, foot and guess gives the foot at once; on the ellipsoid
    the remainder shrinks by a factor of a hundred or more each time. Distances up to a quarter of the Earth.
    """
    lat, lon, heading, length_m = edge
    at_m = min(max(guess_m, 0.0), length_m) if clamp else guess_m
    for _ in range(24):
        foot_lon, foot_lat, back = direct(lon, lat, heading, at_m)
        towards, _, distance_m = inverse(foot_lon, foot_lat, point[1], point[0])
        turn = math.radians(towards - back - 180.0)
        angle = distance_m / _SPHERE_M
        step_m = _SPHERE_M * math.atan2(math.sin(angle) * math.cos(turn), math.cos(angle))
        goal_m = min(max(at_m + step_m, 0.0), length_m) if clamp else at_m + step_m
        moved_m, at_m = abs(goal_m - at_m), goal_m
        if moved_m < 1e-7:
            break
    return Foot(at_m, distance_m, distance_m * math.sin(turn))


def edges_cross(one: Edge, other: Edge) -> bool | None:
    """Whether two edges surely cross: the ends of each lie on either side of the other. None: in doubt."""
    verdict: bool | None = True
    for line, ends in ((one, edge_ends(other)), (other, edge_ends(one))):
        sides = [drop_foot(end, line, line[3] / 2.0, clamp=False).right_m for end in ends]
        if min(abs(sides[0]), abs(sides[1])) <= ERROR_M:
            verdict = None
        elif (sides[0] > 0) == (sides[1] > 0):
            return False
    return verdict


def edge_ends(edge: Edge) -> tuple[LatLon, LatLon]:
    """The corners in which an edge starts and ends."""
    return ((edge[0], edge[1]), _along(edge, edge[3]))


def _along(edge: Edge, at_m: float) -> LatLon:
    lon, lat, _ = direct(edge[1], edge[0], edge[2], at_m)
    return (lat, lon)


def _crossing_of(one: Edge, other: Edge) -> LatLon:
    """Where two edges cross that are known to: in proportion to how far the ends are off the other line."""
    start, end = (drop_foot(point, one, one[3] / 2.0, clamp=False) for point in edge_ends(other))
    share = abs(start.right_m) / (abs(start.right_m) + abs(end.right_m))
    return _along(other, other[3] * share)


def _nearest(
    candidates: Iterator[tuple[float, LatLon, Outline, int]],
    minimum_m: float,
    *,
    beyond_m: float = math.inf,
) -> tuple[Interval, LatLon]:
    """The least distance from a corner to a piece, given candidates by rising least distance; and the corner's foot.

    Stops when nothing nearer can come, or soon after the distance is surely below or above what matters.
    `beyond_m` bounds from below what is not among the candidates.
    """
    most_m, near = math.inf, (0.0, 0.0)
    for feet, (chord_m, point, outline, piece) in enumerate(candidates):
        least_m = geodesic_at_least_m(max(0.0, chord_m))
        decided = most_m + 2 * ERROR_M < minimum_m or least_m > minimum_m + 2 * ERROR_M
        if least_m >= most_m or feet >= FEET_MAX or (decided and feet >= FEET_FOR_NEATNESS):
            return Interval(min(least_m, most_m, beyond_m), most_m), near
        edge = outline.edges[outline.edge[piece]]
        foot = drop_foot(point, edge, outline.offset_m[piece])
        if foot.distance_m < most_m:
            most_m, near = foot.distance_m, point
    return Interval(min(most_m, beyond_m), most_m), near


def inner_point(polygon: Polygon) -> LatLon | None:
    """A position well inside a polygon; None if it has no inside."""
    ball = ball_of(polygon)
    plane = shapely.Polygon(flattened(outline_of(polygon), ball))
    if not plane.is_valid or plane.is_empty:
        return None
    inner = shapely.point_on_surface(plane)
    east, north = _horizon_frame(ball.centre_m)
    x, y, z = (c + inner.x * e + inner.y * n for c, e, n in zip(ball.centre_m, east, north, strict=True))
    return direction_to_position(x, y, z)


def flattened(outline: Outline, ball: Ball) -> Floats:
    """Starts of pieces on a plane that meets the Earth at the ball's centre, metres, shape (m, 2).

    Seen from the centre of the Earth, so that arcs are straight. Metres are true at the middle and stretched outward.
    """
    x, y = _horizon(ball.centre_m, outline.starts)
    centre = np.asarray(ball.centre_m)
    height = (outline.starts @ centre) / float(centre @ centre)
    return np.column_stack((x / height, y / height))


def depth_at_most_m(one: Footprint, other: Footprint) -> float:
    """How far one would have to be moved to come clear of the other, metres: a bound from above."""
    first, second = ball_of(one), ball_of(other)
    apart_m = float(inverse(first.centre[1], first.centre[0], second.centre[1], second.centre[0])[2])
    return max(0.0, first.radius_m + second.radius_m - apart_m)
