"""What the picture holds of the watch: people, who holds it, the handover under way, log, numbers, drafts (D3, D5)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from keepclear.core.duty import Period, Role
from keepclear.node.entries.duty import DutyLogged, NoticeDrafted, NumberSet, RecordingAttached

#: What stays in the picture, the newest; the record keeps all.
PERIODS_KEPT = 1_000
LOG_KEPT = 500
DRAFTS_MAX = 100


@dataclass(frozen=True, slots=True)
class HeldPerson:
    """A person of our party."""

    login: str
    name: str
    roles: tuple[Role, ...]
    desk: str
    telephone: str


@dataclass(slots=True)
class HeldHandover:
    """A handover under way.

    Attributes:
        ticked: item to the digest of what it said when it was ticked.
        signed: person to the digest of the list that they signed.
    """

    to: str
    by: str
    at: int
    ticked: dict[str, str] = field(default_factory=dict)
    signed: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class HeldDraft:
    """A notice that waits for a second pair of eyes."""

    body: NoticeDrafted
    at: int


@dataclass(slots=True)
class Watch:
    """All of it."""

    people: dict[str, HeldPerson] = field(default_factory=dict)
    periods: list[Period] = field(default_factory=list)
    handover: HeldHandover | None = None
    log: deque[tuple[int, DutyLogged]] = field(default_factory=lambda: deque(maxlen=LOG_KEPT))
    numbers: dict[str, NumberSet] = field(default_factory=dict)
    recordings: deque[tuple[int, RecordingAttached]] = field(default_factory=lambda: deque(maxlen=LOG_KEPT))
    drafts: dict[str, HeldDraft] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """Who is responsible now; empty before the first watch began."""
        return self.periods[-1].person if self.periods else ""

    def named(self, name: str) -> HeldPerson | None:
        """The person who signs with this name."""
        return next((person for person in self.people.values() if person.name == name), None)
