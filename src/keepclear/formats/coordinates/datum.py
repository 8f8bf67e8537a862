"""Datums other than WGS84: converted where PROJ can without a grid file, refused elsewhere; and their slips (P4).

A position of one datum plotted in another lies some hundred metres off. Which way and how far is known, so a
disagreement of just that vector can be named. PROJ is asked with `allow_ballpark=False`: otherwise it would answer
with the same numbers and say nothing.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pyproj.exceptions import ProjError
from pyproj.transformer import AreaOfInterest, Transformer, TransformerGroup

from keepclear.core.footprint import LatLon
from keepclear.core.geodesy import distance_m
from keepclear.errors import Malformed

_WGS84: Final = 4326
#: EPSG codes of latitude and longitude in each datum that we know by name.
CODES: Final = {
    "ED50": 4230,
    "PULKOVO 1942": 4284,
    "NAD27": 4267,
    "DEIR EZ ZOR": 4227,
    "PALESTINE 1923": 4281,
    "OSGB36": 4277,
}
_SAID = re.compile(
    r"(?:\s*[,(]?\s*)(?:DATUM\s+)?(?P<name>WGS[- ]?(?:19)?84|ED[- ]?(?:19)?50|PULKOVO(?: 19| ?'?)?42|SK[- ]?42|S[- ]42"
    r"|NAD[- ]?27|DEIR[- ]EZ[- ]ZOR DATUM|PALESTINE(?: 19)?23|OSGB(?:19)?36)\)?$",
    re.ASCII | re.IGNORECASE,
)
#: Two positions differ by a datum's slip if the vectors agree this well.
SLIP_ERROR_M = 15.0


@dataclass(frozen=True, slots=True)
class Datum:
    """A datum by its name."""

    name: str

    @property
    def is_other(self) -> bool:
        """Whether it is not WGS84."""
        return self.name in CODES


@dataclass(frozen=True, slots=True)
class Converted:
    """A position brought to WGS84: how far it moved, and how well that is known, metres."""

    position: LatLon
    moved_m: float
    error_m: float


def datum_in(text: str) -> tuple[str, Datum | None]:
    """A text without the datum that it ends in, and that datum; None when it names none.

    >>> datum_in("36.5 N 35.7 E (ED50)")
    ('36.5 N 35.7 E', Datum(name='ED50'))
    """
    match = _SAID.search(text)
    if match is None or match.start() == 0:
        return text, None
    letters = re.sub(r"[^A-Z0-9]", "", match.group("name").upper())
    names = {
        "WGS": "WGS84", "ED": "ED50", "PUL": "PULKOVO 1942", "SK": "PULKOVO 1942", "S4": "PULKOVO 1942",
        "NAD": "NAD27", "DEIR": "DEIR EZ ZOR", "PAL": "PALESTINE 1923", "OSGB": "OSGB36",
    }  # fmt: skip
    return text[: match.start()], Datum(next(name for start, name in names.items() if letters.startswith(start)))


def to_wgs84(datum: Datum, position: LatLon, *, at: str) -> Converted:
    """A position of another datum in WGS84.

    Raises:
        Malformed: PROJ knows no conversion there that needs no grid file.
    """
    transformer = _transformer(CODES[datum.name], round(position[0]), round(position[1]))
    if transformer is None:
        raise Malformed(f"no conversion from {datum.name} to WGS84 is known there: give the position in WGS84", at=at)
    try:
        lon_deg, lat_deg = transformer.transform(position[1], position[0], errcheck=True)
    except ProjError as problem:
        raise Malformed(f"{datum.name} cannot be converted to WGS84 there: {problem}", at=at) from None
    converted = (float(lat_deg), float(lon_deg))
    return Converted(converted, distance_m(position, converted), float(transformer.accuracy))


def datum_slips(one: LatLon, other: LatLon) -> tuple[str, ...]:
    """Names of the datums in which one of two positions may have been read, so that they would be the same place.

    >>> datum_slips((36.5, 35.7), (36.5, 35.7))
    ()
    """
    apart_m = distance_m(one, other)
    if not SLIP_ERROR_M < apart_m < 1_500.0:
        return ()
    found = []
    for name in CODES:
        for start, end in ((one, other), (other, one)):
            try:
                converted = to_wgs84(Datum(name), start, at="")
            except Malformed:
                continue
            if distance_m(converted.position, end) <= SLIP_ERROR_M:
                found.append(name)
                break
    return tuple(found)


@lru_cache(maxsize=256)
def _transformer(code: int, lat_deg: int, lon_deg: int) -> Transformer | None:
    """The best conversion to WGS84 that is meant for that degree of the Earth; None when there is none."""
    area = AreaOfInterest(lon_deg, lat_deg, lon_deg, lat_deg)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a better one would need a grid file, which we do not have
        group = TransformerGroup(code, _WGS84, always_xy=True, area_of_interest=area, allow_ballpark=False)
    known = [each for each in group.transformers if each.accuracy >= 0]
    return min(known, key=lambda each: each.accuracy) if known else None
