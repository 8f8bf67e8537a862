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

from keepclear.core.conflict import Interval
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import (
    CURVATURE_RADIUS_MIN_M,
    Floats,
    chord_at_most_m,
    direct,
    geodesic_at_least_m,
    inverse,
    point_to_ecef,
)
from keepclear.engine.edges import ERROR_M, Edge, along, crossing_of, drop_foot, edges_cross
from keepclear.engine.inside import horizon_frame, inner_point, is_inside
from keepclear.engine.shape import VERTICAL_OFF_DEG, Ball, ball_of, corners_of, outline_of
from keepclear.engine.survey import Candidate, all_pieces, least_distances, near_pieces, seen_from, survey_all

#: Geodesic feet dropped for one pair at most. Beyond it the answer stays in doubt, which counts as a conflict.
FEET_MAX = 20_000
#: Feet dropped to sharpen a distance when the verdict no longer depends on it.
FEET_FOR_NEATNESS = 12

#: Beyond this the depth of an overlap is taken from the enclosing balls alone, metres.
_FLAT_ENOUGH_M = 300_000.0
#: Sides of each footprint along which the width of an overlap is measured, the longest first.
_SIDES_MAX = 32
#: Above so many pairs of corners it pays to try the short cut first.
_MANY_CELLS = 2_000
_TOGETHER = Interval(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Ground:
    """How two footprints lie: the gap between them, and a position where they are nearest or that both hold."""

    gap: Interval
    near: LatLon | None


def ground_gap(one: Footprint, other: Footprint, *, minimum_m: float) -> Ground:
    """The gap between two footprints, metres, sharp enough to be compared with `minimum_m` and with 0.

    The interval always holds the true gap. It may be wide where the comparison does not need more.
    """
    first, second = ball_of(one), ball_of(other)
    apart_m, reach_m = _apart_m(first, second), first.radius_m + second.radius_m
    if apart_m - reach_m > minimum_m + ERROR_M:
        return rough_gap(one, other)
    match one, other:
        case Polygon(), Polygon():
            return _polygons(one, other, minimum_m)
        case Circle(), Polygon():
            return _circle_and_polygon(one, other, minimum_m)
        case Polygon(), Circle():
            return _circle_and_polygon(other, one, minimum_m)
        case _:
            return Ground(_gap(Interval(apart_m, apart_m), reach_m), _between(first, second, apart_m))


def rough_gap(one: Footprint, other: Footprint) -> Ground:
    """Bounds on the gap from the enclosing balls alone."""
    first, second = ball_of(one), ball_of(other)
    apart_m, reach_m = _apart_m(first, second), first.radius_m + second.radius_m
    return Ground(Interval(max(0.0, apart_m - reach_m - ERROR_M), apart_m + reach_m), None)


def _apart_m(first: Ball, second: Ball) -> float:
    return float(inverse(first.centre[1], first.centre[0], second.centre[1], second.centre[0])[2])


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


def _circle_and_polygon(circle: Circle, polygon: Polygon, minimum_m: float) -> Ground:
    centre = (circle.lat_deg, circle.lon_deg)
    outline = outline_of(polygon)
    if is_inside(centre, polygon) is True:
        return Ground(_TOGETHER, centre)
    pieces = all_pieces(outline)
    point_m = np.asarray(point_to_ecef(*centre))[None, :]
    least_m = least_distances(*seen_from(pieces, point_m), pieces)[:, 0]
    order = np.argsort(least_m)
    candidates = ((float(least_m[i]), centre, outline, int(i)) for i in order)
    nearest, near = _nearest(candidates, circle.radius_m + minimum_m)
    return Ground(_gap(nearest, circle.radius_m), near)


def _polygons(one: Polygon, other: Polygon, minimum_m: float) -> Ground:
    shared = _shared_corner(one, other)
    if shared is not None:
        return Ground(_TOGETHER, shared)
    reach_m = minimum_m + 1.0
    near = near_pieces(one, other, reach_m)
    held, outside = None, False
    if near is not None and len(one.outline) * len(other.outline) > _MANY_CELLS:
        held, outside = _held_corner(one, other)
    if held is not None:
        return Ground(_TOGETHER, held)
    surveys = list(survey_all(*near, chord_at_most_m(minimum_m + 4 * ERROR_M))) if near else []
    for survey in surveys:
        if survey.crossing is not None:
            return Ground(_TOGETHER, survey.crossing)
    least_m = min((survey.least_m for survey in surveys), default=math.inf)
    doubtful = dict.fromkeys(pair for survey in surveys for pair in survey.doubtful_edges)
    meeting = None
    if doubtful:
        meeting = _meet_exactly(one, other, doubtful)
    elif not outside:
        meeting = _one_in_the_other(one, other)
    if meeting is not None:
        return Ground(_TOGETHER, meeting)
    found = sorted((c for survey in surveys for c in survey.candidates), key=lambda candidate: candidate[0])
    if not found:
        least = min(reach_m, geodesic_at_least_m(least_m))
        return Ground(Interval(least, max(least, rough_gap(one, other).gap.most)), None)
    nearest, place = _nearest(iter(found), minimum_m, beyond_m=minimum_m + 3 * ERROR_M)
    return Ground(_gap_of_lines(nearest), place)


def _gap_of_lines(nearest: Interval) -> Interval:
    """Two lines known not to cross: exactly 0 only if one foot was exactly 0 long."""
    if nearest.most == 0.0:
        return _TOGETHER
    return Interval(max(0.0, nearest.least - ERROR_M), nearest.most + ERROR_M)


def _shared_corner(one: Polygon, other: Polygon) -> LatLon | None:
    """A corner that both have to the last digit: there they touch, whatever the geometry."""
    first, second = corners_of(one), corners_of(other)
    return None if first.isdisjoint(second) else min(first & second)


def _held_corner(one: Polygon, other: Polygon) -> tuple[LatLon | None, bool]:
    """A corner of one inside the other, if the one nearest to the other's middle is: a short cut for large outlines.

    And whether one corner of each is known to lie outside the other: then neither holds the other whole.
    """
    outside = True
    small, large = _by_size(one, other)
    for polygon, holder in ((small, large), (large, small)):
        outline = outline_of(polygon)
        offsets = outline.starts - np.asarray(ball_of(holder).centre_m)
        number = int(np.einsum("ij,ij->i", offsets, offsets).argmin())
        corner = polygon.outline[outline.edge[number]]
        inside = is_inside(corner, holder)
        if inside:
            return corner, False
        outside &= inside is False
    return None, outside


def _one_in_the_other(one: Polygon, other: Polygon) -> LatLon | None:
    """A corner of one that lies in the other, when the boundaries are known to be apart: any corner speaks for all."""
    small, large = _by_size(one, other)
    if is_inside(small.outline[0], large):
        return small.outline[0]
    return large.outline[0] if is_inside(large.outline[0], small) else None


def _by_size(one: Polygon, other: Polygon) -> tuple[Polygon, Polygon]:
    """The smaller first: it is the one that the other is likely to hold."""
    return (other, one) if ball_of(other).radius_m < ball_of(one).radius_m else (one, other)


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
            return crossing_of(first, second, 0.0, second[3])
    first_edges, second_edges = (dict.fromkeys(pair[side] for pair in doubtful) for side in (0, 1))
    for polygon, edges, holder in ((one, first_edges, other), (other, second_edges, one)):
        for place in (*polygon.outline, *(along(edge, edge[3] / 2.0) for edge in edges)):
            if is_inside(place, holder):
                return place
    return None


def _nearest(
    candidates: Iterator[Candidate],
    minimum_m: float,
    *,
    beyond_m: float = math.inf,
) -> tuple[Interval, LatLon]:
    """The least distance from a corner to a piece, given candidates by rising least distance; and where its foot is.

    Stops when nothing nearer can come, or soon after the distance is surely below or above what matters.
    `beyond_m` bounds from below what is not among the candidates.
    """
    least_m, most_m, at_m = beyond_m, math.inf, 0.0
    edge: Edge = (0.0, 0.0, 0.0, 0.0)
    for feet, (chord_m, point, outline, piece) in enumerate(candidates):
        next_m = geodesic_at_least_m(max(0.0, chord_m))
        decided = most_m + 2 * ERROR_M < minimum_m or next_m > minimum_m + 2 * ERROR_M
        if next_m >= most_m or feet >= FEET_MAX or (decided and feet >= FEET_FOR_NEATNESS):
            least_m = min(least_m, next_m)
            break
        tried = outline.edges[outline.edge[piece]]
        foot = drop_foot(point, tried, outline.offset_m[piece])
        if foot.distance_m < most_m:
            most_m, edge, at_m = foot.distance_m, tried, foot.at_m
    return Interval(min(least_m, most_m), most_m), along(edge, at_m)


def depth_m(one: Footprint, other: Footprint) -> float:
    """How far one would have to be moved to come clear of the other, metres: a bound from above.

    The least width of the overlap, seen along the sides of both on a plane that touches the Earth between them. Points
    on the plane are a little closer together than on the ground, so the width is stretched by the most that can be.
    """
    first, second = ball_of(one), ball_of(other)
    apart_m, reach_m = _apart_m(first, second), first.radius_m + second.radius_m
    if reach_m <= apart_m or reach_m > _FLAT_ENOUGH_M or (isinstance(one, Circle) and isinstance(other, Circle)):
        return rough_depth_m(one, other)
    x, y, z = ((a + b) / 2.0 for a, b in zip(first.centre_m, second.centre_m, strict=True))
    frame = np.asarray(horizon_frame((x, y, z))).T
    shapes = [_flat(each, np.asarray((x, y, z)), frame) for each in (one, other)]
    sides = np.concatenate([_sides(corners) for corners, _, _ in shapes])
    (low, high), (other_low, other_high) = (_extent(corners @ sides.T, more_m) for corners, more_m, _ in shapes)
    width_m = float(np.minimum(high - other_low, other_high - low).min())
    # The plane is level but for the angle between the vertical and the line to the Earth's centre.
    angle = 1.01 * (reach_m + apart_m) / CURVATURE_RADIUS_MIN_M + math.radians(VERTICAL_OFF_DEG)
    return max(0.0, min(reach_m - apart_m, width_m / math.cos(angle) + sum(bulge * angle for *_, bulge in shapes)))


def rough_depth_m(one: Footprint, other: Footprint) -> float:
    """The same from the enclosing balls alone; exact for two circles."""
    first, second = ball_of(one), ball_of(other)
    return max(0.0, first.radius_m + second.radius_m - _apart_m(first, second))


def _flat(footprint: Footprint, middle_m: Floats, frame: Floats) -> tuple[Floats, float, float]:
    """Corners of a footprint on a plane, how far it reaches round each, and how far its edges rise above chords."""
    match footprint:
        case Circle(_, _, radius_m):
            return (np.asarray(ball_of(footprint).centre_m) - middle_m)[None, :] @ frame, radius_m, 0.0
        case Polygon():
            outline = outline_of(footprint)
            longest_m = float(outline.length_m.max())
            rise_m = longest_m * longest_m / (7.9 * CURVATURE_RADIUS_MIN_M)
            return (outline.starts - middle_m) @ frame, float(outline.bulge_m.max()), rise_m


def _sides(corners: Floats) -> Floats:
    """Unit vectors across the longest sides of a figure on a plane, or in eight directions if it has no sides."""
    if len(corners) == 1:
        turn = np.arange(8) * (math.pi / 8)
        return np.column_stack((np.cos(turn), np.sin(turn)))
    run = np.concatenate((corners[1:], corners[:1])) - corners
    length = np.hypot(run[:, 0], run[:, 1])
    longest = np.argsort(length)[-_SIDES_MAX:]
    longest = longest[length[longest] > 0]
    return np.column_stack((run[longest, 1], -run[longest, 0])) / length[longest, None]


def _extent(shadow: Floats, more_m: float) -> tuple[Floats, Floats]:
    """Least and greatest of each column, widened."""
    return shadow.min(axis=0) - more_m, shadow.max(axis=0) + more_m
