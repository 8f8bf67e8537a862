"""Our notices as operational intents, at the level that our agreements and we ourselves allow, and no finer.

What is told to a discovery service is told to everybody who has a token for it. So a notice is shown there only if
every agreement in force lets the other party see as much, and only its volumes: no contact, no remark, no activity.
What came of each is recorded, and so is every conflict with an intent of somebody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from keepclear.core.agreement import Disclosure, DisclosureLevel
from keepclear.core.conflict import Verdict
from keepclear.core.disclosure import disclosed_fields
from keepclear.core.notice import Mode, NoticeState
from keepclear.core.timespan import LATEST_US, SECOND_US
from keepclear.dss.names import new_id
from keepclear.dss.values import IntentState
from keepclear.errors import KeepclearError, NotFound
from keepclear.node.commands import Command
from keepclear.node.commands.airspace import NoteIntent, NoteIntentConflict
from keepclear.node.held import HeldNotice
from keepclear.node.node import Node
from keepclear.uss.service import Uss
from keepclear.uss.values import Outcome, Plan, Standing, meets
from keepclear.uss.wire import above_ellipsoid

log = logging.getLogger("keepclear.uss")

#: Seconds between two looks at what is in force.
LOOK_EVERY_S: Final = 1.0
#: Seconds after which what could not be planned is tried again, though nothing of ours changed.
TRY_AGAIN_S: Final = 30
#: Intents that are named in one record entry.
NAMED_MAX: Final = 20

_LEVELS: Final = list(DisclosureLevel)


class NoticePublisher:
    """Keeps the intents at the discovery service in step with a node's notices.

    Args:
        level: the most that we show to everybody there.
        also: what else is kept in step, looked at just as often.
    """

    def __init__(
        self, node: Node, uss: Uss, level: DisclosureLevel, *, also: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._node = node
        self._uss = uss
        self._level = level
        self._also = also
        self._seed = hashlib.sha256(f"{node.party}\n{uss.url}".encode()).digest()
        #: Serial to the version that was dealt with, and when to deal with it again, microseconds.
        self._dealt: dict[str, tuple[int, int]] = {}
        self._is_first = True

    async def run(self) -> None:
        """Keep them in step until cancelled."""
        while True:
            try:
                await self.look()
                if self._also is not None:
                    await self._also()
            except KeepclearError as problem:
                log.warning("intents_not_in_step code=%s", problem.code)
            except Exception:
                # One notice that meets a fault of ours must not stop the others.
                log.exception("intents_look_failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Plan what is new or changed, take away what is over, and record conflicts that came or went."""
        wanted = {held.id: (held, plan) for held, plan in self._wanted()}
        if self._is_first:
            await self._take_up(wanted)
            self._is_first = False
        for serial, held in list(self._node.picture.intents.items()):
            if serial not in wanted:
                await self._end(serial, held.version, held.entity)
        now_us = self._node.now_us()
        for serial, (notice, plan) in wanted.items():
            version, again_us = self._dealt.get(serial, (0, 0))
            if version != notice.latest.version or now_us >= again_us:
                await self._plan(notice, plan)
        await self._note_conflicts(wanted)

    def entity_of(self, serial: str) -> str:
        """The id under which a notice of ours stands at the discovery service."""
        return new_id(self._seed, serial)

    # ------------------------------------------------------------------------------------------- what may be shown

    def _wanted(self) -> Iterator[tuple[HeldNotice, Plan]]:
        shown = disclosed_fields(Disclosure(self._level_now()))
        if "volumes" not in shown:
            return
        for held in list(self._node.picture.live_notices(self._node.now_us())):
            if held.is_own and held.latest.mode is Mode.OPER:
                yield held, self._plan_of(held)

    def _level_now(self) -> DisclosureLevel:
        picture = self._node.picture
        levels = [self._level]
        for peer in picture.enrolled_peers():
            agreement = picture.agreement_with(peer)
            if agreement is not None:
                levels.append(agreement.disclosure[picture.party].level)
        return min(levels, key=_LEVELS.index)

    def _plan_of(self, held: HeldNotice) -> Plan:
        state = IntentState.ACTIVATED if held.latest.state is NoticeState.ACTIVATED else IntentState.ACCEPTED
        return Plan(self.entity_of(held.id), tuple(above_ellipsoid(volume) for volume in held.volumes), state)

    # ------------------------------------------------------------------------------------------------- what is done

    async def _take_up(self, wanted: dict[str, tuple[HeldNotice, Plan]]) -> None:
        """After a start: intents that we planned before stand there still."""
        for serial, held in self._node.picture.intents.items():
            if not held.is_planned:
                continue
            reference = await self._uss.reference(held.entity)
            if reference is None:
                continue
            notice, plan = wanted.get(serial, (None, Plan(held.entity, ())))
            self._uss.adopt(plan, reference)
            if notice is not None and notice.latest.version == held.version:
                self._dealt[serial] = (held.version, LATEST_US)

    async def _plan(self, held: HeldNotice, plan: Plan) -> None:
        version = held.latest.version
        outcome, why, again_us = Outcome(None), "", LATEST_US
        try:
            # What our own notices do to each other is said by the node.
            outcome = await self._uss.plan(plan, heeds_own=False)
            came_to = "planned" if outcome.standing is not None else "refused"
        except KeepclearError as problem:
            came_to, why = "failed", problem.message
        if came_to != "planned":
            again_us = self._node.now_us() + TRY_AGAIN_S * SECOND_US
        before = self._node.picture.intents.get(held.id)
        self._dealt[held.id] = (version, again_us)
        named = tuple(each.plan.id for each in outcome.conflicts[:NAMED_MAX])
        if before is not None and (before.version, before.outcome, before.why) == (version, came_to, why[:200]):
            return  # tried again, and nothing new came of it
        standing = outcome.standing
        await self._record(
            NoteIntent(held.id, version, plan.id, came_to, standing.version if standing else 0, why[:200], named)
        )

    async def _end(self, serial: str, version: int, entity: str) -> None:
        with contextlib.suppress(NotFound):  # it may be gone there already
            await self._uss.end(entity)
        self._dealt.pop(serial, None)
        await self._record(NoteIntent(serial, version, entity, "ended"))

    # ---------------------------------------------------------------------------------------------------- conflicts

    async def _note_conflicts(self, wanted: dict[str, tuple[HeldNotice, Plan]]) -> None:
        known = dict(self._node.picture.intent_conflicts)
        for serial, (notice, plan) in wanted.items():
            for other in self._uss.conflicts_of(plan):
                entry = _conflict(notice, plan, other)
                held = known.pop((serial, other.plan.id), None)
                if held is None or (held.version, held.there) != (entry.version, entry.there):
                    await self._record(entry)
        for serial, entity in known:
            held = self._node.picture.intent_conflicts[(serial, entity)]
            await self._record(
                NoteIntentConflict(serial, held.version, entity, held.manager, held.there, Verdict.CLEAR)
            )

    async def _record(self, command: Command) -> None:
        await self._node.submit(command)


def _conflict(notice: HeldNotice, plan: Plan, other: Standing) -> NoteIntentConflict:
    return NoteIntentConflict(
        notice.id,
        notice.latest.version,
        other.plan.id,
        other.manager[:200],
        other.version,
        meets(plan, other.plan),
        max(0, other.start_us),
        min(max(0, other.end_us), LATEST_US),
    )
