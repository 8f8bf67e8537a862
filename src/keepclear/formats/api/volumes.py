"""Volumes as the API writes them, to and from the values of the core."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.flag import Flag
from keepclear.core.footprint import CORNERS_MAX, Circle, Polygon
from keepclear.core.timespan import TimeSpan, parse_instant, zulu
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.errors import Malformed
from keepclear.formats.heights import agreed_height

Time = Annotated[str, msgspec.Meta(max_length=40, description="RFC 3339, UTC; empty: not yet, or not known")]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class CircleJson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A circle on the ground."""

    lat: Latitude
    lon: Longitude
    radius_m: Annotated[float, msgspec.Meta(gt=0)]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One limit in height: metres above a datum (for FL: metres of pressure altitude).

    `text`, in a request: the same limit as it stands in the order, `FL320` or `5000 ft AMSL`; refused if it differs.
    """

    value_m: float
    datum: AltitudeDatum
    text: Annotated[str, msgspec.Meta(max_length=80)] = ""


class PlaceText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """In a request: a place in any notation. One position with a radius, or three and more corners of an outline."""

    positions: Annotated[
        tuple[Annotated[str, msgspec.Meta(max_length=120)], ...], msgspec.Meta(min_length=1, max_length=CORNERS_MAX + 1)
    ]
    radius_m: Annotated[float, msgspec.Meta(gt=0)] | None = None


class Volume(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where, how high and when. Exactly one of `circle`, `polygon` and `place`; corners are [latitude, longitude].

    Answers never hold `place`: they hold what it says.
    """

    lower: Band
    upper: Band
    start: Time
    end: Time
    circle: CircleJson | None = None
    polygon: Annotated[tuple[tuple[Latitude, Longitude], ...], msgspec.Meta(max_length=CORNERS_MAX + 1)] = ()
    place: PlaceText | None = None


def volume_from_api(volume: Volume, *, at: str = "volume") -> Volume4D:
    """The volume as a value of the core.

    Raises:
        Malformed: more or fewer than one footprint, two limits of height that differ (P4), or a value that cannot be;
            `at` names the field.
    """
    given = (volume.circle is not None, bool(volume.polygon), volume.place is not None)
    if sum(given) != 1:
        raise Malformed("a volume has either a circle or a polygon, or a place in words", at=at)
    try:
        return Volume4D(
            _footprint(volume),
            AltitudeBand(_limit(volume.lower, at="lower.text"), _limit(volume.upper, at="upper.text")),
            TimeSpan(parse_instant(volume.start, at="start"), parse_instant(volume.end, at="end")),
        )
    except Malformed as problem:
        raise Malformed(problem.message, at=f"{at}.{problem.at}" if problem.at else at) from None


def place_flags(volume: Volume, *, at: str = "volume") -> tuple[Flag, ...]:
    """What to look at again in a place that was given in words (P4); empty for one that was given in numbers.

    Raises:
        Malformed: as `volume_from_api`.
    """
    from keepclear.formats.coordinates import read_position  # heavy: only where a place is said in words

    said = volume.place.positions if volume.place is not None else ()
    return tuple(
        flag
        for number, text in enumerate(said)
        for flag in read_position(text, at=f"{at}.place.positions[{number}]").flags
    )


def _footprint(volume: Volume) -> Circle | Polygon:
    from keepclear.formats.coordinates import read_position  # heavy: only where a place is said in words

    if volume.circle is not None:
        return Circle(volume.circle.lat, volume.circle.lon, volume.circle.radius_m)
    if volume.place is None:
        return Polygon(volume.polygon)
    said = volume.place
    positions = [
        read_position(text, at=f"place.positions[{number}]").position for number, text in enumerate(said.positions)
    ]
    if (said.radius_m is not None) is not (len(positions) == 1):
        raise Malformed("a place is one position with a radius_m, or three and more corners without one", at="place")
    return Circle(*positions[0], said.radius_m) if said.radius_m is not None else Polygon(tuple(positions))


def _limit(band: Band, *, at: str) -> Altitude:
    given = Altitude(band.value_m, band.datum)
    return agreed_height(band.text, given, at=at) if band.text else given


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
