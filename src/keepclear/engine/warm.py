"""Compiling the kernels once, or loading them: nothing else of the engine waits for it.

Numba takes half a minute for it on a slow machine, and a second where they were compiled before and kept on disk. Until
`is_ready` the engine answers by `judge` and a table, the same verdicts more slowly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.geodesy import destination
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D

_READY = False


def is_ready() -> bool:
    """Whether this process has the kernels at hand."""
    return _READY


def make_ready(tell: Callable[[int, int, str], None] | None = None) -> None:
    """Compile or load every kernel, by using each on a small example.

    Args:
        tell: called with how many steps are done, of how many, and what comes next.
    """
    global _READY
    names = ["rows", "one row", "trees", "search", "all pairs", "merge"]
    for number, _ in enumerate(_steps()):
        if tell is not None and number < len(names):
            tell(number, len(names), names[number])
    if tell is not None:
        tell(len(names), len(names), "")
    _READY = True


def _steps() -> Iterator[None]:
    """Stops before each step."""
    yield
    import numpy as np

    from keepclear.engine.kernels.search import STATISTICS
    from keepclear.engine.packed import Merge, PackedRows
    from keepclear.engine.packing import plan_of

    volumes = [_volume(footprint) for footprint in _footprints()]
    index = PackedRows()
    index.add(plan_of(volumes * 20), [0] * (20 * len(volumes)))
    yield
    for volume in volumes:
        index.add_one(volume, 0)
    yield
    index.add(plan_of(volumes * 60), [0] * (60 * len(volumes)))
    yield
    snapshot = index.snapshot().asked_with(np.zeros((1, 1, 3)))
    out, statistics = np.empty(4, dtype=np.int32), np.zeros(STATISTICS, dtype=np.int64)
    for volume in volumes:
        snapshot.find(index.question(volume, 0), out, statistics)
    yield
    order, boxes = index.order()
    for _ in index.snapshot().asked_with(np.zeros((1, 1, 3))).pairs(boxes, order, 0, 8, 16):
        pass
    yield
    index.adopt(Merge(tuple(index.levels), index.rooms.all(), index.version).run())


def _footprints() -> list[Footprint]:
    middle = (50.0, 9.0)
    shapes: list[Footprint] = [Circle(50.0, 9.0, 500.0)]
    for size_m, corners in ((900.0, 5), (60_000.0, 40), (60_000.0, 3)):
        shapes.append(Polygon(tuple(destination(middle, 360.0 * k / corners, size_m) for k in range(corners))))
    return shapes


def _volume(footprint: Footprint) -> Volume4D:
    band = AltitudeBand(Altitude(0.0, AltitudeDatum.WGS84), Altitude(100.0, AltitudeDatum.WGS84))
    return Volume4D(footprint, band, TimeSpan(0, 1))
