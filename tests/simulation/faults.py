"""What can go wrong: the network between nodes, the machines they run on, and a party that breaks the rules."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from world import CRASH_POINTS, Party, World

from keepclear.errors import KeepclearError, Malformed, PeerUnreachable, Refused, Unavailable
from keepclear.formats import peer as wire
from keepclear.formats.peer import (
    DeliveredMessage,
    DeliveryMessage,
    EntriesMessage,
    HeartbeatMessage,
    ProblemMessage,
)
from keepclear.node.logs import channel, read_entry
from keepclear.node.node import Node
from keepclear.node.ports import Batch, Delivered, Delivery, Heartbeat
from keepclear.record import Checkpoint, Ed25519Signer, Tree, canonical, leaf_hash, signed
from keepclear.stores.memory import Fault

_T = TypeVar("_T")
_FIELDS = ("software", "now_us", "holds", "cosigned", "checkpoint", "store_ok")


@dataclass(frozen=True, slots=True)
class Carried:
    """One request on its way."""

    sender: str
    to: str
    kind: str
    data: bytes


class Network:
    """Carries requests and answers between nodes, as bytes, and not always well."""

    FAULTS = ("lost", "answer lost", "late", "slow", "doubled", "truncated", "corrupted")

    def __init__(self, world: World) -> None:
        self.world = world
        rng = world.rng
        # Each seed has some of the faults, some often and some seldom, so that they meet in all combinations.
        self.chance = {fault: rng.choice((0, 0, 0.02, 0.1, 0.25)) for fault in self.FAULTS}
        self.chance["corrupted"] /= 5
        self.chance["truncated"] /= 3
        self.cut: dict[frozenset[str], float] = {}
        self.archive: list[Carried] = []
        self._forgotten: Counter[str] = Counter()

    def link(self, party: Party) -> SimLink:
        return SimLink(self, party)

    def is_cut(self, one: str, other: str) -> bool:
        return self.cut.get(frozenset((one, other)), 0.0) > self.world.loop.time()

    def _hits(self, fault: str) -> bool:
        if self.world.rng.random() >= self.chance[fault]:
            return False
        self.world.count(f"fault:{fault}")
        return True

    async def exchange(self, sender: Party, to: str, kind: str, data: bytes) -> bytes:
        """Carry a request and bring the answer, or PeerUnreachable."""
        self.world.invariants.carried(sender, to, kind, data)
        carried = Carried(sender.name, to, kind, data)
        if kind != "fetch" and len(self.archive) < 400:
            self.archive.append(carried)
        await asyncio.sleep(0.01 + 0.05 * self.world.rng.random())
        if self.is_cut(sender.name, to):
            self.world.count("fault:cut")
            await asyncio.sleep(5)
            raise PeerUnreachable(f"{to} does not answer")
        if self._hits("slow"):
            await asyncio.sleep(self.world.rng.random() * 8)
        if self._hits("lost"):
            await asyncio.sleep(5)
            raise PeerUnreachable(f"{to} does not answer")
        if self._hits("late"):
            self.inject(carried, after_s=5 + self.world.rng.random() * 90)
            await asyncio.sleep(5)
            raise PeerUnreachable(f"{to} does not answer")
        if self._hits("doubled"):
            self.inject(carried, after_s=self.world.rng.random() * 40)
        answer = await self._handled(carried, self._spoiled(data))
        if self._hits("answer lost"):
            await asyncio.sleep(5)
            raise PeerUnreachable(f"{to} does not answer")
        return self._spoiled(answer) if kind != "fetch" else answer

    def _spoiled(self, data: bytes) -> bytes:
        rng = self.world.rng
        if data and self._hits("truncated"):
            return data[: rng.randrange(len(data))]
        if data and self._hits("corrupted"):
            at = rng.randrange(len(data))
            return data[:at] + bytes([data[at] ^ (1 << rng.randrange(7))]) + data[at + 1 :]
        return data

    def inject(self, carried: Carried, *, after_s: float) -> None:
        """Bring a request once more, later, with nobody waiting for the answer."""

        forgotten = self._forgotten[carried.sender]

        async def later() -> None:
            await asyncio.sleep(after_s)
            if not self.is_cut(carried.sender, carried.to) and forgotten == self._forgotten[carried.sender]:
                with contextlib.suppress(PeerUnreachable):
                    await self._handled(carried, carried.data)

        self.world.loop.create_task(later())

    async def _handled(self, carried: Carried, data: bytes) -> bytes:
        target = self.world.parties[carried.to]
        node = target.node
        if node is None or target.is_starting:
            await asyncio.sleep(1)
            raise PeerUnreachable(f"{carried.to} does not answer")
        task = target.spawn(handle(self.world, target, node, carried.sender, carried.kind, data))
        await asyncio.wait([task], timeout=30)
        if not task.done() or task.cancelled() or task.exception() is not None:
            raise PeerUnreachable(f"{carried.to} does not answer")
        answer: bytes = task.result()
        self.world.invariants.answered(target, carried.sender, carried.kind, answer)
        return answer

    def forget(self, party: str) -> None:
        """What is still on its way from a party is gone with the machine it left."""
        self.archive = [each for each in self.archive if each.sender != party]
        self._forgotten[party] += 1


async def handle(world: World, target: Party, node: Node, sender: str, kind: str, data: bytes) -> bytes:
    """What the door for peers does: bytes to values, the node, and its answer as bytes."""
    try:
        if kind == "delivery":
            message = wire.read_delivery(data)
            size = target.size(channel(sender, target.name))
            taken = await node.receive(sender, Delivery(message.first, message.entries, message.checkpoint))
            world.count(
                "peer:delivery taken" if target.size(channel(sender, target.name)) > size else "peer:nothing new"
            )
            return wire.encode(DeliveredMessage(taken.size, taken.cosigned))
        if kind == "heartbeat":
            read = wire.read_heartbeat(data)
            beat = await node.answer_heartbeat(sender, Heartbeat(*(getattr(read, name) for name in _FIELDS)))
            return wire.encode(HeartbeatMessage(*(getattr(beat, name) for name in _FIELDS)))
        first, count = json.loads(data)
        entries = node.store.log_entries(channel(sender, target.name), first, count)
        return wire.encode(EntriesMessage(tuple(entry.data for entry in entries)))
    except KeepclearError as refused:
        world.count(f"peer refused:{refused.code}")
        world.say(f"{target.name} refuses a {kind} of {sender}: {refused.code}: {refused}")
        return wire.encode(ProblemMessage(refused.code, str(refused)))


class SimLink:
    """A node's way out to others."""

    def __init__(self, network: Network, party: Party) -> None:
        self._network = network
        self._party = party

    async def deliver(self, party: str, delivery: Delivery) -> Delivered:
        data = wire.encode(DeliveryMessage(delivery.first, delivery.entries, delivery.checkpoint))
        answer = await self._network.exchange(self._party, party, "delivery", data)
        read = _read(answer, wire.read_delivered)
        return Delivered(read.size, read.cosigned)

    async def heartbeat(self, party: str, ours: Heartbeat) -> Heartbeat:
        data = wire.encode(HeartbeatMessage(*(getattr(ours, name) for name in _FIELDS)))
        read = _read(await self._network.exchange(self._party, party, "heartbeat", data), wire.read_heartbeat)
        return Heartbeat(*(getattr(read, name) for name in _FIELDS))

    async def fetch(self, party: str, first: int, count: int) -> list[bytes]:
        answer = await self._network.exchange(self._party, party, "fetch", json.dumps([first, count]).encode())
        return list(_read(answer, wire.read_entries).entries)


