"""A party's node: one loop over a bounded queue, and the tasks that keep its lines.

Nothing leaves before it is durable: what goes to a peer is read back from the channel, and a channel grows only in
the loop's transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import msgspec

from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import Busy, KeepclearError, Refused, StoreFailed
from keepclear.node.carry import Carrier
from keepclear.node.climb import Climber
from keepclear.node.commands import Command, ConfirmClock, ReceiveEntries, Start, SuspectClock, Tick
from keepclear.node.effects import Effect, PeersChanged
from keepclear.node.entries import StopSent
from keepclear.node.exchange import Exchange
from keepclear.node.fanout import Fanout
from keepclear.node.logs import channel, kind_of
from keepclear.node.loop import Asked, Loop, Receipt, SteadyClock, with_seed_and_shift
from keepclear.node.outbox import Outbox
from keepclear.node.picture import Picture
from keepclear.node.ports import (
    AlarmPaths,
    Clock,
    Delivered,
    Delivery,
    Entropy,
    Heartbeat,
    Keys,
    PeerLink,
    Store,
    StoredEntry,
    VoiceSecrets,
)
from keepclear.node.proofs import Proof, export, given, prove
from keepclear.node.queue import CommandQueue, answer
from keepclear.node.settings import DEFAULT, Settings
from keepclear.node.voice import VoiceDesk

log = logging.getLogger("keepclear.node")


#: How often ended notices are let go; letting go walks over all that are held.
FORGET_EVERY_US = MINUTE_US


#: After a start, so many heartbeats are waited for the peers' clocks before anything is declared missed.
HEARTBEATS_TO_HEAR = 2
#: STOPs of one peer that are shown UNRECORDED: one that floods takes no other's place.
UNRECORDED_OF_PEER_MAX = 16


class _StopEntry(msgspec.Struct):
    body: StopSent


_read_stop = msgspec.json.Decoder(_StopEntry).decode


class IdempotencyMismatch(Refused):
    """The same key came with another request."""

    code, status = "idempotency_mismatch", 409


@dataclass(frozen=True, slots=True)
class UnrecordedStop:
    """A STOP that came in while nothing could be recorded. `at` is when, microseconds."""

    party: str
    id: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class CarriedIn:
    """What came of a carried line.

    Attributes:
        taken: entries of the sender that are new here.
        holds: how many of its entries we hold now.
        has_gap: its stretch begins after that: an earlier line has to be taken in first.
        may_answer: we may sign our own channel to the sender, so the next line for it carries our entries.
    """

    sender: str
    taken: int
    holds: int
    has_gap: bool
    may_answer: bool


class Node:
    """What faces ask, and what the process runs."""

    def __init__(
        self,
        keys: Keys,
        store: Store,
        link: PeerLink,
        clock: Clock,
        entropy: Entropy,
        *,
        software: str,
        settings: Settings = DEFAULT,
        voice: VoiceSecrets | None = None,
        alarms: AlarmPaths | None = None,
    ) -> None:
        self.settings = settings
        self.software = software
        self.store = store
        self._entropy = entropy
        self._clock = clock
        self.steady = SteadyClock(clock)
        self.loop = Loop(keys, store, settings)
        self.exchange = Exchange(self.loop, software=software)
        self.fanout = Fanout(store, settings)
        self.carrier = Carrier(self.exchange, entropy)
        self.voice = VoiceDesk(entropy, voice)
        self._queue = CommandQueue(settings)
        self._pending: dict[str, tuple[bytes, asyncio.Future[Receipt]]] = {}
        self.outbox = Outbox(self, link)
        self.climber = Climber(self, alarms or AlarmPaths())
        self._tasks: list[asyncio.Task[None]] = []
        #: The jump of the wall clock that was told already, microseconds.
        self._suspected_us = 0
        self._started_at = 0
        #: When we began to listen, by the steady clock.
        self._started_us = 0
        #: Why the node takes nothing more until it is started anew, or empty.
        self._down = ""
        #: STOPs that came in while nothing could be recorded: shown, marked UNRECORDED, and not answered for.
        self.unrecorded_stops: list[UnrecordedStop] = []
        #: Called when keys were enrolled or removed, so that doors and links trust what the picture says.
        self.on_peers_changed: list[Callable[[], None]] = []

    @property
    def party(self) -> str:
        """Who we are."""
        return self.loop.party

    @property
    def name(self) -> str:
        """As people call us."""
        return self.loop.keys.name

    @property
    def picture(self) -> Picture:
        """What is in force now."""
        return self.loop.picture

    def now_us(self) -> int:
        """Our steady clock: what deadlines run on."""
        return self.steady.now_us()

    def wall_us(self) -> int:
        """What the wall clock says."""
        return self._clock.now_us()

    # ------------------------------------------------------------------------------------------------ running

    async def start(self) -> None:
        """Begin to run. Everything that was in force is in force again before this returns."""
        self._started_at = self._clock.elapsed_us()
        self._started_us = self.now_us()
        self._watch(asyncio.create_task(self._run(), name="loop"))
        behind_us = self.loop.last_at() - self.wall_us()
        await self._try(Start(self.software))  # a full disk must not keep a node from starting: STOP has its own space
        if behind_us > self.settings.clock_jump_s * SECOND_US:
            await self._try(SuspectClock(-round(behind_us / 1000), "our own record"))
        self._watch(asyncio.create_task(self._keep_time(), name="clock"))
        self.outbox.start()

    def _watch(self, task: asyncio.Task[None]) -> None:
        """If this task ends by itself the record is in doubt: the node takes nothing more and says LINE DOWN."""

        def ended(task: asyncio.Task[None]) -> None:
            if task.cancelled():
                return
            broken = task.exception()
            self._down = f"the node's {task.get_name()} stopped: {type(broken).__name__}: {broken}"[:300]
            self.loop.store_fault = self._down
            log.error("node_down task=%s error=%s", task.get_name(), type(broken).__name__, exc_info=broken)
            self._queue.fail_all(StoreFailed(self._down))

        self._tasks.append(task)
        task.add_done_callback(ended)

    async def stop(self) -> None:
        """Stop taking commands; what was answered is durable, what was not is nowhere."""
        await self.outbox.stop()
        await self.climber.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self.fanout.close()

    async def submit(self, command: Command, *, key: str = "", fingerprint: bytes = b"") -> Receipt:
        """Ask the node to do one thing; returns when it is durable.

        Args:
            key: a repeated request with the same key gets the same receipt and is not done again.
            fingerprint: at most 32 bytes that tell whether it is the same request.

        Raises:
            KeepclearError: a rule says no, the queue is full, or the store cannot record.
        """
        if self._down:
            raise StoreFailed(self._down)
        fingerprint = fingerprint[:32].ljust(32, b"\0")
        if key:
            pending = self._pending.get(key)
            if pending is not None:
                _require_same(pending[0], fingerprint)
                return await asyncio.shield(pending[1])
            kept = self.store.answer_to(key)
            if kept is not None:
                _require_same(kept[:32], fingerprint)
                return msgspec.json.decode(kept[32:], type=Receipt)
        future = self._queue.put(Asked(command, key, fingerprint))
        if not key:
            return await future
        self._pending[key] = (fingerprint, future)
        future.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while True:
            taken = await self._queue.take()
            seeded = [with_seed_and_shift(asked, self._entropy.draw(32), self.steady) for asked, _ in taken]
            outcome = self.loop.run(seeded, self.now_us())
            for asked, came_to in zip(seeded, outcome.answers, strict=True):
                if isinstance(asked.command, ConfirmClock) and isinstance(came_to, Receipt):
                    self.steady.shift(asked.command.shift_us)
                    self._started_us += asked.command.shift_us
                    self.exchange.confirm_clocks(asked.command.shift_us)
                    self._suspected_us = 0  # the wall clock is taken up: what was doubted is settled
            self.fanout.publish(outcome.entries)
            answer(taken, outcome)
            for effect in outcome.effects:
                self._carry_out(effect)
            # One turn at a time, and the faces get theirs in between.
            await asyncio.sleep(0)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, PeersChanged):
            for callback in self.on_peers_changed:
                callback()
            self.outbox.follow_peers()
        else:
            self.outbox.wake(effect.to, is_urgent=effect.is_urgent)

    async def _keep_time(self) -> None:
        """Every second: what has fallen due, whether the wall clock jumped, whether the store can record again."""
        forget_at = 0
        while True:
            await asyncio.sleep(self.settings.tick_s)
            jump_us = self.steady.jump_us()
            commands: list[Command] = [Tick()] if self._may_judge() else []
            if abs(jump_us - self._suspected_us) > self.settings.clock_jump_s * SECOND_US:
                self._suspected_us = jump_us
                commands.insert(0, SuspectClock(round(jump_us / 1000), "our own clock"))
            elif not self.picture.is_clock_suspect:
                self._suspected_us = 0
            if self.loop.store_fault and not self._down and self.store.restore_reserve():
                self.loop.store_fault = ""
            commands += self.exchange.line_news(self.now_us(), self._started_us)
            for command in commands:
                await self._try(command)
            self.climber.look()
            if self.now_us() >= forget_at:
                self.picture.forget(self.now_us())
                await self._tidy_indexes()
                forget_at = self.now_us() + FORGET_EVERY_US

    async def _tidy_indexes(self) -> None:
        """Merge what the index has grown, aside: its kernels let go of the interpreter, and nobody waits for it."""
        for index in self.picture.indexes.values():
            merge = index.due()
            if merge is not None:
                index.adopt(await asyncio.to_thread(merge.run))

    def _may_judge(self) -> bool:
        """Whether anything may be declared missed: the peers were asked for the time, or had long enough to tell it.

        A node that starts with a clock an hour ahead would else find missed what is not, before anybody can say so.
        """
        if self._clock.elapsed_us() - self._started_at >= HEARTBEATS_TO_HEAR * self.settings.heartbeat_s * SECOND_US:
            return True
        return all(self.exchange.line(party).last_heard for party in self.picture.enrolled_peers())

    async def _try(self, command: Command) -> None:
        try:
            await self.submit(command)
        except (StoreFailed, Busy) as failed:
            log.warning("not_recorded command=%s code=%s", type(command).__name__, failed.code)
        except KeepclearError as refused:
            log.info("refused command=%s code=%s", type(command).__name__, refused.code)

    async def try_all(self, commands: list[Command]) -> None:
        """Commands of our own making; one that is refused is logged."""
        for command in commands:
            await self._try(command)

    # ------------------------------------------------------------------------------------------------ faces ask

    async def receive(self, party: str, delivery: Delivery) -> Delivered:
        """Take entries from a peer that the transport has authenticated; answer with our cosignature over them.

        Raises:
            KeepclearError: why they were not taken. Evidence of what cannot be taken is kept first.
        """
        size = self.loop.logs.size(channel(party, self.party))
        if delivery.first > size:
            return Delivered(size, "")
        now_us = self.now_us()
        command = ReceiveEntries(party, delivery.first, delivery.entries, delivery.checkpoint, now_us)
        try:
            await self.submit(command)
        except StoreFailed:
            self._show_unrecorded(party, delivery, now_us)
            raise
        cosigned = self.exchange.cosign_held(party, delivery.checkpoint, self.now_us())
        return Delivered(self.loop.logs.size(channel(party, self.party)), cosigned)

    def _show_unrecorded(self, party: str, delivery: Delivery, now_us: int) -> None:
        for data in delivery.entries:
            of_party = [known for known in self.unrecorded_stops if known.party == party]
            if kind_of(data) != "stop" or len(of_party) >= UNRECORDED_OF_PEER_MAX:
                continue
            try:
                stop = _read_stop(data).body
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if all(known.id != stop.id for known in of_party):
                self.unrecorded_stops.append(UnrecordedStop(party, stop.id, stop.by, now_us))

    async def answer_heartbeat(self, party: str, theirs: Heartbeat) -> Heartbeat:
        """Take a peer's heartbeat and give ours."""
        commands = self.exchange.take_heartbeat(party, theirs, self.now_us(), self.wall_us())
        if commands:
            await self.try_all(commands)
        self.outbox.wake(party)
        return self.exchange.heartbeat(party, self.now_us(), self.wall_us())

    def carry_out(self, party: str) -> list[bytes]:
        """What a peer is to be brought when nothing connects us: signed lines (V4)."""
        return self.carrier.lines_for(party, self.now_us(), self.wall_us())

    async def carry_in(self, line: bytes) -> CarriedIn:
        """Take in one carried line (V4). The same line again changes nothing.

        Raises:
            KeepclearError: why it was not taken.
        """
        carried = self.carrier.read(line)
        log = channel(carried.sender, self.party)
        before = self.loop.logs.size(log)
        if carried.stretch is not None:
            stretch = carried.stretch
            await self.receive(carried.sender, Delivery(stretch.first, stretch.entries, stretch.checkpoint))
        # Not before: what the peer says it holds of ours may rest on what it says in the stretch.
        await self.try_all(self.carrier.take_status(carried))
        held = self.loop.logs.size(log)
        gap = carried.stretch is not None and carried.stretch.first > held
        self.outbox.wake(carried.sender)
        return CarriedIn(carried.sender, held - before, held, gap, self.exchange.line(carried.sender).may_sign)

    def checkpoint_of(self, log: str) -> str:
        """The newest signed checkpoint of a log; signs our own when it has grown."""
        if log.split("/")[1] == self.party:
            return self.exchange.checkpoint(log)
        return self.exchange.newest_checkpoint(log)

    def proof(self, log: str, n: int) -> Proof:
        """That an entry stands in a log."""
        return prove(self.exchange, log, n)

    def given(self, key: str, version: int, to: str) -> bytes:
        """The GivenReceipt of one version of our notice."""
        return given(self.exchange, key, version, to)

    def export(self, *, private: bool = False) -> Iterator[bytes]:
        """The lines of a record file."""
        return export(self.exchange, private=private)

    def follow(self, after_seq: int) -> AsyncIterator[StoredEntry]:
        """Every entry after a number, as it is recorded."""
        return self.fanout.follow(after_seq)


def _require_same(before: bytes, now: bytes) -> None:
    if before != now:
        raise IdempotencyMismatch("this Idempotency-Key came before with another request: use a new one")
