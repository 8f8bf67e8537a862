"""Which footprints and volumes are refused at the door, and why.

A polygon must divide the Earth into two parts without doubt: a boundary that crosses or touches itself does not, nor
does one with no room inside. Checked on geodesics, so it holds across the antimeridian and over the poles.
"""

from __future__ import annotations

import math

import numpy as np
import shapely

from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import Floats
from keepclear.core.volume import Volume4D
from keepclear.engine.edges import Edge, drop_foot, edge_ends, edges_cross
from keepclear.engine.heights import is_upside_down
from keepclear.engine.inside import flattened
from keepclear.engine.shape import Outline, ball_of, outline_of
from keepclear.errors import Malformed

#: Parts of a boundary nearer to each other than this count as touching, metres.
TOUCH_M = 1e-4
#: An edge of nearly half the Earth has no single shortest line.
EDGE_MAX_M = 19_000_000.0
#: Pairs of edges that are examined on geodesics at most; a polygon with more is wound too tightly to be a place.
CLOSE_PAIRS_MAX = 20_000

#: Corners less sharp than this, radians, cannot fold an edge back onto the one before it.
_SHARP_RAD = 0.02


def check_volume(volume: Volume4D) -> None:
    """Check a footprint, and that the lower limit does not surely lie above the upper.

    Raises:
        Malformed: with the reason.
    """
    check_footprint(volume.footprint)
    if is_upside_down(volume.band, volume.footprint):
        lower, upper = volume.band.lower, volume.band.upper
        raise Malformed(
            f"the lower limit lies above the upper: {lower.value_m} m {lower.datum}"
            f" and {upper.value_m} m {upper.datum}",
            at="altitude",
        )


def check_footprint(footprint: Footprint) -> None:
    """Check that a footprint is a place: a boundary that neither crosses nor touches itself, not too large.

    Raises:
        Malformed: with the reason, and the corner where it is.
    """
    if isinstance(footprint, Circle):
        return
    outline = outline_of(footprint)
    for number, (_, _, _, length_m) in enumerate(outline.edges):
        if length_m <= TOUCH_M:
            raise Malformed("two corners in a row are the same place", at=f"outline[{number}]")
        if length_m > EDGE_MAX_M:
            raise Malformed("an edge between opposite ends of the Earth has no shortest line", at=f"outline[{number}]")
    ball_of(footprint)
    _check_corners(outline)
    _check_apart(footprint, outline)


def _check_corners(outline: Outline) -> None:
    """No edge runs back along the one before it."""
    count = len(outline)
    along = outline.frame[count:]
    # 1 where the boundary turns back on itself, -1 where it goes straight on.
    folded = -np.einsum("ij,ij->i", along, np.concatenate((along[-1:], along[:-1])))
    short = np.minimum(outline.length_m, np.concatenate((outline.length_m[-1:], outline.length_m[:-1])))[:, 0]
    for piece in np.flatnonzero((folded > math.cos(_SHARP_RAD)) | (short * _SHARP_RAD <= 2 * TOUCH_M)).tolist():
        number = outline.edge[piece]
        edge, before = outline.edges[number], outline.edges[number - 1]
        if outline.offset_m[piece] != 0.0:
            continue
        if _is_near(edge_ends(edge)[1], before) or _is_near(edge_ends(before)[0], edge):
            raise Malformed("the boundary runs back along itself, with no room between", at=f"outline[{number}]")


def _check_apart(polygon: Polygon, outline: Outline) -> None:
    """Edges that share no corner keep apart. Only pairs that are close on a flat map are examined."""
    if len(outline.edges) == 3:
        return
    flat = flattened(outline, ball_of(polygon))
    following = np.concatenate((flat[1:], flat[:1]))
    # The map stretches by up to 1 / cos(angle)^2 away from its middle.
    stretch = 1.05 / math.cos(min(1.3, ball_of(polygon).radius_m / 6.3e6)) ** 2
    close_m = stretch * (2.0 * float(outline.bulge_m.max()) + 2.0 * TOUCH_M)
    if _apart_at_least_m(flat, following) > close_m:
        return
    lines = shapely.linestrings(np.stack((flat, following), axis=1))
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=close_m)
    number = np.asarray(outline.edge)
    first, second, count = number[one], number[other], len(outline.edges)
    apart = (second - first) % count
    keep = (first < second) & (apart != 1) & (apart != count - 1)
    pairs = sorted(set(zip(first[keep].tolist(), second[keep].tolist(), strict=True)))
    if len(pairs) > CLOSE_PAIRS_MAX:
        raise Malformed("the boundary comes close to itself in too many places to be told apart", at="outline")
    for i, j in pairs:
        _check_pair(outline.edges[i], outline.edges[j], f"edges {i} and {j}")


def _apart_at_least_m(flat: Floats, following: Floats) -> float:
    """A distance that lines which share no end surely keep, if all can be seen from the middle; else 0.

    Each line then fills a sector of its own, so between two that share no end lies a whole sector of a third.
    """
    (x, y), (next_x, next_y) = flat.T, following.T
    cross = x * next_y - next_x * y
    low, high = float(cross.min()), float(cross.max())
    if low * high <= 0.0:
        return 0.0
    sectors = np.abs(np.arctan2(cross, x * next_x + y * next_y))
    if not 0.0 < float(sectors.sum()) < 3.0 * math.pi:
        return 0.0
    nearest_m = float(np.abs(cross / np.hypot(next_x - x, next_y - y)).min())
    return nearest_m * math.sin(min(float(sectors.min()), math.pi / 2.0)) - 1e-6


def _check_pair(one: Edge, other: Edge, which: str) -> None:
    if edges_cross(one, other):
        raise Malformed(f"the boundary crosses itself: {which}", at="outline")
    if any(_is_near(end, one) for end in edge_ends(other)) or any(_is_near(end, other) for end in edge_ends(one)):
        raise Malformed(f"the boundary touches itself: {which}", at="outline")


def _is_near(point: tuple[float, float], edge: Edge) -> bool:
    return drop_foot(point, edge, edge[3] / 2.0).distance_m <= TOUCH_M
