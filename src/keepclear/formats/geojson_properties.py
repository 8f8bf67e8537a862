"""The properties of a GeoJSON feature: names and their synonyms, limits of height, times and lengths.

One thing may be said twice, and then it must be the same thing: two different upper limits, one in a number and one in
a text, have cost lives. They are a fault and never a choice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from keepclear.core.timespan import TimeSpan, parse_instant, zulu
from keepclear.core.units import feet_to_m, flight_level_to_m, nautical_miles_to_m
from keepclear.core.volume import ALTITUDE_MAX_M, ALTITUDE_MIN_M, Altitude, AltitudeBand, AltitudeDatum
from keepclear.errors import Malformed
from keepclear.formats.planned import Doubled, Faults, clean, number, shown

#: The surface as a lower limit: nothing beneath is free, so it holds everything from below, whatever the ground is.
SURFACE = Altitude(ALTITUDE_MIN_M, AltitudeDatum.WGS84)
#: No upper limit.
UNLIMITED = Altitude(ALTITUDE_MAX_M, AltitudeDatum.WGS84)
#: Limits said twice that lie no further apart than this are one limit, rounded; the wider counts.
ROUNDING_M = 0.5
#: The highest flight level that a bare number may be; beyond it, it was surely metres or feet.
FLIGHT_LEVEL_MAX = 999

SYNONYMS: dict[str, tuple[str, ...]] = {
    "id": ("id", "identifier", "serial"),
    "title": ("title", "name", "label", "callsign"),
    "part_of": ("part_of",),
    "start": ("start", "time_start", "start_time", "starts_at", "valid_from", "from", "begin"),
    "end": ("end", "time_end", "end_time", "ends_at", "valid_to", "valid_until", "to", "until"),
    "lower": ("lower", "lower_limit", "altitude_lower", "lower_altitude", "min_altitude", "floor", "bottom"),
    "upper": ("upper", "upper_limit", "altitude_upper", "upper_altitude", "max_altitude", "ceiling", "top"),
    "datum": ("datum", "altitude_datum", "altitude_reference", "vertical_datum"),
    "lower_datum": ("lower_datum", "lower_reference", "floor_datum"),
    "upper_datum": ("upper_datum", "upper_reference", "ceiling_datum"),
    "unit": ("unit", "units", "altitude_unit", "altitude_units"),
    "lower_unit": ("lower_unit", "floor_unit"),
    "upper_unit": ("upper_unit", "ceiling_unit"),
    "radius": ("radius",),
    "radius_unit": ("radius_unit", "radius_units"),
    "edges": ("edges",),
}
_SUFFIXES = {"lower": ("m", "ft", "fl"), "upper": ("m", "ft", "fl"), "radius": ("m", "km", "nm", "ft")}
#: Every name that is read, without `_`: what it means, and the unit that it ends in.
_MEANINGS = {
    f"{synonym}{suffix}".replace("_", ""): (meaning, suffix)
    for meaning, synonyms in SYNONYMS.items()
    for synonym in synonyms
    for suffix in ("", *_SUFFIXES.get(meaning, ()))
}

LENGTH_M = {"m": 1.0, "km": 1000.0, "ft": feet_to_m(1.0), "nm": nautical_miles_to_m(1.0)}
_UNITS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), "km"),
    **dict.fromkeys(("ft", "foot", "feet"), "ft"),
    **dict.fromkeys(("nm", "nmi", "nautical_mile", "nautical_miles"), "nm"),
    "fl": "fl",
}
_LENGTH_UNITS = {word: unit for word, unit in _UNITS.items() if unit in LENGTH_M}
DATA = {
    **dict.fromkeys(("wgs84", "wgs-84", "wgs_84", "w84", "hae", "ellipsoid"), AltitudeDatum.WGS84),
    **dict.fromkeys(("amsl", "msl", "asl", "sea_level"), AltitudeDatum.AMSL),
    **dict.fromkeys(("agl", "sfc", "ground"), AltitudeDatum.AGL),
    **dict.fromkeys(("fl", "std", "qne"), AltitudeDatum.FL),
}
_SURFACE_WORDS = ("sfc", "gnd", "surface", "ground")
_UNLIMITED_WORDS = ("unl", "unlimited", "unltd")
_LEVEL = re.compile(r"fl\s*(\d{1,3})", re.ASCII)
#: A fraction of a second that goes beyond the microsecond.
_FINER = re.compile(r"\.\d{6}\d*[1-9]", re.ASCII)
_MEASURE = re.compile(r"([+-]?\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)?(?:\s+([a-z0-9_-]+))?", re.ASCII)

LIMIT_RIGHT = 'write it as "1500 m AMSL", "5000 ft AGL", "FL150", "SFC" or "UNL", or a number of metres and "datum"'
TIME_RIGHT = "write it as 2027-03-14T02:17:40Z"
LENGTH_RIGHT = 'write it as "3 km", "5 NM" or a number of metres, without a thousands separator'
_UNIT_RIGHT = "say m, ft or FL"
_KEEP_UNIT = "keep the unit that is meant"
DATUM_RIGHT = 'add "datum": WGS84, AMSL, AGL or FL'

Word = TypeVar("Word", bound=str)

#: Names that promise something about time or space; such a property that is not understood gets a note.
_TELLING = re.compile(
    r"alt|height|elev|ceil|floor|level|limit|time|date|radius|diameter|distance|buffer|margin|separation|datum"
    r"|duration|period|valid|expir|effective|vertical|(?<!stroke_)width"
    r"|(?:^|_)(?:start|end|begin|from|until|lower|upper|top|bottom|min|max|above|below|range)(?:_|s?$)"
)
#: Meanings that may stand beside `properties` too, where they change no volume.
_HARMLESS = ("", "id", "title", "part_of")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_telling(name: str) -> bool:
    """Whether a name promises something about time or space, so that leaving it unread must be said.

    >>> is_telling("validUntil"), is_telling("stroke-width"), is_telling("colour")
    (True, False, False)
    """
    return _TELLING.search(re.sub(r"[\s-]+", "_", _HUMP.sub("_", name.strip())).lower()) is not None


def is_heeded(name: str) -> bool:
    """Whether a property of this name says where or when; elsewhere than in the properties it would be passed over."""
    return _MEANINGS.get(_plain(name), ("", ""))[0] not in _HARMLESS


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.lower())


class Properties:
    """The properties of one feature, found by any of their names. Every fault found goes to `faults`."""

    def __init__(self, values: dict[str, object], faults: Faults) -> None:
        self._faults = faults
        self._said: dict[str, list[tuple[str, str, object]]] = {}
        self._names: dict[str, str] = {}
        self._worded: set[str] = set()
        self._asked: set[str] = set()
        for name in values.doubled if isinstance(values, Doubled) else ():
            faults.add(f"properties.{clean(name)}", "given twice with different values", "keep the one that is meant")
        for name, value in values.items():
            if value is not None and value != "":
                meaning, suffix = _MEANINGS.get(_plain(name), ("", ""))
                self._names[name] = meaning
                self._said.setdefault(meaning, []).append((f"properties.{clean(name)}", suffix, value))

    def every(self, meaning: str) -> list[tuple[str, str, object]]:
        """All that is said about a meaning: (path, unit in the name or "", value)."""
        self._asked.add(meaning)
        return self._said.get(meaning, [])

    def text(self, meaning: str) -> str:
        """A text, or empty; different texts are a fault. A number is taken as it is written."""
        found = [
            (path, clean(value) if isinstance(value, str) else shown(value)) for path, _, value in self.every(meaning)
        ]
        if len({text for _, text in found}) > 1:
            self._differ(meaning, [(path, repr(text)) for path, text in found])
        return found[0][1] if found else ""

    def word(self, meaning: str, words: Mapping[str, Word], *, right: str) -> Word | None:
        """One of a list of words, or None when none is given or it is a fault."""
        known: list[tuple[str, Word]] = []
        is_told = meaning in self._worded  # both limits ask for the common unit; its fault is told once
        self._worded.add(meaning)
        for path, _, value in self.every(meaning):
            plain = re.sub(r"\s+", "_", value.strip().lower()) if isinstance(value, str) else ""
            if plain in words:
                known.append((path, words[plain]))
            elif not is_told:
                self._faults.add(path, f"{shown(value)} is not known", right)
        if len({word for _, word in known}) > 1:
            if not is_told:
                self._differ(meaning, [(path, str(word)) for path, word in known])
            return None
        return known[0][1] if known else None

    def span(self) -> TimeSpan | None:
        """From start to end, half-open; None when a fault was noted."""
        start_us, end_us = self._instant("start"), self._instant("end")
        if start_us is None or end_us is None:
            return None
        try:
            return TimeSpan(start_us, end_us)
        except Malformed as problem:
            self._faults.add_error("properties.end", problem, "give an end after the start")
            return None

    def band(self, default_datum: AltitudeDatum | None) -> AltitudeBand | None:
        """From lower to upper; None when a fault was noted.

        Args:
            default_datum: what a limit is measured from that says nothing about it; None makes that a fault.
        """
        general = self.word("datum", DATA, right=DATUM_RIGHT) or default_datum
        lower, upper = self._limit("lower", general), self._limit("upper", general)
        if lower is None or upper is None:
            return None
        try:
            return AltitudeBand(lower, upper)
        except Malformed as problem:
            self._faults.add_error("properties.upper", problem, "give an upper limit above the lower")
            return None

    def radius_m(self) -> float | None:
        """The radius in metres, or None when none is given or it is a fault."""
        before = len(self._faults.items)
        own = self.word("radius_unit", _LENGTH_UNITS, right="say m, km, NM or ft")
        general = self.word("unit", _UNITS, right=_UNIT_RIGHT)
        lengths: list[tuple[str, float]] = []
        for path, suffix, value in self.every("radius"):
            try:
                lengths.append((path, _length_m(value, suffix, own or "", general or "")))
            except Malformed as problem:
                self._faults.add(path, problem.message, problem.at or LENGTH_RIGHT)
        if len(self._faults.items) > before:
            return None
        if lengths and max(lengths, key=_second)[1] - min(lengths, key=_second)[1] > ROUNDING_M:
            self._differ("radius", [(path, f"{length_m:g} m") for path, length_m in lengths])
            return None
        return max(lengths, key=_second)[1] if lengths else None

    def unread(self) -> list[str]:
        """Names given that promise something about time or space and were not read."""
        unread = [name for name, meaning in self._names.items() if meaning not in self._asked]
        return sorted(clean(name) for name in unread if is_telling(name))

    def _instant(self, meaning: str) -> int | None:
        instants: list[tuple[str, int]] = []
        found = self.every(meaning)
        if not found:
            self._faults.add(f"properties.{meaning}", "is missing", TIME_RIGHT)
        for path, _, value in found:
            try:
                text = clean(value) if isinstance(value, str) else ""
                # What lies beyond the microsecond is dropped; an end that lost it would come too early.
                finer = 1 if meaning == "end" and _FINER.search(text) else 0
                instants.append((path, parse_instant(text) + finer))
            except Malformed:
                self._faults.add(
                    path, f"{shown(value)} is not a time between 1970 and 2200 with its offset", TIME_RIGHT
                )
        if len({instant_us for _, instant_us in instants}) > 1:
            self._differ(meaning, [(path, zulu(instant_us)) for path, instant_us in instants])
            return None
        return instants[0][1] if len(instants) == len(found) and instants else None

    def _limit(self, meaning: str, general: AltitudeDatum | None) -> Altitude | None:
        own = self.word(f"{meaning}_datum", DATA, right=DATUM_RIGHT)
        own_unit = self.word(f"{meaning}_unit", _UNITS, right=_UNIT_RIGHT)
        unit = own_unit or self.word("unit", _UNITS, right=_UNIT_RIGHT)
        found = self.every(meaning)
        if not found:
            self._faults.add(f"properties.{meaning}", "is missing", LIMIT_RIGHT)
        limits: list[tuple[str, Altitude]] = []
        for path, suffix, value in found:
            try:
                if suffix and own_unit and suffix != own_unit:
                    raise Malformed(f"its name says {suffix}, and {meaning}_unit says {own_unit}", at=_KEEP_UNIT)
                fixed = bool(suffix or own_unit)
                limits.append((path, _altitude(value, meaning, suffix or unit or "", fixed, own, general)))
            except Malformed as problem:
                self._faults.add(path, problem.message, problem.at or LIMIT_RIGHT)
        if len(limits) < len(found) or not limits:
            return None
        low = min((limit for _, limit in limits), key=_value_m)
        high = max((limit for _, limit in limits), key=_value_m)
        if len({limit.datum for _, limit in limits}) > 1 or high.value_m - low.value_m > ROUNDING_M:
            self._differ(meaning, [(path, altitude_text(limit)) for path, limit in limits])
            return None
        return low if meaning == "lower" else high

    def _differ(self, meaning: str, said: list[tuple[str, str]]) -> None:
        everything = ", ".join(f"{path} {text}" for path, text in said)
        self._faults.add(
            said[1][0], f"more than one {meaning} is given, and they differ: {everything}", "keep the one meant"
        )


def altitude_text(altitude: Altitude) -> str:
    """As people write it: `1500 m AMSL`, `FL 150`, `SFC`, `UNL`.

    >>> altitude_text(Altitude(1500.0, AltitudeDatum.AMSL))
    '1500 m AMSL'
    """
    if altitude == SURFACE:
        return "SFC"
    if altitude == UNLIMITED:
        return "UNL"
    if altitude.datum is AltitudeDatum.FL:
        return f"FL {altitude.value_m / flight_level_to_m(1):.6g}"
    return f"{altitude.value_m:.10g} m {altitude.datum}"


def _altitude(
    value: object, meaning: str, unit: str, is_fixed: bool, own: AltitudeDatum | None, general: AltitudeDatum | None
) -> Altitude:
    """One limit as given. Malformed says what is wrong; its `at`, when set, what would be right."""
    figure, said_unit, said_datum = number(value), "", None
    if isinstance(value, str):
        plain = value.strip().lower()
        if plain in _SURFACE_WORDS:
            return _edge_of_all(meaning, "lower", SURFACE, "the surface is no upper limit")
        if plain in _UNLIMITED_WORDS:
            return _edge_of_all(meaning, "upper", UNLIMITED, "unlimited is no lower limit")
        figure, said_unit, said_datum = _measure(plain)
    if figure is None:
        raise Malformed(f"{shown(value)} is not a limit of height")
    if said_unit and is_fixed and said_unit != unit:
        raise Malformed(f"{shown(value)} is in another unit than its name or {meaning}_unit says", at=_KEEP_UNIT)
    if said_datum and own and said_datum is not own:
        raise Malformed(
            f"{shown(value)} names another datum than {meaning}_datum, {own}", at="keep the datum that is meant"
        )
    datum = said_datum or own
    unit = said_unit or unit
    if unit == "fl" or (not unit and (datum or general) is AltitudeDatum.FL):
        return _flight_level(figure, datum)
    datum = datum or general
    if datum is None:
        raise Malformed(f"{shown(value)} does not say what it is measured from", at=DATUM_RIGHT)
    if unit == "nm":
        raise Malformed(f"{shown(value)} is a height in nautical miles")
    if meaning == "lower" and figure == 0 and datum is AltitudeDatum.AGL:
        return SURFACE
    return Altitude(figure * LENGTH_M[unit or "m"], datum)


def _edge_of_all(meaning: str, wanted: str, limit: Altitude, wrong: str) -> Altitude:
    if meaning != wanted:
        raise Malformed(wrong)
    return limit


def _measure(plain: str) -> tuple[float | None, str, AltitudeDatum | None]:
    """Figure, unit and datum of a text in lower case; the figure is None when it is not understood."""
    if level := _LEVEL.fullmatch(plain):
        return float(level.group(1)), "fl", AltitudeDatum.FL
    match = _MEASURE.fullmatch(plain)
    if match is None:
        return None, "", None
    figure, unit, datum = match.groups()
    if unit is not None and unit not in _UNITS and datum is None:
        unit, datum = None, unit
    if (unit is not None and unit not in _UNITS) or (datum is not None and datum not in DATA):
        return None, "", None
    return float(figure), _UNITS[unit] if unit else "", DATA[datum] if datum else None


def _flight_level(figure: float, datum: AltitudeDatum | None) -> Altitude:
    if datum not in (None, AltitudeDatum.FL):
        raise Malformed(f"a flight level is not measured from {datum}", at='give metres or feet, or "datum": FL')
    if not 0 <= figure <= FLIGHT_LEVEL_MAX:
        raise Malformed(f"a flight level lies between 0 and {FLIGHT_LEVEL_MAX}, not {figure:g}", at="write it as FL150")
    return Altitude(flight_level_to_m(figure), AltitudeDatum.FL)


def _length_m(value: object, suffix: str, own: str, general: str) -> float:
    """A length as given. Malformed says what is wrong; its `at`, when set, what would be right.

    Args:
        suffix: the unit that its name ends in, or empty.
        own: the unit that `radius_unit` says, or empty.
        general: what `unit` says; it is meant for heights, and a radius that it may be meant for too is no guess.
    """
    figure, said = number(value), ""
    if isinstance(value, str) and (match := _MEASURE.fullmatch(value.strip().lower())) is not None:
        word = match.group(2) or ""
        if match.group(3) is None and (not word or word in _LENGTH_UNITS):
            figure, said = float(match.group(1)), _LENGTH_UNITS[word] if word else ""
    if figure is None:
        raise Malformed(f"{shown(value)} is not a length")
    units = {unit for unit in (said, suffix, own) if unit}
    if len(units) > 1:
        raise Malformed(f"{shown(value)} is in more than one unit: {', '.join(sorted(units))}", at=_KEEP_UNIT)
    if not units and general in ("km", "nm"):
        raise Malformed(f'{shown(value)} does not say its unit, and "unit" says {general}', at=LENGTH_RIGHT)
    return figure * LENGTH_M[units.pop() if units else "m"]


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


def _value_m(altitude: Altitude) -> float:
    return altitude.value_m
