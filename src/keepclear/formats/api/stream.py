"""Events of the stream: entries as they are recorded, and a pulse every second."""

from __future__ import annotations

import msgspec

from keepclear.formats.api.answers import Answer, ClockState, StoreState, UnrecordedStop
from keepclear.formats.api.volumes import Time


class EntryEvent(Answer, frozen=True):
    """One entry, in the order in which this node recorded things over all its logs."""

    seq: int
    log: str
    n: int
    at: Time
    kind: str
    mode: str
    stated: bool
    hash: str
    body: msgspec.Raw


class PulsePeer(Answer, frozen=True):
    """How one line stands."""

    party: str
    line: str
    last_heard: Time
    undelivered: int
    clock_difference_ms: int | None


class PulseEvent(Answer, frozen=True):
    """The node is alive. Three seconds without one, and the screen must say so."""

    now: Time
    store: StoreState
    clock: ClockState
    degraded: str
    seq: int
    peers: tuple[PulsePeer, ...]
    unrecorded_stops: tuple[UnrecordedStop, ...]
