"""The loop's turn: take commands, decide, record, apply. All of it plain calls: no task, no wait, no clock of its own.

`Node` drives it in a process, the simulator drives many of them in one. A turn is one transaction: either every entry
that the turn decided is durable, or nothing happened.
"""

from __future__ import annotations

import base64
import gc
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from keepclear.errors import (
    KeepclearError,
    LimitReached,
    Malformed,
    NotAllowed,
    Refused,
    StoreFailed,
    Tampered,
)
from keepclear.node.commands import STOP_LANE, Command, ConfirmClock, EnrolPeer, NoteSplitView, ReceiveEntries
from keepclear.node.decide import SplitView, check_delivery, decide, take
from keepclear.node.decision import Draft
from keepclear.node.effects import Deliver, Effect
from keepclear.node.entries import URGENT_KINDS, Quarantined
from keepclear.node.logs import Logs, Read, channel, kind_of, private_log, read_entry
from keepclear.node.picture import Picture
from keepclear.node.ports import Batch, Clock, Evidence, Keys, Store, StoredEntry
from keepclear.node.settings import Settings
from keepclear.record import note as notes
from keepclear.record.checkpoint import log_key, parse
from keepclear.record.identity import Identity

#: Entries after which what they built is put out of the collector's sight. Without it a dense theatre of ten thousand
#: notices stands still for a second whenever the collector looks through all of it, and finds nothing.
SETTLED_AFTER = 2_000
#: Bytes kept of a refused message that calls itself a STOP: `quarantined_max` of them fit into the space set aside.
URGENT_EVIDENCE_BYTES_MAX = 65_536


class EntryRef(msgspec.Struct, frozen=True):
    """Where an entry lies and what it is."""

    log: str
    n: int
    hash: str
    kind: str


class Receipt(msgspec.Struct, frozen=True):
    """What the node answers once it is durable: the entries, and what they are about. *Submitted*, not *given*."""

    entries: tuple[EntryRef, ...]
    seq: int
    subject: str = ""
    submitted: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """A command in the queue. `key` and `fingerprint` let a repeated request find its answer."""

    command: Command
    key: str = ""
    fingerprint: bytes = b""


class SteadyClock:
    """The wall clock at the start, and from then on elapsed time: deadlines stay when somebody sets the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_us = clock.now_us() - clock.elapsed_us()

    def now_us(self) -> int:
        """Microseconds UTC, as steady as elapsed time."""
        return self._clock.elapsed_us() + self._offset_us

    def jump_us(self) -> int:
        """How far the wall clock has moved away from elapsed time."""
        return self._clock.now_us() - self.now_us()

    def shift(self, shift_us: int) -> None:
        """Go on from so much later, or earlier: what the wall clock said when a person vouched for it."""
        self._offset_us += shift_us


@dataclass(slots=True)
class _Turn:
    """What one turn has gathered for its transaction."""

    entries: list[StoredEntry] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    checkpoints: list[tuple[str, int, str]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    is_stop_lane: bool = False
    is_clock_set_back: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn gave: an answer for each command, in order, and what is to be told and done."""

    answers: tuple[Receipt | Exception, ...]
    entries: tuple[StoredEntry, ...] = ()
    reads: tuple[Read, ...] = ()
    effects: tuple[Effect, ...] = ()


