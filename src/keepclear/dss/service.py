"""The service at work: writes in turns, one transaction for all that wait; reads that see every change answered before.

Several processes may share one store. A turn shuts other writers out, takes up what they wrote, decides, and commits:
so two planners who race for one area cannot both get it without each other's OVN, wherever they ask. A read takes up
what others wrote first, and it is answered at once from memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from keepclear.dss.asks import Answer, Ask
from keepclear.dss.codec import from_bytes, to_bytes
from keepclear.dss.limits import DEFAULT, Limits
from keepclear.dss.ports import Clock, Draft, DssStore, Entropy, Row
from keepclear.dss.registry import Registry
from keepclear.dss.rules import decide, sweep
from keepclear.dss.values import Change, Kind
from keepclear.errors import Busy, InvariantBroken, KeepclearError, StoreFailed

log = logging.getLogger("keepclear.dss")

#: Turns between two looks at whether the indexes should be put in order.
TIDY_EVERY: Final = 64


@dataclass(slots=True)
class _Waiting:
    ask: Ask
    future: asyncio.Future[Any]


class Dss:
    """A discovery and synchronisation service on a store. Belongs to one event loop."""

    def __init__(self, store: DssStore, clock: Clock, entropy: Entropy, *, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._queue: deque[_Waiting] = deque()
        self._is_due = False
        self._turns = 0
        self._tidying: asyncio.Task[None] | None = None
        self._load()

    def now_us(self) -> int:
        """The wall clock, microseconds UTC."""
        return self._clock.now_us()

    # ------------------------------------------------------------------------------------------------ asking

    @property
    def current(self) -> Registry:
        """What is there now, every change included that was answered before, by any process.

        Raises:
            StoreFailed: the store cannot be read.
        """
        if self._store.is_behind():
            self._catch_up()
        return self._registry

    @property
    def seen(self) -> Registry:
        """What this process has seen: all that it answered itself, and perhaps not what another has since."""
        return self._registry

    def write(self, ask: Ask) -> asyncio.Future[Any]:
        """Ask for a change; the answer comes when it is durable.

        Raises:
            Busy: `queue_max` writes wait.
        """
        if len(self._queue) >= self.limits.queue_max:
            raise Busy(f"queue_max: {self.limits.queue_max} writes wait; try again in a second")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.append(_Waiting(ask, future))
        if not self._is_due:
            # At the end of this round of the loop: what comes in meanwhile shares the transaction.
            self._is_due = True
            loop.call_soon(self._turn)
        return future

    # ------------------------------------------------------------------------------------------------- turns

    def _turn(self) -> None:
        waiting = [self._queue.popleft() for _ in range(min(len(self._queue), self.limits.batch_max))]
        outcomes = self._decide_all([each.ask for each in waiting])
        for each, outcome in zip(waiting, outcomes, strict=True):
            if each.future.done():  # its caller went away; it is so all the same
                continue
            if isinstance(outcome, Exception):
                each.future.set_exception(outcome)
            else:
                each.future.set_result(outcome)
        self._turns += 1
        if self._turns % TIDY_EVERY == 0 and not self._tidying:
            self._tidying = asyncio.get_running_loop().create_task(self._tidy())
        self._is_due = bool(self._queue)
        if self._is_due:
            asyncio.get_running_loop().call_soon(self._turn)

    async def _tidy(self) -> None:
        """Merge what the indexes have grown, aside."""
        try:
            for index, merge in self._registry.merges():
                index.adopt(await asyncio.to_thread(merge.run))
        finally:
            self._tidying = None

    def _decide_all(self, asks: list[Ask]) -> list[Answer | Exception]:
        try:
            self._store.begin()
        except StoreFailed as failed:
            return [failed] * len(asks)
        undo: list[list[Change]] = []
        try:
            if self._store.is_behind():
                self._catch_up()
            outcomes, changes = self._decide_in_turn(asks, undo)
            self._commit(changes)
        except BaseException as problem:
            self._take_back(undo)
            if isinstance(problem, KeepclearError):
                return [problem] * len(asks)
            log.exception("dss_turn_failed")
            if not isinstance(problem, Exception):
                raise
            return [InvariantBroken(f"{type(problem).__name__} in a turn")] * len(asks)
        return outcomes

    def _decide_in_turn(
        self, asks: list[Ask], undo: list[list[Change]]
    ) -> tuple[list[Answer | Exception], list[Change]]:
        """What each ask comes to, each seeing those before it. `undo` is filled as things are changed."""
        now_us, outcomes, changes = self.now_us(), list[Answer | Exception](), list[Change]()
        for ask in asks:
            try:
                decision = decide(self._registry, ask, now_us, self._entropy.draw(32), self.limits)
            except KeepclearError as refused:
                outcomes.append(refused)
                continue
            except Exception as problem:
                # A rule touches nothing, so the others of this turn need not suffer for it.
                log.exception("dss_rule_failed ask=%s", type(ask).__name__)
                outcomes.append(InvariantBroken(f"{type(problem).__name__} in a rule"))
                continue
            undo.append(self._registry.apply_all(decision.changes))
            changes += decision.changes
            outcomes.append(decision.answer)
        for _ in range(self.limits.swept_max):
            swept = sweep(self._registry, now_us, self._entropy.draw(32), self.limits)
            if not swept:
                break
            undo.append(self._registry.apply_all(swept))
            changes += swept
        return outcomes, changes

    def _commit(self, changes: list[Change]) -> None:
        if not changes:
            self._store.roll_back()
            return
        # Of each thing only the last change of the turn is stored.
        last = {(change.kind, change.id): change for change in changes}
        drafts = [
            Draft(
                kind, key, to_bytes(change.value) if change.value is not None else None, self._numbers[kind].get(key, 0)
            )
            for (kind, key), change in last.items()
        ]
        first = self._store.commit(drafts)
        for number, draft in enumerate(drafts, first):
            self._note(draft.kind, draft.id, number, is_there=draft.data is not None)
        self._number = first + len(drafts) - 1

    def _take_back(self, undo: list[list[Change]]) -> None:
        try:
            self._store.roll_back()
        except StoreFailed:
            log.warning("dss_roll_back_failed")
        for changes in reversed(undo):
            self._registry.apply_all(changes)

    # ------------------------------------------------------------------------------------- what others wrote

    def _load(self) -> None:
        self._registry = Registry()
        #: The place of each thing in the store.
        self._numbers: dict[Kind, dict[str, int]] = {kind: {} for kind in Kind}
        self._number = 0
        self._store.is_behind()
        for row in self._store.rows():
            self._take(row)

    def _catch_up(self) -> None:
        rows = self._store.since(self._number)
        if rows is None:
            self._load()
            return
        for row in rows:
            self._take(row)

    def _take(self, row: Row) -> None:
        value = from_bytes(row.kind, row.data) if row.data is not None else None
        self._registry.apply(Change(row.kind, row.id, value))
        self._note(row.kind, row.id, row.number, is_there=row.data is not None)
        self._number = row.number

    def _note(self, kind: Kind, key: str, number: int, *, is_there: bool) -> None:
        if is_there:
            self._numbers[kind][key] = number
        else:
            self._numbers[kind].pop(key, None)
