"""The logs of one node: which there are, how an entry becomes bytes, and the trees over them.

A node keeps its private log, one channel out to each peer, and a byte-for-byte copy of each peer's channel in.
Formats: docs/reference/record.md.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from keepclear.core.notice import Mode
from keepclear.errors import LimitReached, Malformed, NotFound
from keepclear.node.entries import CHANNEL_KINDS, KIND_OF, PRIVATE_KINDS, Entry
from keepclear.node.ports import StoredEntry
from keepclear.record.envelope import Envelope
from keepclear.record.tree import EMPTY_ROOT, Tree, leaf_hash

ENTRY_BYTES_MAX = 65_535


def channel(sender: str, receiver: str) -> str:
    """Origin of the log of what one party sent another."""
    return f"keepclear/{sender}/to/{receiver}"


def private_log(party: str) -> str:
    """Origin of a party's private log."""
    return f"keepclear/{party}/private"


def parties_of(log: str) -> tuple[str, str]:
    """Sender and receiver of a channel; ("amber", "") for amber's private log.

    Raises:
        Malformed: not the origin of a log.
    """
    parts = log.split("/")
    if len(parts) == 4 and parts[0] == "keepclear" and parts[2] == "to":
        return parts[1], parts[3]
    if len(parts) == 3 and parts[0] == "keepclear" and parts[2] == "private":
        return parts[1], ""
    raise Malformed(f"{log!r} is not the origin of a log", at="log")


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest state of the opposite channel that the writer held: its root in hexadecimal and its size."""

    root: str
    size: int


class _Sealed(msgspec.Struct, frozen=True, omit_defaults=True):
    at: int
    body: Entry
    kind: str
    log: str
    mode: Mode
    n: int
    stated: bool
    v: int
    seen: Seen | None = None
    profile: str = ""


class _Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: int
    body: msgspec.Raw
    kind: str
    log: str
    mode: Mode
    n: int
    stated: bool
    v: int
    seen: Seen | None = None
    profile: str = ""


_seal = msgspec.json.Encoder(order="sorted").encode
_open = msgspec.json.Decoder(_Opened).decode
_BODIES = {kind: msgspec.json.Decoder(body) for kinds in (CHANNEL_KINDS, PRIVATE_KINDS) for kind, body in kinds.items()}


@dataclass(frozen=True, slots=True)
class Read:
    """An entry as values. `body` is None when the kind is newer than this software: it is kept and shown raw.

    `profile` is the hash of the agreement that was in force between the two when it was written, or empty.
    """

    log: str
    n: int
    at: int
    kind: str
    mode: Mode
    stated: bool
    seen: Seen | None
    leaf: str
    body: Entry | None
    profile: str = ""


def read_entry(data: bytes, leaf: bytes) -> Read:
    """What stored bytes say. For bytes of our own making or already checked; see `check_foreign` for others'."""
    opened = _open(data)
    decoder = _BODIES.get(opened.kind)
    body = decoder.decode(opened.body) if decoder else None
    return _read(opened, leaf, body)


def kind_of(data: bytes) -> str:
    """The kind of an entry in canonical form, without reading the rest of it; empty where there is none.

    Sorted keys put the envelope's `kind` behind the body and nothing that could hold another behind it.
    """
    at = data.rfind(b',"kind":"')
    end = data.find(b'"', at + 9)
    return data[at + 9 : end].decode("ascii", "replace") if at >= 0 and end >= 0 else ""


def check_foreign(data: bytes, *, log: str, n: int, not_before: int) -> Read:
    """What a peer's bytes say, checked in full: form, place, time and every field.

    Raises:
        Malformed: not canonical, not where it says, earlier than the entry before it, or a field of a known kind
            that we do not know or that has a wrong value.
    """
    # The same rule as a checker of record files: what we cosign must be sound to anybody.
    Envelope.from_bytes(data)
    try:
        opened = _open(data)
    except (msgspec.ValidationError, msgspec.DecodeError) as problem:
        raise Malformed(str(problem), at=f"entries[{n}]") from None
    if (opened.log, opened.n, opened.v) != (log, n, 1):
        raise Malformed(
            f"says it is v{opened.v} number {opened.n} of {opened.log}, and stands as {n} of {log}", at="entry"
        )
    if opened.at < not_before:
        raise Malformed(f"is earlier than the entry before it: {opened.at} after {not_before}", at="entry.at")
    if opened.seen is None:
        raise Malformed("an entry of a channel says what its writer had seen", at="entry.seen")
    body: Entry | None = None
    if opened.kind in PRIVATE_KINDS:
        raise Malformed(f"{opened.kind} is no kind for a channel", at="entry.kind")
    if opened.kind in CHANNEL_KINDS:
        try:
            body = _BODIES[opened.kind].decode(opened.body)
        except (msgspec.ValidationError, msgspec.DecodeError) as problem:
            raise Malformed(f"{opened.kind}: {problem}", at=f"entries[{n}].body") from None
    return _read(opened, leaf_hash(data), body)


