"""What arcs through the Earth's centre say about two outlines: where they surely cross, and how near they may be.

The fast half of the engine: a few matrix products over all pairs of pieces. An arc stands in for a geodesic, so what
it says counts only by more than the piece's `bulge_m`; the rest is handed on as candidates and doubtful edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from keepclear.core.footprint import LatLon, Polygon
from keepclear.core.geodesy import CURVATURE_RADIUS_MIN_M, Floats, direction_to_position
from keepclear.engine.edges import Edge, along, crossing_of
from keepclear.engine.shape import Ball, Outline, ball_of, outline_of

#: Pairs of pieces looked at in one go; bounds memory to some tens of megabytes.
CELLS_MAX = 250_000

#: So few pairs of pieces are looked at whole: picking the near ones would cost more.
_FEW_CELLS = 400

#: Arcs this true, metres, crossing at more than this angle, radians, show well enough where their edges cross.
_TRUE_M, _STEEP = 1e-3, 1e-3

#: Polygons whose pieces stand ready to be picked from.
MIDDLES_KEPT = 2_048

#: The least distance, the corner, and the piece of the other outline that it is from.
Candidate = tuple[float, LatLon, Outline, int]


@dataclass(frozen=True, slots=True)
class Pieces:
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


@dataclass(frozen=True, slots=True)
class Survey:
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


def all_pieces(outline: Outline) -> Pieces:
    """All the pieces of an outline."""
    return Pieces(
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


def _some_pieces(outline: Outline, number: npt.NDArray[np.intp]) -> Pieces:
    both = np.concatenate((number, number + len(outline)))
    return Pieces(
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


def near_pieces(one: Polygon, other: Polygon, reach_m: float) -> tuple[Pieces, Pieces] | None:
    """The pieces of each that can be within `reach_m` of the other; all of them where there are few.

    None when one of them has no such piece: there are no pairs to look at.
    """
    first, second = outline_of(one), outline_of(other)
    if len(first) * len(second) <= _FEW_CELLS:
        return all_pieces(first), all_pieces(second)
    first_ball, second_ball = ball_of(one), ball_of(other)
    if first_ball.radius_m < second_ball.radius_m:
        # The larger one first: it is the one that may have none.
        near_second = _within(other, first_ball, reach_m)
        near_first = _within(one, second_ball, reach_m) if near_second is not None else None
    else:
        near_first = _within(one, second_ball, reach_m)
        near_second = _within(other, first_ball, reach_m) if near_first is not None else None
    return (near_first, near_second) if near_first is not None and near_second is not None else None


def _within(polygon: Polygon, ball: Ball, reach_m: float) -> Pieces | None:
    middles_m, reaches_m = _middles_of(polygon)
    offsets = middles_m - np.array(ball.centre_m)
    limit = reaches_m + (ball.radius_m + reach_m + 1.0)
    number = (np.einsum("ij,ij->i", offsets, offsets) <= limit * limit).nonzero()[0]
    return _some_pieces(outline_of(polygon), number) if len(number) else None


@lru_cache(maxsize=MIDDLES_KEPT)
def _middles_of(polygon: Polygon) -> tuple[Floats, Floats]:
    """Middles of the chords of all pieces, shape (m, 3), and how far the piece reaches from there, shape (m,)."""
    outline = outline_of(polygon)
    length_m = outline.length_m[:, 0]
    # Half of the piece along the ground is at most 1.01 of half its chord, and its middle lies as far above the chord.
    return (outline.starts + outline.ends) / 2.0, length_m * 0.52 + length_m**2 / (6.0 * CURVATURE_RADIUS_MIN_M)


def seen_from(pieces: Pieces, points_m: Floats) -> tuple[Floats, Floats]:
    """How far each point lies to the left of each piece, and how far along it; shape (pieces, points) each."""
    seen = pieces.frame @ points_m.T
    seen -= pieces.base_m
    count = len(pieces.starts)
    return seen[:count], seen[count:]


def least_distances(left_m: Floats, along_m: Floats, pieces: Pieces) -> Floats:
    """The least straight distance from each point to each geodesic piece, metres; below 0 means: may touch."""
    excess = np.maximum(along_m - pieces.length_m, -along_m)
    np.maximum(excess, 0.0, out=excess)
    excess *= excess
    excess += left_m * left_m
    np.sqrt(excess, out=excess)
    excess *= pieces.trust
    excess -= pieces.bulge_m
    return excess


def survey_all(first: Pieces, second: Pieces, within_m: float) -> Iterator[Survey]:
    """Look at all pairs of pieces, some rows at a time."""
    rows = max(1, CELLS_MAX // len(second.starts))
    if len(first.starts) <= rows:
        yield _survey_rows(first, second, within_m)
        return
    numbers = np.asarray(first.number)
    for start in range(0, len(numbers), rows):
        yield _survey_rows(_some_pieces(first.outline, numbers[start : start + rows]), second, within_m)


def _survey_rows(first: Pieces, second: Pieces, within_m: float) -> Survey:
    count, other_count = len(first.starts), len(second.starts)
    left, along = seen_from(first, np.concatenate((second.starts, second.ends)))
    left_back, along_back = seen_from(second, np.concatenate((first.starts, first.ends)))
    start_side, end_side = left[:, :other_count], left[:, other_count:]
    start_back, end_back = left_back[:, :count].T, left_back[:, count:].T
    crossing = (start_side * end_side < 0) & (start_back * end_back < 0)
    unsure: list[tuple[Edge, Edge]] = []
    if crossing.any():
        margin = np.minimum(np.abs(start_side), np.abs(end_side)) > first.bulge_m
        margin &= np.minimum(np.abs(start_back), np.abs(end_back)) > second.bulge_m.T
        # Arcs of opposite sides of the Earth share planes too.
        margin &= first.starts @ second.starts.T > 0
        sure = crossing & margin
        i, j = divmod(int(sure.argmax()), other_count)
        if sure[i, j]:
            return Survey(_crossing_at(first, second, i, j), 0.0, [], [])
        unsure = [(_edge(first, i), _edge(second, j)) for i, j in _where(crossing)]
    least = least_distances(start_side, along[:, :other_count], first)
    least_back = least_distances(left_back[:, :count], along_back[:, :count], second)
    # Ends of pieces are starts of others, except where the neighbour was left out as too far away.
    least_m = float(min(least.min(), least_back.min()))
    if least_m > max(within_m, 0.0):
        return Survey(None, least_m, [], unsure)
    candidates = _candidates(least, first, second, within_m) + _candidates(least_back, second, first, within_m)
    doubtful = _doubtful(least, first, second) + [(b, a) for a, b in _doubtful(least_back, second, first)]
    return Survey(None, least_m, candidates, unsure + doubtful)


def _crossing_at(first: Pieces, second: Pieces, i: int, j: int) -> LatLon:
    """Where two pieces that surely cross do so: where their arcs cross if these are true enough to a millimetre."""
    if first.bulge_m[i, 0] < _TRUE_M and second.bulge_m[j, 0] < _TRUE_M:
        (a, b, c), (d, e, f) = first.frame[i].tolist(), second.frame[j].tolist()
        x, y, z = b * f - c * e, c * d - a * f, a * e - b * d
        if x * x + y * y + z * z > _STEEP * _STEEP:
            # Planes meet in a line; of its two ends the one on this side of the Earth is meant.
            side = math.copysign(1.0, x * first.starts[i, 0] + y * first.starts[i, 1] + z * first.starts[i, 2])
            return direction_to_position(side * x, side * y, side * z)
    start_m = second.outline.offset_m[int(second.number[j])]
    return crossing_of(_edge(first, i), _edge(second, j), start_m, start_m + float(second.length_m[j, 0]))


def _candidates(
    least: Floats, pieces: Pieces, points: Pieces, within_m: float
) -> list[tuple[float, LatLon, Outline, int]]:
    return [
        (float(least[i, j]), _corner(points, j), pieces.outline, int(pieces.number[i]))
        for i, j in _where(least <= within_m)
    ]


def _where(cells: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Row and column of each cell that holds; numpy's argwhere costs several times as much on a handful."""
    rows, columns = cells.nonzero()
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _edge(pieces: Pieces, i: int) -> Edge:
    return pieces.outline.edges[pieces.outline.edge[int(pieces.number[i])]]


def _doubtful(least: Floats, pieces: Pieces, points: Pieces) -> list[tuple[Edge, Edge]]:
    """Edges that may touch or cross near the start of a piece of the other; both edges that meet there."""
    found = []
    for i, j in _where(least <= 0.0):
        edge = _edge(pieces, i)
        outline, number = points.outline, int(points.number[j])
        found.append((edge, outline.edges[outline.edge[number]]))
        found.append((edge, outline.edges[outline.edge[number - 1]]))
    return found


def _corner(points: Pieces, j: int) -> LatLon:
    """The position where a piece starts."""
    outline, number = points.outline, int(points.number[j])
    edge = outline.edges[outline.edge[number]]
    return (edge[0], edge[1]) if outline.offset_m[number] == 0.0 else along(edge, outline.offset_m[number])
