"""Grid references: MGRS by the `mgrs` package with its form checked by us, UTM and UPS by PROJ (P4).

`mgrs` takes lower case, squares that lie outside their band (it warns) and says nothing of how fine a reference is;
what it gives is the middle of the square.
"""

from __future__ import annotations

import enum
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import mgrs
from pyproj import Proj

from keepclear.core.flag import Flag
from keepclear.core.footprint import LatLon
from keepclear.core.geodesy import distance_m
from keepclear.errors import Malformed, ensure
from keepclear.formats.coordinates.degrees import DEGREE_M
from keepclear.formats.coordinates.values import Notation, Written

_MGRS: Any = mgrs.MGRS()

#: The grid of UTM ends here; beyond lies that of UPS.
UTM_NORTH_DEG, UTM_SOUTH_DEG = 84.0, -80.0
#: A neighbour's zone may be used this far over its edge, degrees: on purpose, where a place lies across it.
OVERHANG_DEG = 1.0

_BANDS: Final = "CDEFGHJKLMNPQRSTUVWX"
#: Zones whose width is not 6 degrees: Norway, and Svalbard, where 32X, 34X and 36X are not.
_WIDE: Final[dict[tuple[int, str], tuple[float, float] | None]] = {
    (31, "V"): (0.0, 3.0), (32, "V"): (3.0, 12.0),
    (31, "X"): (0.0, 9.0), (32, "X"): None, (33, "X"): (9.0, 21.0), (34, "X"): None, (35, "X"): (21.0, 33.0),
    (36, "X"): None, (37, "X"): (33.0, 42.0),
}  # fmt: skip

_REFERENCE = re.compile(
    r"(?:(?P<zone>\d{1,2}) ?(?P<band>[C-HJ-NP-X])|(?P<pole>[ABYZ])) ?(?P<square>[A-HJ-NP-Z]{2}) ?"
    r"(?P<digits>\d{0,10}|\d{1,5} \d{1,5})",
    re.ASCII,
)
_METRES = r"(\d{1,8}(?:\.\d{1,3})?)"
_UTM = re.compile(
    rf"(?:UTM )?(?P<zone>\d{{1,2}}) ?(?P<side>NORTH|SOUTH|[C-HJ-NP-X]) {_METRES} ?(?:M?E)?[ ,]+"
    rf"{_METRES} ?(?:M?N)?",
    re.ASCII,
)
_UPS = re.compile(rf"UPS (?P<side>NORTH|SOUTH) {_METRES} ?(?:M?E)?[ ,]+{_METRES} ?(?:M?N)?", re.ASCII)


class Grid(enum.StrEnum):
    """Which grid a position is given in."""

    UTM = "UTM"
    UPS = "UPS"


@dataclass(frozen=True, slots=True)
class GridReading:
    """What a text in a grid says."""

    grid: Grid
    written: Written


def read_grid(text: str, *, at: str) -> GridReading | None:
    """The position of a text in MGRS, UTM or UPS; None when it is in none of them.

    Raises:
        Malformed: it is in one of them, and there is no such place, or it could be two.
    """
    upper = text.upper()
    if (match := _UPS.fullmatch(upper)) is not None:
        return GridReading(Grid.UPS, _ups(match, text, at=at))
    if (match := _UTM.fullmatch(upper)) is not None:
        return GridReading(Grid.UTM, _utm(match, text, at=at))
    if (match := _REFERENCE.fullmatch(upper)) is not None:
        if text != upper:
            raise Malformed(f"{text!r} is not MGRS, which is written in capitals: {upper}", at=at)
        return GridReading(Grid.UPS if match.group("pole") else Grid.UTM, _reference(match, at=at))
    return None


def write_mgrs(position: LatLon, *, digits: int = 5) -> str:
    """The square in which a position lies, with so many digits for each axis: 5 are a metre.

    >>> write_mgrs((36.5, 35.7))
    '36SYF4182542798'
    """
    for lat_deg, lon_deg in _about(position):
        reference = str(_MGRS.toMGRS(lat_deg, lon_deg, MGRSPrecision=digits))
        match = _REFERENCE.fullmatch(reference)
        ensure(match is not None, "the library writes references that can be read")
        assert match is not None
        try:
            _reference(match, at="mgrs")
        except Malformed:
            # Within a few millimetres of an edge the library rounds up into a square that is not there.
            continue
        return reference
    raise Malformed(f"{position} cannot be written in MGRS", at="mgrs")


def _about(position: LatLon) -> Iterator[LatLon]:
    """The position to a centimetre, then positions a few centimetres beside it."""
    lat_deg, lon_deg = round(position[0], 7), round(position[1], 7)
    near = 5e-7
    for north, east in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
        yield min(90.0, max(-90.0, lat_deg + north * near)), min(180.0, max(-180.0, lon_deg + east * near))


