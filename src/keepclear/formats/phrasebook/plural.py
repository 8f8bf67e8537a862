"""Plural forms of whole numbers: which form a language uses for 1, 2, 5, 21 or 100.

A phrase file names its family. Only whole numbers are counted, so the forms that CLDR keeps for fractions are left out.

Source: Unicode CLDR, Language Plural Rules (cardinal), for whole numbers without a fraction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from keepclear.errors import Malformed


@dataclass(frozen=True, slots=True)
class Family:
    """Languages that count alike: the forms they have, and which one a whole number takes."""

    forms: tuple[str, ...]
    form_of: Callable[[int], str]


def _one_other(n: int) -> str:
    return "one" if n == 1 else "other"


def _zero_one_other(n: int) -> str:
    return "one" if n in (0, 1) else "other"


def _millions(n: int) -> bool:
    return n != 0 and n % 1_000_000 == 0


def _french(n: int) -> str:
    return "many" if _millions(n) else _zero_one_other(n)


def _spanish(n: int) -> str:
    return "many" if _millions(n) else _one_other(n)


def _east_slavic(n: int) -> str:
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else "many"


def _hebrew(n: int) -> str:
    return {1: "one", 2: "two"}.get(n, "other")


def _arabic(n: int) -> str:
    if n in (0, 1, 2):
        return ("zero", "one", "two")[n]
    if 3 <= n % 100 <= 10:
        return "few"
    return "many" if n % 100 >= 11 else "other"


FAMILIES: Final[dict[str, Family]] = {
    "none": Family(("other",), lambda _: "other"),
    "one-other": Family(("one", "other"), _one_other),
    "zero-one-other": Family(("one", "other"), _zero_one_other),
    "french": Family(("one", "many", "other"), _french),
    "spanish": Family(("one", "many", "other"), _spanish),
    "east-slavic": Family(("one", "few", "many"), _east_slavic),
    "hebrew": Family(("one", "two", "other"), _hebrew),
    "arabic": Family(("zero", "one", "two", "few", "many", "other"), _arabic),
}


def family_named(name: str) -> Family:
    """The family that a phrase file names.

    Raises:
        Malformed: there is no such family; the message lists those there are.

    >>> [family_named("east-slavic").form_of(n) for n in (1, 3, 11, 21, 112)]
    ['one', 'few', 'many', 'one', 'many']
    """
    if name not in FAMILIES:
        raise Malformed(f"{name!r} is no family of plural forms; there are {', '.join(FAMILIES)}", at="plural")
    return FAMILIES[name]
