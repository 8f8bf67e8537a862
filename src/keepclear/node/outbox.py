"""Keeps the line to each peer: heartbeats, and our channel delivered to it, at least once and in order, with back-off.

Not a list of its own: what is to be sent is the part of the channel that the peer does not hold yet.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from keepclear.errors import KeepclearError, Tampered, Unavailable
from keepclear.node.commands import Command
from keepclear.node.exchange import Exchange
from keepclear.node.logs import channel
from keepclear.node.loop import Loop
from keepclear.node.picture import Picture
from keepclear.node.ports import PeerLink
from keepclear.node.settings import Settings
from keepclear.record.checkpoint import open_signed

log = logging.getLogger("keepclear.outbox")


class Node(Protocol):
    """What the outbox asks of the node that it is part of."""

    loop: Loop
    exchange: Exchange
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

    def wall_us(self) -> int:
        """What the wall clock says."""
        ...

    async def try_all(self, commands: list[Command]) -> None:
        """Commands of our own making."""
        ...


class Outbox:
    """One task for each peer that is enrolled."""

    def __init__(self, node: Node, link: PeerLink) -> None:
        self._node = node
        self._link = link
        self._wakes: dict[str, asyncio.Event] = {}
        self._urgent: dict[str, asyncio.Event] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to keep the lines."""
        self.follow_peers()

    def follow_peers(self) -> None:
        """A task for each enrolled peer, and none for others."""
        enrolled = set(self._node.picture.enrolled_peers())
        for party in sorted(enrolled - set(self._tasks)):
            self._wakes[party], self._urgent[party] = asyncio.Event(), asyncio.Event()
            self._tasks[party] = asyncio.create_task(self._keep(party), name=f"line to {party}")
        for party in sorted(set(self._tasks) - enrolled):
            self._tasks.pop(party).cancel()

    async def stop(self) -> None:
        """Let go of the lines. What was not sent is sent after the next start."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    def wake(self, party: str, *, is_urgent: bool = False) -> None:
        """There may be something to send now. A STOP does not wait until a failed attempt is tried again."""
        if party in self._wakes:
            self._wakes[party].set()
            if is_urgent:
                self._urgent[party].set()

    async def _keep(self, party: str) -> None:
        settings = self._node.settings
        pause_s = settings.retry_first_s
        next_beat_us = 0
        while True:
            self._wakes[party].clear()
            try:
                if self._node.now_us() >= next_beat_us or not self._node.exchange.line(party).may_sign:
                    await self._beat(party)
                    next_beat_us = self._node.now_us() + round(self._node.exchange.heartbeat_s(party) * 1e6)
                while await self._send(party):  # noqa: ASYNC110  a pause, not a poll
                    await asyncio.sleep(settings.delivery_pause_s)
                pause_s = settings.retry_first_s
                await _wait(self._wakes[party], max(0.01, (next_beat_us - self._node.now_us()) / 1e6))
            except Exception as failed:  # one bad answer must not end the line
                self._node.exchange.line(party).trouble = str(failed)
                if isinstance(failed, KeepclearError):
                    log.info("line_failed peer=%s code=%s retry_s=%.1f", party, failed.code, pause_s)
                else:
                    log.exception("line_broken peer=%s error=%s", party, type(failed).__name__)
                    self._node.loop.degraded = f"the line to {party}: {type(failed).__name__}: {failed}"[:300]
                # Not woken by every new entry: a peer that is down is asked again in its time, or for a STOP.
                await _wait(self._urgent[party], pause_s)
                self._urgent[party].clear()
                pause_s = min(pause_s * 2, settings.retry_last_s)
                next_beat_us = 0

    async def _beat(self, party: str) -> None:
        node = self._node
        ours = node.exchange.heartbeat(party, node.now_us(), node.wall_us())
        theirs = await self._link.heartbeat(party, ours)
        await node.try_all(node.exchange.take_heartbeat(party, theirs, node.now_us(), node.wall_us()))
        line = node.exchange.line(party)
        if line.needs_rebuild:
            await self._rebuild(party, theirs.holds, theirs.cosigned)
        if not line.may_sign:
            raise Unavailable(line.trouble or f"{party} has not told us what it holds")

    async def _rebuild(self, party: str, holds: int, cosigned: str) -> None:
        """Take back what the peer holds of our channel and we do not: we were restored from an old backup.

        As far as we signed it and the peer cosigned it, and no further: the rest would be the peer's word for ours.
        """
        node = self._node
        line = node.exchange.line(party)
        if not cosigned:
            raise Tampered(f"{party} holds {holds} entries that we do not, and cosigned none of them")
        proved = open_signed(cosigned, node.loop.keys.signer.ed25519_public)[0].size
        if proved <= node.exchange.cosigned_size.get(channel(node.party, party), 0):
            raise Tampered(f"{party} says that it holds {holds} entries of ours, and cosigned {proved} of them")
        entries: list[bytes] = []
        while len(entries) < proved:
            more = await self._link.fetch(party, len(entries), node.settings.delivery_entries_max)
            if not more:
                break
            entries += more[: proved - len(entries)]
        taken = node.exchange.rebuild(party, entries, cosigned, node.now_us())
        log.warning("channel_rebuilt peer=%s entries=%d", party, taken)
        # While it holds more than it cosigned we might sign other entries in their place.
        line.holds, line.may_sign, line.needs_rebuild = proved, holds <= proved, False

    async def _send(self, party: str) -> bool:
        """Send one stretch; whether there may be more."""
        node = self._node
        delivery = node.exchange.delivery_for(party)
        if delivery is None:
            return False
        sent_at = node.now_us()
        answer = await self._link.deliver(party, delivery)
        ours = channel(node.party, party)
        cosigned = node.exchange.cosigned_size.get(ours, 0)
        commands = node.exchange.take_delivered(party, delivery, answer, sent_at)
        await node.try_all(commands)
        line = node.exchange.line(party)
        if delivery.entries and line.holds <= delivery.first and line.holds < node.loop.logs.size(ours):
            raise Unavailable(f"{party} took none of the {len(delivery.entries)} entries from {delivery.first} on")
        if not delivery.entries and node.exchange.cosigned_size.get(ours, 0) <= cosigned:
            raise Unavailable(f"{party} holds {line.holds} entries of ours and does not cosign them")
        return True


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
