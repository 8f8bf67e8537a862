"""Edges of polygons as geodesics: feet of perpendiculars, and whether and where two edges cross.

The slow and sharp half of the engine: each answer is right to `ERROR_M`, anywhere on the ellipsoid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from keepclear.core.footprint import LatLon
from keepclear.core.geodesy import direct, inverse
from keepclear.errors import ensure

#: One geodesic distance, foot or side is right to this, metres. The library promises 15 nm; the rest is for the search.
ERROR_M = 5e-6

#: A sphere the size of the Earth, for steps towards a foot; no result depends on it.
SPHERE_M = 6_371_008.8

#: Steps towards a foot at most. Six is the most that has been seen, over 30,000 edges up to 9,000 km long.
STEPS_MAX = 24

#: Start (latitude, longitude), bearing there in degrees, length in metres.
Edge = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Foot:
    """Where the perpendicular from a point meets a geodesic.

    `at_m` is counted along the edge; `distance_m` is 0 or more; `right_m` is the distance to the right of the line.
    """

    at_m: float
    distance_m: float
    right_m: float


def drop_foot(point: LatLon, edge: Edge, guess_m: float, *, clamp: bool = True) -> Foot:
    """The nearest place on an edge, or with `clamp` off on the geodesic that goes on beyond it.

    Newton's method: on a sphere the right triangle of point, foot and guess gives the foot at once; on the ellipsoid
    the remainder shrinks by a factor of a hundred or more each time. Distances up to a quarter of the Earth.
    """
    lat, lon, heading, length_m = edge
    at_m = min(max(guess_m, 0.0), length_m) if clamp else guess_m
    for _ in range(STEPS_MAX):
        foot_lon, foot_lat, back = direct(lon, lat, heading, at_m)
        towards, _, distance_m = inverse(foot_lon, foot_lat, point[1], point[0])
        turn = math.radians(towards - back - 180.0)
        angle = distance_m / SPHERE_M
        step_m = SPHERE_M * math.atan2(math.sin(angle) * math.cos(turn), math.cos(angle))
        goal_m = min(max(at_m + step_m, 0.0), length_m) if clamp else at_m + step_m
        moved_m, at_m = abs(goal_m - at_m), goal_m
        if moved_m < 1e-7:
            break
    else:
        ensure(False, f"a foot is found in {STEPS_MAX} steps")
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
    return ((edge[0], edge[1]), along(edge, edge[3]))


def along(edge: Edge, at_m: float) -> LatLon:
    """The position so many metres along an edge."""
    lon, lat, _ = direct(edge[1], edge[0], edge[2], at_m)
    return (lat, lon)


def crossing_of(one: Edge, other: Edge, from_m: float, to_m: float) -> LatLon:
    """Where `other` crosses `one`, between two places along `other` that lie on either side of `one`.

    The secant method on how far one is to the right of the line.
    """
    right_from = drop_foot(along(other, from_m), one, one[3] / 2.0, clamp=False).right_m
    right_to = drop_foot(along(other, to_m), one, one[3] / 2.0, clamp=False).right_m
    for _ in range(8):
        if abs(right_to) <= ERROR_M or right_to == right_from:
            break
        next_m = to_m - right_to * (to_m - from_m) / (right_to - right_from)
        from_m, right_from, to_m = to_m, right_to, min(max(next_m, 0.0), other[3])
        right_to = drop_foot(along(other, to_m), one, one[3] / 2.0, clamp=False).right_m
    return along(other, to_m)
