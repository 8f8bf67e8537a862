"""What the picture holds of passing on: groups, what went to them, what the other side said, and relays (D1, D2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from keepclear.core.dissemination import RelayWord
from keepclear.core.notice import Mode
from keepclear.node.entries.base import NoticeRef
from keepclear.node.entries.dissemination import Relay

#: Relays, and notices passed on or told about, that stay in the picture: the newest of each. The record keeps all.
RELAYS_KEPT = 200
PASSINGS_KEPT = 500


@dataclass(frozen=True, slots=True)
class Group:
    """Addressees of our own."""

    id: str
    name: str
    members: tuple[str, ...]


@dataclass(slots=True)
class Passing:
    """A version of another party's notice, on its way to our groups.

    Attributes:
        groups: group to its name as it was then.
        confirmed: group to who confirmed, and when.
        told: (reached, groups, commitment) as told to the other side last; empty for nothing.
        lists: commitment to the list and salt that open it.
    """

    ref: NoticeRef
    mode: Mode
    at: int
    groups: dict[str, str] = field(default_factory=dict)
    confirmed: dict[str, tuple[str, int]] = field(default_factory=dict)
    told: tuple[int, int, str] | tuple[()] = ()
    told_at: int = 0
    lists: dict[str, tuple[str, str]] = field(default_factory=dict)
    reminded_at: int = 0
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class ToldUs:
    """What a party said of passing on a notice of ours."""

    party: str
    version: int
    reached: int
    groups: int
    commitment: str
    at: int
    by: str
    log: str
    n: int


@dataclass(slots=True)
class HeldRelay:
    """A relay, ours or of a peer's."""

    key: str
    party: str
    to: str
    mode: Mode
    at: int
    sent: Relay
    word: RelayWord | None = None
    proved: bool = False


@dataclass(slots=True)
class PassingOn:
    """All of it."""

    groups: dict[str, Group] = field(default_factory=dict)
    passings: dict[tuple[str, int], Passing] = field(default_factory=dict)
    told_us: dict[tuple[str, str], ToldUs] = field(default_factory=dict)
    relays: dict[str, HeldRelay] = field(default_factory=dict)
