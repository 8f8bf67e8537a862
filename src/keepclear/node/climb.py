"""Climbs the ladder: tries what the picture says is due and has no outcome, and records what came of it.

Not a list of its own. A crash between an attempt and its record leaves the rung without an outcome, so it is tried
again after the start: at least once, and never skipped.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Protocol

from keepclear.core.escalation import Rung, TryOutcome
from keepclear.core.notice import STANDING_LINE, Mode
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.errors import KeepclearError
from keepclear.node.commands import NoteTried, Tried
from keepclear.node.decide.ladder import is_waiting
from keepclear.node.heldladder import HeldLadder
from keepclear.node.loop import Receipt
from keepclear.node.picture import Picture
from keepclear.node.ports import Alarm, AlarmPaths
from keepclear.node.settings import Settings

log = logging.getLogger("keepclear.climb")

_Step = tuple[str, Rung]


class Node(Protocol):
    """What climbing asks of the node that it is part of."""

    settings: Settings

    @property
    def party(self) -> str:
        """Who we are."""
        ...

    @property
    def picture(self) -> Picture:
        """What is in force now."""
        ...

    def now_us(self) -> int:
        """Our steady clock."""
        ...

    async def submit(self, command: NoteTried, /) -> Receipt:
        """Record it."""
        ...


class Climber:
    """One task that looks every tick, and one for each attempt."""

    def __init__(self, node: Node, paths: AlarmPaths) -> None:
        self._node = node
        self._paths = paths
        self._attempts: dict[_Step, asyncio.Task[None]] = {}
        #: What came of attempts that could not be recorded yet: recorded later, and not tried again.
        self._tried: dict[_Step, tuple[Tried, ...]] = {}

    def look(self) -> None:
        """Begin what is due. Nothing waits for it: STOP least of all."""
        picture, settings = self._node.picture, self._node.settings
        for step in picture.untried:
            if len(self._attempts) >= settings.alarms_at_once:
                return
            if step not in self._attempts:
                task = asyncio.create_task(self._climb(step, picture.ladders[step[0]]), name=f"{step[1]} of {step[0]}")
                self._attempts[step] = task
                task.add_done_callback(partial(self._ended, step))

    def _ended(self, step: _Step, _: asyncio.Task[None]) -> None:
        self._attempts.pop(step, None)

    async def stop(self) -> None:
        """Let go. What was not recorded is tried again after the next start."""
        tasks = list(self._attempts.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _climb(self, step: _Step, held: HeldLadder) -> None:
        if step not in self._tried:
            self._tried[step] = await self._try(step, held)
        try:
            await self._node.submit(NoteTried(*step, self._tried[step]))
        except KeepclearError as failed:
            log.warning("not_recorded command=NoteTried code=%s", failed.code)
            if failed.status == 503:  # the store or the queue: what came of it is kept, and recorded later
                return
        self._tried.pop(step, None)

    async def _try(self, step: _Step, held: HeldLadder) -> tuple[Tried, ...]:
        rung = step[1]
        now_us = self._node.now_us()
        if not is_waiting(self._node.picture, held, now_us):
            return (Tried(TryOutcome.OVERTAKEN, now_us),)
        if held.mode is not Mode.OPER:
            return (Tried(TryOutcome.WITHHELD, now_us, detail=f"{held.mode}: nothing leaves by other paths"),)
        addresses = self._paths.of(rung, held.party)
        alarm = self._alarm(rung, held)
        tries = list(await asyncio.gather(*(self._one(address, alarm) for address in addresses)))
        if rung is Rung.PHONE:
            peer = self._node.picture.peers.get(held.party)
            number = peer.enrolled.telephone if peer is not None else ""
            tries.append(
                Tried(TryOutcome.PROMPTED, now_us, detail=f"call {number}" if number else "no number is known")
            )
        return tuple(tries) or (Tried(TryOutcome.NO_PATH, now_us, detail=f"no address for {rung} of {held.party}"),)

    async def _one(self, address: str, alarm: Alarm) -> Tried:
        tried_at = self._node.now_us()
        path = self._paths.paths.get(address.partition(":")[0])
        if path is None:
            return Tried(TryOutcome.NO_PATH, tried_at, address, "no path of that kind is set up")
        try:
            async with asyncio.timeout(self._node.settings.alarm_timeout_s):
                said = await path.raise_alarm(address, alarm)
        except TimeoutError:
            return Tried(TryOutcome.FAILED, tried_at, address, "it took too long")
        except KeepclearError as failed:
            return Tried(TryOutcome.FAILED, tried_at, address, failed.message)
        except Exception as broken:  # one bad path must not end the ladder
            log.exception("path_broken error=%s", type(broken).__name__)
            return Tried(TryOutcome.FAILED, tried_at, address, f"{type(broken).__name__}: {broken}")
        return Tried(said.outcome, tried_at, address, said.detail)

    def _alarm(self, rung: Rung, held: HeldLadder) -> Alarm:
        ours, theirs = self._node.party, held.party
        what = "STOP" if held.level is None else f"{held.level.upper()} alert"
        peer = self._node.picture.peers.get(theirs)
        number = peer.enrolled.telephone if peer is not None else ""
        return Alarm(
            key=f"{held.about} {rung}",
            party=theirs,
            subject=f"{held.mode}: {what} {held.about} waits for an answer",
            lines=(
                f"{held.mode}. {what} from {ours} to {theirs}: {held.about}.",
                f"No answer since {zulu(held.since_us // SECOND_US * SECOND_US)}. Step of the ladder: {rung}.",
                f"{theirs}: look at your console and answer. {ours}: call {number or 'the number you know'}.",
                STANDING_LINE,
            ),
        )
