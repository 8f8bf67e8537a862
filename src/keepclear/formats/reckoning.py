"""Places as people say them from somewhere else: `Latakia 270/90km`, `90 km W of Latakia`, `within ALPHA` (P1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from keepclear.core.units import NAUTICAL_MILE_M
from keepclear.errors import Malformed

TEXT_MAX: Final = 200
RIGHT: Final = 'write it as "Latakia 270/90km", "90 km 270 from Latakia", "within ALPHA" or "whole of ALPHA"'

_POINTS: Final = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
_WORDS: Final = {
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE",
    "SOUTHWEST": "SW", "NORTH-EAST": "NE", "NORTH-WEST": "NW", "SOUTH-EAST": "SE", "SOUTH-WEST": "SW",
}  # fmt: skip
_UNIT_M: Final = {"KM": 1_000.0, "M": 1.0, "NM": NAUTICAL_MILE_M}

_BEARING = (
    r"(?P<bearing>\d{1,3}(?:\.\d{1,3})?|[A-Za-z]+(?:-[A-Za-z]+)?)"
    r" ?(?:°|degrees?|deg)?(?P<north>[TMtm](?![A-Za-z]))?"
)
_RANGE = r"(?P<range>\d{1,7}(?:\.\d{1,3})?) ?(?P<unit>km|KM|Km|m|M|nm|NM|Nm)"
_FORMS = (
    re.compile(rf"(?P<name>.+?)[ ,]+{_BEARING} ?[/, ] ?{_RANGE}", re.ASCII | re.DOTALL),
    re.compile(rf"{_BEARING} ?[/, ] ?{_RANGE} (?:of|from) (?P<name>.+)", re.ASCII),
    re.compile(rf"{_RANGE} {_BEARING} (?:of|from) (?P<name>.+)", re.ASCII),
)
_AREA = re.compile(r"(?P<how>within|in|whole of|the whole of|all of) (?P<name>.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bearing:
    """A bearing and distance from a name, not looked up yet. Units and steps as in `core.secondmeans.Reckoned`."""

    name: str
    bearing_deg: float
    bearing_step_deg: float
    range_m: float
    range_step_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """A named area, not looked up yet."""

    name: str
    is_whole: bool


def read_reckoning(text: str, *, at: str = "seen_from") -> Bearing | Area:
    """What a text says beside the geometry (P1).

    Bearings are degrees true, or one of 16 points, which leaves a sixteenth of the circle open. How fine it is comes
    from the digits that are written.

    Raises:
        Malformed: neither, a magnetic bearing, or a region word alone.

    >>> read_reckoning("Latakia 270/90km")
    Bearing(name='Latakia', bearing_deg=270.0, bearing_step_deg=1.0, range_m=90000.0, range_step_m=1000.0)
    """
    said = " ".join(text.split())
    if not 0 < len(said) <= TEXT_MAX:
        raise Malformed(f"a place takes 1 to {TEXT_MAX} characters; {RIGHT}", at=at)
    if (area := _AREA.fullmatch(said)) is not None:
        return Area(area.group("name"), area.group("how").lower() not in ("within", "in"))
    for form in _FORMS:
        if (match := form.fullmatch(said)) is not None:
            return _bearing(match, text, at=at)
    if said.upper() in _WORDS or said.upper() in _POINTS:
        raise Malformed(f"{text!r} alone says no place: say how far and from where; {RIGHT}", at=at)
    raise Malformed(f"{text!r} is no bearing and distance, and no area; {RIGHT}", at=at)


def _bearing(match: re.Match[str], text: str, *, at: str) -> Bearing:
    said, range_text = match.group("bearing").upper(), match.group("range")
    if (match.group("north") or "").upper() == "M":
        raise Malformed(f"{text!r} gives a magnetic bearing: give degrees true", at=at)
    point = _WORDS.get(said, said)
    if point in _POINTS:
        bearing_deg, step_deg = _POINTS.index(point) * 22.5, 22.5
    elif said.replace(".", "").isdigit():
        bearing_deg, step_deg = float(said), _step(said)
    else:
        raise Malformed(f"in {text!r}, {match.group('bearing')!r} is no bearing; {RIGHT}", at=at)
    if bearing_deg > 360:
        raise Malformed(f"in {text!r} the bearing {said} is beyond 360", at=at)
    unit_m = _UNIT_M[match.group("unit").upper()]
    return Bearing(
        match.group("name").strip(" ,"), bearing_deg, step_deg, float(range_text) * unit_m, _step(range_text) * unit_m
    )


def _step(figure: str) -> float:
    return float(10.0 ** -len(figure.partition(".")[2]))