class Loop:
    """One party's picture, logs and store, and the turn that changes them together."""

    def __init__(self, keys: Keys, store: Store, settings: Settings) -> None:
        self.keys = keys
        self.party = keys.party
        self.store = store
        self.settings = settings
        self.identity = Identity.of(keys.party, keys.name, keys.signer)
        #: Why the store cannot record, or empty.
        self.store_fault = ""
        #: Why the node is not wholly itself, or empty; it stays up.
        self.degraded = ""
        self._seen_evidence: set[str] = set()
        #: Messages that broke something of ours since this start, by the hash of their evidence.
        self._broken: set[str] = set()
        self._unsettled = 0
        self.picture = Picture(keys.party)
        self.logs = Logs(keys.party)
        self.load()

    def load(self) -> None:
        """Fold the picture anew from what is durable."""
        self.picture, self.logs = Picture(self.party), Logs(self.party)
        for stored in self.store.entries():
            read = read_entry(stored.data, stored.leaf)
            self.logs.replay(stored, read)
            self.picture.apply(read)
            self._settle(1)
        self._seen_evidence = {evidence.sha256 for evidence in self.store.evidence()}

    def last_at(self) -> int:
        """When the newest entry of our own was written, microseconds."""
        mine = [log for log in self.logs.origins() if log.split("/")[1] == self.party]
        return max((self.logs.last_at(log) for log in mine), default=0)

    # ------------------------------------------------------------------------------------------------ the turn

    def run(self, batch: Sequence[Asked], now_us: int) -> Outcome:
        """Decide a batch in order, make it durable in one transaction, and only then answer.

        A rule that says no answers its own command only. If the store fails, every command of the turn is told so and
        the picture is what the store holds.
        """
        if self.store_fault and not any(is_stop_lane(asked.command) for asked in batch):
            return Outcome(tuple(StoreFailed(self.store_fault) for _ in batch))
        turn = _Turn()
        answers: list[Receipt | Exception] = []
        for position, asked in enumerate(batch):
            if self.store_fault and not is_stop_lane(asked.command):
                answers.append(StoreFailed(self.store_fault))
                continue
            begun = len(turn.entries)
            try:
                answers.append(self._one(turn, asked, now_us))
            except _Kept as refused:
                answers.append(refused)
            except KeepclearError as refused:
                if len(turn.entries) > begun:  # a bound was hit half-way: all of it or nothing
                    return self._without(batch, position, refused, now_us)
                answers.append(refused)
            except Exception as broken:  # noqa: BLE001  an invariant: what was begun is dropped, the others go on
                return self._without(batch, position, broken, now_us)
        return self._commit(turn, answers)

    def _without(self, batch: Sequence[Asked], position: int, broken: Exception, now_us: int) -> Outcome:
        """The batch again, without the command that broke something of ours."""
        self.load()
        command = batch[position].command
        why = f"could not handle {type(command).__name__}: {type(broken).__name__}: {broken}"[:300]
        if isinstance(command, ReceiveEntries) or not isinstance(broken, KeepclearError):
            self.degraded = why
        before, after = self.run(batch[:position], now_us), self.run(batch[position + 1 :], now_us)
        aside: Outcome | None = None
        if isinstance(command, ReceiveEntries) and not isinstance(broken, KeepclearError):
            if len(self._broken) < self.settings.quarantined_max:
                self._broken.add(self._evidence(command, now_us).sha256)
            aside = self._quarantine_alone(command, why, now_us)
        outcomes = [before, after, *([aside] if aside else [])]  # in the order of seq: followers skip what comes late
        return Outcome(
            (*before.answers, broken, *after.answers),
            tuple(entry for outcome in outcomes for entry in outcome.entries),
            tuple(read for outcome in outcomes for read in outcome.reads),
            tuple(effect for outcome in outcomes for effect in outcome.effects),
        )

    def _commit(self, turn: _Turn, answers: list[Receipt | Exception]) -> Outcome:
        if turn.entries or turn.evidence:
            batch = Batch(turn.entries, turn.answers, turn.evidence, turn.checkpoints, turn.is_stop_lane)
            try:
                self.store.append(batch)
            except StoreFailed as failed:
                self.store_fault = failed.message
                self.load()
                return Outcome(tuple(given if isinstance(given, Exception) else failed for given in answers))
            self._settle(len(turn.entries))
            if not turn.is_stop_lane:  # the STOP lane may have used the space set aside: that proves nothing
                self.store_fault = ""
        deliveries = {stored.log for stored in turn.entries}
        for peer in self.picture.enrolled_peers():
            if channel(self.party, peer) in deliveries:
                turn.effects.append(Deliver(peer, turn.is_stop_lane))
        if turn.is_clock_set_back:
            # What was let go as ended by a clock that was ahead may be in force: the record knows.
            self.load()
        return Outcome(tuple(answers), tuple(turn.entries), tuple(turn.reads), tuple(turn.effects))

    def _settle(self, entries: int) -> None:
        """What is in force holds no circles of references: it goes when nothing names it, without the collector."""
        self._unsettled += entries
        if self._unsettled >= SETTLED_AFTER:
            self._unsettled = 0
            gc.collect(1)
            gc.freeze()

    def _one(self, turn: _Turn, asked: Asked, now_us: int) -> Receipt:
        command = asked.command
        turn.is_stop_lane = turn.is_stop_lane or is_stop_lane(command)
        first = len(turn.entries)
        if isinstance(command, ReceiveEntries):
            self._receive(turn, command, now_us)
            subject = command.party
        else:
            if isinstance(command, EnrolPeer) and self._has_own_key(command):
                raise Refused(f"{command.party} shows a key of our own: two parties cannot share one", at="ed25519")
            decision = decide(self.picture, command, now_us, self.settings)
            for draft in decision.drafts:
                self._record(turn, draft, now_us)
            turn.effects.extend(decision.effects)
            if isinstance(command, ConfirmClock) and command.shift_us < 0:
                turn.is_clock_set_back = True
            subject = decision.subject
        made = zip(turn.entries[first:], turn.reads[first:], strict=True)
        refs = tuple(EntryRef(stored.log, stored.n, read.leaf, read.kind) for stored, read in made)
        receipt = Receipt(refs, self.logs.seq, subject)
        if asked.key:
            turn.answers.append((asked.key, asked.fingerprint + msgspec.json.encode(receipt)))
        return receipt

    def _record(self, turn: _Turn, draft: Draft, now_us: int) -> None:
        log = channel(self.party, draft.to) if draft.to else private_log(self.party)
        opposite = channel(draft.to, self.party) if draft.to else ""
        agreed = self.picture.held_agreement_with(draft.to) if draft.to else None
        stored, read = self.logs.seal(
            log,
            draft.body,
            at=now_us,
            mode=draft.mode,
            stated=draft.is_stated,
            opposite=opposite,
            profile=agreed.hash if agreed else "",
        )
        self.picture.apply(read)
        turn.entries.append(stored)
        turn.reads.append(read)

    # ------------------------------------------------------------------------------------------- from another party

    def _receive(self, turn: _Turn, command: ReceiveEntries, now_us: int) -> None:
        peer = self.picture.peers.get(command.party)
        if peer is None or peer.is_removed:
            raise NotAllowed(f"{command.party} is not enrolled here")
        if peer.quarantined >= self.settings.quarantined_max and not is_stop_lane(command):
            raise LimitReached(f"quarantined_max: {peer.quarantined} messages of {command.party} were set aside")
        key = base64.b64decode(peer.enrolled.ed25519)
        if self._broken and self._evidence(command, now_us).sha256 in self._broken:
            # What broke something of ours once costs nothing the second time. A newer version of us may take it.
            raise Tampered("this very message was set aside before", at="entries")
        try:
            fresh = check_delivery(
                self.picture, self.logs, command, self.settings, ed25519=key, settled=self._settled(command.party)
            )
        except SplitView as split:
            self._keep_both(turn, command, now_us)
            raise _Kept(split) from None
        except (Malformed, Tampered, NotAllowed) as bad:
            if bad.at == "first":  # a gap: nothing is wrong, the sender begins too late
                raise
            self._quarantine(turn, command, str(bad), now_us)
            raise _Kept(bad) from None
        if fresh.entries:
            # In the same transaction: whoever holds the entries can always show, and cosign, what was signed over them.
            checkpoint, note = parse(command.checkpoint)
            own = note.by(log_key(fresh.log, key))
            turn.checkpoints.append((fresh.log, checkpoint.size, notes.render(notes.Note(note.text, tuple(own)))))
        for data, read in fresh.entries:
            turn.entries.append(self.logs.copy(fresh.log, data, read))
            turn.reads.append(read)
            self.picture.apply(read)
            for draft in take(self.picture, read, now_us, command.received_at, self.settings).drafts:
                self._record(turn, draft, now_us)

    def _has_own_key(self, command: EnrolPeer) -> bool:
        ours = self.identity.to_json()
        return command.ed25519 == ours["ed25519"] or command.mldsa44 == ours["mldsa44"]

    def _settled(self, party: str) -> int:
        """How many entries of our channel to a party stand under our signature."""
        kept = self.store.latest_checkpoint(channel(self.party, party))
        return kept[0] if kept else 0

    def _quarantine(self, turn: _Turn, command: ReceiveEntries, why: str, now_us: int) -> bool:
        """Set a message aside; whether it was not there already, and there is room."""
        evidence = self._evidence(command, now_us)
        peer = self.picture.peers.get(command.party)
        if evidence.sha256 in self._seen_evidence:  # the same message again: it lies there already
            return False
        if peer is not None and peer.quarantined >= self.settings.quarantined_max:
            return False
        self._seen_evidence.add(evidence.sha256)
        turn.evidence.append(evidence)
        self._record(turn, Draft(Quarantined(command.party, why[:500], evidence.sha256)), now_us)
        return True

    def _evidence(self, command: ReceiveEntries, now_us: int) -> Evidence:
        """What of a message is kept: all of it, or its beginning where it could use up the space set aside for STOP."""
        data = command.checkpoint.encode() + b"\n" + b"\n".join(command.entries)
        if is_stop_lane(command):
            data = data[:URGENT_EVIDENCE_BYTES_MAX]
        return Evidence(hashlib.sha256(data).hexdigest(), now_us, data)

    def _quarantine_alone(self, command: ReceiveEntries, why: str, now_us: int) -> Outcome:
        turn = _Turn()
        self._quarantine(turn, command, why, now_us)
        return self._commit(turn, [])

    def _keep_both(self, turn: _Turn, command: ReceiveEntries, now_us: int) -> None:
        """Two signed checkpoints that cannot both be true: the evidence that nobody can argue with."""
        log = channel(command.party, self.party)
        if not self._quarantine(turn, command, f"{log}: another history than before", now_us):
            return
        end = command.first + len(command.entries)
        held = self.first_checkpoint_from(log, end) or self.store.latest_checkpoint(log)
        if held is None:
            return
        note = NoteSplitView(command.party, log, held[1], command.checkpoint)
        for draft in decide(self.picture, note, now_us, self.settings).drafts:
            self._record(turn, draft, now_us)

    def first_checkpoint_from(self, log: str, size: int) -> tuple[int, str] | None:
        """The smallest kept checkpoint of a log of at least that size."""
        return next((kept for kept in self.store.checkpoints(log) if kept[0] >= size), None)


class _Kept(KeepclearError):
    """Carries an error past the turn after evidence for it was gathered: the turn records, the sender is told no."""

    def __init__(self, cause: KeepclearError) -> None:
        super().__init__(cause.message, at=cause.at)
        self.code, self.status = cause.code, cause.status


def is_urgent(data: bytes) -> bool:
    """Whether an entry's bytes are of the STOP family."""
    return kind_of(data) in URGENT_KINDS


def is_stop_lane(command: Command) -> bool:
    """Whether a command belongs to the lane that neither a flood nor a full disk may shut out."""
    if isinstance(command, ReceiveEntries):
        return any(is_urgent(data) for data in command.entries)
    return isinstance(command, STOP_LANE)


def with_seed_and_shift(asked: Asked, seed: bytes, clock: SteadyClock) -> Asked:
    """What a command needs of chance and time, given.

    A confirmation of the clock takes up what the wall clock says, and moves open deadlines along with it; the clock
    itself is moved once that is recorded, so that a refused one moves neither.
    """
    if isinstance(asked.command, ConfirmClock):
        return replace(asked, command=replace(asked.command, seed=seed, shift_us=clock.jump_us()))
    return replace(asked, command=replace(asked.command, seed=seed))
