"""Checkpoints and cosignatures: what two nodes owe each other so that both records prove the same.

- We sign a checkpoint of a channel only after the peer has told us, since this start, the last one of ours that it
  cosigned, and our history holds it. A node restored from an old backup therefore never signs a second history.
- We cosign a peer's checkpoint only when we hold, have parsed and have recorded every entry below its size.
- A peer that shows two histories is refused; both signed checkpoints are kept.

Plain calls, like the loop; `outbox` and the peer's face drive them.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from keepclear.core.line import LineRules
from keepclear.core.notice import NoticeState
from keepclear.core.timespan import LATEST_US, SECOND_US
from keepclear.errors import KeepclearError, LimitReached, NotAllowed, StoreFailed, Tampered, Unavailable
from keepclear.formats.carried import LINES_MAX, STRETCH_BYTES_MAX
from keepclear.node.commands import Command, NoteDelivered, NoteLine, NoteSplitView, SuspectClock
from keepclear.node.entries import AlertSent, NoticeRef, NoticeSent, Received, content_hash
from keepclear.node.heldline import line_rules
from keepclear.node.logs import Read, channel, read_entry
from keepclear.node.loop import Loop
from keepclear.node.ports import Delivered, Delivery, Heartbeat, StoredEntry
from keepclear.record import note as notes
from keepclear.record.checkpoint import Checkpoint, log_key, open_signed, signed
from keepclear.record.cosign import cosign, verify_cosignatures
from keepclear.record.identity import Identity
from keepclear.record.note import Note, VerifierKey
from keepclear.record.tree import Tree, leaf_hash


@dataclass(slots=True)
class LineState:
    """What we know of a peer's node since this start; not recorded.

    Attributes:
        last_heard: when it last answered, our steady clock, microseconds; 0 is never.
        difference_ms: its wall clock minus ours at that time.
        holds: how many entries of our channel it holds; -1 is not known yet.
        sent_at: when we last sent it a stretch, microseconds.
        may_sign: it has told us what it cosigned, and our history holds it.
        confirmed_difference_ms: a person vouched for our clock against this difference.
    """

    last_heard: int = 0
    difference_ms: int | None = None
    software: str = ""
    holds: int = -1
    may_sign: bool = False
    needs_rebuild: bool = False
    trouble: str = ""
    sent_at: int = 0
    confirmed_difference_ms: int | None = None


@dataclass(slots=True)
class CosignedTimes:
    """When checkpoints of a log were cosigned: sizes and seconds, both rising."""

    sizes: list[int] = field(default_factory=list)
    at_s: list[int] = field(default_factory=list)

    def add(self, size: int, at_s: int) -> None:
        """One more; an older or equal size is kept out."""
        if not self.sizes or size > self.sizes[-1]:
            self.sizes.append(size)
            self.at_s.append(at_s)

    def first_over(self, n: int) -> int:
        """Seconds of the first cosignature over entry `n`; 0 when there is none yet."""
        for size, at_s in zip(self.sizes, self.at_s, strict=True):
            if size > n:
                return at_s
        return 0


class Exchange:
    """The part of a node that deals with other nodes, without waiting for them."""

    def __init__(self, loop: Loop, *, software: str) -> None:
        self.loop = loop
        self.software = software
        self.lines: dict[str, LineState] = {}
        self._notes: dict[str, tuple[int, str]] = {}
        #: By whoever receives a log: the peer for our channels, ourselves for theirs.
        self.cosigned: dict[str, CosignedTimes] = {}
        self.cosigned_size: dict[str, int] = {}
        self._load_cosigned()

    # ------------------------------------------------------------------------------------------------ questions

    def line(self, party: str) -> LineState:
        """What we know of a peer's node."""
        return self.lines.setdefault(party, LineState())

    def identity_of(self, party: str) -> Identity:
        """The keys we enrolled. Raises NotAllowed for a party that is not enrolled."""
        if party == self.loop.party:
            return self.loop.identity
        held = self.loop.picture.peers.get(party)
        if held is None or held.is_removed:
            raise NotAllowed(f"{party} is not enrolled here")
        enrolled = held.enrolled
        return Identity(party, enrolled.name, base64.b64decode(enrolled.ed25519), base64.b64decode(enrolled.mldsa44))

    def line_word(self, party: str, now_us: int) -> str:
        """How the line to a peer is: open, degraded, down, unknown, or split when it showed two histories."""
        held = self.loop.picture.peers.get(party)
        if held is not None and held.has_split:
            return "split"
        line = self.line(party)
        if not line.last_heard:
            return "unknown"
        rules = self.line_rules(party)
        silent_s = (now_us - line.last_heard) / SECOND_US
        if silent_s > rules.alarm_after_s:
            return "down"
        return "degraded" if silent_s > rules.heard_within_s or line.trouble else "open"

    def line_rules(self, party: str) -> LineRules:
        """After how long a silence the line to a peer is DEGRADED, and alarms: as agreed, or by default (V3)."""
        return line_rules(self.loop.picture.agreement_with(party), self.loop.settings)

    def heartbeat_s(self, party: str) -> float:
        """Seconds between our heartbeats to a peer: two within the time in which it is to be heard."""
        return min(self.loop.settings.heartbeat_s, self.line_rules(party).heard_within_s / 2)

    def line_news(self, now_us: int, started_us: int) -> list[Command]:
        """What changed about who is heard, and which version each peer runs (RULINGS 37); nothing while it stays."""
        news: list[Command] = []
        for party in self.loop.picture.enrolled_peers():
            line, held = self.line(party), self.loop.picture.line_with(party)
            silent_us = now_us - (line.last_heard or started_us)
            is_silent = silent_us > self.line_rules(party).alarm_after_s * SECOND_US
            if is_silent != held.is_silent or line.software not in ("", held.software):
                news.append(NoteLine(party, is_silent, line.last_heard, line.software))
        return news

    # ------------------------------------------------------------------------------------------------ our channels

    def checkpoint(self, log: str, size: int | None = None, *, is_kept: bool = True) -> str:
        """A signed checkpoint of one of our own logs, now or at an earlier size, with the cosignatures we hold for it.

        Args:
            is_kept: store it at once. On its way to a peer it need not be: it comes back cosigned and is kept then, and
                until then the entries under it, which are durable, give the same one again.

        Raises:
            Unavailable: the peer has not told us yet, since this start, what it cosigned.
            NotFound: no such log, or never of that size.
        """
        tree = self.loop.logs.known_tree(log)
        wanted = tree.size if size is None else size
        root = tree.root(wanted)
        kept = self._notes.get(log)
        if kept is None or kept[0] != wanted:
            kept = self._kept_at(log, wanted)
        if kept is not None:
            return kept[1]
        _, sender, *rest = log.split("/")
        if sender != self.loop.party:
            raise Unavailable(f"{sender} has not signed {log} at {wanted}")
        if rest[0] == "to" and not self.line(rest[1]).may_sign:
            raise Unavailable(f"{log} is not signed before {rest[1]} has told us what it cosigned last")
        text = signed(Checkpoint(log, wanted, root), self.loop.keys.signer)
        if is_kept:
            self._keep(log, wanted, text)
        return text

    def newest_checkpoint(self, log: str) -> str:
        """The newest checkpoint of any log that we hold, or empty. Signs nothing."""
        kept = self.loop.store.latest_checkpoint(log)
        return kept[1] if kept else ""

    def delivery_for(self, party: str) -> Delivery | None:
        """What the peer does not hold yet of our channel to it, in order, within the bounds; None when it holds all."""
        line = self.line(party)
        log = channel(self.loop.party, party)
        size = self.loop.logs.size(log)
        if not line.may_sign or not size:
            return None
        if line.holds >= size:
            # It holds all of it and its cosignature never reached us: ask for that alone.
            is_cosigned = self.cosigned_size.get(log, 0) >= size
            return None if is_cosigned else Delivery(size, (), self.checkpoint(log, is_kept=False))
        return self._stretch(log, line.holds, self.loop.settings.delivery_bytes_max)

    def carried_deliveries(self, party: str) -> list[Delivery]:
        """Our channel to a peer from where it is known to hold it, cut as it is carried; empty when we may not sign.

        Raises:
            LimitReached: more than one file may hold: the peer has to say first what it holds.
        """
        line, log = self.line(party), channel(self.loop.party, party)
        deliveries: list[Delivery] = []
        first = max(line.holds, 0)
        while line.may_sign and first < self.loop.logs.size(log):
            stretch = self._stretch(log, first, STRETCH_BYTES_MAX)
            if stretch is None:
                break
            if len(deliveries) >= LINES_MAX:
                raise LimitReached(f"{party} lacks more entries than {LINES_MAX} lines hold", at="party")
            deliveries.append(stretch)
            first += len(stretch.entries)
        return deliveries

    def _stretch(self, log: str, first: int, bytes_max: int) -> Delivery | None:
        entries: list[bytes] = []
        total = 0
        for stored in self.loop.store.log_entries(log, first, self.loop.settings.delivery_entries_max):
            total += len(stored.data)
            if entries and total > bytes_max:
                break
            entries.append(stored.data)
        if not entries:
            return None
        return Delivery(first, tuple(entries), self.checkpoint(log, first + len(entries), is_kept=False))

    def take_delivered(self, party: str, delivery: Delivery, answer: Delivered, sent_at: int) -> list[Command]:
        """Take up what the peer answered to a delivery: how far it holds our channel, and its cosignature.

        Raises:
            Tampered: its cosignature does not hold.
        """
        line = self.line(party)
        log = channel(self.loop.party, party)
        line.holds, line.sent_at = min(max(0, answer.size), self.loop.logs.size(log)), sent_at
        if answer.cosigned:
            self._take_cosigned(party, log, answer.cosigned)
        return [NoteDelivered(party, line.holds, sent_at)]

    def _take_cosigned(self, party: str, log: str, text: str) -> None:
        checkpoint, note = open_signed(text, self.loop.keys.signer.ed25519_public)
        if checkpoint.origin != log or self.loop.logs.known_tree(log).root(checkpoint.size) != checkpoint.root:
            raise Tampered(f"{party} cosigned a checkpoint that is not ours", at="cosigned")
        found = verify_cosignatures(note, self.identity_of(party))
        if not found.ed25519 or (self.loop.settings.needs_mldsa44 and not found.mldsa44):
            raise Tampered(f"{party} did not cosign with its keys", at="cosigned")
        if found.at_s is None or found.at_s * SECOND_US > LATEST_US:
            raise Tampered(f"{party} cosigned at {found.at_s} s, which is no time", at="cosigned")
        text = _signed_by(note, log_key(log, self.loop.keys.signer.ed25519_public), *self._cosigner_keys(party))
        self._keep(log, checkpoint.size, text)
        self._note_cosigned(log, checkpoint.size, found.at_s)

    # ------------------------------------------------------------------------------------------------ their channels

    def cosign_held(self, party: str, checkpoint_text: str, now_us: int) -> str:
        """Cosign a peer's checkpoint of its channel to us; every entry below its size is recorded here.

        Raises:
            Tampered: it is not over what we hold.
            NotAllowed: we do not hold all of it.
        """
        log = channel(party, self.loop.party)
        writer = self.identity_of(party)
        checkpoint, note = open_signed(checkpoint_text, writer.ed25519)
        tree = self.loop.logs.tree(log)
        if checkpoint.origin != log or checkpoint.size > tree.size:
            raise NotAllowed(f"we hold {tree.size} entries of {log} and cosign no more than that")
        if tree.root(checkpoint.size) != checkpoint.root:
            raise Tampered(f"the checkpoint is not over the entries of {log} that we hold", at="checkpoint")
        kept = self._kept_at(log, checkpoint.size)
        if kept is not None and verify_cosignatures(kept[1], self.loop.identity).ed25519:
            return kept[1]
        at_s = now_us // SECOND_US
        # Only what we checked goes into our record: a line that claims to be ours, or another party's, would spoil it.
        own = _signed_by(note, log_key(log, writer.ed25519))
        text = notes.add(own, cosign(own, self.loop.identity, self.loop.keys.signer, at_s))
        self._keep(log, checkpoint.size, text)
        self._note_cosigned(log, checkpoint.size, at_s)
        return text

    # ------------------------------------------------------------------------------------------------ heartbeats

    def heartbeat(self, party: str, now_us: int, wall_us: int) -> Heartbeat:
        """What we tell a peer every few seconds."""
        theirs, ours = channel(party, self.loop.party), channel(self.loop.party, party)
        kept = self.loop.store.latest_checkpoint(theirs)
        cosigned = kept[1] if kept else ""
        if kept is not None and kept[0] > self.cosigned_size.get(theirs, 0):
            # It came with entries that we recorded, and we stopped before we cosigned it.
            cosigned = self.cosign_held(party, kept[1], now_us)
        return Heartbeat(
            software=self.software,
            now_us=wall_us,
            holds=self.loop.logs.size(theirs),
            cosigned=cosigned,
            checkpoint=self.newest_checkpoint(ours),
            store_ok=not self.loop.store_fault,
        )

    def take_heartbeat(self, party: str, theirs: Heartbeat, now_us: int, wall_us: int) -> list[Command]:
        """Take up what a peer told us; gives what should be recorded about it."""
        line = self.line(party)
        line.last_heard, line.software = now_us, theirs.software
        line.difference_ms = round((theirs.now_us - wall_us) / 1000)
        line.trouble = "" if theirs.store_ok else "it cannot record"
        commands: list[Command] = []
        try:
            self._compare_ours(party, line, theirs)
            if line.may_sign and line.holds > self.loop.picture.peers[party].delivered:
                # The answer to a delivery was lost; what it would have said is told now.
                commands.append(NoteDelivered(party, line.holds, line.sent_at or now_us))
            commands += self._compare_theirs(party, theirs)
        except KeepclearError as problem:
            line.trouble = str(problem)
        limit_ms = self.loop.settings.clock_jump_s * 1000
        # Ours runs on elapsed time. Once a person vouched for it, what moves is the peer's: else a peer whose clock
        # wanders could keep us from ever declaring what it owes missed.
        is_news = line.confirmed_difference_ms is None
        if is_news and abs(line.difference_ms) > limit_ms and not self.loop.picture.is_clock_suspect:
            commands.append(SuspectClock(line.difference_ms, party))
        return commands

    def take_carried(self, party: str, holds: int, cosigned: str, checkpoint: str, *, is_fresh: bool) -> list[Command]:
        """Take up what a peer says of both channels on paper or on a stick; gives what should be recorded about it.

        Args:
            is_fresh: it answers what we said since this start, so it counts as a heartbeat would. What may be old only
                adds to what we know: it never lets us sign, and never takes back what the peer holds.

        Raises:
            Tampered: the cosignature does not hold, or is over another history.
        """
        line = self.line(party)
        said = Heartbeat("", 0, holds, cosigned, checkpoint, store_ok=True)
        if is_fresh:
            self._compare_ours(party, line, said)
        elif line.may_sign:
            log = channel(self.loop.party, party)
            if cosigned:
                size = open_signed(cosigned, self.loop.keys.signer.ed25519_public)[0].size
                if self.cosigned_size.get(log, 0) < size <= self.loop.logs.size(log):
                    self._take_cosigned(party, log, cosigned)
            line.holds = max(line.holds, min(holds, self.loop.logs.size(log)))
        commands: list[Command] = []
        if line.may_sign and line.holds > self.loop.picture.peers[party].delivered:
            commands.append(NoteDelivered(party, line.holds, line.sent_at or self.loop.last_at()))
        return commands + self._compare_theirs(party, said)

    def confirm_clocks(self, shift_us: int = 0) -> None:
        """A person vouched for our clock, which moved so far: the differences that stand now are no news."""
        for line in self.lines.values():
            line.confirmed_difference_ms = line.difference_ms
            if line.last_heard:
                line.last_heard += shift_us

    def _compare_ours(self, party: str, line: LineState, theirs: Heartbeat) -> None:
        """Is what the peer holds of our channel the history that we hold? Only then may we sign more of it."""
        log = channel(self.loop.party, party)
        tree = self.loop.logs.tree(log)
        cosigned_size = 0
        if theirs.cosigned:
            checkpoint, _ = open_signed(theirs.cosigned, self.loop.keys.signer.ed25519_public)
            if checkpoint.origin != log:
                raise Tampered(f"{party} shows a cosignature over {checkpoint.origin}", at="cosigned")
            cosigned_size = checkpoint.size
            if cosigned_size <= tree.size and tree.root(cosigned_size) != checkpoint.root:
                line.may_sign, line.needs_rebuild = False, True
                return
        if max(theirs.holds, cosigned_size) > tree.size:
            line.may_sign, line.needs_rebuild = False, True
            return
        # Also when it is fewer than before: the peer was restored from a backup, and gets again what it lost.
        line.holds = theirs.holds
        line.may_sign, line.needs_rebuild = True, False
        if theirs.cosigned and cosigned_size > self.cosigned_size.get(log, 0):
            self._take_cosigned(party, log, theirs.cosigned)

    def _compare_theirs(self, party: str, theirs: Heartbeat) -> list[Command]:
        """Is the peer's newest checkpoint one of the history that it gave us?"""
        if not theirs.checkpoint:
            return []
        log = channel(party, self.loop.party)
        checkpoint, _ = open_signed(theirs.checkpoint, self.identity_of(party).ed25519)
        tree = self.loop.logs.tree(log)
        if checkpoint.origin != log or checkpoint.size > tree.size or tree.root(checkpoint.size) == checkpoint.root:
            return []
        held = self.loop.first_checkpoint_from(log, checkpoint.size) or self.loop.store.latest_checkpoint(log)
        if held is None or self.loop.picture.peers[party].has_split:
            return []
        return [NoteSplitView(party, log, held[1], theirs.checkpoint)]

    # ------------------------------------------------------------------------------------------------ rebuilding

    def rebuild(self, party: str, entries: list[bytes], cosigned: str, now_us: int) -> int:
        """Take back our own channel from a peer that holds more of it than we do, as after restoring an old backup.

        What we wrote since and never signed goes behind it, renumbered. Gives how many entries were taken back.
        Only what stands below our own signature is ours: what the peer shows above it is not taken.

        Raises:
            Tampered: they are not the history that we signed and the peer cosigned.
        """
        log = channel(self.loop.party, party)
        checkpoint, note = open_signed(cosigned, self.loop.keys.signer.ed25519_public)
        entries = entries[: checkpoint.size]
        taken = Tree(leaf_hash(data) for data in entries)
        if checkpoint.origin != log or checkpoint.size > taken.size or taken.root(checkpoint.size) != checkpoint.root:
            raise Tampered(f"what {party} holds of {log} is not what we signed at {checkpoint.size}", at="entries")
        if not verify_cosignatures(note, self.identity_of(party)).ed25519:
            raise Tampered(f"{party} did not cosign {log} at {checkpoint.size}", at="cosigned")
        tree = self.loop.logs.tree(log)
        first = next(
            (n for n in range(min(tree.size, taken.size)) if tree.leaf(n) != taken.leaf(n)), min(tree.size, taken.size)
        )
        own_tail = self.loop.store.log_entries(log, first, tree.size - first)
        self._replace(log, party, first, entries[first:], own_tail, now_us)
        text = _signed_by(note, log_key(log, self.loop.keys.signer.ed25519_public), *self._cosigner_keys(party))
        self._keep(log, checkpoint.size, text)
        self._note_cosigned(log, checkpoint.size, now_us // SECOND_US)
        return len(entries) - first

    def _replace(
        self, log: str, party: str, first: int, taken: list[bytes], own_tail: list[StoredEntry], now_us: int
    ) -> None:
        logs = self.loop.logs
        logs.tree(log).rewind(first)
        stored = [logs.copy(log, data, read_entry(data, leaf_hash(data))) for data in taken]
        # A channel says once of each entry that it was received: what the peer holds says so of some already.
        answered = {read.body.index for read in map(_read, stored) if isinstance(read.body, Received)}
        held = {read.body.id: read for read in map(_read, stored) if isinstance(read.body, NoticeSent)}
        for lost in own_tail:
            read = _read(lost)
            if read.body is None or (isinstance(read.body, Received) and read.body.index in answered):
                continue
            if self._is_taken(read, held):
                continue
            opposite = channel(party, self.loop.party)
            entry, _ = logs.seal(log, read.body, at=now_us, mode=read.mode, stated=read.stated, opposite=opposite)
            stored.append(entry)
        try:
            self.loop.store.replace_tail(log, first, stored)
        finally:
            # As it was, or as it is now: what is durable.
            self._notes.pop(log, None)
            self.loop.load()

    def _is_taken(self, lost: Read, held: dict[str, Read]) -> bool:
        """Whether it tells of a version that the peer knows as another one, from before the backup was restored.

        The peer could not take it, nor anything behind it, a STOP least of all; so a person is told to state it anew.
        """
        body = lost.body
        if not isinstance(body, NoticeSent | AlertSent):
            return False
        told = body.notice if isinstance(body, AlertSent) else body
        serial, version = told.id, told.version
        known = held.get(serial)
        if known is None or not isinstance(known.body, NoticeSent):
            return False
        if isinstance(told, NoticeRef) and told.hash == content_hash(known.body):
            return False
        follows = version > known.body.version and known.body.state is not NoticeState.ENDED and lost.mode is known.mode
        if not follows:
            self.loop.degraded = (
                f"{serial} v{version} was written before what the backup lacked came back, and {lost.log.split('/')[3]}"
                " was not told of it: file it anew under another serial"
            )
        return not follows

    # ------------------------------------------------------------------------------------------------ inside

    def _cosigner_keys(self, party: str) -> tuple[VerifierKey, ...]:
        return self.identity_of(party).cosigner_keys()

    def _kept_at(self, log: str, size: int) -> tuple[int, str] | None:
        kept = self.loop.store.latest_checkpoint(log, at_most=size)
        return kept if kept is not None and kept[0] == size else None

    def _keep(self, log: str, size: int, text: str) -> None:
        self._notes[log] = (size, text)
        try:
            self.loop.store.save_checkpoint(log, size, text)
        except StoreFailed as failed:
            # The entries under it are durable, so it can be made again; a full disk must not hold up a STOP.
            self.loop.store_fault = self.loop.store_fault or failed.message

    def _note_cosigned(self, log: str, size: int, at_s: int) -> None:
        self.cosigned.setdefault(log, CosignedTimes()).add(size, at_s)
        self.cosigned_size[log] = max(self.cosigned_size.get(log, 0), size)

    def _load_cosigned(self) -> None:
        for log in self.loop.logs.origins():
            parts = log.split("/")
            if len(parts) != 4:
                continue
            by = self.loop.party if parts[3] == self.loop.party else parts[3]
            try:
                identity = self.identity_of(by)
            except NotAllowed:
                continue
            key = identity.cosigner_keys()[0]
            for size, text in self.loop.store.checkpoints(log):
                # Kept means checked; only the time, its first eight bytes, is read again.
                for line in notes.parse(text).by(key):
                    self._note_cosigned(log, size, int.from_bytes(line.raw[:8], "big"))


def _signed_by(note: Note, *keys: VerifierKey) -> str:
    """The note with the lines of these keys and no others."""
    return notes.render(Note(note.text, tuple(line for key in keys for line in note.by(key))))


def _read(stored: StoredEntry) -> Read:
    return read_entry(stored.data, stored.leaf)
