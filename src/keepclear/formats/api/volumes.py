"""Volumes as the API writes them, to and from the values of the core."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.footprint import CORNERS_MAX, Circle, Polygon
from keepclear.core.timespan import TimeSpan, parse_instant, zulu
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed

Time = Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339, UTC; empty: not yet, or not known")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class CircleJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A circle on the ground."""

    lat: Latitude
    lon: Longitude
    radius_m: Annotated[float, msgspec.Meta(gt=0)]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One limit in height: metres above a datum (for FL: metres of pressure altitude)."""

    value_m: float
    datum: AltitudeDatum


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where, how high and when. Exactly one of `circle` and `polygon`; corners are [latitude, longitude]."""

    lower: Band
    upper: Band
    start: Time
    end: Time
    circle: CircleJson | None = None
    polygon: Annotated[tuple[tuple[Latitude, Longitude], ...], msgspec.Meta(max_length=CORNERS_MAX + 1)] = ()


def volume_from_api(volume: Volume, *, at: str = "volume") -> Volume4D:
    """The volume as a value of the core.

    Raises:
        Malformed: both or neither footprint, or a value that cannot be; `at` names the field.
    """
    if (volume.circle is None) == (not volume.polygon):
        raise Malformed("a volume has either a circle or a polygon", at=at)
    try:
        footprint: Circle | Polygon
        if volume.circle is not None:
            footprint = Circle(volume.circle.lat, volume.circle.lon, volume.circle.radius_m)
        else:
            footprint = Polygon(volume.polygon)
        return Volume4D(
            footprint,
            AltitudeBand(
                Altitude(volume.lower.value_m, volume.lower.datum), Altitude(volume.upper.value_m, volume.upper.datum)
            ),
            TimeSpan(parse_instant(volume.start, at="start"), parse_instant(volume.end, at="end")),
        )
    except Malformed as problem:
        raise Malformed(problem.message, at=f"{at}.{problem.at}" if problem.at else at) from None


def volume_to_api(volume: Volume4D) -> Volume:
    """The volume as the API writes it."""
    footprint, band = volume.footprint, volume.band
    circle: CircleJson | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    if isinstance(footprint, Circle):
        circle = CircleJson(footprint.lat_deg, footprint.lon_deg, footprint.radius_m)
    else:
        polygon = footprint.outline
    return Volume(
        lower=Band(band.lower.value_m, band.lower.datum),
        upper=Band(band.upper.value_m, band.upper.datum),
        start=zulu(volume.span.start_us),
        end=zulu(volume.span.end_us),
        circle=circle,
        polygon=polygon,
    )
