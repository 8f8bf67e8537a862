"""Pairs of volumes made to catch an engine out: near the decision, at the seams of the globe, long, thin and hollow.

Every pair is a pure function of (seed, number), so one number on a failing line is enough to make it again.
Shapes are laid out by geodesics from a middle; what the truth is about them, the oracle says and not the maker.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import oracle

from keepclear.core.footprint import Circle, Footprint, LatLon, Polygon
from keepclear.core.separation import Separation
from keepclear.core.timespan import HOUR_US, SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D

DRAWS_MAX = 200
FIVE_NAUTICAL_MILES_M = 9_260.0
NOON_US = 1_800_014_400 * SECOND_US
#: How far from touching or from the agreed distance a pair is laid, metres.
OFFSETS_M = (0.0, 1e-5, -1e-5, 2e-4, -2e-4, 1e-3, -1e-3, 3e-3, -3e-3, 1e-2, -1e-2, 1e-2, -1e-2, 0.1, -0.1, 1.0, -1.0)
#: Where EGM96 is published with its own program's answer: latitude, longitude, height of the geoid, metres.
GEOID_POINTS = (
    (38.6281550, -90.2208450, -31.628),
    (-14.6212170, -54.9788860, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, -0.0005000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
)

Rng = random.Random
Maker = Callable[[Rng, LatLon, float], Footprint]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two volumes, what must lie between them, and how to make them again."""

    seed: int
    number: int
    kind: str
    one: Volume4D
    other: Volume4D
    separation: Separation
    #: The geoid's height where the volumes are, metres, least and most, as far as it is known here.
    geoid_m: tuple[float, float] = (oracle.GEOID_LEAST_M, oracle.GEOID_MOST_M)


# -- shapes: each from a middle and a size in metres ------------------------------------------------------------------


def polar(middle: LatLon, corners: list[tuple[float, float]]) -> Polygon:
    """A polygon of corners given as (azimuth in degrees, metres) from a middle."""
    return Polygon(tuple(oracle.destination(middle, azimuth, range_m) for azimuth, range_m in corners))


def planned(middle: LatLon, turn_deg: float, corners: list[tuple[float, float]]) -> Polygon:
    """A polygon of corners given as metres (right, ahead) of a middle, ahead being `turn_deg`."""
    return polar(middle, [(turn_deg + math.degrees(math.atan2(x, y)), math.hypot(x, y)) for x, y in corners])


