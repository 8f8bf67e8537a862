"""Quantities as people write them in a file, a unit behind each number: `5 NM`, `90 s`, `FL 100`, `09:00`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from keepclear.core.footprint import LatLon
from keepclear.core.timespan import parse_instant
from keepclear.core.units import FLIGHT_LEVEL_M, FOOT_M, NAUTICAL_MILE_M
from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.errors import LimitReached, Malformed

#: Below the 65,535 bytes of an entry, which holds the same terms in integers.
BYTES_MAX: Final = 60_000

_LENGTHS_M: Final = {"cm": 0.01, "m": 1.0, "km": 1000.0, "ft": FOOT_M, "NM": NAUTICAL_MILE_M}
_TIMES_S: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_QUANTITY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Za-z]{1,3})", re.ASCII)
_LIMIT = re.compile(r"(-?[0-9]{1,6}(?:\.[0-9]{1,3})?) ?(m|ft) (AMSL|AGL|WGS84|FL)", re.ASCII)
_LEVEL = re.compile(r"FL ?([0-9]{1,3})", re.ASCII)
_CLOCK = re.compile(r"([0-2][0-9]):([0-5][0-9])", re.ASCII)
_OFFSET = re.compile(r"UTC(?:([+-])([0-9]{1,2})(?::([0-5][0-9]))?)?", re.ASCII)


def parsed(text: str | bytes) -> dict[str, Any]:
    """The table of a TOML text.

    Raises:
        LimitReached: more than 60,000 bytes.
        Malformed: not TOML.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > BYTES_MAX:
        raise LimitReached(f"an agreement or a zone has at most {BYTES_MAX} bytes, not {len(raw)}")
    try:
        return tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"not TOML: {problem}") from None


def length_m(text: object, *, at: str = "") -> float:
    """Metres of a length with its unit: m, km, ft or NM.

    >>> length_m("5 NM")
    9260.0
    """
    number, unit = _quantity(text, _LENGTHS_M, at, "a length such as 500 m, 5 km, 1000 ft or 5 NM")
    return float(number) * _LENGTHS_M[unit]


def duration_s(text: object, *, at: str = "") -> int:
    """Whole seconds of a length of time with its unit: s, min, h or d.

    >>> duration_s("90 s"), duration_s("1.5 h")
    (90, 5400)
    """
    number, unit = _quantity(text, _TIMES_S, at, "a length of time such as 90 s, 30 min, 2 h or 1 d")
    seconds = float(number) * _TIMES_S[unit]
    if seconds != round(seconds):
        raise Malformed(f"{text!r} is not a whole number of seconds", at=at)
    return round(seconds)


def altitude(text: object, *, at: str = "") -> Altitude:
    """A limit of height with what it is above: `1500 ft AMSL`, `300 m AGL`, `FL 100`.

    >>> altitude("FL 100").value_m
    3048.0
    """
    if isinstance(text, str) and (level := _LEVEL.fullmatch(text)):
        return Altitude(int(level.group(1)) * FLIGHT_LEVEL_M, AltitudeDatum.FL)
    match = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Malformed(f"{text!r} is not a height such as 1500 ft AMSL, 300 m AGL or FL 100", at=at)
    return Altitude(float(match.group(1)) * _LENGTHS_M[match.group(2)], AltitudeDatum(match.group(3)))


def minute_of_day(text: object, *, at: str = "") -> int:
    """Minutes since midnight of a time of day; 24:00 is the end of it.

    >>> minute_of_day("09:30"), minute_of_day("24:00")
    (570, 1440)
    """
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    minutes = int(match.group(1)) * 60 + int(match.group(2)) if match else -1
    if not 0 <= minutes <= 1440:
        raise Malformed(f"{text!r} is not a time of day such as 09:00", at=at)
    return minutes


def offset_min(text: object, *, at: str = "") -> int:
    """Minutes east of UTC of `UTC`, `UTC+3` or `UTC-03:30`. The name of a place is refused: its clock may change.

    >>> offset_min("UTC+3"), offset_min("UTC-03:30")
    (180, -210)
    """
    match = _OFFSET.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Malformed(f"{text!r} is not an offset such as UTC, UTC+3 or UTC-03:30", at=at)
    minutes = int(match.group(2) or 0) * 60 + int(match.group(3) or 0)
    return -minutes if match.group(1) == "-" else minutes


def instant_us(value: object, *, at: str) -> int:
    """Microseconds UTC of a date and time with its offset, bare or in quotes."""
    if isinstance(value, datetime):
        value = value.isoformat()
    return parse_instant(value, at=at)


def position(value: object, *, at: str) -> LatLon:
    """[latitude, longitude] in degrees."""
    if not (isinstance(value, list) and len(value) == 2 and all(type(number) in (int, float) for number in value)):
        raise Malformed("a position is [latitude, longitude] in degrees", at=at)
    return float(value[0]), float(value[1])


def _quantity(text: object, units: Mapping[str, float], at: str, example: str) -> tuple[str, str]:
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None or match.group(2) not in units:
        raise Malformed(f"{text!r} is not {example}", at=at)
    return match.group(1), match.group(2)


def needed(table: Mapping[str, Any], name: str, at: str) -> Any:
    """The value of that name, or Malformed."""
    if name not in table:
        raise Malformed(f"{name} is missing", at=f"{at}.{name}" if at else name)
    return table[name]


def table_of(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The table of that name, or Malformed."""
    inner = needed(table, name, "")
    if not isinstance(inner, dict):
        raise Malformed(f"{name} is a table: write [{name}]", at=name)
    return inner


def text_of(table: Mapping[str, Any], name: str, at: str = "") -> str:
    """The text of that name, or Malformed."""
    value = needed(table, name, at)
    if not isinstance(value, str):
        raise Malformed(f"{name} is text", at=f"{at}.{name}" if at else name)
    return value


def only(table: Mapping[str, Any], known: frozenset[str] | set[str] | tuple[str, ...], *, at: str) -> None:
    """Raise where the table has a name that is not known."""
    for name in table:
        if name not in known:
            raise Malformed(
                f"{name!r} is not known here; known are {', '.join(sorted(known))}", at=f"{at}.{name}".strip(".")
            )
