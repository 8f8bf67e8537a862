"""What can be asked about the line: parties, deliveries, the clock, and the passing of time."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class EnrolPeer(Command):
    """Two persons have compared the words; these are the other party's keys and door."""

    party: str
    name: str
    ed25519: str
    mldsa44: str
    tls: str
    url: str
    telephone: str
    persons: tuple[str, str]


@dataclass(frozen=True, slots=True)
class RemovePeer(Command):
    """Accept nothing more that is signed by this party's keys."""

    party: str
    by: str


@dataclass(frozen=True, slots=True)
class ReceiveEntries(Command):
    """Entries of a peer's channel to us, from `first` on, and the signed checkpoint they end in.

    Attributes:
        party: who is authenticated at the other end, never what the bytes claim.
        first: index of the first of `entries`.
        entries: their bytes.
        checkpoint: a signed note whose size is `first + len(entries)`.
        received_at: microseconds, by our clock, when the bytes were read.
    """

    party: str
    first: int
    entries: tuple[bytes, ...]
    checkpoint: str
    received_at: int


@dataclass(frozen=True, slots=True)
class NoteDelivered(Command):
    """The peer's machine took our channel's entries up to `size`, sent at `sent_at`."""

    to: str
    size: int
    sent_at: int


@dataclass(frozen=True, slots=True)
class NoteSplitView(Command):
    """A peer showed two checkpoints of one log that cannot both be true."""

    party: str
    log: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class SuspectClock(Command):
    """Our wall clock jumped, or a peer's differs."""

    difference_ms: int
    against: str


@dataclass(frozen=True, slots=True)
class ConfirmClock(Command):
    """A person vouches for our clock. `shift_us`, put on by the loop, is how far open deadlines move with it."""

    by: str
    shift_us: int = 0


@dataclass(frozen=True, slots=True)
class Tick(Command):
    """Time has passed: find what has fallen due."""


@dataclass(frozen=True, slots=True)
class Start(Command):
    """The node begins to run."""

    software: str
