"""Where an entity is: whether its volumes can be taken, how much ground they cover, and whether one holds another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import WGS84, distance_m, to_ecef
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.core.volume import Volume4D
from keepclear.dss.limits import Limits
from keepclear.engine.shape import ball_of
from keepclear.engine.validity import check_volume
from keepclear.errors import LimitReached, Malformed

#: A subscription covers what reaches beyond it by no more than this: a metre, and a thousandth of its size. It is told
#: of whatever meets it, so nothing is lost in the margin but words.
COVER_SLACK_M = 1.0
COVER_SLACK_PART = 1e-3
#: It may also begin so much later, microseconds: clients begin "now", of one thing after the other.
COVER_SLACK_US = 60 * SECOND_US


def check_extents(extents: Sequence[Volume4D], limits: Limits, *, at: str = "extents") -> None:
    """Check that volumes are places, and not too many or too large.

    Raises:
        Malformed: none, or one that is no place; `at` names it.
        LimitReached: more than `extents_max`, or more ground than `area_max_m2`, counting what stands twice only once.
    """
    if not extents:
        raise Malformed("give at least one volume", at=at)
    if len(extents) > limits.extents_max:
        raise LimitReached(f"extents_max: at most {limits.extents_max} volumes, not {len(extents)}", at=at)
    for number, volume in enumerate(extents):
        try:
            check_volume(volume)
        except Malformed as problem:
            raise Malformed(problem.message, at=f"{at}[{number}].{problem.at}".rstrip(".")) from None
    left_m2 = limits.area_max_m2
    for footprint in dict.fromkeys(volume.footprint for volume in extents):
        left_m2 -= area_m2(footprint, enough_m2=left_m2)
        if left_m2 < 0:
            raise LimitReached(
                f"area_max_m2: more than {limits.area_max_m2 / 1e6:.0f} square kilometres; ask about a smaller area",
                at=at,
            )


def check_in_future(end_us: int, now_us: int, *, at: str = "extents") -> None:
    """Raise Malformed if all of it is over."""
    if end_us < now_us:
        raise Malformed(f"it ended at {zulu(end_us)}, and it is {zulu(now_us)}: give an end in the future", at=at)


def area_m2(footprint: Footprint, *, enough_m2: float = 0.0) -> float:
    """The area of a footprint, square metres.

    Args:
        enough_m2: that of the enclosing circle is given instead if it is not more than this: it is quicker to find.
    """
    radius_m = ball_of(footprint).radius_m
    round_m2 = math.pi * radius_m * radius_m
    if isinstance(footprint, Circle) or round_m2 <= enough_m2:
        return round_m2
    lats, lons = zip(*footprint.outline, strict=True)
    return abs(float(WGS84.polygon_area_perimeter(lons, lats)[0]))


def covers(outer: Volume4D, inner: Volume4D) -> bool:
    """Whether one volume holds another, but for the margins of this module; ends and heights exactly."""
    if not (outer.span.start_us <= inner.span.start_us + COVER_SLACK_US and inner.span.end_us <= outer.span.end_us):
        return False
    if not (
        outer.band.lower.value_m <= inner.band.lower.value_m and inner.band.upper.value_m <= outer.band.upper.value_m
    ):
        return False
    return outer.footprint == inner.footprint or _covers_ground(outer.footprint, inner.footprint)


def _covers_ground(outer: Footprint, inner: Footprint) -> bool:
    slack_m = COVER_SLACK_M + COVER_SLACK_PART * ball_of(outer).radius_m
    if isinstance(outer, Circle):
        centre, reach_m = (outer.lat_deg, outer.lon_deg), outer.radius_m + slack_m
        if isinstance(inner, Circle):
            return distance_m(centre, (inner.lat_deg, inner.lon_deg)) + inner.radius_m <= reach_m
        # Lines between points of a circle stay in it.
        return all(distance_m(centre, corner) <= reach_m for corner in inner.outline)
    if isinstance(inner, Circle):
        return _holds_circle(outer, inner, slack_m)
    if ball_of(inner).radius_m > 2 * ball_of(outer).radius_m + slack_m:
        return False
    flat = _Plane(ball_of(outer).centre)
    return bool(flat.polygon(outer).buffer(slack_m).covers(flat.polygon(inner)))


def _holds_circle(outer: Polygon, inner: Circle, slack_m: float) -> bool:
    centre = (inner.lat_deg, inner.lon_deg)
    if distance_m(ball_of(outer).centre, centre) > ball_of(outer).radius_m + slack_m:
        return False
    flat = _Plane(centre)
    polygon, point = flat.polygon(outer), shapely.Point(0.0, 0.0)
    if not polygon.covers(point):
        return bool(inner.radius_m <= slack_m - polygon.distance(point))
    return bool(polygon.exterior.distance(point) >= inner.radius_m - slack_m)


class _Plane:
    """The ground about a place, seen from the centre of the Earth on a plane that touches it there.

    Shortest lines are straight on it, to decimetres at the sizes that one request may have.
    """

    def __init__(self, centre: LatLon) -> None:
        middle = to_ecef(np.array([centre[0]]), np.array([centre[1]]))[0]
        self._distance_m = float(np.linalg.norm(middle))
        up = middle / self._distance_m
        side = np.cross((0.0, 0.0, 1.0) if abs(up[2]) < 0.9 else (1.0, 0.0, 0.0), up)
        side /= np.linalg.norm(side)
        self._axes = np.stack((side, np.cross(up, side), up))

    def polygon(self, footprint: Polygon) -> Any:
        """A footprint on the plane, metres from the middle."""
        lats, lons = np.asarray(footprint.outline).T
        right, forward, up = self._axes @ to_ecef(lats, lons).T
        # What lies beyond the horizon would come out on the wrong side; it is far from anything we hold.
        up = np.maximum(up, 1.0)
        return shapely.Polygon(np.stack((right / up, forward / up), axis=1) * self._distance_m)
