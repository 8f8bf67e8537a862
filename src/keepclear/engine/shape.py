"""Footprints made ready for measuring: an enclosing ball, and for polygons the boundary in short geodesic pieces.

Everything is Earth-centred metres. Nothing is projected, so the antimeridian and the poles are places like any other.

A piece is a stretch of an edge, at most `PIECE_M` long. Two curves join its ends: the geodesic, which is the truth, and
the arc in the plane through the centre of the Earth, which a cross product can handle. They differ by at most
`bulge_m` (docs/explanation/geometry.md, "How far the arc strays").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from keepclear.core.footprint import RADIUS_MAX_M, Circle, Footprint, LatLon, Polygon
from keepclear.core.geodesy import (
    CURVATURE_RADIUS_MIN_M,
    Floats,
    direct,
    direction_to_position,
    geodesic_at_most_m,
    inverse,
    point_to_ecef,
    to_ecef,
)
from keepclear.errors import Malformed

#: Shorter pieces hug the geodesic more closely; longer ones are fewer.
PIECE_M = 50_000.0

#: The vertical and the line from the Earth's centre differ by at most this (at 45 degrees of latitude).
VERTICAL_OFF_DEG = 0.1925
#: That tilts the plane of an arc and gives the arc this much curvature to the side, 1/m. A tenth is added for what the
#: argument leaves out.
SIDEWAYS_CURVATURE_PER_M = 1.1 * math.tan(math.radians(VERTICAL_OFF_DEG)) / CURVATURE_RADIUS_MIN_M

#: What double precision costs in Earth-centred coordinates, metres: some times the spacing of doubles at 6.4e6.
ROUNDING_M = 2e-8

SHAPES_KEPT = 65_536

#: So few corners are worked through one by one: numpy's calls would cost more than what they do.
FEW_CORNERS = 16


#: For each edge the start (latitude, longitude), the bearing there in degrees and the length in metres.
Edges = tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Ball:
    """What every footprint has: all of it lies within `radius_m` along the ground of the centre."""

    centre: LatLon
    centre_m: tuple[float, float, float]
    radius_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The boundary of a polygon, piece by piece; piece i runs from `starts[i]` to `ends[i]`.

    Attributes:
        starts, ends: Earth-centred metres, shape (m, 3).
        frame: unit vectors across each piece (to its left) and then along it, shape (2 m, 3).
        base_m: where each unit vector of `frame` puts the start of its piece, shape (2 m, 1).
        length_m: straight length of each piece, shape (m, 1).
        bulge_m: how far the geodesic may stray from the arc, and rounding, shape (m, 1).
        trust: 1 less the relative error of the unit vectors, shape (m, 1); small pieces point less surely.
        edge: which edge each piece belongs to.
        offset_m: how far along its edge each piece starts, metres.
        edges: for each edge the start (latitude, longitude), the bearing there in degrees and the length in metres.
    """

    starts: Floats
    ends: Floats
    frame: Floats
    base_m: Floats
    length_m: Floats
    bulge_m: Floats
    trust: Floats
    edge: tuple[int, ...]
    offset_m: tuple[float, ...]
    edges: Edges

    def __len__(self) -> int:
        return len(self.edge)


@lru_cache(maxsize=SHAPES_KEPT)
def ball_of(footprint: Footprint) -> Ball:
    """The enclosing ball of a footprint; exact for a circle.

    Raises:
        Malformed: a polygon that does not fit into a circle of RADIUS_MAX_M.
    """
    match footprint:
        case Circle(lat_deg, lon_deg, radius_m):
            return Ball((lat_deg, lon_deg), point_to_ecef(lat_deg, lon_deg), radius_m)
        case Polygon(outline):
            return _ball_round_few(outline) or _ball_round(_corners_m(outline))


