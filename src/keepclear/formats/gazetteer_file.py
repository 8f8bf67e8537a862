"""A party's own places, as TOML or CSV: ids and names of its own, beside the bundled gazetteer (P7)."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping
from typing import Final

from keepclear.core.gazetteer import Gazetteer, Place
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.coordinates import read_position

BYTES_MAX: Final = 2_000_000
PLACES_MAX: Final = 20_000
VARIANTS_MAX: Final = 20
_ID = re.compile(r"[a-z][a-z0-9-]{0,15}:[A-Za-z0-9._-]{1,40}", re.ASCII)
_FIELDS: Final = {"id", "name", "position", "country", "variants"}


def read_gazetteer(data: bytes, *, file: str) -> Gazetteer:
    r"""Places of a file whose name ends in `.toml` or `.csv`.

    TOML holds `[[place]]` tables, CSV a first line of heads; both have `id`, `name`, `position` in any notation, and
    may have `country` and `variants` (a list; in CSV parted by `|`). An id is `source:code`, and `gn:` is GeoNames'.

    Raises:
        Malformed: it cannot be read; `at` names the place and the field.
        LimitReached: the file or its list is too long.

    >>> own = b"id,name,position,variants\nown:p1,Sher Mughar,35.40 N 36.49 E,Maydan Ghazal\n"
    >>> read_gazetteer(own, file="ours.csv").resolve("Shir Mughar").id
    'own:p1'
    """
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a gazetteer file has at most {BYTES_MAX} bytes, not {len(data)}", at=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8", at=file) from None
    rows = list(_toml(text, file) if file.lower().endswith(".toml") else _csv(text, file))
    if len(rows) > PLACES_MAX:
        raise LimitReached(f"a gazetteer file holds at most {PLACES_MAX} places, not {len(rows)}", at=file)
    return Gazetteer([_place(row, f"{file}: place {number}") for number, row in enumerate(rows, start=1)])


def _toml(text: str, file: str) -> Iterable[Mapping[str, object]]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Malformed(f"it is not TOML: {problem}", at=file) from None
    places = content.pop("place", [])
    if content or not isinstance(places, list) or not all(isinstance(place, dict) for place in places):
        raise Malformed("it holds [[place]] tables and nothing else", at=file)
    return places


def _csv(text: str, file: str) -> Iterable[Mapping[str, object]]:
    try:
        rows = list(csv.DictReader(text.splitlines(), strict=True))
    except csv.Error as problem:
        raise Malformed(f"it is not CSV: {problem}", at=file) from None
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise Malformed("it has another number of fields than the first line", at=f"{file}: place {number}")
        kept: dict[str, object] = {key.strip(): value.strip() for key, value in row.items() if value.strip()}
        if "variants" in kept:
            kept["variants"] = [name.strip() for name in str(kept["variants"]).split("|") if name.strip()]
        yield kept


def _place(row: Mapping[str, object], at: str) -> Place:
    if unknown := sorted(set(row) - _FIELDS):
        raise Malformed(f"{unknown[0]!r} is not a field: {', '.join(sorted(_FIELDS))}", at=at)
    place_id, name, country = (_text(row, field, at) for field in ("id", "name", "country"))
    if not _ID.fullmatch(place_id) or place_id.startswith("gn:"):
        raise Malformed(f"{place_id!r} is not an id such as own:p1; gn: is kept for GeoNames", at=f"{at}, id")
    variants = row.get("variants", [])
    if not isinstance(variants, list) or not all(isinstance(each, str) for each in variants):
        raise Malformed("variants are a list of names", at=f"{at}, variants")
    if len(variants) > VARIANTS_MAX:
        raise LimitReached(f"a place has at most {VARIANTS_MAX} variants, not {len(variants)}", at=f"{at}, variants")
    if country and not re.fullmatch(r"[A-Z]{2}", country, re.ASCII):
        raise Malformed(f"{country!r} is not a country of two letters", at=f"{at}, country")
    lat_deg, lon_deg = read_position(_text(row, "position", at), at=f"{at}, position").position
    return Place(place_id, name, lat_deg, lon_deg, country, 0, tuple(variants))


def _text(row: Mapping[str, object], field: str, at: str) -> str:
    value = row.get(field, "")
    if not isinstance(value, str):
        raise Malformed("it is not a text", at=f"{at}, {field}")
    if not value and field != "country":
        raise Malformed("is missing", at=f"{at}, {field}")
    return value