def mgrs_text(reference: str) -> str:
    """A reference with the spaces that people read it by.

    >>> mgrs_text("36SYF4182542798"), mgrs_text("ZAH0000000000")
    ('36S YF 41825 42798', 'Z AH 00000 00000')
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise Malformed(f"{reference!r} is not MGRS", at="mgrs")
    zone = match.group("pole") or f"{match.group('zone')}{match.group('band')}"
    digits = match.group("digits")
    half = len(digits) // 2
    return " ".join(part for part in (zone, match.group("square"), digits[:half], digits[half:]) if part)


def write_utm(position: LatLon) -> tuple[Grid, str]:
    """Easting and northing to 0.1 m, in UTM or near the poles in UPS. The side is a word: a letter could be a band.

    >>> write_utm((36.5, 35.7))[1], write_utm((-90.0, 0.0))[1]
    ('UTM 36 north 741825.6 4042798.8', 'UPS south 2000000.0 2000000.0')
    """
    lat_deg, lon_deg = position
    side = "north" if lat_deg >= 0 else "south"
    if not UTM_SOUTH_DEG <= lat_deg <= UTM_NORTH_DEG:
        easting, northing = _projection(0, side)(lon_deg, lat_deg)
        return Grid.UPS, f"UPS {side} {easting:.1f} {northing:.1f}"
    zone = zone_of(position)
    easting, northing = _projection(zone, side)(lon_deg, lat_deg)
    return Grid.UTM, f"UTM {zone} {side} {easting:.1f} {max(northing, 0.0):.1f}"


def zone_of(position: LatLon) -> int:
    """The UTM zone of a position, with the exceptions of Norway and Svalbard.

    >>> zone_of((60.5, 4.0)), zone_of((78.0, 10.0)), zone_of((0.0, -180.0))
    (32, 33, 1)
    """
    lat_deg, lon_deg = position
    band = _band_of(lat_deg)
    for (zone, letter), edges in _WIDE.items():
        if letter == band and edges is not None and edges[0] <= lon_deg < edges[1]:
            return zone
    return int((lon_deg + 180.0) // 6.0) % 60 + 1


def _band_of(lat_deg: float) -> str:
    return _BANDS[min(int((lat_deg + 80.0) // 8.0), len(_BANDS) - 1)]


def _reference(match: re.Match[str], *, at: str) -> Written:
    parts = match.group("digits").split()
    if len(parts) == 2 and len(parts[0]) != len(parts[1]):
        raise Malformed(
            f"easting and northing of MGRS have as many digits each, not {len(parts[0])} and {len(parts[1])}", at=at
        )
    digits = "".join(parts)
    if len(digits) % 2:
        raise Malformed(f"MGRS has as many digits for the easting as for the northing, not {len(digits)} in all", at=at)
    size_m = 10.0 ** (5 - len(digits) // 2)
    zone, band = match.group("zone"), match.group("band")
    reference = f"{zone or ''}{band or match.group('pole')}{match.group('square')}{digits}"
    if zone is not None and (not 1 <= int(zone) <= 60 or _edges(int(zone), band) is None):
        raise Malformed(f"there is no zone {zone}{band} in MGRS", at=at)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it lies outside its band, which is looked at below
            lat_deg, lon_deg = _MGRS.toLatLon(reference)
    except Exception as problem:  # noqa: BLE001 -- the library's own class is made anew for each build of it
        raise Malformed(f"there is no square {match.group('square')} in {reference}: {problem}", at=at) from None
    position = (float(lat_deg), float(lon_deg))
    if zone is not None:
        _check_zone_and_band(position, int(zone), band, size_m, at=at)
    return Written(position, Notation.MGRS, size_m)


def _edges(zone: int, band: str) -> tuple[float, float] | None:
    if (zone, band) in _WIDE:
        return _WIDE[zone, band]
    return (zone * 6.0 - 186.0, zone * 6.0 - 180.0)


def _check_zone_and_band(position: LatLon, zone: int, band: str, size_m: float, *, at: str) -> None:
    """Refuse a square that lies outside what its zone and band say; a square on the edge may reach over."""
    lat_deg, lon_deg = position
    edges = _edges(zone, band)
    row = _BANDS.index(band)
    south, north = -80.0 + 8.0 * row, 84.0 if band == "X" else -72.0 + 8.0 * row
    reach_deg = 2.0 * size_m / DEGREE_M
    if not south - reach_deg <= lat_deg <= north + reach_deg:
        raise Malformed(
            f"the square lies at {lat_deg:.2f} degrees of latitude, which is not in band {band}: one letter is wrong",
            at=at,
        )
    if edges is None:
        raise Malformed(f"there is no zone {zone}{band} in MGRS", at=at)
    if _degrees_outside(lon_deg, edges) > reach_deg / max(_cosine(lat_deg), 0.05):
        raise Malformed(
            f"the square lies at {lon_deg:.2f} degrees of longitude, which is not in zone {zone}: a letter or digit is"
            " wrong",
            at=at,
        )


def _degrees_outside(lon_deg: float, edges: tuple[float, float]) -> float:
    middle, half = (edges[0] + edges[1]) / 2, (edges[1] - edges[0]) / 2
    return max(0.0, abs((lon_deg - middle + 180.0) % 360.0 - 180.0) - half)


def _cosine(lat_deg: float) -> float:
    # How long a degree of longitude is there, measured rather than reckoned: the ellipsoid is not a sphere.
    return distance_m((lat_deg, 0.0), (lat_deg, 1.0)) / DEGREE_M


def _utm(match: re.Match[str], text: str, *, at: str) -> Written:
    zone, letter = int(match.group("zone")), match.group("side")
    easting, northing = float(match.group(3)), float(match.group(4))
    if not 1 <= zone <= 60:
        raise Malformed(f"UTM has zones 1 to 60, not {zone}", at=at)
    if not (100_000 <= easting <= 900_000 and 0 <= northing <= 10_000_000):
        swapped = ": are easting and northing swapped?" if 100_000 <= northing <= 900_000 else ""
        raise Malformed(
            f"a UTM easting lies between 100000 and 900000 and a northing up to 10000000, not {easting:.0f} and"
            f" {northing:.0f}{swapped}",
            at=at,
        )
    position = _utm_position(zone, letter, easting, northing, text, at=at)
    flags = []
    natural = zone_of(position)
    if zone not in (natural, *_zones_beside(position)):
        over_deg = _degrees_outside(position[1], (zone * 6.0 - 186.0, zone * 6.0 - 180.0))
        if over_deg > OVERHANG_DEG and _WIDE.get((natural, _band_of(position[0]))) is None:
            raise Malformed(
                f"{text!r} lies {over_deg:.1f} degrees outside zone {zone}, in zone {natural}: is the zone right?",
                at=at,
            )
        flags.append(Flag("ZONE_EDGE", f"it lies outside zone {zone}, in zone {natural}", at))
    return Written(position, Notation.UTM, _last_digit_m(match.group(3), match.group(4)), tuple(flags))


def _zones_beside(position: LatLon) -> set[int]:
    """The zones within a metre: on an edge of a wide zone, the last digit decides on which side a place lies."""
    lat_deg, lon_deg = position
    near = 1.0 / DEGREE_M
    return {
        zone_of((lat_deg + north * near, (lon_deg + east * near / _cosine(lat_deg) + 180.0) % 360.0 - 180.0))
        for north in (-1, 0, 1)
        for east in (-1, 0, 1)
    }


def _utm_position(zone: int, letter: str, easting: float, northing: float, text: str, *, at: str) -> LatLon:
    """The position; a letter is a band, but S and N are taken for sides too, and may not differ in what they give."""
    if letter in ("NORTH", "SOUTH"):
        return _unproject(zone, letter.lower(), easting, northing, text, at=at)
    as_band = _unproject(zone, "north" if letter >= "N" else "south", easting, northing, text, at=at)
    fits_band = UTM_SOUTH_DEG <= as_band[0] <= UTM_NORTH_DEG and _band_of(as_band[0]) == letter
    if letter == "N":
        return as_band
    if letter == "S":
        as_side = _unproject(zone, "south", easting, northing, text, at=at)
        if fits_band:
            raise Malformed(
                f"{text!r}: {zone}S may be band S, at {as_band[0]:.1f} degrees north, or the southern half, at"
                f" {-as_side[0]:.1f} degrees south: write UTM {zone} north or UTM {zone} south",
                at=at,
            )
        return as_side
    if not fits_band:
        raise Malformed(f"{text!r} lies at {as_band[0]:.1f} degrees of latitude, which is not in band {letter}", at=at)
    return as_band


def _ups(match: re.Match[str], text: str, *, at: str) -> Written:
    position = _unproject(0, match.group("side").lower(), float(match.group(2)), float(match.group(3)), text, at=at)
    # UPS and UTM overlap by half a degree.
    if -79.5 < position[0] < 83.5:
        raise Malformed(f"{text!r} lies at {position[0]:.1f} degrees of latitude, where UTM is used, not UPS", at=at)
    return Written(position, Notation.UPS, _last_digit_m(match.group(2), match.group(3)))


def _last_digit_m(*figures: str) -> float:
    return max(float(10.0 ** -len(figure.partition(".")[2])) for figure in figures)


@lru_cache(maxsize=122)
def _projection(zone: int, side: str) -> Proj:
    """UTM of a zone, or UPS where the zone is 0."""
    if zone == 0:
        return Proj(proj="ups", ellps="WGS84", south=side == "south")
    return Proj(proj="utm", zone=zone, ellps="WGS84", south=side == "south")


def _unproject(zone: int, side: str, easting: float, northing: float, text: str, *, at: str) -> LatLon:
    lon_deg, lat_deg = _projection(zone, side)(easting, northing, inverse=True)
    if not (abs(lat_deg) <= 90.0 and abs(lon_deg) <= 180.0):
        raise Malformed(f"{text!r} lies nowhere on the globe", at=at)
    return (float(lat_deg), -180.0 if lon_deg == 180.0 else float(lon_deg))
