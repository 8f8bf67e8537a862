"""Whether a footprint reaches into a belt along a line, and whether it stays within a depth of the line: exact on the
ellipsoid, and never CLEAR when it does.

A belt is all points whose nearest place on the line is no farther than the depth of their side. The side of a point is
told at its nearest place; beyond an end of the line, by the geodesic that goes on there.

Each edge of the line is measured as a triangle `SLIVER_M` thin that lies inside the belt, so the kernels for polygons
do the work, and a gap is known to that thickness: what is nearer to a depth than it is POSSIBLE.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

from keepclear.core.conflict import Interval, Verdict
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import CURVATURE_RADIUS_MIN_M, bearing_deg, destination, distance_m
from keepclear.core.zone import Belt
from keepclear.engine.edges import ERROR_M, Edge, drop_foot
from keepclear.engine.ground import ground_gap
from keepclear.engine.shape import ball_of, outline_of

#: How thick the triangle is that stands for an edge of a line, metres.
SLIVER_M = 1e-4
#: Feet dropped at most to tell on which side a footprint lies; beyond it the answer is POSSIBLE.
FEET_MAX = 2_000


def reaches_into(footprint: Footprint, belt: Belt) -> Verdict:
    """Whether a footprint meets a belt; touching is meeting. POSSIBLE within a tenth of a millimetre of its edge (C4).

    Raises:
        Malformed: a footprint that is no place.
    """
    deep_m, shallow_m = max(belt.left_m, belt.right_m), min(belt.left_m, belt.right_m)
    gap = _gap_to_line(footprint, belt, deep_m)
    if gap.least > deep_m:
        return Verdict.CLEAR
    if gap.least <= shallow_m < gap.most:
        gap = _gap_to_line(footprint, belt, shallow_m)  # sharp where it is compared
    if gap.most == 0.0 or gap.most <= shallow_m:
        return Verdict.CONFLICT
    if deep_m == shallow_m:
        return Verdict.CONFLICT if gap.most <= deep_m else Verdict.POSSIBLE
    return _reaches_deep_side(footprint, belt, deep_m, in_doubt=gap.least <= shallow_m)


def is_beyond(footprint: Footprint, belt: Belt, depth_m: float) -> Verdict:
    """Whether any of a footprint lies farther from the line than a depth: CONFLICT when some surely does.

    Exactly the depth is within it.
    """
    edges = _edges(belt.line)
    if isinstance(footprint, Circle):
        centre = (footprint.lat_deg, footprint.lon_deg)
        at_m, foot = _nearest(centre, edges)
        away = bearing_deg(foot, centre) if at_m > ERROR_M else edges[0][2] + 90.0
        # The far side of the circle, seen from the line; other parts of the line may be nearer to it.
        far = destination(centre, _onward(foot, centre, away), footprint.radius_m)
        most_m, least_m = at_m + footprint.radius_m, _nearest(far, edges)[0]
    else:
        least_m = max(_nearest(corner, edges)[0] for corner in footprint.outline)
        ball = ball_of(footprint)
        most_m = _nearest(ball.centre, edges)[0] + ball.radius_m
        if len(edges) == 1:
            # The distance to one straight line is greatest at a corner, but for what edges bulge on a round Earth.
            longest_m = max(edge[3] for edge in outline_of(footprint).edges)
            bulge_m = longest_m**2 / (7.9 * CURVATURE_RADIUS_MIN_M) * math.tan(least_m / CURVATURE_RADIUS_MIN_M)
            most_m = min(most_m, least_m + bulge_m)
    if least_m > depth_m + ERROR_M:
        return Verdict.CONFLICT
    return Verdict.CLEAR if most_m <= depth_m - ERROR_M or most_m == least_m <= depth_m else Verdict.POSSIBLE


def _gap_to_line(footprint: Footprint, belt: Belt, minimum_m: float) -> Interval:
    """How far a footprint is from a line; 0 and 0 when it meets it, or a sliver beside it inside the belt."""
    turn = -90.0 if belt.left_m >= belt.right_m else 90.0
    slivers = [_sliver(one, other, turn) for one, other in pairwise(belt.line)]
    gaps = [ground_gap(footprint, sliver, minimum_m=minimum_m).gap for sliver in slivers]
    least, most = min(gap.least for gap in gaps), min(gap.most for gap in gaps)
    return Interval(least, most + SLIVER_M if most > 0 else 0.0)


@lru_cache(maxsize=4_096)
def _sliver(one: LatLon, other: LatLon, turn_deg: float) -> Polygon:
    """A triangle on an edge, its third corner to the left (-90) or right (90) of the middle."""
    heading, length_m = bearing_deg(one, other), distance_m(one, other)
    middle = destination(one, heading, length_m / 2.0)
    return Polygon((one, other, destination(middle, bearing_deg(middle, other) + turn_deg, SLIVER_M)))


def _reaches_deep_side(footprint: Footprint, belt: Belt, deep_m: float, *, in_doubt: bool) -> Verdict:
    """Whether a footprint that does not meet the line reaches into the deeper side.

    It is connected, so it changes sides only across the line or across the geodesic that goes on beyond an end; where
    it does neither, the place of each part of it that is nearest to the line is a corner, or the foot of a corner of
    the line, or on a circle the place towards the line.
    """
    is_left_deep = belt.left_m > belt.right_m
    for end in _extensions(belt, deep_m, -90.0 if is_left_deep else 90.0):
        gap = ground_gap(footprint, end, minimum_m=0.0).gap
        if gap.least <= 0.0:
            return Verdict.CONFLICT if gap.most <= 0.0 else Verdict.POSSIBLE
    edges = _edges(belt.line)
    nearest = _nearest_places(footprint, belt)
    if nearest is None or len(nearest) * len(edges) > FEET_MAX:
        return Verdict.POSSIBLE
    verdict = Verdict.POSSIBLE if in_doubt else Verdict.CLEAR
    reach_m = footprint.radius_m if isinstance(footprint, Circle) else 0.0
    for place in nearest:
        for distance, right_m in _sides(place, edges):
            if distance - reach_m > deep_m + ERROR_M:
                continue
            if abs(right_m) <= ERROR_M:
                verdict = Verdict.POSSIBLE
            elif (right_m < 0) == is_left_deep:
                if distance - reach_m <= deep_m - ERROR_M:
                    return Verdict.CONFLICT
                verdict = Verdict.POSSIBLE
    return verdict


def _nearest_places(footprint: Footprint, belt: Belt) -> list[LatLon] | None:
    """Places among which each part of a footprint has one nearest to the line; None when they are too many."""
    if isinstance(footprint, Circle):
        return [(footprint.lat_deg, footprint.lon_deg)]
    outline = outline_of(footprint).edges
    if len(outline) * len(belt.line) > FEET_MAX:
        return None
    places = list(footprint.outline)
    for corner in belt.line:
        for edge in outline:
            foot = drop_foot(corner, edge, edge[3] / 2.0)
            places.append(destination((edge[0], edge[1]), edge[2], foot.at_m))
    return places


def _sides(place: LatLon, edges: list[Edge]) -> list[tuple[float, float]]:
    """How far a place is from its nearest place on the line, and how far to the right there."""
    nearest_m = math.inf
    right_m = 0.0
    for edge in edges:
        distance = drop_foot(place, edge, edge[3] / 2.0).distance_m
        if distance < nearest_m - ERROR_M:
            nearest_m = distance
            # Where two edges meet, a place outside the bend is on the same side of both as they go on.
            right_m = drop_foot(place, edge, edge[3] / 2.0, clamp=False).right_m
    return [(nearest_m, right_m)]


def _extensions(belt: Belt, deep_m: float, turn_deg: float) -> list[Polygon]:
    """Slivers along the geodesics that go on beyond both ends, as far as the belt is deep."""
    first, second, *_ = belt.line
    *_, before_last, last = belt.line
    before = destination(first, bearing_deg(first, second) + 180.0, deep_m)
    after = destination(last, bearing_deg(last, before_last) + 180.0, deep_m)
    return [_sliver(before, first, turn_deg), _sliver(last, after, turn_deg)]


@lru_cache(maxsize=1_024)
def _edges_of(line: tuple[LatLon, ...]) -> tuple[Edge, ...]:
    return tuple((one[0], one[1], bearing_deg(one, other), distance_m(one, other)) for one, other in pairwise(line))


def _edges(line: tuple[LatLon, ...]) -> list[Edge]:
    return list(_edges_of(line))


def _nearest(place: LatLon, edges: list[Edge]) -> tuple[float, LatLon]:
    """How far a place is from the line, and its nearest place there."""
    best, at = math.inf, place
    for edge in edges:
        foot = drop_foot(place, edge, edge[3] / 2.0)
        if foot.distance_m < best:
            best, at = foot.distance_m, destination((edge[0], edge[1]), edge[2], foot.at_m)
    return best, at


def _onward(foot: LatLon, centre: LatLon, away_deg: float) -> float:
    """The direction in which the line from a foot through a centre goes on beyond it."""
    return bearing_deg(centre, foot) + 180.0 if foot != centre else away_deg
