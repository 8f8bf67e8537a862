"""Where on the ground: a circle or a polygon on the WGS84 ellipsoid.

Edges are geodesics, the shortest lines on the ellipsoid, as ASTM F3548 says; a circle is its centre and radius,
never a polygon. Latitude comes before longitude everywhere but in GeoJSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from keepclear.errors import Malformed

#: A footprint larger than this is not a place. Half of the Earth's quadrant, so that "inside" never becomes ambiguous.
RADIUS_MAX_M = 5_000_000.0
CORNERS_MAX = 2_000

#: Latitude and longitude in degrees.
LatLon = tuple[float, float]


def check_position(position: LatLon, *, at: str) -> LatLon:
    """The position, longitude brought into [-180, 180).

    Raises:
        Malformed: not finite, a latitude beyond 90 or a longitude beyond 180 (the message asks about a swap).
    """
    lat_deg, lon_deg = position
    if not (math.isfinite(lat_deg) and math.isfinite(lon_deg)):
        raise Malformed(f"a position must be finite, not {lat_deg}, {lon_deg}", at=at)
    if abs(lat_deg) > 90:
        swapped = ": are latitude and longitude swapped?" if abs(lon_deg) <= 90 and abs(lat_deg) <= 180 else ""
        raise Malformed(f"a latitude lies between -90 and 90, not {lat_deg}{swapped}", at=at)
    if abs(lon_deg) > 180:
        raise Malformed(f"a longitude lies between -180 and 180, not {lon_deg}", at=at)
    return (lat_deg, -180.0 if lon_deg == 180.0 else lon_deg)


@dataclass(frozen=True, slots=True)
class Circle:
    """All points at most `radius_m` of geodesic distance from the centre."""

    lat_deg: float
    lon_deg: float
    radius_m: float

    def __post_init__(self) -> None:
        lat_deg, lon_deg = check_position((self.lat_deg, self.lon_deg), at="circle.centre")
        object.__setattr__(self, "lat_deg", lat_deg)
        object.__setattr__(self, "lon_deg", lon_deg)
        if not (math.isfinite(self.radius_m) and 0 < self.radius_m <= RADIUS_MAX_M):
            raise Malformed(
                f"a radius is more than 0 and at most {RADIUS_MAX_M:.0f} m, not {self.radius_m}", at="circle.radius"
            )


class _KeepsHash:
    """Room for a hash, apart from the fields so that no encoder sees it."""

    # What is known of a footprint is looked up by it many times, and 2,000 corners take long to hash.
    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True)
class Polygon(_KeepsHash):
    """The smaller of the two parts into which a closed line of geodesic edges divides the Earth.

    Corners in either direction, without the closing repeat of the first. Not necessarily convex.
    `engine.validity.check_polygon` refuses what crosses or touches itself: it needs geometry and so lives there.
    """

    outline: tuple[LatLon, ...]

    def __post_init__(self) -> None:
        corners = [check_position(corner, at=f"outline[{i}]") for i, corner in enumerate(self.outline)]
        if len(corners) > 1 and corners[0] == corners[-1]:
            corners.pop()
        if len(corners) < 3:
            raise Malformed(f"a polygon needs at least 3 corners, not {len(corners)}", at="outline")
        if len(corners) > CORNERS_MAX:
            raise Malformed(f"a polygon has at most {CORNERS_MAX} corners, not {len(corners)}", at="outline")
        object.__setattr__(self, "outline", tuple(corners))

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash(self.outline))
            return self._hash


Footprint = Circle | Polygon
