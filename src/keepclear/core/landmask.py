"""Land and sea, coarsely: whether a place that should stand on land lies in the sea (P5).

The outlines are those of Natural Earth at 1:50 million, in the public domain: right to a kilometre or two, without
small islands. So a place near a shore is never judged, and what is far from all land is only flagged.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import shapely
import shapely.ops

from keepclear.core.footprint import LatLon
from keepclear.core.geodesy import distance_m

#: Nearer than this to the outlines nothing is said: that is how well they are drawn.
SHORE_M: Final = 5_000.0


Ring = Sequence[tuple[float, float]]


class LandMask:
    """All land, as polygons of longitude and latitude in degrees."""

    def __init__(self, outlines: Sequence[tuple[Ring, Sequence[Ring]]]) -> None:
        self._polygons = [shapely.Polygon(shell, holes) for shell, holes in outlines]

    @cached_property
    def _tree(self) -> Any:
        return shapely.STRtree(self._polygons)

    def from_land_m(self, position: LatLon) -> float:
        """About how far a position is from the nearest land, metres; 0 on land.

        The nearest point is sought in degrees, so towards the poles it may not be the very nearest; it is never nearer
        than the true one.
        """
        lat_deg, lon_deg = position
        point = shapely.Point(lon_deg, lat_deg)
        if len(self._tree.query(point, predicate="within")):
            return 0.0
        nearest = self._polygons[int(self._tree.nearest(point))]
        _, shore = shapely.ops.nearest_points(point, nearest)
        return distance_m(position, (shore.y, shore.x))
