"""Land as TopoJSON, the form of the `world-atlas` package that also draws the console's coast."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from keepclear.core.landmask import LandMask
from keepclear.errors import Malformed

Point = tuple[float, float]


def read_land(data: bytes) -> LandMask:
    """The polygons of a TopoJSON topology's object `land`.

    Raises:
        Malformed: it is no such topology.
    """
    try:
        topology = json.loads(data)
        arcs = [_arc(arc, topology.get("transform")) for arc in topology["arcs"]]
        polygons = list(_polygons(topology["objects"]["land"], arcs))
    except (KeyError, TypeError, ValueError, IndexError) as problem:
        raise Malformed(f"it is no TopoJSON of land: {problem}", at="land") from None
    return LandMask([(rings[0], rings[1:]) for rings in polygons])


def _arc(arc: list[list[float]], transform: dict[str, Any] | None) -> list[Point]:
    """The points of an arc, which are differences of whole steps where there is a transform."""
    if transform is None:
        return [(x, y) for x, y in arc]
    (scale_x, scale_y), (shift_x, shift_y) = transform["scale"], transform["translate"]
    xs, ys = accumulate(step[0] for step in arc), accumulate(step[1] for step in arc)
    return [(x * scale_x + shift_x, y * scale_y + shift_y) for x, y in zip(xs, ys, strict=True)]


def _polygons(shape: dict[str, Any], arcs: list[list[Point]]) -> Iterator[list[list[Point]]]:
    match shape["type"]:
        case "GeometryCollection":
            for inner in shape["geometries"]:
                yield from _polygons(inner, arcs)
        case "Polygon":
            yield [_ring(ring, arcs) for ring in shape["arcs"]]
        case "MultiPolygon":
            for polygon in shape["arcs"]:
                yield [_ring(ring, arcs) for ring in polygon]
        case other:
            raise ValueError(f"{other} is no area")


def _ring(numbers: list[int], arcs: list[list[Point]]) -> list[Point]:
    """Arcs put together; a negative number is an arc walked backwards, and each begins where the last one ended."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return points
