"""An agreement written as TOML: what is read back from it has the same hash.

Each number is written in the largest unit in which it is a whole number, and a height in the unit in which it is one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, Final

from keepclear.core.agreement import Agreement, Source
from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.schedule import Window
from keepclear.core.terms import TABLES
from keepclear.core.timespan import zulu
from keepclear.core.units import FLIGHT_LEVEL_M, FOOT_M, NAUTICAL_MILE_M
from keepclear.core.volume import Altitude, AltitudeDatum
from keepclear.core.zone import Activity, Belt, Zone, ZoneRule
from keepclear.formats.agreement_toml.tables import written_name

_TIMES: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
#: A length is told by its unit where that is a whole number to a tenth of a millimetre.
_NEAR: Final = 1e-4


def write_agreement(agreement: Agreement) -> str:
    """The agreement as people write it."""
    return "\n".join(_lines(agreement)) + "\n"


def write_zone(zone: Zone) -> str:
    """One zone as it stands in a profile."""
    return "\n".join(zone_lines(zone)).lstrip("\n") + "\n"


def _lines(agreement: Agreement) -> Iterator[str]:
    yield f"title = {_text(agreement.title)}"
    yield f"parties = {_list(agreement.parties)}"
    for name in ("profile", "subject", "amends"):
        if getattr(agreement, name):
            yield f"{name} = {_text(getattr(agreement, name))}"
    for name in ("valid_from", "valid_until"):
        instant = getattr(agreement, f"{name}_us")
        if instant is not None:
            yield f"{name} = {zulu(instant)}"
    area, apart = agreement.area, agreement.separation
    yield from (
        "",
        "[area]",
        f"middle = {_position((area.lat_deg, area.lon_deg))}",
        f"radius = {length(area.radius_m)}",
    )
    yield from ("", "[separation]", f"horizontal = {length(apart.horizontal_m)}")
    yield from (f"vertical = {length(apart.vertical_m)}", f"time = {duration(round(apart.time_s))}")
    yield from ("", "[deadlines]")
    for each in fields(agreement.deadlines):
        yield f"{written_name(each.name)} = {duration(getattr(agreement.deadlines, each.name))}"
    for party, shown in agreement.disclosure.items():
        yield from ("", f"[disclosure.{party}]", f"level = {_text(shown.level.value)}")
        yield f"shows_activity = {_bool(shown.shows_activity)}"
    for name in TABLES:
        table = getattr(agreement, name)
        if table is not None:
            yield from _table(name, table)
    for zone in agreement.zones:
        yield from zone_lines(zone)
    for source in agreement.sources:
        yield from _source(source)


def _table(name: str, table: Any) -> Iterator[str]:
    inner: list[tuple[str, Any]] = []
    lines = []
    for each in fields(table):
        value = getattr(table, each.name)
        if value is None or value == ():
            continue
        if is_dataclass(value) and not isinstance(value, Window):
            inner.append((f"{name}.{each.name}", value))
        else:
            lines.append(f"{written_name(each.name)} = {_value(each.name, value)}")
    if lines:
        yield from ("", f"[{name}]", *lines)
    for path, value in inner:
        yield from _table(path, value)


def _value(name: str, value: Any) -> str:
    match value:
        case Window():
            return "{ " + ", ".join(_window(value)) + " }"
        case bool():
            return _bool(value)
        case tuple():
            return _list(value)
        case str():
            return _text(value)
        case _ if name.endswith("_s"):
            return duration(value)
        case _ if name.endswith("_m"):
            return length(value)
        case _:
            return f"{value:g}" if value == float(f"{value:g}") else repr(value)


def _window(window: Window) -> Iterator[str]:
    if window.weekdays:
        yield f"weekdays = {_list(window.weekdays)}"
    yield f"from = {_clock(window.from_min)}"
    yield f"until = {_clock(window.until_min)}"
    if window.offset_min:
        hours, minutes = divmod(abs(window.offset_min), 60)
        sign = "-" if window.offset_min < 0 else "+"
        yield f"zone = {_text(f'UTC{sign}{hours}' + (f':{minutes:02d}' if minutes else ''))}"


def zone_lines(zone: Zone) -> Iterator[str]:
    """One zone."""
    yield from ("", "[[zone]]", f"id = {_text(zone.id)}", f"name = {_text(zone.name)}")
    yield f"kind = {_text(zone.kind.value)}"
    match zone.shape:
        case Circle():
            centre = _position((zone.shape.lat_deg, zone.shape.lon_deg))
            yield f"circle = {{ centre = {centre}, radius = {length(zone.shape.radius_m)} }}"
        case Polygon():
            yield f"outline = {_positions(zone.shape.outline)}"
        case Belt():
            depths = ("left", zone.shape.left_m), ("right", zone.shape.right_m)
            sides = ", ".join(f"{side} = {length(depth_m)}" for side, depth_m in depths if depth_m)
            yield f"belt = {{ line = {_positions(zone.shape.line)}, {sides} }}"
    if zone.band:
        yield from (f"lower = {altitude(zone.band.lower)}", f"upper = {altitude(zone.band.upper)}")
    if zone.span:
        yield from (f"from = {zulu(zone.span.start_us)}", f"until = {zulu(zone.span.end_us)}")
    yield from _rule(zone.rules[0])
    for window in zone.schedule:
        yield from ("", "[[zone.schedule]]", *_window(window))
    for rule in zone.rules[1:]:
        yield from ("", "[[zone.exception]]", *_rule(rule))


def _rule(rule: ZoneRule) -> Iterator[str]:
    if rule.party:
        yield f"party = {_text(rule.party)}"
    if rule.activity is not Activity.ANY:
        yield f"activity = {_text(rule.activity.value)}"
    yield f"rule = {_text(rule.rule.value)}"
    if rule.call_before_s is not None:
        yield f"call_before = {duration(rule.call_before_s)}"
    if rule.depth_m is not None:
        yield f"depth = {length(rule.depth_m)}"


def _source(source: Source) -> Iterator[str]:
    yield from ("", "[[source]]")
    for each in fields(source):
        if getattr(source, each.name):
            yield f"{each.name} = {_text(getattr(source, each.name))}"


def duration(seconds: int) -> str:
    """A length of time in the largest unit in which it is whole, in quotes.

    >>> duration(172_800), duration(5_400), duration(0)
    ('"2 d"', '"90 min"', '"0 s"')
    """
    unit, size = next(((unit, size) for unit, size in _TIMES if seconds and seconds % size == 0), ("s", 1))
    return f'"{seconds // size} {unit}"'


def length(metres: float) -> str:
    """A length in the largest unit in which it is whole, else in metres to the millimetre, in quotes.

    >>> length(5556.0), length(914.4), length(20_000.0), length(0.01)
    ('"3 NM"', '"3000 ft"', '"20 km"', '"0.01 m"')
    """
    for unit, size in (("km", 1000.0), ("NM", NAUTICAL_MILE_M), ("m", 1.0), ("ft", FOOT_M)):
        count = round(metres / size)
        if count and math.isclose(count * size, metres, abs_tol=_NEAR):
            return f'"{count} {unit}"'
    return f'"{metres:.3f}'.rstrip("0").rstrip(".") + ' m"'


def altitude(limit: Altitude) -> str:
    """A limit of height with what it is above, in quotes."""
    if limit.datum is AltitudeDatum.FL:
        level = round(limit.value_m / FLIGHT_LEVEL_M)
        if math.isclose(level * FLIGHT_LEVEL_M, limit.value_m, abs_tol=_NEAR):
            return f'"FL {level}"'
    for unit, size in (("m", 1.0), ("ft", FOOT_M)):
        count = round(limit.value_m / size)
        if math.isclose(count * size, limit.value_m, abs_tol=_NEAR):
            return f'"{count} {unit} {limit.datum.value}"'
    return f'"{limit.value_m:.3f} m {limit.datum.value}"'


def _clock(minutes: int) -> str:
    return f'"{minutes // 60:02d}:{minutes % 60:02d}"'


def _position(position: LatLon) -> str:
    return f"[{round(position[0], 7)!r}, {round(position[1], 7)!r}]"


def _positions(positions: tuple[LatLon, ...]) -> str:
    return "[" + ", ".join(_position(position) for position in positions) + "]"


def _list(words: tuple[str, ...]) -> str:
    return "[" + ", ".join(_text(word) for word in words) + "]"


def _text(text: str) -> str:
    # A basic string of TOML has the escapes of JSON; what JSON leaves bare (DEL) it wants escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bool(value: bool) -> str:
    return "true" if value else "false"
