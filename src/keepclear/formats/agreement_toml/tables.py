"""One table of terms: which names it has, and in which unit each is read, follow from the fields of `core/terms.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from keepclear.core.schedule import Window
from keepclear.core.terms import kind_of
from keepclear.errors import Malformed
from keepclear.formats.agreement_toml.quantities import (
    duration_s,
    instant_us,
    length_m,
    minute_of_day,
    needed,
    offset_min,
    only,
)


def written_name(field: str) -> str:
    """How a field is called in a file: without its unit, which stands behind the value; square kilometres stay.

    >>> written_name("test_every_s"), written_name("area_over_km2"), written_name("paths")
    ('test_every', 'area_over_km2', 'paths')
    """
    for unit in ("_s", "_m", "_us"):
        if field.endswith(unit):
            return field.removesuffix(unit)
    return field


def read_table(kind: type, table: Mapping[str, Any], at: str) -> Any:
    """The terms of one table.

    Raises:
        Malformed: a name that the table has not, one that is missing, or a value without its unit or out of range.
    """
    if kind is Window:
        return read_window(table, at)
    by_name = {written_name(each.name): each for each in fields(kind)}
    only(table, set(by_name), at=at)
    values = {}
    for name, each in by_name.items():
        if name not in table:
            if each.default is MISSING:
                raise Malformed(f"{name} is missing", at=f"{at}.{name}")
            continue
        values[each.name] = _value(each.name, kind_of(kind, each.name), table[name], f"{at}.{name}")
    return _built(kind, values, at)


def _built(kind: type, values: dict[str, Any], at: str) -> Any:
    try:
        return kind(**values)
    except Malformed as problem:
        raise Malformed(problem.message, at=problem.at if problem.at.startswith(at) else f"{at}.{problem.at}") from None


def _value(field: str, kind: type, value: object, at: str) -> Any:
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise Malformed(f"a table: write [{at}]", at=at)
        return read_table(kind, value, at)
    if field.endswith("_us"):
        return instant_us(value, at=at)
    if field.endswith("_s"):
        return duration_s(value, at=at)
    if field.endswith("_m"):
        return length_m(value, at=at)
    if kind is float:
        if type(value) not in (int, float):
            raise Malformed(f"a number, not {value!r}", at=at)
        return float(value)  # type: ignore[arg-type]
    if kind is bool:
        if not isinstance(value, bool):
            raise Malformed(f"true or false, not {value!r}", at=at)
        return value
    return _words(value, at) if kind is tuple else _word(value, at)


def _words(value: object, at: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Malformed(f"a list of words, not {value!r}", at=at)
    return tuple(_word(each, at) for each in value)


def _word(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"a word in quotes, not {value!r}", at=at)
    return value


def read_window(table: Mapping[str, Any], at: str) -> Window:
    """Hours that come again: from, until, and where they are given weekday or weekdays, and zone."""
    only(table, {"from", "until", "weekday", "weekdays", "zone"}, at=at)
    if "weekday" in table and "weekdays" in table:
        raise Malformed("either weekday or weekdays", at=f"{at}.weekday")
    days: tuple[str, ...] = (_word(table["weekday"], f"{at}.weekday"),) if "weekday" in table else ()
    if "weekdays" in table:
        days = _words(table["weekdays"], f"{at}.weekdays")
    values = {
        "from_min": minute_of_day(needed(table, "from", at), at=f"{at}.from"),
        "until_min": minute_of_day(needed(table, "until", at), at=f"{at}.until"),
        "weekdays": days,
        "offset_min": offset_min(table.get("zone", "UTC"), at=f"{at}.zone"),
    }
    window: Window = _built(Window, values, at)
    return window
