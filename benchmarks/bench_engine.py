"""What one more notice conflicts with among ten thousand: our engine, and Shapely's STRtree with NumPy, in one process.

The rule is the same for both: half-open times, heights of one datum, touching is meeting, nothing beyond it agreed.
The ground is not: the peer works on one flat map (azimuthal equidistant round the middle) with straight edges and
circles of 64 corners, and so answers a few pairs otherwise; ours has geodesic edges and says POSSIBLE where it cannot
be sure. The peer says yes or no; ours also how far apart, how deep and where, which the record and the screen need.
The peer's best order is used: boxes from the tree, times and heights by NumPy, and only then the prepared outline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import shapely
from measure import Figure, measure
from pyproj import Transformer
from workloads import MIDDLE, dense, sparse

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle
from keepclear.core.volume import Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.validity import check_volume
from keepclear.engine.volume_index import VolumeIndex

NOW_US = 1_800_000_000_000_000


def figures(*, quick: bool = False) -> list[Figure]:
    """Both mixes."""
    live, asked = (1_000, 100) if quick else (10_000, 1_000)
    return [*_mix("sparse", sparse, live, asked), *_mix("dense", dense, live, asked)]


def _mix(name: str, mix: Callable[[int, int], Iterator[Volume4D]], live: int, asked: int) -> list[Figure]:
    volumes = list(islice(mix(3, NOW_US), live + asked))
    held, new = volumes[:live], volumes[live:]
    index, peer = VolumeIndex(), Peer(held)
    for number, volume in enumerate(held):
        # As at the door: what is checked once is at hand when it is compared.
        check_volume(volume)
        index.add(str(number), [volume])
    shapes = [peer.shape(volume) for volume in new]
    found: list[set[tuple[int, int]]] = [set(), set()]
    candidates = sum(len(index.candidates(volume)) for volume in new)

    def ours() -> None:
        found[0] = {
            (number, int(key))
            for number, volume in enumerate(new)
            for key, _ in index.candidates(volume)
            if judge(volume, held[int(key)]).verdict is not Verdict.CLEAR
        }

    def theirs() -> None:
        found[1] = {
            (number, int(other))
            for number, (volume, shape) in enumerate(zip(new, shapes, strict=True))
            for other in peer.conflicts(volume, shape)
        }

    def scan() -> None:
        for volume in new:
            index.candidates(volume)

    engine = measure(f"conflicts of a notice, {name}, {live} live", "notices", asked, ours, rounds=3)
    other = measure(f"the same, STRtree and NumPy, {name}", "notices", asked, theirs, rounds=3)
    engine.more["conflicts_a_notice"] = len(found[0]) / asked
    engine.more["candidates_a_hit"] = candidates / max(1, len(found[0]))
    engine.more["of_peer_cpu"] = engine.cpu_us / other.cpu_us
    engine.more["not_by_peer"] = len(found[0] - found[1])
    other.more["conflicts_a_notice"] = len(found[1]) / asked
    other.more["not_by_us"] = len(found[1] - found[0])
    return [engine, other, measure(f"candidates of a notice, {name}, {live} live", "notices", asked, scan, rounds=3)]


class Peer:
    """A packed tree of outlines on a flat map, and columns of times and heights."""

    def __init__(self, volumes: list[Volume4D]) -> None:
        lat, lon = MIDDLE
        self._flat = Transformer.from_crs("EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +ellps=WGS84")
        self._shapes = np.array([self.shape(volume) for volume in volumes])
        self._tree = shapely.STRtree(self._shapes)
        self._start_us = np.array([volume.span.start_us for volume in volumes])
        self._end_us = np.array([volume.span.end_us for volume in volumes])
        self._lower_m = np.array([volume.band.lower.value_m for volume in volumes])
        self._upper_m = np.array([volume.band.upper.value_m for volume in volumes])

    def shape(self, volume: Volume4D) -> shapely.Geometry:
        """The footprint on the map."""
        footprint = volume.footprint
        if isinstance(footprint, Circle):
            east_m, north_m = self._flat.transform(footprint.lat_deg, footprint.lon_deg)
            return shapely.Point(east_m, north_m).buffer(footprint.radius_m, quad_segs=16)
        lat, lon = zip(*footprint.outline, strict=True)
        return shapely.Polygon(np.column_stack(self._flat.transform(lat, lon)))

    def conflicts(self, volume: Volume4D, shape: shapely.Geometry) -> list[int]:
        """Which of them it conflicts with."""
        near = self._tree.query(shape)
        near = near[(self._start_us[near] < volume.span.end_us) & (self._end_us[near] > volume.span.start_us)]
        lower_m, upper_m = volume.band.lower.value_m, volume.band.upper.value_m
        near = near[(self._lower_m[near] <= upper_m) & (self._upper_m[near] >= lower_m)]
        if not len(near):
            return []
        shapely.prepare(shape)
        found: list[int] = near[shapely.intersects(shape, self._shapes[near])].tolist()
        return found
