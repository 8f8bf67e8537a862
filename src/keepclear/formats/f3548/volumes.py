"""Volumes and instants of the interface as our own values, and back.

The field is closed in time: what ends at 12:00 meets what starts then. Our spans are half-open, so an end is taken as
the microsecond after it. Instants before 1970 and after 2200 count as those.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from keepclear.core.footprint import Circle, Footprint, Polygon
from keepclear.core.timespan import LATEST_US, TimeSpan
from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M, Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed
from keepclear.formats.f3548 import messages as wire

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LOWEST: Final = Altitude(ALTITUDE_MIN_M, AltitudeDatum.WGS84)
_HIGHEST: Final = Altitude(ALTITUDE_MAX_M, AltitudeDatum.WGS84)


def instant_us(time: wire.Time) -> int:
    """Microseconds since 1970, negative before."""
    return (time.value - _EPOCH) // _MICROSECOND


def time_of(us: int) -> wire.Time:
    """An instant as the interface writes it."""
    return wire.Time(_EPOCH + timedelta(microseconds=us), "RFC3339")


def complete_volume(volume: wire.Volume4D, *, at: str) -> tuple[Volume4D, int, int]:
    """A volume that says where, how high and when; with its start and end as they were given, microseconds.

    Raises:
        Malformed: a limit or an instant is missing, or they contradict each other; `at` says which.
    """
    inner = volume.volume
    for name, given in (
        ("volume.altitude_lower", inner.altitude_lower),
        ("volume.altitude_upper", inner.altitude_upper),
        ("time_start", volume.time_start),
        ("time_end", volume.time_end),
    ):
        if given is None:
            raise Malformed("is needed here", at=f"{at}.{name}")
    assert volume.time_start is not None
    assert volume.time_end is not None
    return (
        area_volume(volume, at=at),
        instant_us(volume.time_start),
        instant_us(volume.time_end),
    )


def area_volume(volume: wire.Volume4D, *, at: str) -> Volume4D:
    """A volume to be asked about: what it leaves open is without bound.

    Raises:
        Malformed: no outline or two, or limits that contradict each other; `at` says which.
    """
    inner = volume.volume
    lower = _altitude(inner.altitude_lower) if inner.altitude_lower is not None else _LOWEST
    upper = _altitude(inner.altitude_upper) if inner.altitude_upper is not None else _HIGHEST
    if lower.value_m > upper.value_m:
        raise Malformed(
            f"the lower limit lies above the upper: {lower.value_m} m and {upper.value_m} m",
            at=f"{at}.volume.altitude_upper",
        )
    return Volume4D(footprint_of(inner, at=f"{at}.volume"), AltitudeBand(lower, upper), span_of(volume, at=at))


def span_of(volume: wire.Volume4D, *, at: str) -> TimeSpan:
    """The span of a volume; without bound where an end is not given. Raises Malformed if it ends before it starts."""
    start_us = instant_us(volume.time_start) if volume.time_start is not None else 0
    end_us = instant_us(volume.time_end) if volume.time_end is not None else LATEST_US
    if volume.time_start is not None and volume.time_end is not None and end_us < start_us:
        raise Malformed("time_end lies before time_start", at=f"{at}.time_end")
    start_us = min(max(0, start_us), LATEST_US - 1)
    return TimeSpan(start_us, max(start_us, min(end_us, LATEST_US - 1)) + 1)


def footprint_of(volume: wire.Volume3D, *, at: str) -> Footprint:
    """The outline of a volume. Raises Malformed if there is none, or two."""
    circle, polygon = volume.outline_circle, volume.outline_polygon
    if (circle is None) == (polygon is None):
        raise Malformed("give exactly one of outline_circle and outline_polygon", at=at)
    if polygon is not None:
        # The standard has no closing repeat of the first corner; the field sends it, and it says nothing else.
        corners = tuple((corner.lat, corner.lng) for corner in polygon.vertices)
        return _placed(lambda: Polygon(corners), f"{at}.outline_polygon")
    assert circle is not None
    center, radius = circle.center, circle.radius
    if center is None or radius is None:
        raise Malformed("needs a center and a radius", at=f"{at}.outline_circle")
    return _placed(lambda: Circle(center.lat, center.lng, radius.value), f"{at}.outline_circle")


def volume_message(volume: Volume4D) -> wire.Volume4D:
    """A volume of ours as the interface writes it: heights above the ellipsoid, the last microsecond as the end."""
    footprint = volume.footprint
    circle = polygon = None
    if isinstance(footprint, Circle):
        circle = wire.Circle(
            wire.LatLngPoint(footprint.lat_deg, footprint.lon_deg), wire.Radius(footprint.radius_m, "M")
        )
    else:
        polygon = wire.Polygon(tuple(wire.LatLngPoint(lat, lon) for lat, lon in footprint.outline))
    band = volume.band
    return wire.Volume4D(
        wire.Volume3D(
            circle,
            polygon,
            wire.Altitude(band.lower.value_m, "W84", "M"),
            wire.Altitude(band.upper.value_m, "W84", "M"),
        ),
        time_of(volume.span.start_us),
        time_of(volume.span.end_us - 1),
    )


def _placed(make: Callable[[], Footprint], at: str) -> Footprint:
    try:
        return make()
    except Malformed as problem:
        raise Malformed(problem.message, at=at) from None


def _altitude(given: wire.Altitude) -> Altitude:
    # Below our lowest there is nothing that flies: what is said to be there is taken to be at it.
    return Altitude(min(max(given.value, ALTITUDE_MIN_M), ALTITUDE_MAX_M), AltitudeDatum.WGS84)
