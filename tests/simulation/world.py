"""A world of nodes in one process: virtual time, one seed, and whole nodes as they run, their tasks included.

Time is an event loop that never waits: when nothing is ready it moves its clock to the next thing due. All chance comes
from one `random.Random(seed)`, and signing is deterministic, so a seed and a commit play the same story every time.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from keepclear.core.agreement import Disclosure, DisclosureLevel
from keepclear.errors import KeepclearError, StoreFailed
from keepclear.node.commands import Command
from keepclear.node.logs import channel
from keepclear.node.loop import Receipt
from keepclear.node.node import Node
from keepclear.node.ports import Batch, Keys, StoredEntry
from keepclear.node.settings import Settings
from keepclear.record import Ed25519Signer, Identity
from keepclear.stores.memory import MemoryStore, Snapshot

START_US = 1_800_000_000_000_000
NAMES = ("amber", "birch", "cedar", "dune")
#: Rhythms slower than in life, so that an hour is played quickly; a queue small enough for a flood to fill it.
SETTINGS = Settings(
    needs_mldsa44=False,
    tick_s=2.0,
    heartbeat_s=20.0,
    line_test_every_s=900.0,
    line_test_within_s=60.0,
    pass_on_remind_s=60.0,
    retry_last_s=40.0,
    queue_max=24,
    queue_reserved=8,
    batch_max=8,
    delivery_entries_max=16,
)
CRASH_POINTS = (
    "before append",
    "after append",
    "before checkpoint",
    "after checkpoint",
    "before replace",
    "after replace",
)

logging.getLogger("keepclear").setLevel(logging.CRITICAL)


class Crash(BaseException):
    """The process is gone, here and now."""


class Violation(AssertionError):
    """A promise is broken."""


class _Instant(selectors.DefaultSelector):
    """Waits for nothing: what it was asked to wait is added to the loop's clock."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Violation("everything waits for something else, for ever")
        self.loop.now_s += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only by what is due."""

    def __init__(self) -> None:
        selector = _Instant()
        selector.loop = self
        self.now_s = 0.0
        super().__init__(selector)
        # A task that a crash ended has an exception that nobody asks for.
        self.set_exception_handler(lambda *_: None)

    def time(self) -> float:
        return self.now_s


class SimClock:
    """A wall clock that is a little off, drifts, and can be set; elapsed time that cannot."""

    def __init__(self, loop: VirtualLoop, offset_us: int, drift_ppm: int) -> None:
        self._loop = loop
        self._drift_ppm = drift_ppm
        self.true_offset_us = self.offset_us = offset_us
        self.set_at_s = -1e9

    def set(self, offset_us: int) -> None:
        """Somebody, or something, sets the wall clock."""
        self.offset_us = offset_us
        self.set_at_s = self._loop.now_s

    def elapsed_us(self) -> int:
        true_us = round(self._loop.now_s * 1e6)
        return true_us + true_us * self._drift_ppm // 1_000_000

    def now_us(self) -> int:
        return START_US + self.elapsed_us() + self.offset_us


class SimEntropy:
    """Bytes from the seed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def draw(self, count: int) -> bytes:
        return self._rng.randbytes(count)


class SimStore(MemoryStore):
    """A memory store whose process can die at each write, before or after it."""

    #: Where to die next; empty: nowhere.
    crash_at = ""
    on_crash: Callable[[str], None]
    on_append: Callable[[Batch], None]
    on_rebuilt: Callable[[], None]

    @classmethod
    def opened(
        cls,
        snapshot: Snapshot,
        *,
        on_crash: Callable[[str], None],
        on_append: Callable[[Batch], None],
        on_rebuilt: Callable[[], None],
    ) -> SimStore:
        store = cls.restored(snapshot)
        assert isinstance(store, SimStore)
        store.on_crash, store.on_append, store.on_rebuilt = on_crash, on_append, on_rebuilt
        return store

    def _point(self, name: str) -> None:
        if self.crash_at == name:
            self.crash_at = ""
            self.on_crash(name)
            raise Crash(name)

    def append(self, batch: Batch) -> None:
        self._point("before append")
        size = len(self._entries)
        try:
            super().append(batch)
        finally:
            # A write may be durable and yet fail: what lies on the disk is what counts.
            if len(self._entries) > size:
                self.on_append(batch)
        self._point("after append")

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        self._point("before checkpoint")
        super().save_checkpoint(log, size, note)
        self._point("after checkpoint")

    def replace_tail(self, log: str, first: int, entries: Any) -> None:
        self._point("before replace")
        super().replace_tail(log, first, entries)
        self.on_rebuilt()
        self._point("after replace")

    def restore_reserve(self) -> bool:
        # What a store does that is opened anew: after that it knows again what is durable.
        self._in_doubt = ""
        return not self.disk_full


EMPTY = Snapshot((), (), (), ())


@dataclass(slots=True)
class Acknowledged:
    """A command that somebody was told is so."""

    command: Command
    receipt: Receipt
    key: str
    #: The entries' bytes, as they lay on the disk at that moment.
    entries: tuple[bytes, ...] = ()


