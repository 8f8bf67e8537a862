"""What must hold, whatever happens. Some is checked at the very moment, some after every step, all at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from world import SETTINGS, Acknowledged, Party, World

from keepclear.core.agreement import DisclosureLevel
from keepclear.errors import KeepclearError, Tampered
from keepclear.formats import peer as wire
from keepclear.node import loop as loop_module
from keepclear.node.commands import Command
from keepclear.node.decide import TABLE
from keepclear.node.entries import DutyChanged, DutyState, HistoryRefused, Received
from keepclear.node.exchange import Exchange
from keepclear.node.logs import Read, channel, private_log, read_entry
from keepclear.node.loop import Loop, Receipt
from keepclear.node.node import Node
from keepclear.node.picture import Picture
from keepclear.node.ports import Batch, StoredEntry
from keepclear.node.proofs import export, given, is_given
from keepclear.record import Tree, leaf_hash, verify_record
from keepclear.record.checkpoint import open_signed
from keepclear.stores.memory import MemoryStore

_SECRET = re.compile(rb"(?:contact|remarks|activity|drafter)-[0-9a-f]{12}")
_LATE_US = round(4 * SETTINGS.tick_s * 1e6)
#: A fault of the machine excuses what is late for so long.
_EXCUSED_S = 130.0


@dataclass(slots=True)
class _Opened:
    """When a duty was opened: true time, and how long was allowed."""

    true_s: float
    at_us: int
    epoch: int


@dataclass(slots=True)
class _View:
    """A log as far as it was looked at."""

    entries: list[StoredEntry] = field(default_factory=list)
    tree: Tree = field(default_factory=Tree)
    #: Indexes that ask for an answer; and, by index of the opposite channel, what was answered.
    asks: list[int] = field(default_factory=list)
    answered: dict[int, str] = field(default_factory=dict)


class Invariants:
    """Looks on, and says what is broken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._views: dict[tuple[str, str], _View] = {}
        self._roots: dict[tuple[str, int], bytes] = {}
        self._opened: dict[tuple[str, str], _Opened] = {}
        self._suspect: dict[str, bool] = {}
        self._answers: dict[tuple[str, str], Receipt] = {}
        self._forks: list[tuple[str, str]] = []
        self._refused: list[tuple[Party, bytes]] = []
        self._flipped = False
        #: (receiver, log, index) of every entry that a receiver ever recorded and said that it received.
        self._had: set[tuple[str, str, int]] = set()

    # ------------------------------------------------------------------------------------------- at the very moment

    def acknowledged(self, party: Party, command: Command, receipt: Receipt, key: str) -> None:
        """Somebody was told that it is so: then it lies on the disk already."""
        told = Acknowledged(command, receipt, key)
        if self._still_there(party, told):
            entries = tuple(party.durable(ref.log)[ref.n].data for ref in receipt.entries)
            party.acknowledged.append(Acknowledged(command, receipt, key, entries))
        if key:
            before = self._answers.setdefault((party.name, key), receipt)
            self.world.check(before == receipt, f"{party.name}: one key, two receipts: {before} and {receipt}")

    def _still_there(self, party: Party, told: Acknowledged) -> bool:
        for position, ref in enumerate(told.receipt.entries):
            log = party.durable(ref.log)
            if ref.n < len(log) and log[ref.n].leaf.hex() == ref.hash:
                continue
            if party.was_rebuilt and told.entries and _says(told.entries[position]) in (_says(e.data) for e in log):
                continue
            if party.was_rebuilt and not told.entries:
                # Renumbered between the answer and whoever waited for it: what it says now cannot be compared.
                return False
            if party.was_rebuilt and party.node is not None and party.node.loop.degraded and told in party.acknowledged:
                # What it said between a restore and getting back its history could not stand, and it says so.
                self.world.count("restored: said what was not told")
                party.acknowledged.remove(told)
                return False
            name = type(told.command).__name__
            self.world.fail(f"{party.name}: an acknowledged {name} is not on the disk: {ref.log} {ref.n}")
            return False
        return True

    def recorded(self, party: Party, batch: Batch) -> None:
        """Entries became durable."""
        for entry in batch.entries:
            read = read_entry(entry.data, entry.leaf)
            self.world.count(f"kind:{read.kind}")
            if isinstance(read.body, Received) and read.log.split("/")[1] == party.name:
                opposite = channel(read.log.split("/")[3], party.name)
                if party.size(opposite) > read.body.index:
                    self._had.add((party.name, opposite, read.body.index))
            if isinstance(read.body, DutyChanged):
                self._duty(party, read, read.body)
            elif read.kind == "clock_suspect":
                self._suspect[party.name] = True
            elif read.kind == "clock_confirmed":
                self._suspect[party.name] = False
                party.epoch += 1
            elif read.kind == "alert":
                self.world.count(f"level:{json.loads(entry.data)['body']['level']}")
            elif read.kind == "conflicts_found":
                for pair in json.loads(entry.data)["body"]["pairs"]:
                    self.world.count(f"verdict:{pair['verdict']}")

    def _duty(self, party: Party, read: Read, duty: DutyChanged) -> None:
        self.world.count(f"duty:{duty.state}")
        key = (party.name, duty.duty)
        now_s = self.world.loop.time()
        if duty.state is DutyState.OPEN:
            self._opened.setdefault(key, _Opened(now_s, read.at, party.epoch))
            return
        opened = self._opened.pop(key, None)
        if duty.state is not DutyState.MISSED:
            return
        self.world.check(not self._suspect.get(party.name), f"{party.name}: {duty.duty} missed by a suspect clock")
        if opened is not None and opened.epoch == party.epoch:
            allowed_s = (duty.due_at - opened.at_us) / 1e6
            waited_s = now_s - opened.true_s
            self.world.check(
                waited_s > allowed_s - 0.6,
                f"{party.name}: {duty.duty} missed after {waited_s:.1f} of {allowed_s:.1f} s",
            )

    def carried(self, sender: Party, to: str, kind: str, data: bytes) -> None:
        """A request leaves an honest process."""
        if kind == "delivery":
            message = wire.read_delivery(data)
            log = channel(sender.name, to)
            held = sender.durable(log)[message.first : message.first + len(message.entries)]
            self.world.check(
                [entry.data for entry in held] == list(message.entries), f"{log}: something left before it was durable"
            )
            for entry in message.entries:
                self._may_leave(sender, to, entry)
            self._checkpoint(sender, message.checkpoint, sender, log)
        elif kind == "heartbeat":
            self._heartbeat(sender, to, data)

    def _heartbeat(self, sender: Party, to: str, data: bytes) -> None:
        beat = wire.read_heartbeat(data)
        self._no_secret(sender, to, data)
        theirs = channel(to, sender.name)
        self.world.check(beat.holds <= sender.size(theirs), f"{sender.name} says that it holds more than it does")
        if beat.checkpoint:
            self._checkpoint(sender, beat.checkpoint, sender, channel(sender.name, to))
        if beat.cosigned:
            self._checkpoint(sender, beat.cosigned, self.world.parties[to], theirs)

    def answered(self, target: Party, sender: str, kind: str, answer: bytes) -> None:
        """An answer leaves a process."""
        if answer.startswith(b'{"code"') or sender not in self.world.parties:
            return
        if kind == "heartbeat":
            self._heartbeat(target, sender, answer)
        elif kind == "delivery":
            delivered = wire.read_delivered(answer)
            log = channel(sender, target.name)
            self.world.check(
                delivered.size <= target.size(log), f"{target.name} says that it took more of {log} than it did"
            )
            if delivered.cosigned:
                size = self._checkpoint(target, delivered.cosigned, self.world.parties[sender], log)
                theirs, ours = self.view(target, log), self.view(target, channel(target.name, sender))
                for n in theirs.asks:
                    if n < size and ours.answered.get(n) != theirs.tree.leaf(n).hex():
                        self.world.fail(f"{target.name} cosigned {log} at {size} and never said that it received {n}")
                        return

    def _checkpoint(self, holder: Party, text: str, writer: Party, log: str) -> int:
        """A signed checkpoint is over what the holder has on its disk, and no log has two histories."""
        checkpoint, _ = open_signed(text, writer.identity.ed25519)
        tree = self.view(holder, log).tree
        if checkpoint.size > tree.size or tree.root(checkpoint.size) != checkpoint.root:
            self.world.fail(
                f"{holder.name} shows a checkpoint of {log} at {checkpoint.size} over what it does not hold"
            )
        before = self._roots.setdefault((log, checkpoint.size), checkpoint.root)
        self.world.check(before == checkpoint.root, f"{log}: two histories are signed at {checkpoint.size}")
        return checkpoint.size

    def _may_leave(self, sender: Party, to: str, entry: bytes) -> None:
        self._no_secret(sender, to, entry)
        if b'"kind":"notice"' in entry or b'"kind":"alert"' in entry:
            shown = self.world.shown[sender.name, to]
            self.world.check(
                shown.level is not DisclosureLevel.NONE, f"{sender.name} told {to} of a notice that it does not show"
            )

    def _no_secret(self, sender: Party, to: str, data: bytes) -> None:
        for text in _SECRET.findall(data):
            owner, name = self.world.secrets[text]
            shown = self.world.shown[sender.name, to]
            may = (name in ("contact", "remarks") and shown.level is DisclosureLevel.CONTACT) or (
                name == "activity" and shown.shows_activity and shown.level is not DisclosureLevel.NONE
            )
            if owner != sender.name or not may:
                self.world.fail(f"{sender.name} showed {to} the hidden {name} of {owner}")

    def view(self, party: Party, log: str) -> _View:
        """A log of a party's disk with its tree; looks only at what is new."""
        entries = party.durable(log)
        view = self._views.get((party.name, log))
        if (
            view is None
            or len(view.entries) > len(entries)
            or (view.entries and view.entries[-1] is not entries[len(view.entries) - 1])
        ):
            view = self._views[party.name, log] = _View()
        for entry in entries[len(view.entries) :]:
            view.entries.append(entry)
            view.tree.append(leaf_hash(entry.data))
            if b'"kind":"received"' in entry.data:
                body = json.loads(entry.data)["body"]
                view.answered[body["index"]] = body["hash"]
            else:
                view.asks.append(entry.n)
        return view

    # ------------------------------------------------------------------------------------------------ what faults tell

    def restored(self, party: Party) -> None:
        """A party lost what is younger than its backup, and what it signed that nobody else holds."""
        party.acknowledged = [told for told in party.acknowledged if self._is_on_disk(party, told)]
        self._answers = {key: value for key, value in self._answers.items() if key[0] != party.name}
        for log, size in list(self._roots):
            if log.startswith(f"keepclear/{party.name}/to/"):
                peer = self.world.parties[log.split("/")[3]]
                if size > peer.size(log):
                    del self._roots[log, size]
        self._opened = {key: value for key, value in self._opened.items() if key[0] != party.name}
        marks = [
            b'"kind":"clock_suspect"' in e.data
            for e in party.durable(private_log(party.name))
            if b'"kind":"clock_' in e.data
        ]
        self._suspect[party.name] = bool(marks) and marks[-1]

    def _is_on_disk(self, party: Party, told: Acknowledged) -> bool:
        held = {(entry.log, entry.n, entry.leaf.hex()) for entry in party.disk.entries}
        return all((ref.log, ref.n, ref.hash) in held for ref in told.receipt.entries)

    def forked(self, liar: Party, victim: Party) -> None:
        """A liar showed a victim two histories: sooner or later both must know."""
        self._forks.append((liar.name, victim.name))

    def must_not_take(self, victim: Party, entry: bytes) -> None:
        """This was never said by who seems to say it, or may not be said."""
        self._refused.append((victim, entry))

    def flipped_byte_is_named(self, party: Party) -> str:
        """In a copy of the disk one bit is turned: the check of the record names the entry."""
        store = party.store
        if self._flipped or store is None:
            return ""
        snapshot = store.snapshot()
        if not snapshot.entries:
            return ""
        self._flipped = True
        at = self.world.rng.randrange(len(snapshot.entries))
        entry = snapshot.entries[at]
        where = self.world.rng.randrange(len(entry.data))
        data = entry.data[:where] + bytes([entry.data[where] ^ 1]) + entry.data[where + 1 :]
        changed = StoredEntry(entry.seq, entry.log, entry.n, entry.leaf, data)
        entries = (*snapshot.entries[:at], changed, *snapshot.entries[at + 1 :])
        copy = MemoryStore.restored(type(snapshot)(entries, snapshot.answers, snapshot.checkpoints, snapshot.evidence))
        what = f"a changed byte in entry {entry.n} of {entry.log}"
        try:
            exchange = Exchange(Loop(party.keys, copy, SETTINGS), software="check")
            report = verify_record(export(exchange, private=True))
        except Exception as found:
            # It cannot even be read: a start would stop here, and say so.
            self.world.count("found:on reading")
            return f"{what} stops a start: {type(found).__name__}"
        named = [(fault.log, fault.n, fault.until or fault.n + 1) for fault in report.faults if fault.n is not None]
        found = any(log == entry.log and first <= entry.n < until for log, first, until in named)
        signed = max((size for log, size, _ in snapshot.checkpoints if log == entry.log), default=0)
        if not found and entry.n >= signed:
            # Nobody has signed it yet, so no file can prove anything about it; the disk's own check still names it.
            self.world.check(leaf_hash(data) != entry.leaf, f"{what} changed nothing")
            self.world.count("found:by the disk alone")
            return f"{what}, not yet signed, is found by its hash"
        self.world.check(found, f"{what} was not found; found {named[:3]}")
        self.world.count("found:on checking")
        return f"{what} is named"

    # ------------------------------------------------------------------------------------------------ after every step

    def cheap(self) -> None:
        """What costs little to look at."""
        for party in self.world.alive():
            node = party.node
            assert node is not None
            excused = self._is_excused(party, node)
            if not excused and not node.picture.is_clock_suspect:
                self._nothing_overdue(party, node)
            long_ago = self.world.loop.time() - party.clock.set_at_s > 4 * SETTINGS.tick_s
            if not excused and long_ago and abs(node.steady.jump_us()) > 6_000_000:
                self.world.check(node.picture.is_clock_suspect, f"{party.name}: its clock jumped and nobody doubts it")
            # A restored node may have to say that a notice was not told; any other is wrong in itself.
            if not party.was_rebuilt:
                self.world.check(not node.loop.degraded, f"{party.name} is degraded: {node.loop.degraded}")
        for victim, entry in self._refused:
            if any(held.data == entry for held in victim.durable(json.loads(entry)["log"])[-3:]):
                self.world.fail(f"{victim.name} took what it must refuse: {entry[:120]!r}")

    def _is_excused(self, party: Party, node: Node) -> bool:
        now_s = self.world.loop.time()
        just_up = now_s - party.up_since_s < 4 * SETTINGS.tick_s
        return just_up or party.disk_full or bool(node.loop.store_fault) or now_s - party.last_fault_s < _EXCUSED_S

    def _nothing_overdue(self, party: Party, node: Node) -> None:
        # The clock may have moved within the last rounds; a confirmation takes a round to be acted on.
        for duty in node.picture.open_duties():
            late_us = node.now_us() - duty.due_at
            opened = self._opened.get((party.name, duty.duty))
            if late_us > _LATE_US and opened is not None and opened.epoch == party.epoch:
                self.world.fail(f"{party.name}: {duty.duty} is {late_us / 1e6:.0f} s overdue and still open")
                return

    # ----------------------------------------------------------------------------------------------- every few steps

    def thorough(self) -> None:
        """What costs more."""
        for party in self.world.alive():
            node = party.node
            assert node is not None
            self._picture_is_the_fold(party, node)
            for told in list(party.acknowledged):
                self._still_there(party, told)
            self._filed_once(party)
            self._given_is_held(party, node)
            self._accusations_are_true(party)
        self._copies_are_true()

    def _picture_is_the_fold(self, party: Party, node: Node) -> None:
        if node.picture.is_clock_suspect:
            # Nothing is forgotten by a clock in doubt, and what was forgotten just before would differ.
            return
        fresh = Picture(party.name)
        assert party.store is not None
        for entry in party.store._entries:
            fresh.apply(read_entry(entry.data, entry.leaf))
        fresh.forget(node.now_us())
        node.picture.forget(node.now_us())
        one, other = dump(node.picture), dump(fresh)
        for name in one:
            if one[name] != other[name]:
                differ = _difference(one[name], other[name])
                self.world.fail(f"{party.name}: the picture is not the fold of the record: {name}: {differ}")
                return

    def _filed_once(self, party: Party) -> None:
        seen: set[bytes] = set()
        for entry in party.durable(private_log(party.name)):
            if b'"kind":"notice_filed"' in entry.data and b'"version":1}' in entry.data:
                for text in re.findall(rb"drafter-[0-9a-f]{12}", entry.data):
                    self.world.check(text not in seen, f"{party.name}: one request filed two notices")
                    seen.add(text)

    def _given_is_held(self, party: Party, node: Node) -> None:
        for held in list(node.picture.notices.values()):
            if not held.is_own:
                continue
            for (to, version), instants in held.sent.items():
                if to not in self.world.parties:
                    continue
                claimed = is_given(node.exchange, held.key, version, to)
                is_held = (to, instants.log, instants.n) in self._had
                if claimed and not is_held:
                    self.world.fail(
                        f"{party.name} could prove that {held.key} v{version} was given to {to}, who never had it"
                    )
                try:
                    given(node.exchange, held.key, version, to)
                    made = True
                except Tampered as problem:
                    # All is there but the second key's cosignature, which nobody makes in a simulation.
                    made = problem.message.endswith("with both keys")
                    self.world.check(made, f"{party.name} made a receipt that does not hold: {problem}")
                except KeepclearError:
                    made = False
                if made:
                    self.world.count("given:made")
                    self.world.check(is_held, f"{party.name} made a receipt for what {to} never had")
                else:
                    self.world.count("given:not yet")

    def _accusations_are_true(self, party: Party) -> None:
        for entry in party.durable(private_log(party.name)):
            if b'"kind":"history_refused"' not in entry.data:
                continue
            body = read_entry(entry.data, entry.leaf).body
            assert isinstance(body, HistoryRefused)
            tree = self.view(party, body.log).tree
            signer = self.world.parties[body.party].identity.ed25519
            true = []
            for text in (body.first, body.second):
                checkpoint, _ = open_signed(text, signer)
                if checkpoint.size <= tree.size:
                    true.append(tree.root(checkpoint.size) == checkpoint.root)
            self.world.check(
                not (len(true) == 2 and all(true)), f"{party.name} accuses {body.party} by two true checkpoints"
            )
            self.world.check(
                (body.party, party.name) in self._forks, f"{party.name} accuses {body.party}, who did not lie to it"
            )

    def _copies_are_true(self) -> None:
        for sender, receiver, log in self.world.pairs():
            if sender.node is None or not sender.node.exchange.line(receiver.name).may_sign:
                # It does not know yet, since it started, whether what it holds is all that it once signed.
                continue
            one, other = sender.durable(log), receiver.durable(log)
            for mine, theirs in zip(one, other, strict=False):
                if mine.leaf != theirs.leaf:
                    self.world.fail(f"{log}: entry {mine.n} is not the same at both ends")
                    break

    # ------------------------------------------------------------------------------------------------------ at the end

    def final(self) -> None:
        """All is mended and at rest: both records prove the same, and nothing is left over."""
        self.thorough()
        for party in self.world.parties.values():
            node = party.node
            if node is None:
                self.world.fail(f"{party.name} is down at the end")
                continue
            self._record_is_sound(party, node)
            self._all_arrived(party, node)
        for liar, victim in self._forks:
            self._liars_are_known(liar, victim)

    def _record_is_sound(self, party: Party, node: Node) -> None:
        trust = [
            each.identity for each in self.world.parties.values() if each.name in set(node.picture.enrolled_peers())
        ]
        report = verify_record(export(node.exchange, private=True), trust)
        # Rule 7 asks for a cosignature by both keys; the simulator has only the one that is the same each time.
        faults = [fault for fault in report.faults if fault.rule != 7]
        self.world.check(not faults, f"{party.name}: its record is not sound: {[str(fault) for fault in faults[:2]]}")

    def _all_arrived(self, party: Party, node: Node) -> None:
        for to in node.picture.enrolled_peers():
            log = channel(party.name, to)
            peer = self.world.parties[to]
            if peer.node is None:
                continue
            size = party.size(log)
            self.world.check(
                node.exchange.cosigned_size.get(log, 0) == size,
                f"{log}: cosigned to {node.exchange.cosigned_size.get(log, 0)} of {size}",
            )
            self.world.check(
                node.picture.peers[to].delivered == size,
                f"{log}: transmitted says {node.picture.peers[to].delivered} of {size}",
            )
        for held in node.picture.alerts.values():
            peer = self.world.parties[held.to]
            if held.party == party.name and peer.node is not None and held.id not in peer.node.picture.alerts:
                # It may have ended long ago there, by a clock a little ahead; its entry is what counts.
                there = any(held.id.encode() in entry.data for entry in peer.durable(channel(party.name, held.to)))
                self.world.check(there, f"the alert {held.id} never arrived")

    def _liars_are_known(self, liar: str, victim: str) -> None:
        log = channel(liar, victim)
        told = any(
            b'"kind":"split_view"' in entry.data for entry in self.world.parties[liar].durable(channel(victim, liar))
        )
        kept = any(
            b'"kind":"history_refused"' in entry.data and log.encode() in entry.data
            for entry in self.world.parties[victim].durable(private_log(victim))
        )
        self.world.count("split:told" if told else "split:never arrived")
        # A victim restored from a backup lost its private entry, and got back from the liar what it told.
        self.world.check(told or not kept, f"{victim} refused a history of {liar}: kept {kept}, told {told}")


