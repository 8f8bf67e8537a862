"""Zones as people write them, in `[[zone]]`: one shape, heights, hours, a rule for everyone and its exceptions.

```toml
[[zone]]
id = "RIVER-6"
name = "Six kilometres on each side of the river road"
kind = "corridor"
belt = { line = [[10.0, 20.0], [10.0, 20.5]], depth = "6 km" }   # or left and right; or circle; or outline
lower = "0 ft AMSL"
upper = "FL 100"
rule = "call_before"
call_before = "30 min"

[[zone.schedule]]
weekdays = ["MON", "FRI"]
from = "20:00"
until = "04:00"

[[zone.exception]]
party = "cedar"
activity = "movement"
rule = "free"
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from keepclear.core.footprint import Circle, Polygon
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import AltitudeBand
from keepclear.core.zone import Activity, Belt, Rule, Zone, ZoneRule, ZoneShape, zone_kind
from keepclear.errors import Malformed
from keepclear.formats.agreement_toml.quantities import (
    altitude,
    duration_s,
    instant_us,
    length_m,
    needed,
    only,
    parsed,
    position,
    text_of,
)
from keepclear.formats.agreement_toml.tables import read_window

_ZONE: Final = frozenset(
    {"id", "name", "kind", "circle", "outline", "belt", "lower", "upper", "from", "until", "rule", "call_before"}
    | {"depth", "schedule", "exception"}
)
_EXCEPTION: Final = frozenset({"party", "activity", "rule", "call_before", "depth"})


def read_zone_text(text: str | bytes) -> Zone:
    """The zone that a text sets out: the lines under `[[zone]]` in a profile, with or without that head.

    Raises:
        LimitReached: more than 60,000 bytes.
        Malformed: not TOML, more than one zone, or what `read_zone` refuses.
    """
    table = parsed(text)
    zones = table.get("zone")
    if zones is None:
        return read_zone(table)
    if not isinstance(zones, list) or len(zones) != 1 or len(table) != 1:
        raise Malformed("one zone: write [[zone]] once and nothing else", at="zone")
    return read_zone(zones[0])


def read_zone(table: Mapping[str, Any]) -> Zone:
    """The zone that a table sets out.

    Raises:
        Malformed: a name that is missing or not known, a value without its unit, or a point facility.
    """
    # First of all, so that whoever lists a post or a hospital is told where it belongs.
    kind = zone_kind(text_of(table, "kind", "zone"))
    only(table, _ZONE, at="zone")
    band = span = None
    if "lower" in table or "upper" in table:
        band = AltitudeBand(
            altitude(needed(table, "lower", "zone"), at="zone.lower"),
            altitude(needed(table, "upper", "zone"), at="zone.upper"),
        )
    if "from" in table or "until" in table:
        span = TimeSpan(
            instant_us(needed(table, "from", "zone"), at="zone.from"),
            instant_us(needed(table, "until", "zone"), at="zone.until"),
        )
    first = {name: table[name] for name in ("rule", "call_before", "depth") if name in table}
    return Zone(
        id=text_of(table, "id", "zone"),
        name=text_of(table, "name", "zone"),
        kind=kind,
        shape=_shape(table),
        rules=(_rule(first, "zone"), *(_exception(each) for each in _tables(table, "exception"))),
        band=band,
        span=span,
        schedule=tuple(read_window(each, "zone.schedule") for each in _tables(table, "schedule")),
    )


def _tables(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    several = table.get(name, [])
    if not isinstance(several, list) or not all(isinstance(each, dict) for each in several):
        raise Malformed(f"write [[zone.{name}]]", at=f"zone.{name}")
    return several


def _exception(table: Mapping[str, Any]) -> ZoneRule:
    only(table, _EXCEPTION, at="zone.exception")
    if not {"party", "activity"} & set(table):
        raise Malformed("an exception is for a party, an activity, or both", at="zone.exception")
    return _rule(table, "zone.exception")


def _rule(table: Mapping[str, Any], at: str) -> ZoneRule:
    word = text_of(table, "rule", at)
    if word not in list(Rule):
        raise Malformed(f"{word!r} is no rule: {', '.join(Rule)}", at=f"{at}.rule")
    activity = text_of(table, "activity", at) if "activity" in table else Activity.ANY
    if activity not in list(Activity):
        raise Malformed(f"{activity!r} is no activity: {', '.join(Activity)}", at=f"{at}.activity")
    return ZoneRule(
        rule=Rule(word),
        party=text_of(table, "party", at) if "party" in table else "",
        activity=Activity(activity),
        call_before_s=duration_s(table["call_before"], at=f"{at}.call_before") if "call_before" in table else None,
        depth_m=length_m(table["depth"], at=f"{at}.depth") if "depth" in table else None,
    )


def _shape(table: Mapping[str, Any]) -> ZoneShape:
    given = [name for name in ("circle", "outline", "belt") if name in table]
    if len(given) != 1:
        raise Malformed("a zone is one of circle, outline and belt", at="zone.shape")
    name = given[0]
    value, at = table[name], f"zone.{name}"
    if name == "outline":
        return Polygon(_corners(value, at))
    if not isinstance(value, dict):
        raise Malformed(f"a {name} is a table: {name} = {{ ... }}", at=at)
    if name == "circle":
        only(value, {"centre", "radius"}, at=at)
        lat_deg, lon_deg = position(needed(value, "centre", at), at=f"{at}.centre")
        return Circle(lat_deg, lon_deg, length_m(needed(value, "radius", at), at=f"{at}.radius"))
    only(value, {"line", "depth", "left", "right"}, at=at)
    if ("depth" in value) == bool({"left", "right"} & set(value)):
        raise Malformed("a belt has one depth for both sides, or left and right", at=at)
    line = _corners(needed(value, "line", at), f"{at}.line")
    depths = [length_m(value[side], at=f"{at}.{side}") if side in value else 0.0 for side in ("depth", "left", "right")]
    return Belt(line, depths[0] or depths[1], depths[0] or depths[2])


def _corners(value: object, at: str) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, list):
        raise Malformed("corners are a list of [latitude, longitude]", at=at)
    return tuple(position(corner, at=f"{at}[{number}]") for number, corner in enumerate(value))
