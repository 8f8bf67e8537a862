"""The further terms of an agreement as the record holds them: whole numbers and words, each under its full name.

`line.test_every_s` is 43200, `place.tolerance_mm` 2000000, `readback.required` 1, `line.paths` ["network"]. Names and
units follow from the fields of `core/terms.py`: lengths are in millimetres and areas in square metres, rounded to the
side that asks for more. A term that was not agreed has no name, so agreements from before keep their hash. A name that
is not known is refused: a term is never guessed at (G1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

import msgspec

from keepclear.core.agreement import Source
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.schedule import Window
from keepclear.core.terms import TABLES, kind_of
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum
from keepclear.core.zone import Activity, Belt, Rule, Zone, ZoneKind, ZoneRule, ZoneShape
from keepclear.errors import Malformed

_E7: Final = 10_000_000
_M2_IN_KM2: Final = 1_000_000

Numbers = dict[str, int]
Words = dict[str, tuple[str, ...]]


def tables_to_wire(tables: Mapping[str, Any]) -> tuple[Numbers, Words]:
    """The numbers and the words of tables, by their full names."""
    numbers: Numbers = {}
    words: Words = {}
    for path, value in _leaves(tables):
        if isinstance(value, bool | int):
            numbers[path] = int(value)
        elif isinstance(value, float):
            # More room is the safe side of a tolerance as of a depth: rounded up, by less than a millimetre.
            name, factor = _scaled(path)
            numbers[name] = math.ceil(round(value * factor, 6))
        else:
            words[path] = (value,) if isinstance(value, str) else value
    return dict(sorted(numbers.items())), dict(sorted(words.items()))


def _leaves(tables: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        if value is None:
            continue
        if is_dataclass(value):
            inner = {each.name: getattr(value, each.name) for each in fields(value)}
            yield from ((f"{name}.{path}", leaf) for path, leaf in _leaves(inner))
        elif value != ():
            yield name, value


def _scaled(path: str) -> tuple[str, int]:
    if path.endswith("_km2"):
        return path.removesuffix("_km2") + "_m2", _M2_IN_KM2
    return path.removesuffix("_m") + "_mm", 1000


def tables_from_wire(numbers: Mapping[str, int], words: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The tables that numbers and words mean, by their names.

    Raises:
        Malformed: a name that no table of this version has, or a value out of range.
    """
    left: dict[str, Any] = {**numbers, **words}
    if len(left) != len(numbers) + len(words):
        raise Malformed("one name is both a number and a word", at="terms")
    found = {name: _table(table, name, left) for name, table in TABLES.items()}
    if left:
        raise Malformed(f"terms that this version does not speak: {', '.join(sorted(left))}", at="terms")
    return {name: value for name, value in found.items() if value is not None}