class Party:
    """One party: keys, clock and disk, which outlive the node that runs on them."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        digest = hashlib.sha256(name.encode()).digest()
        self.keys = Keys(name, name.title(), Ed25519Signer(digest, hashlib.sha256(digest).digest()))
        self.identity = Identity.of(name, name.title(), self.keys.signer)
        rng = world.rng
        self.clock = SimClock(world.loop, rng.randint(-400_000, 400_000), rng.randint(-20, 20))
        self.entropy = SimEntropy(rng)
        self.disk: Snapshot = EMPTY
        self.disk_full = False
        self.backups: list[Snapshot] = []
        self.node: Node | None = None
        self.store: SimStore | None = None
        self.is_starting = False
        #: Whether it acts as if keepclear's rules were not for it.
        self.is_evil = False
        self.up_since_s = 0.0
        #: Whether entries of its own, not signed yet, may have been renumbered behind what a peer gave back.
        self.was_rebuilt = False
        #: Where the next node that starts will die.
        self.crash_next = ""
        #: How often it was started anew, and its clock set or vouched for: what a deadline's true length cannot span.
        self.epoch = 0
        self.tasks: list[asyncio.Task[Any]] = []
        self.acknowledged: list[Acknowledged] = []
        self.last_fault_s = -1e9

    # ------------------------------------------------------------------------------------------------ life and death

    async def start(self) -> None:
        """Run a new node on what the disk holds. A node that cannot start is down until it is tried again."""
        if self.node is not None or self.is_starting:
            return
        self.is_starting = True
        self.store = store = SimStore.opened(
            self.disk,
            on_crash=self._crashed,
            on_append=lambda batch: self.world.invariants.recorded(self, batch),
            on_rebuilt=self._rebuilt,
        )
        store.disk_full = self.disk_full
        store.crash_at, self.crash_next = self.crash_next, ""
        try:
            node = Node(
                self.keys,
                store,
                self.world.network.link(self),
                self.clock,
                self.entropy,
                software="keepclear sim",
                settings=SETTINGS,
            )
            self.node, self.up_since_s = node, self.world.loop.time()
            self.epoch += 1
            started = self.spawn(node.start())
            await asyncio.wait([started])
            if started.cancelled() or self.node is not node:
                return
            started.result()
            self.world.watch(self, node)
        except StoreFailed as failed:
            self.world.count(f"fault:could not start ({failed.code})")
            self.die("could not start")
        finally:
            self.is_starting = False

    def _rebuilt(self) -> None:
        self.world.count("rebuilt")
        self.was_rebuilt = True

    def _crashed(self, where: str) -> None:
        self.world.count(f"fault:crash {where}")
        self.die(where)

    def die(self, why: str) -> None:
        """The process is gone: what was durable is on the disk, everything else is nowhere."""
        node, store = self.node, self.store
        if node is None or store is None:
            return
        self.world.say(f"{self.name} dies: {why}")
        self.disk = store.snapshot()
        store.close()
        self.node, self.store = None, None
        self.last_fault_s = self.world.loop.time()
        tasks = [*node._tasks, *node.outbox._tasks.values(), *self.tasks]
        self.tasks = []
        self.world.loop.call_soon(lambda: [task.cancel() for task in tasks])

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task of this party's process: it ends with it."""
        task = self.world.loop.create_task(work)
        self.tasks = [each for each in self.tasks if not each.done()]
        self.tasks.append(task)
        return task

    # ------------------------------------------------------------------------------------------------ what is durable

    def durable(self, log: str) -> list[StoredEntry]:
        """A log as it lies on the disk."""
        if self.store is not None:
            return self.store._logs.get(log, [])
        return [entry for entry in self.disk.entries if entry.log == log]

    def size(self, log: str) -> int:
        return len(self.durable(log))

    async def submit(self, command: Command, key: str = "", fingerprint: bytes = b"") -> Receipt | KeepclearError:
        """Ask, as a face would. Gives the receipt or the error; never returns if the node dies first."""
        node = self.node
        if node is None:
            return StoreFailed("the node is down")
        name = type(command).__name__
        try:
            receipt = await node.submit(command, key=key, fingerprint=fingerprint)
        except KeepclearError as refused:
            self.world.count(f"refused:{refused.code}")
            self.world.say(f"{self.name} {name}: {refused.code}")
            return refused
        if self.node is not node:  # it died in this very instant: nobody heard the answer
            await asyncio.get_running_loop().create_future()
        self.world.say(f"{self.name} {name}: {receipt.subject}")
        self.world.invariants.acknowledged(self, command, receipt, key)
        return receipt


