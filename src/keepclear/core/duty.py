"""Who is on watch: roles, one responsible person at every second, and what a shift hands over (D3, D5)."""

from __future__ import annotations

import enum
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keepclear.errors import Malformed


class Role(enum.StrEnum):
    """What a person of a party is there for; one person may have several."""

    DUTY_OFFICER = "duty_officer"
    SUPERVISOR = "supervisor"
    PLANNER = "planner"
    OBSERVER = "observer"
    ADMIN = "admin"


#: Who may hold the watch.
ON_WATCH = frozenset({Role.DUTY_OFFICER, Role.SUPERVISOR})
#: Who may be the second pair of eyes.
SECOND_EYES = frozenset({Role.DUTY_OFFICER, Role.SUPERVISOR, Role.PLANNER})


class Taking(enum.StrEnum):
    """How a person came to hold the watch.

    ASSUMED is for when whoever holds it cannot hand it over; it needs a reason, and leaves no gap either.
    """

    BEGUN = "begun"
    HANDOVER = "handover"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Period:
    """Who holds the watch from an instant on, microseconds, until the next period begins."""

    since_us: int
    person: str


def holder_at(periods: Sequence[Period], instant_us: int) -> str:
    """Who is responsible at an instant; empty before the first watch began. Periods are in the order they began (D3).

    Half-open, so that the instant of a transfer belongs to whoever takes over, and to nobody else.

    >>> holder_at((Period(10, "Imani"), Period(20, "Ruth")), 20)
    'Ruth'
    """
    place = bisect_right([period.since_us for period in periods], instant_us)
    return periods[place - 1].person if place else ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a shift hands over. What it says is part of it: when that changes it is another, not yet ticked.

    Attributes:
        key: what it is about; section: where it stands on the list; words: how it stands now.
    """

    key: str
    section: str
    words: str

    @property
    def digest(self) -> str:
        """What was ticked, in 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.key}\n{self.words}".encode()).hexdigest()[:16]


def list_digest(items: Iterable[Item]) -> str:
    """What is signed: the whole list as it stands.

    >>> list_digest([]) == list_digest([Item("line birch", "line", "heard")])
    False
    """
    lines = "\n".join(sorted(f"{item.key} {item.digest}" for item in items))
    return hashlib.sha256(lines.encode()).hexdigest()


def unticked(items: Iterable[Item], ticked: dict[str, str]) -> list[Item]:
    """Items that nobody ticked as they now stand. Nothing is ticked by itself."""
    return [item for item in items if ticked.get(item.key) != item.digest]


def check_roles(roles: Iterable[str]) -> tuple[Role, ...]:
    """Roles in a fixed order. Raises Malformed for one that does not exist."""
    known = {role.value: role for role in Role}
    unknown = [role for role in roles if role not in known]
    if unknown:
        raise Malformed(f"there is no role {unknown[0]!r}: {', '.join(known)}", at="roles")
    return tuple(role for role in Role if role in set(roles))
