"""Positions as people write them, to WGS84 latitude and longitude and back: degrees, MGRS, UTM and UPS (P4).

What could be read in two ways is refused, and the message says what would be right. What is read and still doubtful
is flagged. Each notation is written and read again to within a metre, everywhere on the globe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from keepclear.core.flag import Flag
from keepclear.core.footprint import LatLon, check_position
from keepclear.errors import Malformed
from keepclear.formats.coordinates.datum import datum_in, to_wgs84
from keepclear.formats.coordinates.degrees import read_degrees, write_ddm, write_decimal, write_dms
from keepclear.formats.coordinates.grid import (
    Grid,
    mgrs_text,
    read_grid,
    write_mgrs,
    write_utm,
)
from keepclear.formats.coordinates.values import Notation, Written

__all__ = ["Notation", "Reading", "all_notations", "read_position", "write_mgrs", "write_utm"]

TEXT_MAX = 120
#: A position said no finer than this is flagged COARSE: it is a neighbourhood, not a place.
COARSE_FROM_M = 1_000.0
#: And said finer than this it is flagged IMPLAUSIBLE_PRECISION: nobody measured it so well.
FINEST_M = 0.1

_SIGNS = str.maketrans({
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2019\u2032\u02b9\u00b4\u0060\u2018", "'"),
    **dict.fromkeys("\u201d\u2033\u201c\u02ba", '"'),
    **dict.fromkeys("\u00ba\u02da", "°"),
    "\u060c": ",", "\u066b": ".", "\u061b": ";",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """A position as it was written.

    Attributes:
        position: WGS84 latitude and longitude, degrees. For a grid reference, the middle of its square.
        notation: how it was written.
        precision_m: the ground that its last digit spans, metres.
        datum: as stated; `WGS84 (not stated)` where nothing was said.
        flags: what to look at again.
    """

    position: LatLon
    notation: Notation
    precision_m: float
    datum: str
    flags: tuple[Flag, ...]


def read_position(text: str, *, at: str = "place") -> Reading:
    """The position that a text says, in any notation (P4).

    Takes decimal degrees, degrees and minutes, degrees minutes and seconds, with N, S, E and W before or after, or a
    plain pair with the latitude first; AIP form (`363000N0354200E`); MGRS; UTM as `UTM 36 north 741826 4042798`; UPS
    as `UPS south 2000000 2000000`. A datum other than WGS84 may follow; it is converted where PROJ knows how without a
    grid file, and refused elsewhere.

    Raises:
        Malformed: it is none of these, or could be two of them.

    >>> read_position("36.5 N 35.7 E").position
    (36.5, 35.7)
    """
    said, datum = datum_in(_plain(text, at=at))
    grid = read_grid(said, at=at)
    written = grid.written if grid is not None else read_degrees(said, at=at)
    position = check_position(written.position, at=at)
    flags = [*written.flags, *_precision_flags(written, at=at)]
    if datum is not None and datum.is_other:
        converted = to_wgs84(datum, position, at=at)
        flags.append(
            Flag(
                "DATUM_CONVERTED",
                f"{datum.name} brought to WGS84, {converted.moved_m:.0f} m away, to within {converted.error_m:g} m",
                at,
            )
        )
        position = converted.position
    stated = datum.name if datum is not None else "WGS84 (not stated)"
    return Reading(position, written.notation, written.precision_m, stated, tuple(flags))


def all_notations(position: LatLon) -> dict[Notation, str]:
    """A WGS84 position in every notation, each read again to within a metre (P4).

    UTM is left out where it is not defined, and so is UPS.

    >>> all_notations((36.5, 35.7))[Notation.MGRS]
    '36S YF 41825 42798'
    """
    return dict(_notations(position))


def _notations(position: LatLon) -> Iterator[tuple[Notation, str]]:
    yield Notation.DECIMAL, write_decimal(position)
    yield Notation.DDM, write_ddm(position)
    yield Notation.DMS, write_dms(position)
    yield Notation.MGRS, mgrs_text(write_mgrs(position))
    grid, text = write_utm(position)
    yield Notation.UTM if grid is Grid.UTM else Notation.UPS, text


def _plain(text: str, *, at: str) -> str:
    if len(text) > TEXT_MAX:
        raise Malformed(f"a position takes at most {TEXT_MAX} characters, not {len(text)}", at=at)
    # Digits of any script are digits; marks of direction between them are not part of what was written.
    digits = "".join(
        str(unicodedata.decimal(char)) if unicodedata.decimal(char, None) is not None else char
        for char in text.translate(_SIGNS)
        if unicodedata.category(char) != "Cf"
    )
    plain = re.sub(r"\s+", " ", digits).strip()
    if not plain:
        raise Malformed("say where: 36.5 N 35.7 E, 36S YF 41825 42798, or UTM 36 north 741826 4042798", at=at)
    return plain.replace("''", '"')


def _precision_flags(written: Written, *, at: str) -> Iterator[Flag]:
    if written.precision_m >= COARSE_FROM_M:
        yield Flag(
            "COARSE",
            f"as written it is right to {written.precision_m:.0f} m only: give more digits if you have them",
            at,
        )
    if written.precision_m < FINEST_M:
        yield Flag(
            "IMPLAUSIBLE_PRECISION",
            f"as written it is right to {written.precision_m * 1000:.1g} mm, finer than anybody measures a place",
            at,
        )
