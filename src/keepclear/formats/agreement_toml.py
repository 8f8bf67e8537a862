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

import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from keepclear.core.agreement import Agreement, Deadlines, Disclosure, DisclosureLevel
from keepclear.core.footprint import Circle
from keepclear.core.separation import Separation
from keepclear.core.units import FOOT_M, NAUTICAL_MILE_M
from keepclear.errors import LimitReached, Malformed

BYTES_MAX: Final = 20_000

_LENGTHS_M: Final = {"m": 1.0, "km": 1000.0, "ft": FOOT_M, "NM": NAUTICAL_MILE_M}
_TIMES_S: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_QUANTITY = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([A-Za-z]{1,3})", re.ASCII)
_TOP: Final = frozenset({"title", "parties", "area", "separation", "deadlines", "disclosure"})
_DEADLINES: Final = (
    "notice_before", "acknowledge", "acknowledge_conflict", "acknowledge_warning", "acknowledge_stop", "standby",
)  # fmt: skip


def read_agreement(text: str | bytes) -> Agreement:
    """The agreement that a TOML text sets out.

    Raises:
        LimitReached: more than 20,000 bytes.
        Malformed: not TOML, or a field that is missing, unknown, without a unit or out of range; `at` names it.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > BYTES_MAX:
        raise LimitReached(f"an agreement has at most {BYTES_MAX} bytes, not {len(raw)}")
    try:
        table = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"not TOML: {problem}") from None
    _only(table, _TOP, at="")
    return Agreement(
        title=_text(table, "title"),
        parties=_parties(table),
        area=_area(_table(table, "area")),
        separation=_separation(_table(table, "separation")),
        deadlines=_deadlines(_table(table, "deadlines")),
        disclosure=_disclosure(_table(table, "disclosure")),
    )


def _parties(table: Mapping[str, Any]) -> tuple[str, ...]:
    parties = _needed(table, "parties", "")
    if not isinstance(parties, list) or not all(isinstance(party, str) for party in parties):
        raise Malformed('parties are ids, as in ["amber", "birch"]', at="parties")
    # In one order, so that it does not matter to the hash who wrote the file.
    return tuple(sorted(parties))


def _area(table: Mapping[str, Any]) -> Circle:
    _only(table, {"middle", "radius"}, at="area")
    middle = _needed(table, "middle", "area")
    if not (isinstance(middle, list) and len(middle) == 2 and all(type(number) in (int, float) for number in middle)):
        raise Malformed("the middle is [latitude, longitude] in degrees", at="area.middle")
    return Circle(float(middle[0]), float(middle[1]), length_m(_needed(table, "radius", "area"), at="area.radius"))


def _separation(table: Mapping[str, Any]) -> Separation:
    _only(table, {"horizontal", "vertical", "time"}, at="separation")
    return Separation(
        horizontal_m=length_m(_needed(table, "horizontal", "separation"), at="separation.horizontal"),
        vertical_m=length_m(_needed(table, "vertical", "separation"), at="separation.vertical"),
        time_s=float(duration_s(_needed(table, "time", "separation"), at="separation.time")),
    )


def _deadlines(table: Mapping[str, Any]) -> Deadlines:
    _only(table, _DEADLINES, at="deadlines")
    values = {f"{name}_s": duration_s(_needed(table, name, "deadlines"), at=f"deadlines.{name}") for name in _DEADLINES}
    return Deadlines(**values)


def _disclosure(table: Mapping[str, Any]) -> dict[str, Disclosure]:
    shown = {}
    for party, terms in table.items():
        at = f"disclosure.{party}"
        if not isinstance(terms, dict):
            raise Malformed("what a party shows is a level and a flag", at=at)
        _only(terms, {"level", "shows_activity"}, at=at)
        flag = terms.get("shows_activity", False)
        if not isinstance(flag, bool):
            raise Malformed(f"true or false, not {flag!r}", at=f"{at}.shows_activity")
        level = _needed(terms, "level", at)
        if level not in list(DisclosureLevel):
            known = ", ".join(DisclosureLevel)
            raise Malformed(f"{level!r} is no disclosure level that this version speaks: {known}", at=f"{at}.level")
        shown[party] = Disclosure(DisclosureLevel(level), flag)
    return shown


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


def _quantity(text: object, units: Mapping[str, float], at: str, example: str) -> tuple[str, str]:
    match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if match is None or match.group(2) not in units:
        raise Malformed(f"{text!r} is not {example}", at=at)
    return match.group(1), match.group(2)


def _needed(table: Mapping[str, Any], name: str, at: str) -> Any:
    if name not in table:
        raise Malformed(f"{name} is missing", at=f"{at}.{name}" if at else name)
    return table[name]


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = _needed(table, name, "")
    if not isinstance(inner, dict):
        raise Malformed(f"{name} is a table: write [{name}]", at=name)
    return inner


def _text(table: Mapping[str, Any], name: str) -> str:
    value = _needed(table, name, "")
    if not isinstance(value, str):
        raise Malformed(f"{name} is text", at=name)
    return value


def _only(table: Mapping[str, Any], known: frozenset[str] | set[str] | tuple[str, ...], *, at: str) -> None:
    for name in table:
        if name not in known:
            raise Malformed(
                f"{name!r} is not known here; known are {', '.join(sorted(known))}", at=f"{at}.{name}".strip(".")
            )
