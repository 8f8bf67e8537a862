"""What is there now: every reference and subscription, where they are, and who depends on what.

A fold over changes. `apply` gives the change that takes it back: a turn whose transaction fails leaves no trace.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from keepclear.core.conflict import Verdict
from keepclear.core.separation import NO_SEPARATION
from keepclear.core.volume import Volume4D
from keepclear.dss.values import (
    Availability,
    Change,
    Constraint,
    Intent,
    Kind,
    Report,
    Subscription,
    UssState,
)
from keepclear.engine.judge import judge
from keepclear.engine.standing import StandingIndex
from keepclear.errors import ensure

if TYPE_CHECKING:
    from keepclear.engine.packed import Merge

#: The standard knows no separation: to meet is to share a point, whoever's it is.
_TOUCHING: Final = {"": NO_SEPARATION}
_NOBODY: Final[frozenset[str]] = frozenset()
#: From so many on a scan of all costs more than keeping trees in order.
LARGE_FROM: Final = 40_000
#: Lines about ends that may be out of date before all are written anew.
_ENDS_SPARE: Final = 4_096


class Registry:
    """Only `apply` changes it."""

    def __init__(self) -> None:
        self.intents: dict[str, Intent] = {}
        self.constraints: dict[str, Constraint] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.availability: dict[str, Availability] = {}
        #: How often each subscription was notified; one that never was has no line.
        self.notified: dict[str, int] = {}
        #: Reports are read from the store by people, so only their ids are held, oldest first.
        self.reports: dict[str, None] = {}
        self._dependents: dict[str, set[str]] = {}
        self._of_manager: dict[str, int] = {}
        self._indexes = {kind: StandingIndex() for kind in (Kind.INTENT, Kind.CONSTRAINT, Kind.SUBSCRIPTION)}
        #: When each of them is over: (when to look, its end then, kind, id). A line that is out of date is skipped.
        self._ends: list[tuple[int, int, int, str]] = []

    # ------------------------------------------------------------------------------------------------ asking

    def dependents(self, subscription: str) -> frozenset[str] | set[str]:
        """Ids of the intents whose manager is kept informed by a subscription."""
        return self._dependents.get(subscription, _NOBODY)

    def explicit_of(self, manager: str) -> int:
        """How many explicit subscriptions a manager has."""
        return self._of_manager.get(manager, 0)

    def state_of(self, uss: str) -> UssState:
        """What is known of a service's availability."""
        held = self.availability.get(uss)
        return held.state if held is not None else UssState.UNKNOWN

    @property
    def is_large(self) -> bool:
        """Whether the compiled kernels pay: here each write is followed by a question about the state after it."""
        return max(len(self.intents), len(self.constraints), len(self.subscriptions)) >= LARGE_FROM

    def intents_meeting(self, extents: Sequence[Volume4D]) -> list[Intent]:
        """Intents that share a point of space and an instant with one of these volumes, by id."""
        return [self.intents[key] for key in self._meeting(Kind.INTENT, extents)]

    def constraints_meeting(self, extents: Sequence[Volume4D]) -> list[Constraint]:
        """The same of constraints."""
        return [self.constraints[key] for key in self._meeting(Kind.CONSTRAINT, extents)]

    def subscriptions_meeting(self, extents: Sequence[Volume4D]) -> list[Subscription]:
        """The same of subscriptions, expired ones too."""
        return [self.subscriptions[key] for key in self._meeting(Kind.SUBSCRIPTION, extents)]

    def unknown_intents(self, extents: Sequence[Volume4D], *, besides: str, key: Container[str]) -> list[Intent]:
        """Intents that meet one of these volumes, but for one, and whose OVN is not in a key."""
        # Whoever shows an OVN need not be judged: a key may hold more than it must.
        intents = self.intents
        found = self._meeting(Kind.INTENT, extents, lambda each: each == besides or intents[each].ovn in key)
        return [intents[each] for each in found]

    def _meeting(
        self, kind: Kind, extents: Sequence[Volume4D], passes_over: Callable[[str], bool] | None = None
    ) -> list[str]:
        index, held = self._indexes[kind], self._held(kind)
        if not held:
            return []
        found: set[str] = set()
        for volume in extents:
            for near in index.meeting(volume, _TOUCHING):
                key = near.key
                if key in found or (passes_over is not None and passes_over(key)):
                    continue
                # Half-open spans with the microsecond after the end: together, the standard's closed time.
                if near.is_sure or self._meets(volume, held[key].extents[near.position]):
                    found.add(key)
        return sorted(found)

    @staticmethod
    def _meets(volume: Volume4D, other: Volume4D) -> bool:
        return judge(volume, other, measure_depth=False).verdict is not Verdict.CLEAR

    def settle(self) -> None:
        """Have the indexes take up what waits; the first question would do so otherwise, and be long about it."""
        for kind, index in self._indexes.items():
            for held in self._held(kind).values():
                index.candidates(held.extents[0])
                break

    def merges(self) -> list[tuple[StandingIndex, Merge]]:
        """What would make the indexes quicker: each may `run` in any thread, and then its index may `adopt` it."""
        return [(index, merge) for index in self._indexes.values() if (merge := index.due()) is not None]

    def take_ended(self, before_us: int) -> tuple[Kind, str] | None:
        """The first thing that ended before an instant, or None. It is given once, so the caller lets go of it."""
        while self._ends and self._ends[0][0] < before_us:
            _, end_us, number, key = heapq.heappop(self._ends)
            kind = Kind(number)
            held = self._held(kind).get(key)
            if held is not None and held.end_us == end_us:
                return kind, key
        return None

    def ask_again(self, kind: Kind, key: str, at_us: int) -> None:
        """Have `take_ended` give something once more, when asked about a later instant than this."""
        held = self._held(kind).get(key)
        if held is not None:
            heapq.heappush(self._ends, (at_us, held.end_us, int(kind), key))

    # ------------------------------------------------------------------------------------------------ changing

    def apply(self, change: Change) -> Change:
        """Make a change; gives the one that takes it back."""
        match change.kind:
            case Kind.INTENT | Kind.CONSTRAINT | Kind.SUBSCRIPTION:
                return self._put(change)
            case Kind.NOTIFIED:
                assert change.value is None or isinstance(change.value, int)
                return Change(change.kind, change.id, _set(self.notified, change.id, change.value))
            case Kind.AVAILABILITY:
                assert change.value is None or isinstance(change.value, Availability)
                return Change(change.kind, change.id, _set(self.availability, change.id, change.value))
            case Kind.REPORT:
                assert change.value is None or isinstance(change.value, Report)
                if change.value is None:
                    self.reports.pop(change.id, None)
                else:
                    self.reports[change.id] = None
                # A report that is taken back is only forgotten here: what it said stands in the store, or nowhere.
                return Change(change.kind, change.id, None)

    def apply_all(self, changes: Iterable[Change]) -> list[Change]:
        """Make changes in order; gives those that take them back, in the order in which to do so."""
        undo = [self.apply(change) for change in changes]
        undo.reverse()
        return undo

    def _put(self, change: Change) -> Change:
        kind, key, value = change.kind, change.id, change.value
        held = self._held(kind)
        before = held.pop(key, None)
        if before is not None:
            self._indexes[kind].remove(key)
            self._let_go(before)
        if value is not None:
            assert isinstance(value, (Intent, Constraint, Subscription))
            held[key] = value
            self._indexes[kind].add(key, value.extents)
            self._take_up(value)
            self._note_end(kind, value)
        return Change(kind, key, before)

    def _note_end(self, kind: Kind, value: Intent | Constraint | Subscription) -> None:
        live = len(self.intents) + len(self.constraints) + len(self.subscriptions)
        if len(self._ends) > 2 * live + _ENDS_SPARE:
            self._ends = [
                (each.end_us, each.end_us, int(of_kind), each.id)
                for of_kind in self._indexes
                for each in self._held(of_kind).values()
            ]
            heapq.heapify(self._ends)
            return
        heapq.heappush(self._ends, (value.end_us, value.end_us, int(kind), value.id))

    def _take_up(self, value: Intent | Constraint | Subscription) -> None:
        if isinstance(value, Intent) and value.subscription:
            self._dependents.setdefault(value.subscription, set()).add(value.id)
        elif isinstance(value, Subscription) and not value.is_implicit:
            self._of_manager[value.manager] = self._of_manager.get(value.manager, 0) + 1

    def _let_go(self, value: Intent | Constraint | Subscription) -> None:
        if isinstance(value, Intent) and value.subscription:
            dependents = self._dependents[value.subscription]
            dependents.discard(value.id)
            if not dependents:
                del self._dependents[value.subscription]
        elif isinstance(value, Subscription) and not value.is_implicit:
            self._of_manager[value.manager] -= 1
            if not self._of_manager[value.manager]:
                del self._of_manager[value.manager]

    def _held(self, kind: Kind) -> dict[str, Any]:
        match kind:
            case Kind.INTENT:
                return self.intents
            case Kind.CONSTRAINT:
                return self.constraints
            case Kind.SUBSCRIPTION:
                return self.subscriptions
            case _:
                ensure(False, f"{kind.name} has extents")
                return {}


def _set(held: dict[str, Any], key: str, value: Any) -> Any:
    before = held.pop(key, None)
    if value is not None:
        held[key] = value
    return before