class World:
    """Parties, the network between them, and what has happened so far."""

    def __init__(self, seed: int, *, parties: int | None = None, trace: bool = False) -> None:
        from faults import Network
        from invariants import Invariants

        self.seed = seed
        self.rng = random.Random(seed)
        self.loop = VirtualLoop()
        self.trace = trace
        self.counts: Counter[str] = Counter()
        self.story: list[str] = []
        self.violations: list[str] = []
        self.network = Network(self)
        self.invariants = Invariants(self)
        count = parties or self.rng.choice((2, 2, 2, 3, 3, 4))
        self.parties = {name: Party(self, name) for name in NAMES[:count]}
        self.shown = {
            (one, other): self._disclosure() for one in self.parties for other in self.parties if one != other
        }
        #: Texts that are somebody's own: text to (party, field).
        self.secrets: dict[bytes, tuple[str, str]] = {}

    def _disclosure(self) -> Disclosure:
        levels = (DisclosureLevel.VOLUME, DisclosureLevel.CONTACT, DisclosureLevel.VOLUME, DisclosureLevel.NONE)
        return Disclosure(self.rng.choice(levels), self.rng.random() < 0.3)

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def say(self, what: str) -> None:
        line = f"{self.loop.time():10.3f}  {what}"
        self.story.append(line)
        if self.trace:
            print(line)

    def fail(self, what: str) -> None:
        """A promise is broken; the story ends at the next step."""
        self.violations.append(what)
        self.say(f"BROKEN: {what}")

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.fail(what)

    def watch(self, party: Party, node: Node) -> None:
        """A task of a node that ends by itself is a node that no longer works, and nobody was told."""

        def ended(task: asyncio.Task[Any]) -> None:
            if task.cancelled() or isinstance(task.exception(), Crash) or party.node is not node:
                return
            self.fail(f"{party.name}: the task {task.get_name()!r} ended: {task.exception()!r}")

        for task in node._tasks:
            task.add_done_callback(ended)
        follow = node.outbox.follow_peers
        watched: set[asyncio.Task[Any]] = set()

        def follow_peers() -> None:
            follow()
            for task in node.outbox._tasks.values():
                if task not in watched:
                    watched.add(task)
                    task.add_done_callback(ended)

        node.outbox.follow_peers = follow_peers  # type: ignore[method-assign]
        follow_peers()

    def alive(self) -> list[Party]:
        return [party for party in self.parties.values() if party.node is not None and not party.is_starting]

    def others(self, party: Party) -> list[Party]:
        return [each for each in self.parties.values() if each is not party]

    def pairs(self) -> list[tuple[Party, Party, str]]:
        """Every direction of every two: sender, receiver, and the log between them."""
        return [(a, b, channel(a.name, b.name)) for a in self.parties.values() for b in self.others(a)]

    async def run(self, steps: int) -> None:
        """The whole story: chance for so many steps, then all is mended, and everything must come to rest."""
        from faults import Mischief
        from officers import Officers

        officers, mischief = Officers(self), Mischief(self)
        for party in self.parties.values():
            await party.start()
        await officers.enrol_all()
        for step in range(steps):
            if self.rng.random() < 0.7:
                officers.act()
            if self.rng.random() < 0.25:
                mischief.act()
            await asyncio.sleep(self.rng.choice((0.0, 0.005, 0.3, 2.0, 8.0, 25.0, 70.0)) * self.rng.random())
            self.invariants.cheap()
            if step % 16 == 15:
                self.invariants.thorough()
            if self.violations:
                return
        mischief.heal()
        await self._come_to_rest(officers)
        if not self.violations:
            self.invariants.final()

    async def _come_to_rest(self, officers: Any) -> None:
        last: object = None
        quiet = 0
        for _ in range(150):
            await asyncio.sleep(20)
            for party in self.parties.values():
                await party.start()
            officers.vouch_for_clocks()
            officers.enrol_missing()
            self.invariants.cheap()
            if self.violations:
                return
            sizes = [(log, a.size(log), b.size(log)) for a, b, log in self.pairs()]
            quiet = quiet + 1 if sizes == last and all(a == b for _, a, b in sizes) else 0
            last = sizes
            if quiet == 4:
                return
        self.fail(f"it does not come to rest: {[each for each in last if each[1] != each[2]]}")  # type: ignore[attr-defined]


@dataclass(slots=True)
class Played:
    """What one seed came to."""

    seed: int
    violations: list[str]
    counts: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)


def play(seed: int, steps: int = 60, *, parties: int | None = None, trace: bool = False) -> Played:
    """Play one seed from beginning to end."""
    from invariants import counting

    world = World(seed, parties=parties, trace=trace)
    asyncio.set_event_loop(world.loop)
    try:
        with counting(world):
            world.loop.run_until_complete(world.run(steps))
    except Violation as broken:
        world.fail(str(broken))
    except Exception as broken:
        import traceback

        where = traceback.extract_tb(broken.__traceback__)[-1]
        world.fail(f"{type(broken).__name__}: {broken} ({where.name}, {where.filename.split('/')[-1]}:{where.lineno})")
    finally:
        for task in asyncio.all_tasks(world.loop):
            task.cancel()
        # Let what was cancelled end, so that nothing is left over for the next seed.
        for _ in range(3):
            world.loop.call_soon(world.loop.stop)
            world.loop.run_forever()
        asyncio.set_event_loop(None)
        world.loop.close()
    return Played(seed, world.violations, world.counts, world.story)
