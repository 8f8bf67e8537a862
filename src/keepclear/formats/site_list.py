"""Lists of protected sites as people write them: TOML, additions or removals, never both (P5)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final

from keepclear.core.sites import SITES_MAX, Change, Site, SiteKind, SiteList
from keepclear.core.timespan import parse_instant
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.coordinates import read_position

BYTES_MAX: Final = 4_000_000
_NEEDED: Final = ("id", "kind", "name", "position", "verified", "revalidate", "consent_by", "consent_until")
_FIELDS: Final = frozenset({*_NEEDED, "precision_m", "verified_by", "variants"})


def read_sites(data: bytes, *, file: str) -> SiteList:
    """A list of sites.

    `change = "ADD"` or `"REMOVE"`, then `[[site]]` tables. `position` takes every notation; without `precision_m` it is
    as fine as it is written. Times are RFC 3339.

    Raises:
        Malformed: it cannot be read; `at` names the site and the field. A field that is not named here is refused.
        LimitReached: the file or the list is too long.
    """
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a list of sites has at most {BYTES_MAX} bytes, not {len(data)}", at=file)
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise Malformed(f"it is not TOML: {problem}", at=file) from None
    if unknown := sorted(set(table) - {"change", "site"}):
        raise Malformed(f"{unknown[0]!r} is not known: a list has change and [[site]]", at=file)
    if table.get("change") not in list(Change):
        raise Malformed('say change = "ADD" or "REMOVE": they go in separate lists', at=f"{file}: change")
    rows = table.get("site", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Malformed("sites are [[site]] tables", at=file)
    if len(rows) > SITES_MAX:
        raise LimitReached(f"a list holds at most {SITES_MAX} sites, not {len(rows)}", at=file)
    return SiteList(
        Change(table["change"]), tuple(_site(row, f"{file}: site {number}") for number, row in enumerate(rows, start=1))
    )


def _site(row: Mapping[str, Any], at: str) -> Site:
    if unknown := sorted(set(row) - _FIELDS):
        raise Malformed(f"{unknown[0]!r} is not a field of a site: {', '.join(sorted(_FIELDS))}", at=at)
    text = {name: _text(row, name, at) for name in _NEEDED}
    if text["kind"] not in list(SiteKind):
        raise Malformed(f"{text['kind']!r} is not a protected kind: {', '.join(SiteKind)}", at=f"{at}, kind")
    reading = read_position(text["position"], at=f"{at}, position")
    precision_m = row.get("precision_m", reading.precision_m)
    if isinstance(precision_m, bool) or not isinstance(precision_m, int | float):
        raise Malformed("a precision is a number of metres", at=f"{at}, precision_m")
    return Site(
        id=text["id"],
        kind=SiteKind(text["kind"]),
        name=text["name"],
        lat_deg=reading.position[0],
        lon_deg=reading.position[1],
        precision_m=float(precision_m),
        verified_by=_texts(row, "verified_by", at),
        verified_us=parse_instant(text["verified"], at=f"{at}, verified"),
        revalidate_us=parse_instant(text["revalidate"], at=f"{at}, revalidate"),
        consent_by=text["consent_by"],
        consent_until_us=parse_instant(text["consent_until"], at=f"{at}, consent_until"),
        variants=_texts(row, "variants", at),
    )


def _text(row: Mapping[str, Any], name: str, at: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Malformed("is missing, or no text", at=f"{at}, {name}")
    return value


def _texts(row: Mapping[str, Any], name: str, at: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Malformed("is no list of texts", at=f"{at}, {name}")
    return tuple(value)
