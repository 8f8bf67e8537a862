"""The truth about two volumes, by another road than the engine's: geodesics only, no projection, no shared code.

The gap of two footprints is found from four facts about a surface that curves like a ball everywhere (WGS84 does):

1. Along an edge, the distance to a fixed point is convex, so where it stops falling is where it is least.
2. Two edges that do not cross are nearest at an end of one of them: a crossing line between two inner points that
   is perpendicular to both can always be made shorter by sliding it (second variation of length).
3. Within a ball of a quarter of the Earth two geodesics cross at most once. So two edges cross exactly when each
   separates the ends of the other, and the side of a point is the side of its azimuth at either end of the edge.
4. The shortest line from a point to an outline meets the outline only at its end. So a point is inside exactly when
   that line arrives from the inner side. Which side is inner follows from the sum of the turns at the corners
   (Gauss and Bonnet): a positive sum leaves the smaller part on the left.

Distances and azimuths come from PROJ's geodesics (Karney's series, some 15 nm), which `test_judge_fuzz.py` holds
against GeographicLib. Heights are compared as fractions and times as integers, so they are exact.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from keepclear.core.conflict import Interval
from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.separation import Separation
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import AltitudeBand, AltitudeDatum, Volume4D

Floats = npt.NDArray[np.float64]

GEOD = Geod(ellps="WGS84")

#: What the oracle itself may be wrong by: far more than PROJ's error and the rest left by the search for the foot.
DOUBT_M = 2e-6
#: Facts 1 to 3 need edges well inside a quarter of the Earth.
EDGE_MAX_M = 7_500_000.0
#: A mean radius, for first guesses and for the size of an offset only; never for an answer.
EARTH_M = 6_371_000.0
#: EGM96 stays between these everywhere (-107.0 m south of India, +85.4 m at New Guinea), rounded outward.
GEOID_LEAST_M, GEOID_MOST_M = -108.0, 87.0
FOOT_STEPS_MAX = 60
#: Data that are the same surface for both volumes. The ground and a pressure are not: they differ from place to place.
FIXED = {AltitudeDatum.WGS84, AltitudeDatum.AMSL}


class Sure(enum.Enum):
    """What can be said about a pair."""

    CONFLICT = "conflict"
    CLEAR = "clear"
    NEAR = "too near the decision"


@dataclass(frozen=True, slots=True)
class Gap:
    """Distance between two footprints.

    Attributes:
        least_m, most_m: the distance lies between them, metres.
        share: they surely share a point: they overlap, or touch exactly (a corner in common).
        depth_m: how deep a point of one lies inside the other, metres: a bound from below; 0 when they only touch
            or are apart.
    """

    least_m: float
    most_m: float
    share: bool
    depth_m: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What is so about two volumes, and how far from being otherwise.

    `margin_m` is the distance of the ground gap from where the verdict would change, bounded from below;
    infinite when time or height alone make the pair clear.
    """

    sure: Sure
    ground: Gap
    height: Interval
    margin_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A polygon's edges, each array of shape (n,): edge i runs from corner i to corner i + 1."""

    lat: Floats
    lon: Floats
    #: Direction of the edge, degrees, where it leaves corner i and where it reaches corner i + 1.
    leaving: Floats
    arriving: Floats
    length: Floats
    is_left_inside: bool
    #: A point and a distance that no point of the polygon exceeds, metres.
    middle: LatLon
    reach_m: float


