"""What the node needs from outside, as protocols. `stores` and `links` fulfil them; nothing here waits or decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from keepclear.core.escalation import Rung, TryOutcome
from keepclear.formats.voice_table import VoiceTable
from keepclear.record.signing import Signer


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry where it lies.

    Attributes:
        seq: place in the order in which this node recorded things, over all its logs, from 1.
        log: origin of the log; n: its index there.
        leaf: leaf hash; data: the entry's bytes.
    """

    seq: int
    log: str
    n: int
    leaf: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """Bytes kept outside any log because they could not be recorded as an entry: named by their SHA-256."""

    sha256: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction makes durable.

    Attributes:
        entries: in order; `seq` runs on from the last stored one without a gap, `n` likewise within each log.
        answers: (idempotency key, answer bytes) of commands that carried a key.
        evidence: kept beside the logs.
        checkpoints: (log, size, signed note) that came with entries of a peer; one that is kept already stays.
        is_stop_lane: may use the space set aside.
    """

    entries: Sequence[StoredEntry]
    answers: Sequence[tuple[str, bytes]] = ()
    evidence: Sequence[Evidence] = ()
    checkpoints: Sequence[tuple[str, int, str]] = ()
    is_stop_lane: bool = False


class Store(Protocol):
    """Where the record lies. tests/contract/test_store.py says what it owes.

    Every method may raise StoreFailed. One process writes at a time; a second writer is refused when it opens.
    """

    def entries(self, after_seq: int = 0) -> Iterator[StoredEntry]:
        """All entries in the order of `seq`, from after the given one."""
        ...

    def log_entries(self, log: str, first: int, count: int) -> list[StoredEntry]:
        """Entries `first` to `first + count` of one log, fewer where it ends."""
        ...

    def append(self, batch: Batch) -> None:
        """Make a batch durable, whole or not at all; InvariantBroken if it does not continue what is stored."""
        ...

    def replace_tail(self, log: str, first: int, entries: Sequence[StoredEntry]) -> None:
        """Forget a log's entries and checkpoints from `first` on and append others, in one transaction.

        Only for a node restored from an old backup, which takes back from a peer what it had lost.
        """
        ...

    def answer_to(self, key: str) -> bytes | None:
        """The answer kept for an idempotency key."""
        ...

    def save_checkpoint(self, log: str, size: int, note: str) -> None:
        """Keep a signed checkpoint; of one log and size the newer text, with more signatures, replaces the older."""
        ...

    def checkpoints(self, log: str) -> list[tuple[int, str]]:
        """All kept checkpoints of a log as (size, signed note), by rising size."""
        ...

    def latest_checkpoint(self, log: str, *, at_most: int | None = None) -> tuple[int, str] | None:
        """The largest kept checkpoint of a log, at most of the given size."""
        ...

    def restore_reserve(self) -> bool:
        """Set aside again the space that the STOP lane used up; whether that, and recording at all, is possible now."""
        ...

    def evidence(self) -> list[Evidence]:
        """Everything kept as evidence."""
        ...

    def close(self) -> None:
        """Let go of the store; what was appended stays."""
        ...


class Clock(Protocol):
    """Time, given."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC. May jump."""
        ...

    def elapsed_us(self) -> int:
        """Microseconds since some moment; never goes back and never jumps."""
        ...


class VoiceSecrets(Protocol):
    """The one-time secrets by which other parties are known when they speak (V2). They are never served."""

    def to_hear(self, peer: str) -> VoiceTable:
        """The table with which a peer speaks to us. Raises NotFound."""
        ...


class Entropy(Protocol):
    """Chance, given."""

    def draw(self, count: int) -> bytes:
        """So many random bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes to a peer: a stretch of our channel to it, and the signed checkpoint it ends in."""

    first: int
    entries: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the peer answered: how far it holds our channel, and our checkpoint with its cosignatures (or empty)."""

    size: int
    cosigned: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What two nodes tell each other every few seconds; not recorded.

    Attributes:
        software: version; now_us: the sender's wall clock.
        holds: how many entries of the other's channel the sender has recorded.
        cosigned: the last checkpoint of the other's channel that the sender cosigned, a signed note, or empty.
        checkpoint: the newest signed checkpoint of the sender's own channel, or empty.
        store_ok: whether the sender can record.
    """

    software: str
    now_us: int
    holds: int
    cosigned: str
    checkpoint: str
    store_ok: bool


class PeerLink(Protocol):
    """Another party's node, reached over something that authenticates both ends."""

    async def deliver(self, party: str, delivery: Delivery) -> Delivered:
        """Hand over entries. Raises PeerUnreachable, or the error the peer answered."""
        ...

    async def heartbeat(self, party: str, ours: Heartbeat) -> Heartbeat:
        """Exchange heartbeats. Raises PeerUnreachable."""
        ...

    async def fetch(self, party: str, first: int, count: int) -> list[bytes]:
        """Entries of *our own* channel as the peer holds them: to rebuild after a restore. Raises PeerUnreachable."""
        ...


@dataclass(frozen=True, slots=True)
class Alarm:
    """What goes out on another path than the line, when somebody does not answer.

    Attributes:
        key: names this attempt: whoever gets it twice knows it for one.
        party: who does not answer.
        subject: one line.
        lines: what is said; no place, no free text.
    """

    key: str
    party: str
    subject: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlarmSaid:
    """What the path's machine said: a word of `TryOutcome`, and its own words."""

    outcome: TryOutcome
    detail: str = ""


class AlarmPath(Protocol):
    """Another way to reach people: mail, a webhook, a modem."""

    async def raise_alarm(self, address: str, alarm: Alarm) -> AlarmSaid:
        """Try once. Raises a KeepclearError where the path did not take it."""
        ...


@dataclass(frozen=True, slots=True)
class AlarmPaths:
    """Which addresses are tried on which rung, and the paths behind them.

    Attributes:
        addresses: rung to party to addresses; the party "" is for all.
        paths: what stands before the colon of an address, to the path: mailto, https, http, tel.
    """

    addresses: Mapping[Rung, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    paths: Mapping[str, AlarmPath] = field(default_factory=dict)

    def of(self, rung: Rung, party: str) -> tuple[str, ...]:
        """The addresses of a rung for a party."""
        known = self.addresses.get(rung, {})
        return (*known.get("", ()), *known.get(party, ()))


@dataclass(frozen=True, slots=True)
class Keys:
    """Our own keys, behind the signer, and who we are."""

    party: str
    name: str
    signer: Signer