def circle(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    return Circle(middle[0], middle[1], size_m * rng.uniform(0.3, 1.0))


def convex(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    count, start = rng.randint(3, 12), rng.uniform(0, 360)
    sign = rng.choice((1, -1))
    return polar(middle, [(start + sign * 360 * (i + rng.uniform(0, 0.4)) / count, size_m) for i in range(count)])


def star(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    count, start, inner = rng.randint(3, 10), rng.uniform(0, 360), rng.uniform(0.05, 0.7)
    reaches = [size_m * (1.0 if i % 2 == 0 else inner) for i in range(2 * count)]
    return polar(middle, [(start + 180 * i / count, reach) for i, reach in enumerate(reaches)])


def ragged(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    count, start = rng.randint(5, 24), rng.uniform(0, 360)
    return polar(middle, [(start - 360 * i / count, size_m * rng.uniform(0.1, 1.0)) for i in range(count)])


def comb(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    teeth, wide = rng.randint(2, 7), size_m * 1.4
    pitch, deep = wide / teeth, size_m * rng.uniform(0.3, 0.9)
    corners = [(-wide / 2, -size_m / 2), (wide / 2, -size_m / 2)]
    for i in reversed(range(teeth)):
        left = -wide / 2 + i * pitch
        corners += [(left + pitch, deep - size_m / 2), (left + pitch * 0.55, deep - size_m / 2)]
        corners += [(left + pitch * 0.55, -size_m * 0.45), (left + pitch * 0.01, -size_m * 0.45)]
    return planned(middle, rng.uniform(0, 360), corners)


def notch(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    s, wide = size_m / 1.5, rng.uniform(0.1, 0.8)
    tip = rng.choice((0.0, -0.5))
    corners = [(-s, -s), (s, -s), (s, s), (s * wide, s), (0.0, s * tip), (-s * wide, s), (-s, s)]
    return planned(middle, rng.uniform(0, 360), corners)


def sliver(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    long, half = max(10.0, size_m), rng.choice((0.005, 0.05, 1.0))
    if rng.random() < 0.3:
        return planned(middle, rng.uniform(0, 360), [(-half, -long), (half, -long), (0.0, long)])
    return planned(middle, rng.uniform(0, 360), [(-half, -long), (half, -long), (half, long), (-half, long)])


def ring(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    count, start, inner = rng.randint(8, 30), rng.uniform(0, 360), rng.uniform(0.5, 0.95)
    open_deg = rng.choice((0.01, 1.0, 20.0))
    azimuths = [start + open_deg / 2 + (360 - open_deg) * i / count for i in range(count + 1)]
    return polar(middle, [(a, size_m) for a in azimuths] + [(a, size_m * inner) for a in reversed(azimuths)])


def detailed(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    count, start = rng.randint(40, 150), rng.uniform(0, 360)
    return polar(middle, [(start + 360 * i / count, size_m * rng.uniform(0.8, 1.0)) for i in range(count)])


def spike(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    half_deg = 10 ** rng.uniform(-5, 0)
    if size_m * math.radians(half_deg) < 0.002:
        half_deg = math.degrees(0.002 / size_m)
    turn = rng.uniform(0, 360)
    return polar(middle, [(turn + 180, size_m), (turn - half_deg, size_m), (turn + half_deg, size_m)])


def halved(rng: Rng, middle: LatLon, size_m: float) -> Footprint:
    """A shape whose edges each have a corner in their middle, where the outline goes straight on."""
    shape = rng.choice((convex, star, notch))(rng, middle, size_m)
    if isinstance(shape, Circle):
        raise TypeError("only a polygon was asked for")
    edges = oracle.outline_of(shape)
    lon, lat, _ = oracle.GEOD.fwd(edges.lon, edges.lat, edges.leaving, edges.length / 2)
    between = [(float(a), float(b)) for a, b in zip(lat, lon, strict=True)]
    return Polygon(tuple(corner for both in zip(shape.outline, between, strict=True) for corner in both))


SHAPES: tuple[Maker, ...] = (circle, convex, star, ragged, comb, notch, sliver, ring, detailed, spike, halved)
ROUND: tuple[Maker, ...] = (circle, convex, star, ragged)


# -- places and sizes -------------------------------------------------------------------------------------------------


def a_place(rng: Rng) -> LatLon:
    """Anywhere, with the seams of the globe far more often than chance would have them."""
    match rng.randrange(8):
        case 0:
            return (rng.uniform(-0.05, 0.05), rng.uniform(-180, 180))
        case 1:
            return (rng.uniform(-70, 70), rng.choice((-1, 1)) * (180 - rng.choice((0.0, 1e-7, 1e-3, 0.05))))
        case 2:
            return (rng.choice((-1, 1)) * rng.uniform(75, 89.99), rng.uniform(-180, 180))
        case 3:
            return (rng.choice((-1, 1)) * rng.choice((90.0, 89.9999, 89.99, 89.9)), rng.uniform(-180, 180))
        case 4:
            return (rng.uniform(-70, 70), rng.uniform(-0.05, 0.05))
        case _:
            return (rng.uniform(-75, 75), rng.uniform(-180, 180))


def a_size(rng: Rng, *, most_m: float = 200_000.0, least_m: float = 1.0) -> float:
    """Metres, each order of magnitude alike."""
    return math.exp(rng.uniform(math.log(least_m), math.log(most_m)))


def a_shape(rng: Rng, middle: LatLon, size_m: float, makers: tuple[Maker, ...] = SHAPES) -> Footprint:
    """A valid footprint. Makers may draw one that meets itself, so they are asked again."""
    for _ in range(DRAWS_MAX):
        footprint = rng.choice(makers)(rng, middle, size_m)
        if isinstance(footprint, Circle) or oracle.is_simple(footprint):
            return footprint
    raise RuntimeError(f"no valid shape of {size_m} m at {middle} in {DRAWS_MAX} draws")


def a_corner(rng: Rng, footprint: Footprint) -> LatLon:
    """A point of the boundary: a corner, or where a radius ends."""
    if isinstance(footprint, Circle):
        return oracle.destination((footprint.lat_deg, footprint.lon_deg), rng.uniform(0, 360), footprint.radius_m)
    return rng.choice(footprint.outline)


def an_edge_point(rng: Rng, polygon: Polygon) -> tuple[LatLon, float, int]:
    """A point within an edge, the direction out of the polygon there in degrees, and the edge."""
    edges = oracle.outline_of(polygon)
    i = rng.randrange(len(edges.lat))
    part = rng.choice((0.5, 0.5, rng.uniform(0.05, 0.95)))
    lon, lat, back = oracle.GEOD.fwd(edges.lon[i], edges.lat[i], edges.leaving[i], edges.length[i] * part)
    out_deg = float(back) + 180.0 + (90.0 if edges.is_left_inside else -90.0)
    return (float(lat), float(lon)), out_deg, i


def wedge(rng: Rng, tip: LatLon, azimuth_deg: float, size_m: float) -> Polygon:
    """A triangle whose tip is at a point and whose body lies in a direction."""
    half = rng.uniform(1, 60)
    far = [oracle.destination(tip, azimuth_deg + turn, size_m) for turn in (-half, half)]
    return Polygon((tip, *far))


# -- pairs of footprints ----------------------------------------------------------------------------------------------

Footprints = tuple[Footprint, Footprint, float]  # one, other, the horizontal separation in metres


def _separation_m(rng: Rng) -> float:
    return rng.choice((0.0, 0.0, 0.0, 0.01, 1.0, rng.uniform(1, 500), FIVE_NAUTICAL_MILES_M))


def at_the_limit(rng: Rng) -> Footprints:
    """Any two shapes apart, the separation set to what the gap is, give or take an offset."""
    for _ in range(DRAWS_MAX):
        middle, size = a_place(rng), a_size(rng)
        one = a_shape(rng, middle, size)
        away = rng.uniform(0.5, 3) * size
        other_size = size * rng.choice((1.0, rng.uniform(0.05, 2)))
        other = a_shape(rng, oracle.destination(middle, rng.uniform(0, 360), away), other_size)
        gap = oracle.gap_between(one, other)
        if not gap.share and gap.least_m > 0.02:
            middle_gap = (gap.least_m + gap.most_m) / 2
            return one, other, max(0.0, middle_gap + rng.choice(OFFSETS_M))
    raise RuntimeError("no two shapes apart were drawn")


def poke(rng: Rng) -> Footprints:
    """A tip that stops short of an edge, or goes through it, by an offset beyond the separation."""
    middle, size = a_place(rng), a_size(rng)
    polygon = _a_polygon(rng, middle, size)
    point, out_deg, _ = an_edge_point(rng, polygon)
    apart = _separation_m(rng)
    tip = oracle.destination(point, out_deg, apart + rng.choice(OFFSETS_M))
    other = wedge(rng, tip, out_deg + rng.uniform(-20, 20), a_size(rng, most_m=max(10.0, size)))
    return polygon, other, apart


def corner_to_corner(rng: Rng) -> Footprints:
    """Two tips that face each other, or are the same point."""
    tip, away = a_place(rng), rng.uniform(0, 360)
    size, apart = a_size(rng), _separation_m(rng)
    other_tip = oracle.destination(tip, away, abs(apart + rng.choice(OFFSETS_M)))
    if apart == 0 and rng.random() < 0.5:
        other_tip = tip
    return wedge(rng, tip, away + 180, size), wedge(rng, other_tip, away, a_size(rng)), apart


def round_to_round(rng: Rng) -> Footprints:
    """Two circles, tangent from outside or inside by an offset."""
    middle, size, apart = a_place(rng), a_size(rng, most_m=3e6), _separation_m(rng)
    other_size = a_size(rng, most_m=1e6)
    reach = size + other_size + apart + rng.choice(OFFSETS_M)
    if rng.random() < 0.2:
        reach = abs(size - other_size)
    centre = oracle.destination(middle, rng.uniform(0, 360), max(0.0, reach))
    return Circle(*middle, size), Circle(*centre, other_size), apart


def round_to_edge(rng: Rng) -> Footprints:
    """A circle tangent to an edge, from outside or inside, by an offset."""
    middle, size, apart = a_place(rng), a_size(rng), _separation_m(rng)
    polygon = _a_polygon(rng, middle, size)
    point, out_deg, _ = an_edge_point(rng, polygon)
    radius = a_size(rng, most_m=2 * size, least_m=0.5)
    reach = radius + apart + rng.choice(OFFSETS_M)
    centre = oracle.destination(point, out_deg, reach if rng.random() < 0.8 else -reach)
    return polygon, Circle(*centre, radius), apart


def round_to_corner(rng: Rng) -> Footprints:
    """A circle that just reaches a corner, or just does not."""
    middle, size, apart = a_place(rng), a_size(rng), _separation_m(rng)
    polygon = _a_polygon(rng, middle, size)
    corner = rng.choice(polygon.outline)
    radius = a_size(rng, most_m=3 * size, least_m=0.5)
    outward = float(oracle.GEOD.inv(middle[1], middle[0], corner[1], corner[0])[1]) + 180
    centre = oracle.destination(corner, outward + rng.uniform(-30, 30), radius + apart + rng.choice(OFFSETS_M))
    return polygon, Circle(*centre, radius), apart


def shared_edge(rng: Rng) -> Footprints:
    """Two polygons with an edge in common, on the two sides of it or on one."""
    polygon = _a_polygon(rng, a_place(rng), a_size(rng))
    edges = oracle.outline_of(polygon)
    point, out_deg, i = an_edge_point(rng, polygon)
    side = rng.choice((1, 1, -1))
    far = oracle.destination(point, out_deg, side * float(edges.length[i]) * rng.uniform(0.1, 1.0))
    ends = (polygon.outline[i], polygon.outline[(i + 1) % len(polygon.outline)])
    return polygon, Polygon((*ends, far)), rng.choice((0.0, 0.0, 1.0))


def shared_corner(rng: Rng) -> Footprints:
    """Two polygons with one corner in common."""
    middle = a_place(rng)
    polygon = _a_polygon(rng, middle, a_size(rng))
    corner = rng.choice(polygon.outline)
    outward = float(oracle.GEOD.inv(middle[1], middle[0], corner[1], corner[0])[1]) + 180
    return polygon, wedge(rng, corner, outward + rng.uniform(-40, 40), a_size(rng)), rng.choice((0.0, 0.01))


def same(rng: Rng) -> Footprints:
    """A footprint and itself, told from another corner or the other way round, or moved by a hair."""
    middle, size = a_place(rng), a_size(rng)
    one = a_shape(rng, middle, size)
    if isinstance(one, Circle):
        return one, replace(one), 0.0
    start = rng.randrange(len(one.outline))
    corners = one.outline[start:] + one.outline[:start]
    if rng.random() < 0.3:
        corners = tuple(oracle.destination(corner, 77.0, 0.01) for corner in corners)
    return one, Polygon(corners[:: rng.choice((1, -1))]), 0.0


def side_by_side(rng: Rng) -> Footprints:
    """Two oblongs with long edges that run beside each other at an offset, square ends aligned or not."""
    middle, turn = a_place(rng), rng.uniform(0, 360)
    long, wide, apart = a_size(rng, most_m=50_000), a_size(rng, most_m=5_000), _separation_m(rng)
    gap = apart + rng.choice(OFFSETS_M)
    slide = rng.choice((0.0, rng.uniform(-long, long)))
    one = [(0.0, -long), (0.0, long), (-wide, long), (-wide, -long)]
    other = [(gap, slide - long), (gap, slide + long), (gap + wide, slide + long), (gap + wide, slide - long)]
    return planned(middle, turn, one), planned(middle, turn, other), apart


def slivers(rng: Rng) -> Footprints:
    """Strips 1 cm wide and up to 100 km long that cross, touch or pass."""
    middle, turn = a_place(rng), rng.uniform(0, 360)
    long = rng.choice((100.0, 5_000.0, 50_000.0))
    half = 0.005
    strip = [(-half, -long), (half, -long), (half, long), (-half, long)]
    other_turn = turn + rng.choice((90.0, 10.0, 0.1, rng.uniform(0, 180)))
    slide = rng.choice((0.0, 0.02, 0.5, 1.01)) * long
    ahead = oracle.destination(middle, turn + rng.choice((0, 90)), slide + rng.choice(OFFSETS_M))
    return planned(middle, turn, strip), planned(ahead, other_turn, strip), rng.choice((0.0, 0.0, 0.01, 1.0))


def within(rng: Rng) -> Footprints:
    """One inside the outline of the other: in its body, its notch or its hole, or across the boundary."""
    middle, size = a_place(rng), a_size(rng, least_m=20.0)
    outer = a_shape(rng, middle, size)
    inner_middle = oracle.destination(middle, rng.uniform(0, 360), size * rng.choice((0.0, rng.random())))
    inner = a_shape(rng, inner_middle, size * rng.choice((0.01, 0.1, 0.3)))
    return outer, inner, rng.choice((0.0, 0.0, 0.01, size * 0.1))


def combs(rng: Rng) -> Footprints:
    """Two combs, the teeth of one between the teeth of the other or through them."""
    middle, turn, size = a_place(rng), rng.uniform(0, 360), a_size(rng, most_m=30_000, least_m=10.0)
    teeth = rng.randint(2, 8)
    pitch = size / teeth
    thick = pitch * rng.choice((0.2, 0.45, 0.5, 0.55))
    slide = pitch / 2 + rng.choice((0.0, 0.01, -0.01, pitch * 0.05))

    def one_comb(offset: float, foot: float, tip: float) -> list[tuple[float, float]]:
        back = foot + (foot - tip) * 0.1
        corners = [(offset - pitch, back), (offset - pitch, foot)]
        for i in range(teeth):
            left = offset + i * pitch
            corners += [(left, foot), (left, tip), (left + thick, tip), (left + thick, foot)]
        return [*corners, (offset + size + pitch, foot), (offset + size + pitch, back)]

    one = planned(middle, turn, one_comb(-size / 2, -size / 2, size * 0.3))
    other = planned(middle, turn, one_comb(-size / 2 + slide, size / 2, rng.choice((-size * 0.3, size * 0.3 + 0.01))))
    return one, other, rng.choice((0.0, 0.0, 0.01, pitch * 0.02))


def about_a_pole(rng: Rng) -> Footprints:
    """A polygon with a pole inside, at a corner or on an edge, and something near the pole."""
    sign = rng.choice((1, -1))
    count, start = rng.randint(3, 9), rng.uniform(-180, 180)
    lat = rng.choice((60.0, 80.0, 85.0, 89.0, 89.99))
    lons = [(start + 360 * i / count + 540) % 360 - 180 for i in range(count)]
    match rng.randrange(3):
        case 0:
            one = Polygon(tuple((sign * lat, lon) for lon in lons))
        case 1:
            one = Polygon(((sign * 90.0, start), (sign * lat, lons[0]), (sign * lat, lons[1])))
            if rng.random() < 0.3:
                # A pole is one point whatever longitude is given for it.
                away = [(lon + 180 + 180) % 360 - 180 for lon in lons[:2]]
                other = Polygon(((sign * 90.0, (start + 200) % 180), *((sign * lat, lon) for lon in away)))
                return one, other, 0.0
        case _:
            across = (lons[0] + 360) % 360 - 180
            one = Polygon(
                ((sign * lat, lons[0]), (sign * lat, across), (sign * (lat - 3), (lons[0] + 450) % 360 - 180))
            )
    reach = oracle.distance_m((lat, 0.0), (90.0, 0.0))
    middle = oracle.destination((sign * 90.0, 0.0), rng.uniform(0, 360), reach * rng.choice((0.0, 0.5, 1.0, 1.3)))
    size = reach * rng.choice((0.001, 0.1, 0.4))
    if rng.random() < 0.4:
        point, out_deg, _ = an_edge_point(rng, one)
        return one, wedge(rng, oracle.destination(point, out_deg, rng.choice(OFFSETS_M)), out_deg, size), 0.0
    return one, a_shape(rng, middle, size, ROUND), rng.choice((0.0, 0.0, FIVE_NAUTICAL_MILES_M))


def long_edges(rng: Rng) -> Footprints:
    """Edges of 300 to 3,000 km, and a tip or circle between the geodesic and the line straight on a chart."""
    start = (rng.uniform(-78, 78), rng.uniform(-180, 180))
    long, turn = rng.uniform(300_000, 3_000_000), rng.choice((90.0, 270.0, rng.uniform(0, 360)))
    end = oracle.destination(start, turn, long)
    third = oracle.destination(start, turn + rng.choice((-1, 1)) * rng.uniform(30, 80), long * rng.uniform(0.3, 0.9))
    one = Polygon((start, end, third))
    point, out_deg, i = an_edge_point(rng, one)
    bulge = float(oracle.outline_of(one).length[i]) ** 2 / (8 * oracle.EARTH_M) * abs(math.tan(math.radians(point[0])))
    apart = _separation_m(rng)
    offset = rng.choice((rng.choice(OFFSETS_M), bulge * rng.uniform(0.1, 0.9), -bulge * rng.uniform(0.1, 0.9)))
    away = apart + offset
    size = max(1.0, min(abs(offset) * 0.5, 100_000.0))
    if rng.random() < 0.5:
        return one, wedge(rng, oracle.destination(point, out_deg, away), out_deg, size), apart
    return one, Circle(*oracle.destination(point, out_deg, away + size), size), apart


def huge_and_tiny(rng: Rng) -> Footprints:
    """A footprint of a thousand kilometres and one of centimetres, at the boundary of the huge one."""
    middle, size = a_place(rng), rng.uniform(500_000, 3_500_000)
    one = a_shape(rng, middle, size, (circle, convex, star))
    tiny = rng.choice((0.05, 0.5, 20.0))
    if isinstance(one, Circle):
        at = oracle.destination(middle, rng.uniform(0, 360), one.radius_m + tiny + rng.choice(OFFSETS_M))
    else:
        point, out_deg, _ = an_edge_point(rng, one)
        if rng.random() < 0.6:
            return one, wedge(rng, oracle.destination(point, out_deg, rng.choice(OFFSETS_M)), out_deg, tiny), 0.0
        at = oracle.destination(point, out_deg, tiny + rng.choice(OFFSETS_M))
    return one, a_shape(rng, at, tiny, (circle, convex)), rng.choice((0.0, 0.0, 0.01))


def box_corner(rng: Rng) -> Footprints:
    """Two shapes with boxes that overlap and bodies that do not: the empty corners of slanted strips."""
    middle, size = a_place(rng), a_size(rng, least_m=100.0)
    turn = rng.choice((45.0, 135.0)) + rng.uniform(-20, 20)
    long, wide = size, size * rng.uniform(0.01, 0.1)
    one = planned(middle, turn, [(-wide, -long), (wide, -long), (wide, long), (-wide, long)])
    beside = oracle.destination(middle, turn + 90, wide * 1.2 + size * rng.uniform(0.05, 0.3))
    return one, a_shape(rng, beside, size * 0.1), rng.choice((0.0, 0.0, wide * 0.1))


def anywhere(rng: Rng) -> Footprints:
    """Two shapes of any kind within reach of each other."""
    middle, size = a_place(rng), a_size(rng, most_m=2_000_000, least_m=0.05)
    one = a_shape(rng, middle, size, SHAPES if size < 300_000 else ROUND)
    away = rng.choice((rng.uniform(0, 2.5) * size, rng.uniform(0, 5e6)))
    other_size = min(2e6, size * 10 ** rng.uniform(-2, 1))
    place = oracle.destination(middle, rng.uniform(0, 360), away)
    other = a_shape(rng, place, other_size, SHAPES if other_size < 300_000 else ROUND)
    return one, other, _separation_m(rng)


def on_the_grid(rng: Rng) -> Footprints:
    """Boxes on meridians and parallels whose corners lie exactly on each other's meridian edges."""
    lat, lon = rng.randint(-80, 80), rng.choice((-180, 0, 179, rng.randint(-179, 178)))
    step = rng.choice((0.001, 0.01, 0.25, 1.0))

    def box(south: float, west: float, tall: float, wide: float) -> Polygon:
        sides = [(south, west), (south, west + wide), (south + tall, west + wide), (south + tall, west)]
        return Polygon(tuple((a, (b + 540.0) % 360.0 - 180.0) for a, b in sides))

    lift = rng.choice((0.0, 0.5, 1.0, -0.25)) * step
    aside = rng.choice((0.0, 0.0, 1e-7, -1e-7))
    one = box(float(lat), float(lon), step, step)
    return one, box(lat + lift, lon + step + aside, step, step), rng.choice((0.0, 0.0, 0.01))


def _a_polygon(rng: Rng, middle: LatLon, size_m: float) -> Polygon:
    footprint = a_shape(rng, middle, size_m, SHAPES[1:])
    if not isinstance(footprint, Polygon):
        raise TypeError("only a polygon was asked for")
    return footprint


#: Each kind with its weight.
KINDS: dict[str, tuple[Callable[[Rng], Footprints], int]] = {
    "at_the_limit": (at_the_limit, 16),
    "poke": (poke, 12),
    "corner_to_corner": (corner_to_corner, 5),
    "round_to_round": (round_to_round, 6),
    "round_to_edge": (round_to_edge, 8),
    "round_to_corner": (round_to_corner, 5),
    "shared_edge": (shared_edge, 5),
    "shared_corner": (shared_corner, 3),
    "same": (same, 3),
    "side_by_side": (side_by_side, 6),
    "slivers": (slivers, 6),
    "within": (within, 6),
    "combs": (combs, 4),
    "about_a_pole": (about_a_pole, 8),
    "long_edges": (long_edges, 8),
    "huge_and_tiny": (huge_and_tiny, 4),
    "box_corner": (box_corner, 4),
    "on_the_grid": (on_the_grid, 3),
    "anywhere": (anywhere, 8),
}


# -- heights and times ------------------------------------------------------------------------------------------------


def a_band(low_m: float, high_m: float, datum: AltitudeDatum = AltitudeDatum.WGS84) -> AltitudeBand:
    return AltitudeBand(Altitude(low_m, datum), Altitude(high_m, datum))


def unfixed_bands(rng: Rng) -> tuple[AltitudeBand, AltitudeBand]:
    """Bands above the ground or by pressure: nothing is certain, but that they meet where they overlap."""
    datum = rng.choice((AltitudeDatum.AGL, AltitudeDatum.FL))
    low, thick = float(rng.randint(0, 3_000)), rng.choice((30.0, 300.0))
    return a_band(low, low + thick, datum), a_band(low + thick * rng.choice((0.0, 0.5)), low + thick + 100, datum)


def bands(rng: Rng) -> tuple[AltitudeBand, AltitudeBand, float]:
    """Two bands and the vertical separation: mostly overlapping, else at the limit."""
    datum = rng.choice((AltitudeDatum.WGS84, AltitudeDatum.WGS84, AltitudeDatum.AMSL))
    low, thick = float(rng.randint(-100, 9_000)), rng.choice((0.0, 0.5, 50.0, 300.0))
    minimum = rng.choice((0.0, 0.0, 0.25, 150.0, 304.8))
    one = a_band(low, low + thick, datum)
    choice = rng.random()
    if choice < 0.75:
        inside = low + rng.choice((0.0, thick / 2, thick))
        return one, a_band(inside, inside + rng.choice((0.0, 100.0)), datum), minimum
    if choice < 0.9:
        other_low = low + thick + minimum + rng.choice((0.0, -0.25, 0.25, 0.001, -0.001))
        return one, a_band(other_low, other_low + rng.choice((0.0, 64.0)), datum), minimum
    if choice < 0.94:
        shift = rng.choice((-300.0, -120.0, -50.0, 0.0, 60.0, 120.0, 300.0))
        mixed = a_band(low + shift, low + thick + shift, AltitudeDatum.WGS84)
        return a_band(low, low + thick, AltitudeDatum.AMSL), mixed, minimum
    return one, a_band(low + thick + 5_000, low + thick + 5_100, datum), minimum


def spans(rng: Rng) -> tuple[TimeSpan, TimeSpan, float]:
    """Two spans and the time separation: mostly overlapping, else meeting or apart by about the minimum."""
    start = NOON_US + rng.randrange(HOUR_US)
    long = rng.choice((1, 2, SECOND_US, HOUR_US, 30 * 24 * HOUR_US))
    minimum_s = rng.choice((0.0, 0.0, 1e-6, 60.0, 900.0, 86_400.0))
    one = TimeSpan(start, start + long)
    if rng.random() < 0.8:
        other_start = start + rng.choice((0, long - 1, long // 2))
        return one, TimeSpan(other_start, other_start + rng.choice((1, HOUR_US))), minimum_s
    between = rng.choice((0, round(minimum_s * SECOND_US), round(minimum_s * SECOND_US)))
    other_start = max(start + 1, start + long + between + rng.choice((0, 0, 1, -1)))
    return one, TimeSpan(other_start, other_start + rng.choice((1, HOUR_US))), minimum_s


def at_their_gap(rng: Rng, one: Footprint, other: Footprint, otherwise_m: float) -> float:
    """A separation that is the gap of two footprints give or take an offset; `otherwise_m` if they are not apart."""
    gap = oracle.gap_between(one, other)
    if gap.share or gap.least_m < 0.02:
        return otherwise_m
    return max(0.0, (gap.least_m + gap.most_m) / 2 + rng.choice(OFFSETS_M))


def over_the_geoid(rng: Rng) -> tuple[Footprints, AltitudeBand, AltitudeBand, tuple[float, float]]:
    """A band above mean sea level and one above the ellipsoid, where the geoid's height is published."""
    lat, lon, geoid_m = rng.choice(GEOID_POINTS)
    low, thick = float(rng.randint(0, 3_000)), rng.choice((0.0, 20.0, 300.0))
    over = rng.choice((5.0, 10.0, -5.0, -10.0))
    one = Circle(lat, lon, rng.choice((0.5, 20.0)))
    wgs84 = a_band(low + thick + geoid_m + over, low + thick + geoid_m + over + 1.0)
    amsl = a_band(low, low + thick, AltitudeDatum.AMSL)
    return (one, Circle(lat, lon, 1.0), 0.0), amsl, wgs84, (geoid_m - 0.5, geoid_m + 0.5)


def a_pair(seed: int, number: int) -> Pair:
    """The pair of that number. Heights and times overlap plainly in most, so that the ground decides."""
    rng = random.Random(f"{seed}/{number}")
    band, other_band, vertical_m = a_band(0.0, 100.0), a_band(50.0, 150.0), 0.0
    span, other_span, time_s = TimeSpan(NOON_US, NOON_US + HOUR_US), TimeSpan(NOON_US, NOON_US + 2 * HOUR_US), 0.0
    geoid_m = (oracle.GEOID_LEAST_M, oracle.GEOID_MOST_M)
    if rng.random() < 1 / 100:
        kind = "over_the_geoid"
        (footprint, other_footprint, apart_m), band, other_band, geoid_m = over_the_geoid(rng)
    else:
        kind = rng.choices(list(KINDS), [weight for _, weight in KINDS.values()])[0]
        footprint, other_footprint, apart_m = KINDS[kind][0](rng)
        if rng.random() < 0.2:
            apart_m = at_their_gap(rng, footprint, other_footprint, apart_m)
    if kind != "over_the_geoid" and rng.random() < 1 / 6:
        band, other_band, vertical_m = bands(rng)
        if rng.random() < 0.1:
            band, other_band = unfixed_bands(rng)
    if rng.random() < 1 / 6:
        span, other_span, time_s = spans(rng)
    one = Volume4D(footprint, band, span)
    other = Volume4D(other_footprint, other_band, other_span)
    if rng.random() < 0.5:
        one, other = other, one
    return Pair(seed, number, kind, one, other, Separation(min(apart_m, 1e6), vertical_m, time_s), geoid_m)