def inverse(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> tuple[Floats, Floats, Floats]:
    """(direction at 1 towards 2, direction at 2 towards 1, distance): degrees, degrees, metres; broadcast together."""
    lat1, lon1, lat2, lon2 = (np.ascontiguousarray(a, float) for a in np.broadcast_arrays(lat1, lon1, lat2, lon2))
    shape = lat1.shape
    at1, at2, distance = GEOD.inv(lon1.ravel(), lat1.ravel(), lon2.ravel(), lat2.ravel())
    return np.reshape(at1, shape), np.reshape(at2, shape), np.reshape(distance, shape)


def distance_m(one: LatLon, other: LatLon) -> float:
    """Metres of geodesic between two positions."""
    return float(GEOD.inv(one[1], one[0], other[1], other[0])[2])


def destination(start: LatLon, azimuth_deg: float, range_m: float) -> LatLon:
    """Where a geodesic from `start` arrives."""
    lon, lat, _ = GEOD.fwd(start[1], start[0], azimuth_deg, range_m)
    return (float(lat), float(lon))


def turn_deg(before: Floats, after: Floats) -> Floats:
    """Turn from one direction to another, degrees in [-180, 180), to the left positive."""
    return (before - after + 180.0) % 360.0 - 180.0


@lru_cache(maxsize=512)
def outline_of(polygon: Polygon) -> Outline:
    """The edges of a polygon.

    Raises:
        ValueError: an edge longer than the method allows.
    """
    lat, lon = np.array(polygon.outline, dtype=float).T.copy()
    leaving, back, length = inverse(lat, lon, np.roll(lat, -1), np.roll(lon, -1))
    if length.max() > EDGE_MAX_M:
        raise ValueError(f"an edge of {length.max():.0f} m is too long for the oracle")
    arriving = back + 180.0
    # Fact 4: 360 degrees less the curvature held on the left, which is under 360 when the left is the smaller part.
    turns = turn_deg(np.roll(arriving, 1), leaving).sum()
    unit = np.stack(
        [
            np.cos(np.radians(lat)) * np.cos(np.radians(lon)),
            np.cos(np.radians(lat)) * np.sin(np.radians(lon)),
            np.sin(np.radians(lat)),
        ]
    ).sum(axis=1)
    middle = (
        math.degrees(math.atan2(unit[2], math.hypot(unit[0], unit[1]))),
        math.degrees(math.atan2(unit[1], unit[0])),
    )
    reach = inverse(lat, lon, np.float64(middle[0]), np.float64(middle[1]))[2].max()  # type: ignore[arg-type]
    return Outline(lat, lon, leaving, arriving, length, bool(turns > 0), middle, float(reach))


def feet(lat: Floats, lon: Floats, edges: Outline, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """The foot of each point on an edge: (distance, how far along the edge), metres.

    Args:
        lat, lon: points, shape (k,).
        edges: the outline that `which`, shape (k,), picks an edge of for each point.

    Each step goes as far along the edge as a sphere would ask for. Fact 1 makes the end of the search the least
    distance; the steps shrink by the flattening of the Earth each time.
    """
    count = len(lat)
    along, distance = np.zeros(count), np.zeros(count)
    live = np.arange(count)
    for _ in range(FOOT_STEPS_MAX):
        edge = which[live]
        at_lon, at_lat, back = GEOD.fwd(edges.lon[edge], edges.lat[edge], edges.leaving[edge], along[live])
        # At the very start PROJ's back azimuth of a zero length is the leaving one turned round: it needs no case.
        onward = np.asarray(back) + 180.0
        towards, _, away = inverse(np.asarray(at_lat), np.asarray(at_lon), lat[live], lon[live])
        distance[live] = away
        cosine = np.where(away > 0, np.cos(np.radians(towards - onward)), 0.0)
        angle = away / EARTH_M
        step = EARTH_M * np.arctan2(np.sin(angle) * cosine, np.cos(angle))
        moved = np.clip(along[live] + step, 0.0, edges.length[edge])
        left = np.abs(moved - along[live])
        along[live] = moved
        # What is still to gain is at most the slope times the way to go, and that is less than twice this step.
        live = live[(2 * left * np.abs(cosine) > DOUBT_M / 100) & (left > 1e-9)]
        if not len(live):
            return distance, along
    raise ArithmeticError(f"the foot on an edge was not found in {FOOT_STEPS_MAX} steps")


def signed_distance_m(point: LatLon, polygon: Polygon) -> float:
    """Metres from a point to the outline, negative inside (fact 4)."""
    edges = outline_of(polygon)
    lat, lon = np.float64(point[0]), np.float64(point[1])
    _, _, to_corner = inverse(edges.lat, edges.lon, lat, lon)  # type: ignore[arg-type]
    least = (to_corner + np.roll(to_corner, -1) - edges.length) / 2
    which = np.flatnonzero(least <= to_corner.min() + DOUBT_M)
    distance, along = feet(np.full(len(which), lat), np.full(len(which), lon), edges, which)
    best = int(np.argmin(distance))
    if distance[best] == 0.0:
        return 0.0
    is_left = _arrives_from_left(point, edges, int(which[best]), float(along[best]))
    return float(-distance[best] if is_left == edges.is_left_inside else distance[best])


def off_m(point: LatLon, footprint: Footprint) -> float:
    """Metres from a point to a footprint; 0 inside."""
    if isinstance(footprint, Circle):
        return max(0.0, distance_m(point, (footprint.lat_deg, footprint.lon_deg)) - footprint.radius_m)
    return max(0.0, signed_distance_m(point, footprint))


def _arrives_from_left(point: LatLon, edges: Outline, edge: int, along_m: float) -> bool:
    """Whether the shortest line to the outline comes to its foot from the left of the outline."""
    corner = edge if along_m <= 0.0 else (edge + 1) % len(edges.lat) if along_m >= edges.length[edge] else None
    if corner is None:
        lon, lat, back = GEOD.fwd(edges.lon[edge], edges.lat[edge], edges.leaving[edge], along_m)
        towards = GEOD.inv(lon, lat, point[1], point[0])[0]
        return float(turn_deg(np.float64(back + 180.0), np.float64(towards))) > 0  # type: ignore[arg-type]
    towards = GEOD.inv(edges.lon[corner], edges.lat[corner], point[1], point[0])[0]
    # To the left of a corner lies all that is met turning left from the way on to the way back.
    way_back = (edges.arriving[corner - 1] + 180.0) % 360.0
    opening = (edges.leaving[corner] - way_back) % 360.0
    return bool((edges.leaving[corner] - towards) % 360.0 < opening)


def gap_between(one: Footprint, other: Footprint, *, enough_m: float = math.inf) -> Gap:
    """How far two footprints lie apart, and whether they share a point.

    Args:
        enough_m: a gap surely above this need not be measured more exactly.
    """
    (middle, reach), (middle_other, reach_other) = _ball(one), _ball(other)
    between = distance_m(middle, middle_other)
    apart = between - reach - reach_other
    if apart > enough_m + 1.0 and apart > 1.0:
        return Gap(apart - DOUBT_M, between + reach + reach_other, False, 0.0)
    if isinstance(one, Polygon) and isinstance(other, Polygon):
        return _gap_of_polygons(one, other)
    if isinstance(one, Polygon):
        return _gap_from_signed(signed_distance_m(middle_other, one) - reach_other)
    if isinstance(other, Polygon):
        return _gap_from_signed(signed_distance_m(middle, other) - reach)
    return _gap_from_signed(apart)


def _ball(footprint: Footprint) -> tuple[LatLon, float]:
    if isinstance(footprint, Circle):
        return (footprint.lat_deg, footprint.lon_deg), footprint.radius_m
    edges = outline_of(footprint)
    return edges.middle, edges.reach_m


def _gap_from_signed(signed_m: float) -> Gap:
    doubt_m = DOUBT_M
    return Gap(
        max(0.0, signed_m - doubt_m),
        max(0.0, signed_m + doubt_m),
        share=signed_m < -doubt_m,
        depth_m=max(0.0, -signed_m - doubt_m),
    )


def _gap_of_polygons(one: Polygon, other: Polygon) -> Gap:
    a, b = outline_of(one), outline_of(other)
    at_a, at_b, apart = inverse(a.lat[:, None], a.lon[:, None], b.lat[None, :], b.lon[None, :])
    crossing = _crossing(a, b, at_a, at_b, apart)
    if crossing is True:
        return Gap(0.0, 0.0, True, _depth_m(one, other))
    if exactly_touch(one, other):
        return Gap(0.0, 0.0, True, _depth_m(one, other))
    inside = min(signed_distance_m(one.outline[0], other), signed_distance_m(other.outline[0], one))
    if inside < -DOUBT_M:
        return Gap(0.0, 0.0, True, _depth_m(one, other))
    least = min(_least_to_edges(a, b, apart), _least_to_edges(b, a, apart.T))
    if crossing is None or inside <= DOUBT_M:
        return Gap(0.0, least + DOUBT_M, False, 0.0)
    return Gap(max(0.0, least - DOUBT_M), least + DOUBT_M, False, 0.0)


def _least_to_edges(points: Outline, edges: Outline, apart: Floats) -> float:
    """Least distance from the corners of one outline to the edges of another, metres (fact 2).

    Args:
        apart: distance from corner i to corner j, metres, shape (corners, edges).
    """
    most = apart.min()
    # A point that far from both ends of an edge is at least this far from all of it.
    least = (apart + np.roll(apart, -1, axis=1) - edges.length[None, :]) / 2
    corner, edge = np.nonzero(least <= most)
    distance, _ = feet(points.lat[corner], points.lon[corner], edges, edge.astype(np.int64))
    return float(min(most, distance.min(initial=math.inf)))


def _sides(edges: Outline, towards: Floats, apart: Floats) -> Floats:
    """Side of each point of each edge's line: 1 left, -1 right, 0 not certain; shape as `towards` (edges first)."""
    turn = np.radians(turn_deg(edges.leaving[:, None], towards))
    # sin of the distance and of the angle: how far off the line, near enough to tell whether that is certain.
    off_m = EARTH_M * np.sin(np.minimum(apart / EARTH_M, math.pi / 2)) * np.sin(turn)
    # A position is a double of degrees, so a short edge's own direction is known to some nanometres over its length.
    doubt_m = DOUBT_M / 2 + apart * (2e-8 / edges.length[:, None])
    return np.where(np.abs(off_m) > doubt_m, np.sign(off_m), 0.0)


def _crossing(a: Outline, b: Outline, at_a: Floats, at_b: Floats, apart: Floats) -> bool | None:
    """Whether any edge of one crosses an edge of the other (fact 3); None when that is not certain."""
    of_b = _sides(a, at_a, apart)  # [i, j]: side of corner j of b, seen along edge i of a
    of_a = _sides(b, at_b.T, apart.T).T  # [i, j]: side of corner i of a, seen along edge j of b
    b_splits = of_b * np.roll(of_b, -1, axis=1)
    a_splits = of_a * np.roll(of_a, -1, axis=0)
    reaches = apart <= a.length[:, None] + b.length[None, :] + 1.0
    if np.any((b_splits < 0) & (a_splits < 0) & reaches):
        return True
    open_pairs = np.argwhere(~((b_splits > 0) | (a_splits > 0)) & reaches)
    verdicts = [_crosses_closely(a, int(i), b, int(j)) for i, j in open_pairs]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _crosses_closely(a: Outline, i: int, b: Outline, j: int) -> bool | None:
    """Whether edge i crosses edge j where the azimuths at their ends leave it open; None when still not certain."""
    if _lies_past_an_end(a, i, b, j) or _lies_past_an_end(b, j, a, i):
        return False
    if a.length[i] < b.length[j]:
        a, i, b, j = b, j, a, i
    # The shorter edge's two ends, seen from their feet on the longer one.
    ends = np.array([j, (j + 1) % len(b.lat)])
    off, along = feet(b.lat[ends], b.lon[ends], a, np.array([i, i], dtype=np.int64))
    if off.min() > b.length[j] + DOUBT_M:
        return False
    reach = 2 * b.length[j] + DOUBT_M
    if off.min() <= DOUBT_M or not np.all((along > reach) & (along < a.length[i] - reach)):
        return None
    left = [_arrives_from_left((b.lat[k], b.lon[k]), a, i, float(s)) for k, s in zip(ends, along, strict=True)]
    return left[0] != left[1]


def _lies_past_an_end(a: Outline, i: int, b: Outline, j: int) -> bool:
    """Whether edge j lies wholly behind the line square to edge i at one of its ends, so that they cannot meet."""
    ends = np.array([j, (j + 1) % len(b.lat)])
    for corner, inward in ((i, a.leaving[i]), ((i + 1) % len(a.lat), a.arriving[i] + 180.0)):
        towards, _, apart = inverse(a.lat[corner : corner + 1], a.lon[corner : corner + 1], b.lat[ends], b.lon[ends])
        behind = -apart * np.cos(np.radians(towards - inward))
        if np.all(behind > DOUBT_M + apart * (2e-8 / a.length[i])):
            return True
    return False


def _depth_m(one: Polygon, other: Polygon) -> float:
    """How deep some corner or middle of an edge of one lies inside the other, metres: a bound from below."""
    deepest = 0.0
    for polygon, container in ((one, other), (other, one)):
        edges, around = outline_of(polygon), outline_of(container)
        lon, lat, _ = GEOD.fwd(edges.lon, edges.lat, edges.leaving, edges.length / 2)
        points = [*polygon.outline, *zip(np.asarray(lat).tolist(), np.asarray(lon).tolist(), strict=True)]
        for point in points[:: max(1, len(points) // 40)]:
            if distance_m(point, around.middle) <= around.reach_m:
                deepest = max(deepest, -signed_distance_m(point, container) - DOUBT_M)
    return deepest


def exactly_touch(one: Polygon, other: Polygon) -> bool:
    """Whether a corner of one surely lies on the outline of the other: at a corner, or on a meridian or the equator."""
    return _corner_on_outline(one, other) or _corner_on_outline(other, one)


def _corner_on_outline(corners: Polygon, polygon: Polygon) -> bool:
    places = {_place(corner) for corner in corners.outline}
    ends = [_place(corner) for corner in polygon.outline]
    if places & set(ends):
        return True
    for (lat1, lon1), (lat2, lon2) in zip(ends, ends[1:] + ends[:1], strict=True):
        if lon1 == lon2 and any(lon == lon1 and min(lat1, lat2) < lat < max(lat1, lat2) for lat, lon in places):
            return True
        along_equator = lat1 == lat2 == 0.0 and abs(lon1 - lon2) < 90
        if along_equator and any(lat == 0.0 and min(lon1, lon2) < lon < max(lon1, lon2) for lat, lon in places):
            return True
    return False


def _place(corner: LatLon) -> LatLon:
    lat, lon = corner
    return (lat, 0.0) if abs(lat) == 90.0 else (lat, -180.0 if lon == 180.0 else lon)


def is_simple(polygon: Polygon) -> bool:
    """Whether no two edges of a polygon surely cross or come nearer than a few micrometres, neighbours apart."""
    edges = outline_of(polygon)
    count = len(edges.lat)
    if edges.length.min() < 1e-4 or len({_place(corner) for corner in polygon.outline}) != count:
        return False
    at, _, apart = inverse(edges.lat[:, None], edges.lon[:, None], edges.lat[None, :], edges.lon[None, :])
    np.fill_diagonal(apart, 0.0)
    of = _sides(edges, at, apart)
    splits = of * np.roll(of, -1, axis=1)
    step = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    strangers = (step > 1) & (step < count - 1)
    if np.any((splits < 0) & (splits.T < 0) & strangers):
        return False
    # A corner that lies on an edge it does not belong to.
    corner, edge = np.nonzero((step != 0) & (np.roll(step, -1, axis=1) != 0))
    off = (apart[corner, edge] + apart[corner, (edge + 1) % count] - edges.length[edge]) / 2
    corner, edge = corner[off < 1.0], edge[off < 1.0]
    distance, _ = feet(edges.lat[corner], edges.lon[corner], edges, edge.astype(np.int64))
    return bool(distance.min(initial=math.inf) > 1e-4)


def height_gap(
    one: AltitudeBand, other: AltitudeBand, geoid_m: tuple[float, float] = (GEOID_LEAST_M, GEOID_MOST_M)
) -> Interval:
    """Gap of two bands, metres: exact for one datum, bounds for AMSL against WGS84, all that is possible otherwise.

    Args:
        geoid_m: least and most height of mean sea level above the ellipsoid where the bands are.
    """
    below, above = {one.lower.datum, one.upper.datum}, {other.lower.datum, other.upper.datum}
    if below == above and len(below) == 1 and below <= FIXED:
        return Interval(*(float(_band_gap(one, other, Fraction(0))),) * 2)
    if len(below) == len(above) == 1 and below | above == {AltitudeDatum.WGS84, AltitudeDatum.AMSL}:
        amsl, wgs84 = (one, other) if one.lower.datum == AltitudeDatum.AMSL else (other, one)
        ends = [_band_gap(amsl, wgs84, Fraction(shift)) for shift in geoid_m]
        crosses = _band_sign(amsl, wgs84, geoid_m[0]) != _band_sign(amsl, wgs84, geoid_m[1])
        return Interval(0.0 if crosses else float(min(ends)), float(max(ends)))
    return Interval(0.0, math.inf)


def _band_gap(one: AltitudeBand, other: AltitudeBand, raised: Fraction) -> Fraction:
    low, high = Fraction(one.lower.value_m) + raised, Fraction(one.upper.value_m) + raised
    return max(Fraction(0), low - Fraction(other.upper.value_m), Fraction(other.lower.value_m) - high)


def _band_sign(one: AltitudeBand, other: AltitudeBand, raised: float) -> int:
    """1 when the first, raised, lies above the other, -1 when below, 0 when they meet."""
    if one.lower.value_m + raised > other.upper.value_m:
        return 1
    return -1 if one.upper.value_m + raised < other.lower.value_m else 0


def height_is_near(one: AltitudeBand, other: AltitudeBand, gap: Interval, *, minimum_m: float) -> Sure:
    """The rule for heights, by fractions where the data are the same: no rounding can tip it."""
    data = {one.lower.datum, one.upper.datum, other.lower.datum, other.upper.datum}
    if len(data) == 1 and data <= FIXED:
        exact = _band_gap(one, other, Fraction(0))
        if exact != Fraction(minimum_m) and abs(exact - Fraction(minimum_m)) < Fraction(1, 10**6) and exact > 0:
            # Less than a micrometre from the limit: floats may differ there.
            return Sure.NEAR
        return Sure.CONFLICT if exact == 0 or exact < Fraction(minimum_m) else Sure.CLEAR
    if gap.most == 0 or gap.most < minimum_m:
        return Sure.CONFLICT
    return Sure.CLEAR if gap.least > 0 and gap.least >= minimum_m else Sure.NEAR


def _meet_anywhere(one: AltitudeBand, other: AltitudeBand) -> bool:
    """Whether two bands meet over any one point, whatever surface their common datum is there."""
    data = {one.lower.datum, one.upper.datum, other.lower.datum, other.upper.datum}
    return len(data) == 1 and _band_gap(one, other, Fraction(0)) == 0


def time_is_near(one: TimeSpan, other: TimeSpan, *, minimum_s: float) -> bool:
    """The rule for times: half-open spans that share an instant, or are less than the minimum apart."""
    if max(one.start_us, other.start_us) < min(one.end_us, other.end_us):
        return True
    between_us = max(one.start_us, other.start_us) - min(one.end_us, other.end_us)
    return Fraction(between_us, SECOND_US) < Fraction(minimum_s)


def truth(
    one: Volume4D,
    other: Volume4D,
    separation: Separation,
    geoid_m: tuple[float, float] = (GEOID_LEAST_M, GEOID_MOST_M),
) -> Truth:
    """What is so about two volumes under a separation."""
    minimum_m = separation.horizontal_m
    gap = gap_between(one.footprint, other.footprint, enough_m=minimum_m)
    height = height_gap(one.band, other.band, geoid_m)
    by_height = height_is_near(one.band, other.band, height, minimum_m=separation.vertical_m)
    if by_height is Sure.CLEAR or not time_is_near(one.span, other.span, minimum_s=separation.time_s):
        return Truth(Sure.CLEAR, gap, height, math.inf)
    if gap.least_m > 0 and gap.least_m >= minimum_m:
        return Truth(Sure.CLEAR, gap, height, gap.least_m - minimum_m)
    if by_height is Sure.NEAR and not (gap.share and _meet_anywhere(one.band, other.band)):
        return Truth(Sure.NEAR, gap, height, 0.0)
    if gap.share or gap.most_m < minimum_m:
        return Truth(Sure.CONFLICT, gap, height, minimum_m - gap.most_m + gap.depth_m)
    return Truth(Sure.NEAR, gap, height, 0.0)
