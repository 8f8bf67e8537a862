"""Agreements as people write them: TOML with a unit behind each number.

```toml
title = "Amber and Birch, northern area"
parties = ["amber", "birch"]

[area]                      # the region words N, NE, ... are measured from its middle
middle = [12.5, -31.25]     # latitude, longitude
radius = "60 NM"

[separation]
horizontal = "5 km"
vertical = "1000 ft"
time = "10 min"

[deadlines]
notice_before = "30 min"
...

[disclosure.amber]
level = "VOLUME"
shows_activity = false
```

A number without a unit is refused: 1000 feet and 1000 metres look alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from keepclear.core.agreement import Agreement, Deadlines, Disclosure, DisclosureLevel, Source, check_profile
from keepclear.core.footprint import Circle
from keepclear.core.separation import Separation
from keepclear.core.terms import TABLES
from keepclear.errors import Malformed
from keepclear.formats.agreement_toml.quantities import (
    duration_s,
    instant_us,
    length_m,
    needed,
    only,
    parsed,
    position,
    table_of,
    text_of,
)
from keepclear.formats.agreement_toml.tables import read_table
from keepclear.formats.agreement_toml.zones import read_zone

_TOP: Final = frozenset(
    {
        "title",
        "parties",
        "area",
        "separation",
        "deadlines",
        "disclosure",
        "profile",
        "subject",
        "amends",
        "valid_from",
        "valid_until",
    }
    | {"zone", "source", *TABLES}
)
_DEADLINES: Final = (
    "notice_before", "acknowledge", "acknowledge_conflict", "acknowledge_warning", "acknowledge_stop", "standby",
)  # fmt: skip


def read_agreement(text: str | bytes) -> Agreement:
    """The agreement that a TOML text sets out.

    Raises:
        LimitReached: more than 60,000 bytes.
        Malformed: not TOML, or a field that is missing, unknown, without a unit or out of range; `at` names it.
    """
    table = parsed(text)
    # Another version may mean another thing by the same word, so it is told before any word is looked at.
    profile = check_profile(text_of(table, "profile")) if "profile" in table else ""
    only(table, _TOP, at="")
    return Agreement(
        title=text_of(table, "title"),
        parties=_parties(table),
        area=_area(table_of(table, "area")),
        separation=_separation(table_of(table, "separation")),
        deadlines=_deadlines(table_of(table, "deadlines")),
        disclosure=_disclosure(table_of(table, "disclosure")),
        profile=profile,
        subject=text_of(table, "subject") if "subject" in table else "",
        amends=text_of(table, "amends") if "amends" in table else "",
        valid_from_us=instant_us(table["valid_from"], at="valid_from") if "valid_from" in table else None,
        valid_until_us=instant_us(table["valid_until"], at="valid_until") if "valid_until" in table else None,
        zones=tuple(sorted((read_zone(zone) for zone in _several(table, "zone")), key=lambda zone: zone.id)),
        sources=tuple(_source(source) for source in _several(table, "source")),
        **{name: read_table(kind, table_of(table, name), name) for name, kind in TABLES.items() if name in table},
    )


def _several(table: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    several = table.get(name, [])
    if not isinstance(several, list) or not all(isinstance(each, dict) for each in several):
        raise Malformed(f"{name} stands in tables of its own: write [[{name}]]", at=name)
    return several


def _source(table: Mapping[str, Any]) -> Source:
    only(table, {"title", "claimant", "where", "term"}, at="source")
    further = {name: text_of(table, name, "source") for name in ("claimant", "where", "term") if name in table}
    return Source(text_of(table, "title", "source"), **further)


def _parties(table: Mapping[str, Any]) -> tuple[str, ...]:
    parties = needed(table, "parties", "")
    if not isinstance(parties, list) or not all(isinstance(party, str) for party in parties):
        raise Malformed('parties are ids, as in ["amber", "birch"]', at="parties")
    # In one order, so that it does not matter to the hash who wrote the file.
    return tuple(sorted(parties))


def _area(table: Mapping[str, Any]) -> Circle:
    only(table, {"middle", "radius"}, at="area")
    lat_deg, lon_deg = position(needed(table, "middle", "area"), at="area.middle")
    return Circle(lat_deg, lon_deg, length_m(needed(table, "radius", "area"), at="area.radius"))


def _separation(table: Mapping[str, Any]) -> Separation:
    only(table, {"horizontal", "vertical", "time"}, at="separation")
    return Separation(
        horizontal_m=length_m(needed(table, "horizontal", "separation"), at="separation.horizontal"),
        vertical_m=length_m(needed(table, "vertical", "separation"), at="separation.vertical"),
        time_s=float(duration_s(needed(table, "time", "separation"), at="separation.time")),
    )


def _deadlines(table: Mapping[str, Any]) -> Deadlines:
    only(table, _DEADLINES, at="deadlines")
    values = {f"{name}_s": duration_s(needed(table, name, "deadlines"), at=f"deadlines.{name}") for name in _DEADLINES}
    return Deadlines(**values)


def _disclosure(table: Mapping[str, Any]) -> dict[str, Disclosure]:
    shown = {}
    for party, terms in table.items():
        at = f"disclosure.{party}"
        if not isinstance(terms, dict):
            raise Malformed("what a party shows is a level and a flag", at=at)
        only(terms, {"level", "shows_activity"}, at=at)
        flag = terms.get("shows_activity", False)
        if not isinstance(flag, bool):
            raise Malformed(f"true or false, not {flag!r}", at=f"{at}.shows_activity")
        level = needed(terms, "level", at)
        if level not in list(DisclosureLevel):
            known = ", ".join(DisclosureLevel)
            raise Malformed(f"{level!r} is no disclosure level that this version speaks: {known}", at=f"{at}.level")
        shown[party] = Disclosure(DisclosureLevel(level), flag)
    return shown