def _table(table: type, prefix: str, left: dict[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for each in fields(table):
        path = f"{prefix}.{each.name}"
        kind = kind_of(table, each.name)
        if is_dataclass(kind):
            inner = _table(kind, path, left)
            if inner is not None:
                values[each.name] = inner
            continue
        name, factor = _scaled(path) if kind is float else (path, 1)
        if name in left:
            values[each.name] = _value(left.pop(name), kind, factor, name)
    if not values:
        return None
    try:
        return table(**values)
    except TypeError:
        raise Malformed(f"{prefix} is not whole: it has only {', '.join(sorted(values))}", at=prefix) from None


def _value(value: Any, kind: type, factor: int, at: str) -> Any:
    is_number = isinstance(value, int)
    if is_number != (kind in (int, float, bool)):
        raise Malformed(f"{at} is a {'number' if not is_number else 'word'} and was given as the other", at=at)
    if kind is bool and value not in (0, 1):
        raise Malformed(f"{at} is 0 or 1, not {value}", at=at)
    if kind is str and len(value) != 1:
        raise Malformed(f"{at} is one word, not {len(value)}", at=at)
    if kind is float:
        return value / factor
    return bool(value) if kind is bool else value[0] if kind is str else value


# ---------------------------------------------------------------------------------------------------- zones, sources


class WireWindow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Hours that come again.

    Attributes:
        start_min, end_min: minutes of the day; it runs over midnight where the end is not later than the start.
        weekdays: MON to SUN on which it begins; empty is every day.
        offset_min: minutes east of UTC.
    """

    start_min: int
    end_min: int
    weekdays: tuple[str, ...] = ()
    offset_min: int = 0


class WireRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a zone asks.

    Attributes:
        rule: `free`, `be_aware`, `call_before`, `stay_within_depth` or `stay_out`.
        party: of whom; empty is of everyone.
        activity: in what: `any`, `hazard` or `movement`.
        call_before_s: how long before entering, seconds; 0 is "before".
        depth_mm: how far from the line, millimetres; 0 where the rule has no depth.
    """

    rule: str
    party: str = ""
    activity: str = "any"
    call_before_s: int = 0
    depth_mm: int = 0


class WireZone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A zone in integers. Exactly one of `circle`, `outline` and `line` is given.

    Attributes:
        id: short, as it is spoken.
        name: as people call it.
        kind: prohibited, restricted, danger, corridor, coordination_required, demilitarised or de_escalation.
        rules: the first for everyone, then the exceptions.
        circle: [latitude e7, longitude e7, radius mm], or empty.
        outline: corners [latitude e7, longitude e7] without the closing one, or empty.
        line: corners of the line that a belt lies along, or empty.
        depth: [left mm, right mm] of a belt, or empty.
        lower, upper: [millimetres, datum], or left out for all heights.
        start, end: microseconds UTC, half-open; 0 and 0 for as long as the agreement.
        schedule: hours that come again; empty is always.
    """

    id: str
    name: str
    kind: str
    rules: tuple[WireRule, ...]
    circle: tuple[int, ...] = ()
    outline: tuple[tuple[int, int], ...] = ()
    line: tuple[tuple[int, int], ...] = ()
    depth: tuple[int, ...] = ()
    lower: tuple[int, AltitudeDatum] | None = None
    upper: tuple[int, AltitudeDatum] | None = None
    start: int = 0
    end: int = 0
    schedule: tuple[WireWindow, ...] = ()


class WireSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a term comes from.

    Attributes:
        title: what it is.
        claimant: who says so.
        where: where it is read.
        term: which term it is for; empty for the whole.
    """

    title: str
    claimant: str = ""
    where: str = ""
    term: str = ""


def zone_to_wire(zone: Zone) -> WireZone:
    """The zone in integers. Rounding makes no zone smaller: radii, depths and upper limits round up."""
    circle: tuple[int, ...] = ()
    outline: tuple[tuple[int, int], ...] = ()
    line: tuple[tuple[int, int], ...] = ()
    depth: tuple[int, ...] = ()
    match zone.shape:
        case Circle():
            circle = (_e7(zone.shape.lat_deg), _e7(zone.shape.lon_deg), _mm_up(zone.shape.radius_m))
        case Polygon():
            outline = tuple((_e7(lat), _e7(lon)) for lat, lon in zone.shape.outline)
        case Belt():
            line = tuple((_e7(lat), _e7(lon)) for lat, lon in zone.shape.line)
            depth = (_mm_up(zone.shape.left_m), _mm_up(zone.shape.right_m))
    band = zone.band
    return WireZone(
        id=zone.id,
        name=zone.name,
        kind=zone.kind.value,
        rules=tuple(_rule_to_wire(rule) for rule in zone.rules),
        circle=circle,
        outline=outline,
        line=line,
        depth=depth,
        lower=(math.floor(round(band.lower.value_m * 1000, 6)), band.lower.datum) if band else None,
        upper=(_mm_up(band.upper.value_m), band.upper.datum) if band else None,
        start=zone.span.start_us if zone.span else 0,
        end=zone.span.end_us if zone.span else 0,
        schedule=tuple(
            WireWindow(each.from_min, each.until_min, each.weekdays, each.offset_min) for each in zone.schedule
        ),
    )


def _rule_to_wire(rule: ZoneRule) -> WireRule:
    return WireRule(
        rule.rule.value, rule.party, rule.activity.value, rule.call_before_s or 0, _mm_up(rule.depth_m or 0.0)
    )


def zone_from_wire(wire: WireZone) -> Zone:
    """The zone back from integers.

    Raises:
        Malformed: more or less than one shape, a word that is not known, or a value out of range.
    """
    band = span = None
    if wire.lower or wire.upper:
        band = AltitudeBand(_altitude(wire.lower, "lower"), _altitude(wire.upper, "upper"))
    if wire.start or wire.end:
        span = TimeSpan(wire.start, wire.end)
    return Zone(
        id=wire.id,
        name=wire.name,
        kind=_word(ZoneKind, wire.kind, "kind"),
        shape=_shape(wire),
        rules=tuple(_rule_from_wire(rule) for rule in wire.rules),
        band=band,
        span=span,
        schedule=tuple(Window(each.start_min, each.end_min, each.weekdays, each.offset_min) for each in wire.schedule),
    )


def _rule_from_wire(wire: WireRule) -> ZoneRule:
    return ZoneRule(
        rule=_word(Rule, wire.rule, "rule"),
        party=wire.party,
        activity=_word(Activity, wire.activity, "activity"),
        call_before_s=wire.call_before_s or None,
        depth_m=wire.depth_mm / 1000 if wire.depth_mm else None,
    )


def _word(words: Any, word: str, name: str) -> Any:
    if word not in list(words):
        raise Malformed(f"{word!r} is not known here; known are {', '.join(words)}", at=f"zone.{name}")
    return words(word)


def _shape(wire: WireZone) -> ZoneShape:
    if sum(map(bool, (wire.circle, wire.outline, wire.line))) != 1 or bool(wire.line) != bool(wire.depth):
        raise Malformed("a zone has a circle, an outline, or a line with its depths", at="zone.shape")
    if wire.circle:
        if len(wire.circle) != 3:
            raise Malformed("a circle is latitude, longitude and radius", at="zone.circle")
        return Circle(wire.circle[0] / _E7, wire.circle[1] / _E7, wire.circle[2] / 1000)
    if wire.outline:
        return Polygon(tuple((lat / _E7, lon / _E7) for lat, lon in wire.outline))
    if len(wire.depth) != 2:
        raise Malformed("a belt has two depths: left and right", at="zone.depth")
    return Belt(tuple((lat / _E7, lon / _E7) for lat, lon in wire.line), wire.depth[0] / 1000, wire.depth[1] / 1000)


def _altitude(wire: tuple[int, AltitudeDatum] | None, name: str) -> Altitude:
    if wire is None:
        raise Malformed("heights have a lower and an upper limit", at=f"zone.{name}")
    return Altitude(wire[0] / 1000, wire[1])


def source_to_wire(source: Source) -> WireSource:
    """The source as the record holds it."""
    return WireSource(source.title, source.claimant, source.where, source.term)


def source_from_wire(wire: WireSource) -> Source:
    """The source back."""
    return Source(wire.title, wire.claimant, wire.where, wire.term)


def _e7(degrees: float) -> int:
    return round(degrees * _E7)


def _mm_up(metres: float) -> int:
    return math.ceil(round(metres * 1000, 6))