def _read(opened: _Opened, leaf: bytes, body: Entry | None) -> Read:
    return Read(
        log=opened.log,
        n=opened.n,
        at=opened.at,
        kind=opened.kind,
        mode=opened.mode,
        stated=opened.stated,
        seen=opened.seen,
        leaf=leaf.hex(),
        body=body,
        profile=opened.profile,
    )


def derive(seed: bytes, label: str, count: int = 16) -> bytes:
    """Bytes that a command's one seed gives for a purpose: HKDF-Expand with SHA-256 (RFC 5869), at most 32 of them."""
    return hmac.digest(seed, label.encode() + b"\x01", hashlib.sha256)[:count]


class Logs:
    """All logs of a node, in memory: their trees and where each stands."""

    def __init__(self, party: str) -> None:
        self.party = party
        self._trees: dict[str, Tree] = {}
        self._last_at: dict[str, int] = {}
        #: The newest `seen` of each channel. Ours never falls back, also where our copy of the other one did.
        self._seen: dict[str, Seen] = {}
        self.seq = 0

    def origins(self) -> list[str]:
        """The logs that hold anything, our private one first."""
        mine = private_log(self.party)
        return sorted(self._trees, key=lambda log: (log != mine, log))

    def tree(self, log: str) -> Tree:
        """The tree of a log; an empty one for a log that holds nothing yet."""
        held = self._trees.get(log)
        if held is None:
            held = self._trees[log] = Tree()
        return held

    def known_tree(self, log: str) -> Tree:
        """The tree of a log that exists. Raises NotFound."""
        if log not in self._trees:
            raise NotFound(f"there is no log {log}", at="log")
        return self._trees[log]

    def size(self, log: str) -> int:
        """How many entries a log holds."""
        held = self._trees.get(log)
        return held.size if held else 0

    def seen_in(self, log: str) -> Seen | None:
        """What the newest entry of a channel says that its writer had seen of the opposite one."""
        return self._seen.get(log)

    def last_at(self, log: str) -> int:
        """When the newest entry of a log was written, microseconds; 0 for an empty one."""
        return self._last_at.get(log, 0)

    def seal(
        self, log: str, body: Entry, *, at: int, mode: Mode, stated: bool, opposite: str = "", profile: str = ""
    ) -> tuple[StoredEntry, Read]:
        """Write an entry of our own at the end of a log; in memory only, until the store has it too.

        Args:
            at: microseconds; never earlier than the entry before, whatever the clock says.
            opposite: for a channel, the log whose newest state the entry embeds.
            profile: for a channel, hash of the agreement in force, or empty.

        Raises:
            LimitReached: the entry is longer than 65,535 bytes.
        """
        at = max(at, self.last_at(log))
        tree = self.tree(log)
        seen = None
        if opposite:
            other = self._trees.get(opposite)
            seen = Seen(other.root().hex(), other.size) if other else Seen(EMPTY_ROOT.hex(), 0)
            before = self._seen.get(log)
            # After a restore we hold less of it than we once said we had seen, until the peer has sent it again.
            seen = before if before is not None and before.size > seen.size else seen
        kind = KIND_OF[type(body)]
        data = _seal(_Sealed(at, body, kind, log, mode, tree.size, stated, 1, seen, profile))
        if len(data) > ENTRY_BYTES_MAX:
            raise LimitReached(f"an entry has at most {ENTRY_BYTES_MAX} bytes, this {kind} has {len(data)}")
        leaf = leaf_hash(data)
        # What is written is what will be read after a restart: an entry that could not be read is never recorded.
        read = read_entry(data, leaf)
        stored = self._put(log, data, leaf, at)
        self._note_seen(read)
        return stored, read

    def copy(self, log: str, data: bytes, read: Read) -> StoredEntry:
        """Put an entry that a peer holds or wrote, checked before, at the end of a log."""
        self._note_seen(read)
        return self._put(log, data, leaf_hash(data), read.at)

    def replay(self, stored: StoredEntry, read: Read) -> None:
        """Take up an entry that the store holds."""
        tree = self.tree(stored.log)
        if stored.n != tree.size:
            raise Malformed(f"the store gives {stored.log} {stored.n} where {tree.size} should be", at="store")
        tree.append(stored.leaf)
        self._last_at[stored.log] = read.at
        self._note_seen(read)
        self.seq = stored.seq

    def _note_seen(self, read: Read) -> None:
        if read.seen is not None:
            self._seen[read.log] = read.seen

    def _put(self, log: str, data: bytes, leaf: bytes, at: int) -> StoredEntry:
        n = self.tree(log).append(leaf)
        self._last_at[log] = at
        self.seq += 1
        return StoredEntry(self.seq, log, n, leaf, data)
