"""Passing on what was told: to groups of our own, who confirm by name, and to third parties, by citing it (D1, D2)."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence

from keepclear.errors import Refused

#: Parties that a relay may have passed through; more is a circle, or a rumour.
TRAIL_MAX = 8


class RelayWord(enum.StrEnum):
    """What a receiver says of a relay. None of them is a judgement of the notice in it."""

    TAKEN = "taken"
    LOOP = "loop"
    REWORDED = "reworded"


class Loop(Refused):
    """It would come round to somebody who has it already."""

    code, status = "loop", 409


def reached(groups: Collection[str], confirmed: Mapping[str, str]) -> tuple[int, int]:
    """How many of the groups have a named person who confirmed, and how many there are (D1).

    >>> reached(("tower", "battery"), {"tower": "R. Ames", "other": "K. Orr"})
    (1, 2)
    """
    return sum(1 for group in groups if confirmed.get(group)), len(groups)


def list_value(
    notice: str, groups: Sequence[str], names: Mapping[str, str], confirmed: Mapping[str, tuple[str, int]]
) -> list[list[object]]:
    """What a commitment is to: one row for each group, in order: [notice, group, name, person, microseconds].

    Person and time are empty and 0 where nobody confirmed, so that the list shows who was not reached too.
    """
    rows: list[list[object]] = []
    for group in sorted(groups):
        person, at = confirmed.get(group, ("", 0))
        rows.append([notice, group, names.get(group, ""), person, at])
    return rows


def check_trail(trail: Sequence[str], to: str) -> None:
    """Raise Loop when a relay would reach somebody whom it came from or passed through (D2).

    >>> check_trail(("amber", "birch"), "cedar")
    """
    if to in trail:
        raise Loop(f"it came by way of {', '.join(trail)}: {to} has it already", at="to")
    if len(trail) > TRAIL_MAX:
        raise Loop(f"it passed through {len(trail)} parties already, and {TRAIL_MAX} are the most", at="to")
