"""Checking a whole record file offline, trusting no node: who said what, and which entry is the first that is wrong.

The file is read once, line by line. Held in memory are 64 bytes for each entry, and the `received` and `seen` of
each channel until both of its directions are there.

Source: docs/reference/record.md, section 5, rules 1 to 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from keepclear.errors import KeepclearError, Malformed, Tampered
from keepclear.record import checkpoint as checkpoints
from keepclear.record.bundle import check_trust
from keepclear.record.cosign import verify_cosignatures
from keepclear.record.envelope import RECEIVED, Envelope, Received, Seen, hash_from_hex
from keepclear.record.identity import Identity
from keepclear.record.note import Note
from keepclear.record.origin import Origin
from keepclear.record.recordfile import (
    MAX_LINE_BYTES,
    MAX_LINES,
    CheckpointLine,
    EntryLine,
    Header,
    read_line,
)
from keepclear.record.report import MAX_FAULTS, Fault, LogReport, Report
from keepclear.record.tree import Tree, leaf_hash

_MAX_KINDS: Final = 1_000

# What is known of an entry when the `received` of the other side are compared.
_ASKS_ANSWER, _IS_RECEIVED, _UNREADABLE = 0, 1, 2


def verify_record(lines: Iterable[bytes], trust: Sequence[Identity] = ()) -> Report:
    """What a record file holds and what is wrong with it. Never raises for what the file says.

    Args:
        lines: of the file, with or without their newlines.
        trust: identities that the checker has from elsewhere. Each must be in the file, with the same keys.
    """
    checker = _Checker(trust)
    for data in lines:
        checker.take(data)
        if checker.given_up:
            break
    return checker.report()


@dataclass(slots=True)
class _Log:
    """One log while the file is read."""

    origin: Origin
    name: str
    writer: Identity
    reader: Identity | None
    tree: Tree = field(default_factory=Tree)
    marks: bytearray = field(default_factory=bytearray)
    received: list[tuple[int, Received]] = field(default_factory=list)
    seen: list[tuple[int, Seen]] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    first_at_us: int | None = None
    last_at_us: int | None = None
    #: An entry is missing or out of place: what follows in this log cannot be placed.
    broken: bool = False
    checkpoints: int = 0
    named_size: int = -1
    #: Up to here the entries are those that the writer signed.
    signed_size: int = 0
    #: A checkpoint below this size has another root than the entries.
    bad_root: bool = False
    cosigned_size: int = 0
    cosigned_at_s: int | None = None
    answered_to: int = 0


class _Checker:
    """Takes the lines one after another and keeps what is wrong."""

    def __init__(self, trust: Sequence[Identity]) -> None:
        self._trust = trust
        self._trusted: tuple[str, ...] = ()
        self._header: Header | None = None
        self._identities: tuple[Identity, ...] = ()
        self._logs: dict[str, _Log] = {}
        self._order: dict[str, int] = {}
        self._faults: list[Fault] = []
        self._left_out = 0
        self._line = 0
        # Checkpoints follow all entries, and logs follow the order of the header: (section, position).
        self._place = (0, 0)
        self._ended = False
        self.given_up = False

    def take(self, data: bytes) -> None:
        self._line += 1
        data = data.removesuffix(b"\n")
        if self._line > MAX_LINES or len(data) > MAX_LINE_BYTES:
            self._give_up(f"over {MAX_LINES} lines, or a line of over {MAX_LINE_BYTES} bytes: not read further")
        elif self._header is None:
            self._take_header(data)
        elif self._ended:
            self._give_up("there is more after the foot")
        else:
            self._take_line(data)

    def _take_header(self, data: bytes) -> None:
        try:
            header = Header.from_bytes(data)
        except KeepclearError as error:
            self._give_up(f"no header: {error}")
            return
        self._header, self._identities = header, header.identities
        for position, (name, origin) in enumerate(zip(header.logs, header.origins(), strict=True)):
            reader = header.identity(origin.reader) if origin.reader else None
            self._logs[name] = _Log(origin, name, header.identity(origin.writer), reader)
            self._order[name] = position
        try:
            check_trust(header.identities, self._trust)
            self._trusted = tuple(each.party for each in self._trust)
        except Tampered as error:
            self._fault(0, error.message)

    def _take_line(self, data: bytes) -> None:
        try:
            line = read_line(data)
        except Malformed as error:
            self._fault(1, error.message)
            return
        if isinstance(line, EntryLine | CheckpointLine):
            log = self._logs.get(line.log)
            if log is None:
                self._fault(1, f"a line of a log that the header does not name: {line.log[:100]!r}")
                return
            place = (isinstance(line, CheckpointLine), self._order[line.log])
            if place < self._place:
                self._fault(1, "out of order: entries of all logs come first, then checkpoints", log)
            self._place = max(place, self._place)
            if isinstance(line, EntryLine):
                self._take_entry(log, line)
            else:
                self._take_checkpoint(log, line.checkpoint)
            return
        self._ended = True
        if not line.end or line.lines != self._line - 1:
            self._fault(1, f"the foot counts {line.lines} lines before it; there are {self._line - 1}")

    # ---- entries: rules 1 and 2

    def _take_entry(self, log: _Log, line: EntryLine) -> None:
        if log.broken:
            return
        n = log.tree.size
        if line.n != n:
            log.broken = True
            self._fault(1, f"missing, doubled or out of order: entry {line.n} stands in its place", log, n)
            return
        data = line.entry.encode()
        try:
            stated_hash = hash_from_hex(line.hash, "hash")
        except Malformed:
            self._fault(2, "its hash is not 64 lower-case hexadecimal digits", log, n)
            stated_hash = leaf_hash(data)
        # The tree takes the hash that the file states: if only the text was changed, the roots still
        # hold, and this one entry is named and no other.
        log.tree.append(stated_hash)
        if leaf_hash(data) != stated_hash:
            self._fault(2, "its text does not hash to its hash", log, n)
        try:
            envelope = Envelope.from_bytes(data)
        except Malformed as error:
            log.marks.append(_UNREADABLE)
            self._fault(2, str(error), log, n)
            return
        self._take_envelope(log, n, envelope)

    def _take_envelope(self, log: _Log, n: int, entry: Envelope) -> None:
        if (entry.log, entry.n) != (log.name, n):
            self._fault(2, f"it says that it is entry {entry.n} of {entry.log}", log, n)
        if log.last_at_us is not None and entry.at < log.last_at_us:
            self._fault(2, f"it is from {entry.at}, before the entry before it, {log.last_at_us}", log, n)
        log.first_at_us = entry.at if log.first_at_us is None else log.first_at_us
        log.last_at_us = entry.at
        kind = entry.kind if entry.kind in log.kinds or len(log.kinds) < _MAX_KINDS else "(others)"
        log.kinds[kind] = log.kinds.get(kind, 0) + 1
        if entry.seen is not None:
            last = log.seen[-1][1] if log.seen else None
            if last is not None and entry.seen.size < last.size:
                self._fault(
                    6, f"it saw {entry.seen.size} entries of the other side, the one before {last.size}", log, n
                )
            if entry.seen != last:
                log.seen.append((n, entry.seen))
        if entry.kind != RECEIVED or log.reader is None:
            log.marks.append(_ASKS_ANSWER)
            return
        log.marks.append(_IS_RECEIVED)
        try:
            log.received.append((n, Received.from_body(entry.body)))
        except Malformed as error:
            self._fault(5, str(error), log, n)

    # ---- checkpoints: rules 3 and 4

    def _take_checkpoint(self, log: _Log, data: str) -> None:
        log.checkpoints += 1
        try:
            checkpoint, note = checkpoints.open_signed(data, log.writer.ed25519)
        except KeepclearError as error:
            self._fault(3, error.message, log)
            return
        size = checkpoint.size
        if checkpoint.origin != log.name:
            self._fault(3, f"a checkpoint of {checkpoint.origin} stands in its place", log)
            return
        if size <= log.named_size:
            self._fault(1, f"a checkpoint of size {size} follows one of size {log.named_size}", log)
        log.named_size = max(size, log.named_size)
        is_true = self._root_is_true(log, size, checkpoint.root)
        self._check_cosignatures(log, size, note, is_true)

    def _root_is_true(self, log: _Log, size: int, root: bytes) -> bool:
        if log.broken:
            return False
        if size > log.tree.size:
            self._fault(3, f"signed at {size} entries; the file holds {log.tree.size}", log)
            return False
        if log.tree.root(size) != root:
            first = log.signed_size
            if size <= first:
                what = f"two histories: {log.writer.party} signed one root at {first} and another history's at {size}"
                self._fault(3, what, log)
                return False
            # Named once: after the first wrong entry every root is wrong.
            if not log.bad_root:
                what = f"not what {log.writer.party} signed: the root at {size} is another"
                is_one = first + 1 == size
                self._fault(3, what if is_one else f"one of entries {first} to {size - 1} is {what}", log, first, size)
            log.bad_root = True
            return False
        log.signed_size = max(size, log.signed_size)
        return True

    def _check_cosignatures(self, log: _Log, size: int, note: Note, is_true: bool) -> None:
        for identity in self._identities:
            try:
                cosigned = verify_cosignatures(note, identity)
            except Tampered as error:
                self._fault(4, f"checkpoint at {size}: {error.message}", log)
                continue
            if is_true and identity is log.reader and cosigned.by_both_keys and size >= log.cosigned_size:
                log.cosigned_size, log.cosigned_at_s = size, cosigned.at_s

    # ---- the end: rules 5, 6 and 7, which need both directions

    def report(self) -> Report:
        """The finished report, once all lines were taken."""
        if self._header is None:
            if not self.given_up:
                self._fault(1, "the file is empty")
        elif not self._ended:
            self._fault(1, "the file is cut: it has no foot")
        for log in self._logs.values():
            if log.origin.opposite is None:
                continue
            opposite = self._logs[str(log.origin.opposite)]
            if not log.broken and not opposite.broken:
                self._check_received(log, opposite)
                self._check_seen(log, opposite)
            if log.tree.size and not log.cosigned_size and not log.broken:
                self._fault(7, f"{log.origin.reader} has cosigned no checkpoint of it with both keys", log)
        return Report(
            party=self._header.party if self._header else None,
            identities=self._identities,
            trusted=self._trusted,
            logs=tuple(_summary(log) for log in self._logs.values()),
            lines=self._line,
            faults=tuple(self._faults),
            faults_left_out=self._left_out,
        )

    def _check_received(self, log: _Log, opposite: _Log) -> None:
        """Every `received` names the next entry of the opposite channel that asks for one, by its true hash."""
        due = 0
        for n, says in log.received:
            if says.index >= opposite.tree.size:
                self._fault(5, f"it answers entry {says.index} of {opposite.name}, which is not in the file", log, n)
                continue
            if opposite.tree.leaf(says.index) != says.hash:
                self._fault_of_hash(log, n, opposite, says.index)
            due = _next_due(opposite.marks, due, says.index)
            if says.index != due:
                why = "answered before" if says.index < due else f"answered before entry {due}, which comes first"
                if opposite.marks[says.index] == _IS_RECEIVED:
                    why = "is itself a `received`, which is not answered"
                self._fault(5, f"entry {says.index} of {opposite.name}: {why}", log, n)
            due = max(due, says.index + 1)
        opposite.answered_to = due

    def _fault_of_hash(self, log: _Log, n: int, opposite: _Log, index: int) -> None:
        if opposite.bad_root and index >= opposite.signed_size:
            self._fault(5, f"not what {log.writer.party} received: entry {n} of {log.name}", opposite, index)
        else:
            self._fault(5, f"it names entry {index} of {opposite.name} by a hash that is not its own", log, n)

    def _check_seen(self, log: _Log, opposite: _Log) -> None:
        """Every `seen` names a root that the opposite channel had; after a first wrong one, no more are named."""
        for n, seen in log.seen:
            if seen.size > opposite.tree.size:
                self._fault(6, f"it saw {seen.size} entries of {opposite.name}; the file holds fewer", log, n)
                return
            if opposite.tree.root(seen.size) != seen.root:
                if not (opposite.bad_root and seen.size > opposite.signed_size):
                    self._fault(6, f"it saw another root of {opposite.name} at {seen.size}", log, n)
                return

    def _fault(
        self, rule: int, what: str, log: _Log | None = None, n: int | None = None, until: int | None = None
    ) -> None:
        if len(self._faults) >= MAX_FAULTS:
            self._left_out += 1
            return
        exact = until is not None and n is not None and until == n + 1
        self._faults.append(Fault(self._line, rule, what, log.name if log else "", n, None if exact else until))

    def _give_up(self, what: str) -> None:
        self._fault(1, what)
        self.given_up = True


def _next_due(marks: bytearray, due: int, answered: int) -> int:
    """The next index that a `received` must name; an entry that cannot be read may or may not have asked for one."""
    while due < len(marks) and (marks[due] == _IS_RECEIVED or (marks[due] == _UNREADABLE and due != answered)):
        due += 1
    return due


def _summary(log: _Log) -> LogReport:
    asked = sum(1 for mark in log.marks[log.answered_to :] if mark == _ASKS_ANSWER)
    return LogReport(
        origin=log.name,
        entries=log.tree.size,
        checkpoints=log.checkpoints,
        signed_size=log.signed_size,
        cosigned_size=log.cosigned_size,
        cosigned_at_s=log.cosigned_at_s,
        unanswered=asked if log.reader else 0,
        kinds=dict(sorted(log.kinds.items())),
        first_at_us=log.first_at_us,
        last_at_us=log.last_at_us,
    )
