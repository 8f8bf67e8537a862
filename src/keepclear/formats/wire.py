"""Places and times as the record holds them: integers only, so that every language hashes the same bytes.

| Quantity | Unit in the record |
|---|---|
| latitude, longitude | 1e-7 degree |
| lengths | millimetres |
| times | microseconds since 1970, UTC |

Rounding never makes a volume smaller: radii and upper limits round up, lower limits down. Corners round to the
nearest 1e-7 degree, which is at most 8 mm; what is judged afterwards is the rounded place, on both sides alike.
"""

from __future__ import annotations

import math
from functools import lru_cache

import msgspec

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed

_E7 = 10_000_000
VOLUMES_KEPT = 8_192


class WireVolume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A Volume4D in integers. Exactly one of `circle` and `outline` is given.

    Attributes:
        circle: [latitude e7, longitude e7, radius mm], or empty.
        outline: corners [latitude e7, longitude e7] without the closing one, or empty.
        lower, upper: [millimetres, datum].
        start, end: microseconds UTC, half-open.
    """

    lower: tuple[int, AltitudeDatum]
    upper: tuple[int, AltitudeDatum]
    start: int
    end: int
    circle: tuple[int, ...] = ()
    outline: tuple[tuple[int, int], ...] = ()


def volume_to_wire(volume: Volume4D) -> WireVolume:
    """The volume in integers."""
    footprint = volume.footprint
    circle: tuple[int, ...] = ()
    outline: tuple[tuple[int, int], ...] = ()
    if isinstance(footprint, Circle):
        circle = (_e7(footprint.lat_deg), _e7(footprint.lon_deg), math.ceil(round(footprint.radius_m * 1000, 6)))
    else:
        outline = tuple((_e7(lat), _e7(lon)) for lat, lon in footprint.outline)
    band = volume.band
    return WireVolume(
        lower=(math.floor(round(band.lower.value_m * 1000, 6)), band.lower.datum),
        upper=(math.ceil(round(band.upper.value_m * 1000, 6)), band.upper.datum),
        start=volume.span.start_us,
        end=volume.span.end_us,
        circle=circle,
        outline=outline,
    )


@lru_cache(maxsize=VOLUMES_KEPT)
def volume_from_wire(wire: WireVolume) -> Volume4D:
    """The volume back from integers. The same integers give the same value, so its shape is worked out once.

    Raises:
        Malformed: both or neither footprint, or a value out of range.
    """
    if bool(wire.circle) == bool(wire.outline):
        raise Malformed("a volume has either a circle or an outline", at="volume")
    footprint: Circle | Polygon
    if wire.circle:
        if len(wire.circle) != 3:
            raise Malformed("a circle is latitude, longitude and radius", at="circle")
        footprint = Circle(wire.circle[0] / _E7, wire.circle[1] / _E7, wire.circle[2] / 1000)
    else:
        footprint = Polygon(tuple((lat / _E7, lon / _E7) for lat, lon in wire.outline))
    band = AltitudeBand(
        Altitude(wire.lower[0] / 1000, wire.lower[1]),
        Altitude(wire.upper[0] / 1000, wire.upper[1]),
    )
    return Volume4D(footprint, band, TimeSpan(wire.start, wire.end))


def _e7(degrees: float) -> int:
    return round(degrees * _E7)


class WireSeparation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A separation in millimetres and milliseconds."""

    horizontal_mm: int
    vertical_mm: int
    time_ms: int


def separation_to_wire(separation: Separation) -> WireSeparation:
    """The separation in integers, rounded up."""
    return WireSeparation(
        math.ceil(round(separation.horizontal_m * 1000, 6)),
        math.ceil(round(separation.vertical_m * 1000, 6)),
        math.ceil(round(separation.time_s * 1000, 6)),
    )


def separation_from_wire(wire: WireSeparation) -> Separation:
    """The separation back from integers."""
    return Separation(wire.horizontal_mm / 1000, wire.vertical_mm / 1000, wire.time_ms / 1000)