@lru_cache(maxsize=SHAPES_KEPT // 8)
def outline_of(polygon: Polygon) -> Outline:
    """The boundary of a polygon, ready for measuring.

    Raises:
        Malformed: two corners in a row are the same place, so the edge between them has no direction.
    """
    edges = _edges(polygon.outline)
    lengths_m = [length_m for _, _, _, length_m in edges]
    if not min(lengths_m) > 0.0:
        raise Malformed("two corners in a row are the same place", at=f"outline[{lengths_m.index(min(lengths_m))}]")
    starts = _corners_m(polygon.outline)
    edge: list[int] | range = range(len(edges))
    offset_m = [0.0] * len(edges)
    if max(lengths_m) > PIECE_M:
        starts, edge, offset_m = _cut(edges, starts)
    return _outline(starts, edge, offset_m, edges)


@lru_cache(maxsize=SHAPES_KEPT // 8)
def corners_of(polygon: Polygon) -> frozenset[LatLon]:
    """The corners of a polygon, to be looked up."""
    return frozenset(polygon.outline)


def _edges(outline: tuple[LatLon, ...]) -> Edges:
    """From each corner to the next: start, bearing there and length."""
    if len(outline) <= FEW_CORNERS:
        found = []
        for (lat, lon), (next_lat, next_lon) in zip(outline, outline[1:] + outline[:1], strict=True):
            heading, _, length_m = inverse(lon, lat, next_lon, next_lat)
            found.append((lat, lon, heading, length_m))
        return tuple(found)
    corners = np.asarray(outline)
    following = np.concatenate((corners[1:], corners[:1]))
    headings, _, lengths = inverse(corners[:, 1], corners[:, 0], following[:, 1], following[:, 0])
    return tuple(zip(*corners.T.tolist(), headings.tolist(), lengths.tolist(), strict=True))


def _cut(edges: Edges, corners_m: Floats) -> tuple[Floats, list[int], list[float]]:
    """The edges cut into equal pieces of at most PIECE_M: starts of pieces, their edge, their offset along it."""
    starts, edge, offset_m = [], [], []
    for number, (lat_deg, lon_deg, heading_deg, length_m) in enumerate(edges):
        count = math.ceil(length_m / PIECE_M)
        offsets = np.arange(count) * (length_m / count)
        starts.append(corners_m[number : number + 1])
        if count > 1:
            ones = np.ones(count - 1)
            lon, lat, _ = direct(lon_deg * ones, lat_deg * ones, heading_deg * ones, offsets[1:])
            starts.append(to_ecef(lat, lon))
        edge += [number] * count
        offset_m += offsets.tolist()
    return np.concatenate(starts), edge, offset_m


def _outline(starts: Floats, edge: list[int] | range, offset_m: list[float], edges: Edges) -> Outline:
    ends = np.concatenate((starts[1:], starts[:1]))
    along = ends - starts
    length_m = np.sqrt(np.einsum("ij,ij->i", along, along))[:, None]
    along /= length_m
    across = np.empty_like(along)
    # start x along, written out: numpy's cross costs five times as much on a handful of pieces.
    x, y, z = starts.T
    u, v, w = along.T
    across[:, 0], across[:, 1], across[:, 2] = y * w - z * v, z * u - x * w, x * v - y * u
    across /= np.sqrt(np.einsum("ij,ij->i", across, across))[:, None]
    frame = np.concatenate((across, along))
    base_m = np.einsum("ij,ij->i", frame, np.concatenate((starts, starts)))[:, None]
    return Outline(
        starts=starts,
        ends=ends,
        frame=frame,
        base_m=base_m,
        length_m=length_m,
        bulge_m=SIDEWAYS_CURVATURE_PER_M / 8.0 * length_m * length_m + ROUNDING_M,
        trust=np.maximum(0.0, 1.0 - ROUNDING_M / length_m),
        edge=tuple(edge),
        offset_m=tuple(offset_m),
        edges=edges,
    )


def _corners_m(outline: tuple[LatLon, ...]) -> Floats:
    if len(outline) <= FEW_CORNERS:
        return np.array([point_to_ecef(lat, lon) for lat, lon in outline])
    corners = np.asarray(outline)
    return to_ecef(corners[:, 0], corners[:, 1])


def _ball_round_few(outline: tuple[LatLon, ...]) -> Ball | None:
    """The ball from the middle of the box round few corners; None if they are many, or it comes out large."""
    if len(outline) > FEW_CORNERS:
        return None
    corners_m = [point_to_ecef(lat, lon) for lat, lon in outline]
    x, y, z = ((min(line) + max(line)) / 2.0 for line in zip(*corners_m, strict=True))
    _check_one_side(x, y, z)
    centre = direction_to_position(x, y, z)
    centre_m = point_to_ecef(*centre)
    chord_m = max([math.dist(centre_m, corner_m) for corner_m in corners_m])
    radius_m = geodesic_at_most_m(chord_m) + ROUNDING_M
    return Ball(centre, centre_m, radius_m) if radius_m <= RADIUS_MAX_M else None


def _check_one_side(x: float, y: float, z: float) -> None:
    if abs(x) + abs(y) + abs(z) < 1.0:
        raise Malformed("the corners lie all round the Earth: which part is meant is not clear", at="outline")


def _ball_round(corners_m: Floats) -> Ball:
    """A ball round all corners: from the middle of their box, moved towards the farthest ones if it comes out large.

    Geodesics between points of a ball of less than a quarter turn stay in it, so the edges are inside too.
    """
    middle = (corners_m.min(axis=0) + corners_m.max(axis=0)) / 2.0
    ball = _ball_about(middle, corners_m)
    step = 1
    while ball.radius_m > RADIUS_MAX_M:
        if step > 64 or ball.radius_m > 1.8 * RADIUS_MAX_M:
            raise Malformed(f"a footprint fits into a circle of {RADIUS_MAX_M:.0f} m; this one does not", at="outline")
        offsets = corners_m - np.asarray(ball.centre_m)
        farthest = corners_m[int(np.einsum("ij,ij->i", offsets, offsets).argmax())]
        middle = middle + (farthest - middle) / (step + 1.0)
        ball = _ball_about(middle, corners_m)
        step += 1
    return ball


def _ball_about(middle: Floats, corners_m: Floats) -> Ball:
    x, y, z = middle.tolist()
    _check_one_side(x, y, z)
    centre = direction_to_position(x, y, z)
    centre_m = point_to_ecef(*centre)
    offsets = corners_m - np.asarray(centre_m)
    chord_m = math.sqrt(float(np.einsum("ij,ij->i", offsets, offsets).max()))
    return Ball(centre, centre_m, geodesic_at_most_m(chord_m) + ROUNDING_M)