def _read(answer: bytes, reader: Callable[[bytes], _T]) -> _T:
    if answer.startswith(b'{"code"'):
        problem = wire.read_problem(answer)
        raise Refused(f"{problem.code}: {problem.detail}")
    try:
        return reader(answer)
    except Malformed as problem:
        raise Unavailable(f"the answer cannot be read: {problem}") from None


class Mischief:
    """One fault at a time, by chance: machines, clocks, disks, lines, and a party that lies."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = world.rng
        if self.rng.random() < 0.5:
            self.rng.choice(list(world.parties.values())).is_evil = True
        self.forgetful = self.rng.choice(list(world.parties.values()))
        # Few kinds in each seed, so that they come often enough to meet.
        self.kinds = self.rng.sample(self.KINDS, self.rng.randint(2, 9))

    def act(self) -> None:
        kind = self.rng.choice(self.kinds)
        what = kind(self)
        if what:
            self.world.count(f"fault:{kind.__name__.replace('_', ' ')}")
            self.world.say(f"fault: {what}")

    def _alive(self) -> Party | None:
        alive = self.world.alive()
        return self.rng.choice(alive) if alive else None

    def _liar_and_victim(self) -> tuple[Party, Party] | None:
        liars = [party for party in self.world.alive() if party.is_evil]
        if not liars:
            return None
        return liars[0], self.rng.choice(self.world.others(liars[0]))

    # ------------------------------------------------------------------------------------------------------- machines

    def crash(self) -> str:
        party = self._alive()
        if party is None:
            return ""
        party.die("killed")
        self._start_later(party)
        return f"{party.name} is killed"

    def crash_at_a_write(self) -> str:
        party = self._alive()
        if party is None or party.store is None:
            return ""
        party.store.crash_at = self.rng.choice(CRASH_POINTS)
        self.world.loop.create_task(self._keep_alive())
        return f"{party.name} will die {party.store.crash_at}"

    async def _keep_alive(self) -> None:
        for _ in range(5):
            await asyncio.sleep(20 + 20 * self.rng.random())
            for party in self.world.parties.values():
                await party.start()

    def _start_later(self, party: Party) -> None:
        async def later() -> None:
            await asyncio.sleep(self.rng.choice((0.1, 3, 60, 400)))
            await party.start()

        self.world.loop.create_task(later())

    def store_fails(self) -> str:
        party = self._alive()
        if party is None or party.store is None:
            return ""
        fault = self.rng.choice((Fault.BEFORE_COMMIT, Fault.AFTER_COMMIT, Fault.DISK_FULL))
        party.store.fail_next(fault)
        self.world.count(f"fault:write fails {fault.value}")
        party.last_fault_s = self.world.loop.time() + 60
        return f"{party.name}'s next write fails {fault.value}"

    def disk_full(self) -> str:
        party = self._alive()
        if party is None or party.store is None:
            return ""
        party.disk_full = not party.disk_full
        party.store.disk_full = party.disk_full
        party.last_fault_s = self.world.loop.time() + 60
        return f"{party.name}'s disk is {'full' if party.disk_full else 'empty again'}"

    def back_up(self) -> str:
        party = self.forgetful
        if party.store is None:
            return ""
        party.backups.append(party.store.snapshot())
        return f"{party.name} is backed up"

    def restore_a_backup(self) -> str:
        # One party in a story: when two lose their disks at once, nobody is left who knows what they had said.
        party = self.forgetful
        if party.node is None or party.is_starting or not party.backups:
            self.back_up()
            return ""
        party.die("its disk is gone")
        party.disk = party.backups[-1]
        self.world.network.forget(party.name)
        self.world.invariants.restored(party)
        if self.rng.random() < 0.4:
            party.crash_next = self.rng.choice(("before replace", "after replace"))
            self.world.loop.create_task(self._keep_alive())
        self._start_later(party)
        return f"{party.name} is restored from its last backup, {len(party.disk.entries)} entries"

    def flip_a_stored_byte(self) -> str:
        party = self._alive()
        if party is None:
            return ""
        return self.world.invariants.flipped_byte_is_named(party)

    # --------------------------------------------------------------------------------------------------------- clocks

    def set_the_clock(self) -> str:
        party = self._alive()
        if party is None:
            return ""
        party.clock.set(party.clock.true_offset_us + self.rng.choice((-3600, 3600)) * 1_000_000)
        party.epoch += 1
        return f"{party.name}'s clock is an hour off"

    def nudge_the_clock(self) -> str:
        """Too little for anybody to notice: deadlines must not care."""
        party = self._alive()
        if party is None:
            return ""
        party.clock.set(party.clock.offset_us + self.rng.choice((-4_000_000, 4_000_000)))
        return f"{party.name}'s clock moves by four seconds"

    # ---------------------------------------------------------------------------------------------------------- lines

    def cut_the_line(self) -> str:
        return self._cut(self.rng.choice((5, 40, 200)))

    def cut_for_an_hour(self) -> str:
        return self._cut(3600) if self.rng.random() < 0.3 else ""

    def _cut(self, seconds: float) -> str:
        one, other = self.rng.sample(list(self.world.parties), 2)
        self.world.network.cut[frozenset((one, other))] = self.world.loop.time() + seconds
        return f"no line between {one} and {other} for {seconds} s"

    def replay(self) -> str:
        archive = self.world.network.archive
        if not archive:
            return ""
        carried = self.rng.choice(archive)
        self.world.network.inject(carried, after_s=0.01)
        self.world.count(f"fault:replay {carried.kind}")
        return f"an old {carried.kind} of {carried.sender} comes to {carried.to} again"

    # ---------------------------------------------------------------------------------------------------------- liars

    def _send(self, sender: str, victim: Party, kind: str, data: bytes) -> None:
        node = victim.node
        if node is not None and not victim.is_starting:
            victim.spawn(handle(self.world, victim, node, sender, kind, data))

    def _forged(self, liar: Party, victim: Party, first: int, entries: list[bytes], *, signer: Any = None) -> bytes:
        """A delivery whose checkpoint the liar signed over exactly these entries."""
        log = channel(liar.name, victim.name)
        leaves = [entry.leaf for entry in victim.durable(log)[:first]] + [leaf_hash(data) for data in entries]
        tree = Tree(leaves)
        text = signed(Checkpoint(log, tree.size, tree.root()), signer or liar.keys.signer)
        return wire.encode(DeliveryMessage(first, tuple(entries), text))

    def _next_entry(self, liar: Party, victim: Party, kind: str, body: dict[str, object]) -> bytes:
        log = channel(liar.name, victim.name)
        held = victim.durable(log)
        back = liar.durable(channel(victim.name, liar.name))
        tree = Tree(entry.leaf for entry in back)
        at = json.loads(held[-1].data)["at"] if held else liar.clock.now_us()
        entry = {
            "at": max(at, liar.clock.now_us()),
            "body": body,
            "kind": kind,
            "log": log,
            "mode": "TEST",
            "n": len(held),
            "seen": {"root": tree.root().hex(), "size": tree.size},
            "stated": True,
            "v": 1,
        }
        return canonical.encode(entry)

    def fork(self) -> str:
        """The last entry that the victim holds, told anew and signed anew."""
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        held = victim.durable(channel(liar.name, victim.name))
        if not held:
            return ""
        self._send(liar.name, victim, "delivery", self._forged(liar, victim, len(held) - 1, [_retold(held[-1].data)]))
        self.world.invariants.forked(liar, victim)
        return f"{liar.name} tells {victim.name} another history"

    def fork_in_a_heartbeat(self) -> str:
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        held = victim.durable(channel(liar.name, victim.name))
        if not held or liar.node is None:
            return ""
        tree = Tree([*(entry.leaf for entry in held[:-1]), leaf_hash(_retold(held[-1].data))])
        text = signed(Checkpoint(channel(liar.name, victim.name), tree.size, tree.root()), liar.keys.signer)
        size = liar.size(channel(victim.name, liar.name))
        beat = HeartbeatMessage("keepclear sim", liar.clock.now_us(), size, "", text, True)
        self._send(liar.name, victim, "heartbeat", wire.encode(beat))
        self.world.invariants.forked(liar, victim)
        return f"{liar.name} shows {victim.name} the checkpoint of another history"

    def wrong_key(self) -> str:
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        entry = self._next_entry(liar, victim, "stop", {"by": "Nobody", "id": "SX-9001"})
        impostor = Ed25519Signer(self.rng.randbytes(32), self.rng.randbytes(32))
        first = victim.size(channel(liar.name, victim.name))
        self._send(liar.name, victim, "delivery", self._forged(liar, victim, first, [entry], signer=impostor))
        self.world.invariants.must_not_take(victim, entry)
        return f"somebody with another key speaks as {liar.name} to {victim.name}"

    def stranger(self) -> str:
        victim = self._alive()
        if victim is None:
            return ""
        data = wire.encode(DeliveryMessage(0, (b"{}",), "no checkpoint"))
        self._send("ember", victim, "delivery", data)
        return f"a party that nobody knows speaks to {victim.name}"

    def _refused_entry(self, kind: str, body: dict[str, object], what: str) -> str:
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        entry = self._next_entry(liar, victim, kind, body)
        first = victim.size(channel(liar.name, victim.name))
        self._send(liar.name, victim, "delivery", self._forged(liar, victim, first, [entry]))
        self.world.invariants.must_not_take(victim, entry)
        return f"{liar.name} sends {victim.name} {what}"

    def unknown_field(self) -> str:
        return self._refused_entry("stop", {"by": "Nobody", "id": "SX-9002", "target": "T1"}, "a field nobody knows")

    def private_kind(self) -> str:
        body: dict[str, object] = {"party": "amber", "by": "Nobody"}
        return self._refused_entry("peer_removed", body, "a kind that is no kind for a channel")

    def not_canonical(self) -> str:
        """The same entry with a space more: another hash for the same words."""
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        entry = self._next_entry(liar, victim, "stop", {"by": "Nobody", "id": "SX-9003"}).replace(b'"v":1', b'"v": 1')
        first = victim.size(channel(liar.name, victim.name))
        self._send(liar.name, victim, "delivery", self._forged(liar, victim, first, [entry]))
        self.world.invariants.must_not_take(victim, entry)
        return f"{liar.name} sends {victim.name} an entry in another form"

    def too_much(self) -> str:
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        node = victim.node
        if node is None or victim.is_starting:
            return ""
        entry = self._next_entry(liar, victim, "weather", {"text": "x" * 200})
        entries = (entry,) * (node.settings.delivery_entries_max + 1)
        data = wire.encode(DeliveryMessage(victim.size(channel(liar.name, victim.name)), entries, "none"))
        self._send(liar.name, victim, "delivery", data)
        return f"{liar.name} sends {victim.name} more than one delivery may hold"

    def gap(self) -> str:
        both = self._liar_and_victim()
        if both is None:
            return ""
        liar, victim = both
        first = victim.size(channel(liar.name, victim.name)) + 3
        self._send(liar.name, victim, "delivery", wire.encode(DeliveryMessage(first, (b"{}",), "none")))
        return f"{liar.name} leaves out what comes before"

    def newer_software(self) -> str:
        """An honest party whose newer software says something that this one does not know, in its own channel."""
        party = self._alive()
        if party is None or party.node is None or party.disk_full or party.store is None or party.store.crash_at:
            return ""
        node = party.node
        peers = list(node.picture.enrolled_peers())
        if not peers or node.loop.store_fault:
            return ""
        to = self.rng.choice(peers)
        log, opposite = channel(party.name, to), channel(to, party.name)
        logs = node.loop.logs
        tree = logs.tree(opposite)
        seen = {"root": tree.root().hex(), "size": tree.size}
        if written := party.durable(log):
            # After a restore the opposite channel may be shorter than what was seen of it before.
            last = json.loads(written[-1].data)["seen"]
            seen = last if last["size"] > seen["size"] else seen
        entry = {
            "at": max(node.now_us(), logs.last_at(log)),
            "body": {"cloud_base_m": self.rng.randrange(9000), "words": "not known here"},
            "kind": "weather",
            "log": log,
            "mode": "OPER",
            "n": logs.size(log),
            "seen": seen,
            "stated": True,
            "v": 1,
        }
        data = canonical.encode(entry)
        read = read_entry(data, leaf_hash(data))
        stored = logs.copy(log, data, read)
        try:
            party.store.append(Batch([stored]))
        except KeepclearError:
            node.loop.load()
            return ""
        node.picture.apply(read)
        node.outbox.wake(to)
        return f"{party.name} says to {to} what only newer software knows"

    # -------------------------------------------------------------------------------------------------------- mending

    def heal(self) -> None:
        """Everything works again: lines, disks, clocks, machines; nobody lies any more."""
        network = self.world.network
        network.cut.clear()
        network.chance = dict.fromkeys(network.chance, 0)
        for party in self.world.parties.values():
            party.is_evil = False
            party.disk_full = False
            party.crash_next = ""
            if abs(party.clock.offset_us - party.clock.true_offset_us) > 10_000_000:
                party.epoch += 1
            party.clock.set(party.clock.true_offset_us)
            if party.store is not None:
                party.store.disk_full = False
                party.store.crash_at = ""
        self.world.say("everything is mended")

    KINDS: ClassVar[tuple[Callable[[Mischief], str], ...]] = (
        crash,
        crash_at_a_write,
        store_fails,
        disk_full,
        back_up,
        restore_a_backup,
        flip_a_stored_byte,
        set_the_clock,
        nudge_the_clock,
        cut_the_line,
        cut_for_an_hour,
        replay,
        fork,
        fork_in_a_heartbeat,
        wrong_key,
        stranger,
        unknown_field,
        private_kind,
        not_canonical,
        too_much,
        gap,
        newer_software,
    )


def _retold(data: bytes) -> bytes:
    entry = json.loads(data)
    entry["at"] += 1
    return canonical.encode(entry)