def dump(picture: Picture) -> dict[str, Any]:
    """Everything a picture holds, by name, as values that compare."""
    tables = dict(sorted(vars(picture).items()))
    tables["indexes"] = {mode: sorted(index) for mode, index in picture.indexes.items()}
    return tables


def _difference(one: Any, other: Any) -> str:
    """The first thing in which two values differ, in few words."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            if one.get(key) != other.get(key):
                return f"{key}: {_difference(one.get(key), other.get(key))}"
    mine, theirs = repr(one), repr(other)
    at = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), 0)
    start = max(0, at - 80)
    return f"live ...{mine[start : at + 100]} / folded ...{theirs[start : at + 100]}"


def _says(entry: bytes) -> tuple[str, str]:
    """What an entry says, wherever it stands."""
    value = json.loads(entry)
    return value["kind"], json.dumps(value["body"], sort_keys=True)


@contextmanager
def counting(world: World) -> Iterator[None]:
    """Count every decision that is taken, and how it ended, while one story is played."""
    before = dict(TABLE)
    take, check = loop_module.take, loop_module.check_delivery

    def counted(name: str, decide: Callable[..., Any]) -> Callable[..., Any]:
        def decide_and_count(*args: Any, **kwargs: Any) -> Any:
            try:
                decision = decide(*args, **kwargs)
            except KeepclearError as refused:
                world.count(f"no:{name} {refused.code}")
                raise
            world.count(f"decide:{name}")
            return decision

        return decide_and_count

    for command, decide in before.items():
        TABLE[command] = counted(decide.__name__, decide)
    loop_module.take = counted("take", take)
    loop_module.check_delivery = counted("check_delivery", check)
    try:
        yield
    finally:
        TABLE.update(before)
        loop_module.take, loop_module.check_delivery = take, check
