"""Entries about the line itself: what arrived, who is enrolled, whose clock is doubted, and what was set aside."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.node.entries.base import Entry, Hash, Instant, Note, PartyId, Person


class Received(Entry, frozen=True):
    """`received`: an entry of the opposite channel reached this machine, authenticated."""

    hash: Hash
    index: int
    received_at: Instant


class SplitViewSeen(Entry, frozen=True):
    """`split_view`: you showed us two histories of one log. Both signed checkpoints are in the text."""

    log: str
    first: Note
    second: Note


class NodeStarted(Entry, frozen=True):
    """`node_started`: this node began to run."""

    software: str


class PeerEnrolled(Entry, frozen=True):
    """`peer_enrolled`: two persons compared the words, and these are the other party's keys and door."""

    party: PartyId
    name: Annotated[str, msgspec.Meta(max_length=80)]
    ed25519: str
    mldsa44: str
    tls: Annotated[str, msgspec.Meta(max_length=8_000)]
    url: Annotated[str, msgspec.Meta(max_length=200)]
    telephone: Annotated[str, msgspec.Meta(max_length=40)]
    persons: tuple[Person, Person]


class PeerRemoved(Entry, frozen=True):
    """`peer_removed`: its keys are no longer accepted."""

    party: PartyId
    by: Person


class Transmitted(Entry, frozen=True):
    """`transmitted`: the peer's machine took our channel's entries up to but not including `size`."""

    to: PartyId
    first: int
    size: int
    sent_at: Instant


class ClockSuspected(Entry, frozen=True):
    """`clock_suspect`: our clock jumped, or a peer's differs; nothing is declared missed until a person confirms."""

    difference_ms: int
    against: str


class ClockConfirmed(Entry, frozen=True):
    """`clock_confirmed`: a person looked at another clock and vouches for ours.

    Attributes:
        shift_us: by how much our clock was set, microseconds; what runs on elapsed time moves with it.
    """

    by: Person
    shift_us: int = 0


class Quarantined(Entry, frozen=True):
    """`quarantined`: one message of a peer was set aside. Its bytes are kept as evidence under `evidence`."""

    party: PartyId
    why: Annotated[str, msgspec.Meta(max_length=500)]
    evidence: Hash


class HistoryRefused(Entry, frozen=True):
    """`history_refused`: a peer's history contradicts one it showed before; both checkpoints are kept."""

    party: PartyId
    log: str
    first: Note
    second: Note


#: Seen by the other party.
CHANNEL: dict[str, type[Entry]] = {
    "received": Received,
    "split_view": SplitViewSeen,
}
#: In our private record only.
PRIVATE: dict[str, type[Entry]] = {
    "node_started": NodeStarted,
    "peer_enrolled": PeerEnrolled,
    "peer_removed": PeerRemoved,
    "transmitted": Transmitted,
    "clock_suspect": ClockSuspected,
    "clock_confirmed": ClockConfirmed,
    "quarantined": Quarantined,
    "history_refused": HistoryRefused,
}
#: Found by a rule rather than said by a person or a peer.
DERIVED = frozenset(
    {"clock_suspect", "history_refused", "node_started", "quarantined", "received", "split_view", "transmitted"}
)
