"""Positions in degrees: decimal, with minutes, with seconds, and the form of aeronautical publications (P4).

Written by us: `lat-lon-parser` takes any sign at all between numbers, minute 60, and a comma for anything
(docs/decisions/0041-positions-are-read-strictly.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from keepclear.core.flag import Flag
from keepclear.core.footprint import LatLon
from keepclear.errors import Malformed
from keepclear.formats.coordinates.values import Notation, Written

#: Metres on the ground of one degree of latitude, near enough to say how fine a text is.
DEGREE_M: Final = 111_320.0

RIGHT: Final = "write it as 36.5000 N 35.7000 E, as 36°30'00\" N 35°42'00\" E, or as MGRS"

_LETTERS = re.compile(r"(?<![A-Z])[NSEW](?![A-Z])", re.ASCII)
_HEMISPHERES = tuple((re.compile(rf"\b{word}\b"), word[0]) for word in ("NORTH", "SOUTH", "EAST", "WEST"))
_COMMA = re.compile(r"\d,\d", re.ASCII)
_PLAIN_PAIR = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,15})?) ?°?(?: ?[,;/] ?| )([+-]?\d{1,3}(?:\.\d{1,15})?) ?°?", re.ASCII)
_PART = re.compile(
    r"(\d{1,3})(?:\.(\d{1,15}))? ?(?:°|DEG)?"
    r"(?: ?(\d{1,2})(?:\.(\d{1,15}))? ?'?"
    r"(?: ?(\d{1,2})(?:\.(\d{1,15}))? ?\"?)?)?",
    re.ASCII,
)
_COMPACT = {
    "lat": re.compile(r"(\d{2})(\d{2})(\d{2})?(?:\.(\d{1,15}))?", re.ASCII),
    "lon": re.compile(r"(\d{3})(\d{2})(\d{2})?(?:\.(\d{1,15}))?", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class _Angle:
    degrees: float
    notation: Notation
    step_deg: float


def read_degrees(text: str, *, at: str) -> Written:
    """The position of a text in degrees.

    Raises:
        Malformed: it is none, or could be read in two ways.
    """
    plain = text.upper()
    for word, initial in _HEMISPHERES:
        plain = word.sub(initial, plain)
    letters = list(_LETTERS.finditer(plain))
    if not any(char.isdigit() for char in plain):
        raise Malformed(f"{text!r} is not a position: words alone never say where; {RIGHT}", at=at)
    if not letters:
        return _without_letters(plain, text, at=at)
    if len(letters) != 2 or {letter.group() in "NS" for letter in letters} != {True, False}:
        raise Malformed(f"{text!r} needs one of N and S and one of E and W, each once; {RIGHT}", at=at)
    angles: dict[str, _Angle] = {}
    for part, letter in zip(_halves(plain, letters, text, at=at), letters, strict=True):
        axis = "lat" if letter.group() in "NS" else "lon"
        angles[axis] = _angle(part, axis, letter.group() in "SW", text, at=at)
    lat, lon = angles["lat"], angles["lon"]
    if lat.notation is not lon.notation:
        raise Malformed(
            f"{text!r} gives the latitude in {lat.notation} and the longitude in {lon.notation}: give both alike", at=at
        )
    return Written((lat.degrees, lon.degrees), lat.notation, max(lat.step_deg, lon.step_deg) * DEGREE_M)


def _halves(plain: str, letters: list[re.Match[str]], text: str, *, at: str) -> tuple[str, str]:
    """What belongs to the first letter and what to the second: letters stand before both angles or behind both."""
    first, second = letters
    if first.start() == 0:
        return plain[1 : second.start()], plain[second.end() :]
    if second.end() != len(plain):
        raise Malformed(f"in {text!r} something is left over behind {plain[: second.end()]!r}; {RIGHT}", at=at)
    return plain[: first.start()], plain[first.end() : second.start()]


def _without_letters(plain: str, text: str, *, at: str) -> Written:
    if plain.count(",") > 1 or (_COMMA.search(plain) and "." not in plain):
        raise Malformed(
            f"in {text!r} a comma between digits may stand for a decimal point or part two numbers: write decimals with"
            " a point, as in 36.5, 35.7",
            at=at,
        )
    pair = _PLAIN_PAIR.fullmatch(plain)
    if pair is None:
        raise Malformed(f"{text!r} is not a position; {RIGHT}", at=at)
    step_deg = max(_step(number.partition(".")[2]) for number in pair.groups())
    flag = Flag("ORDER_ASSUMED", "no N, S, E or W is given: the latitude is taken to come first; write the letters", at)
    return Written((float(pair.group(1)), float(pair.group(2))), Notation.DECIMAL, step_deg * DEGREE_M, (flag,))


def _angle(part: str, axis: str, is_negative: bool, text: str, *, at: str) -> _Angle:
    said = part.strip(" ,;/")
    if said.startswith(("+", "-")):
        raise Malformed(f"{text!r} has both a sign and a letter for the same angle: leave the sign out", at=at)
    if "," in said:
        raise Malformed(
            f"in {text!r} the comma in {said!r} may stand for a decimal point or part two numbers: write a point", at=at
        )
    # Angles are also parted by dashes and colons, as in 36-30-00N; with a letter no sign can be meant.
    said = re.sub(r"(?<=\d) ?[-:] ?(?=\d)", " ", said)
    compact = _COMPACT[axis].fullmatch(said)
    if compact is not None:
        degrees, minutes, seconds, fraction = compact.groups()
        figures: tuple[str | None, ...] = (degrees, None, minutes, fraction, seconds, fraction)
        if seconds is not None:
            figures = (degrees, None, minutes, None, seconds, fraction)
    else:
        match = _PART.fullmatch(said)
        if match is None:
            raise Malformed(f"in {text!r}, {said!r} is not an angle; {RIGHT}", at=at)
        figures = match.groups()
    angle = _sum(figures, text, at=at)
    limit, name = (90, "latitude") if axis == "lat" else (180, "longitude")
    if angle.degrees > limit:
        swapped = ": are latitude and longitude swapped?" if axis == "lat" and angle.degrees <= 180 else ""
        raise Malformed(f"in {text!r} the {name} is beyond {limit} degrees{swapped}", at=at)
    return _Angle(-angle.degrees if is_negative else angle.degrees, angle.notation, angle.step_deg)


def _sum(figures: tuple[str | None, ...], text: str, *, at: str) -> _Angle:
    """An angle from degrees, minutes and seconds with their fractions; only the last may have one."""
    degrees, degree_part, minutes, minute_part, seconds, second_part = figures
    if (degree_part and minutes) or (minute_part and seconds):
        raise Malformed(f"in {text!r} only the last of degrees, minutes and seconds may have a fraction", at=at)
    for name, value in (("minutes", minutes), ("seconds", seconds)):
        if value is not None and int(value) > 59:
            raise Malformed(f"in {text!r} {value} {name} are more than 59", at=at)
    whole = float(degrees or 0)
    if seconds is not None:
        total = whole + int(minutes or 0) / 60 + float(f"{seconds}.{second_part or 0}") / 3600
        return _Angle(total, Notation.DMS, _step(second_part) / 3600)
    if minutes is not None:
        return _Angle(whole + float(f"{minutes}.{minute_part or 0}") / 60, Notation.DDM, _step(minute_part) / 60)
    return _Angle(float(f"{degrees}.{degree_part or 0}"), Notation.DECIMAL, _step(degree_part))


def _step(fraction: str | None) -> float:
    return float(10.0 ** -len(fraction or ""))


def write_decimal(position: LatLon) -> str:
    """Decimal degrees, six places: 0.11 m.

    >>> write_decimal((-36.5, -180.0))
    '36.500000 S 180.000000 W'
    """
    return _pair(position, 10**6, lambda steps, _: f"{steps // 10**6}.{steps % 10**6:06d}")


def write_ddm(position: LatLon) -> str:
    """Degrees and minutes with four decimals: 0.19 m.

    >>> write_ddm((36.5, 35.7))
    "36°30.0000' N 035°42.0000' E"
    """

    def angle(steps: int, wide: int) -> str:
        minutes, fraction = divmod(steps, 10**4)
        return f"{minutes // 60:0{wide}d}°{minutes % 60:02d}.{fraction:04d}'"

    return _pair(position, 60 * 10**4, angle)


def write_dms(position: LatLon) -> str:
    """Degrees, minutes and seconds with two decimals: 0.31 m.

    >>> print(write_dms((36.99999999, 35.7)))
    37°00'00.00" N 035°42'00.00" E
    """

    def angle(steps: int, wide: int) -> str:
        seconds, fraction = divmod(steps, 100)
        return f"{seconds // 3600:0{wide}d}°{seconds // 60 % 60:02d}'{seconds % 60:02d}.{fraction:02d}\""

    return _pair(position, 360_000, angle)


def _pair(position: LatLon, steps_per_degree: int, angle: Callable[[int, int], str]) -> str:
    # Whole steps first, so that 59.996 seconds carry into the minute and never read as 60.
    texts = []
    for value, letters, wide in zip(position, ("NS", "EW"), (2, 3), strict=True):
        steps = round(value * steps_per_degree)
        texts.append(f"{angle(abs(steps), wide)} {letters[steps < 0]}")
    return " ".join(texts)
