"""How the picture takes up the line itself: what arrived, who is enrolled, our clock, and what was set aside."""

from __future__ import annotations

from typing import Any

from keepclear.core.timespan import SECOND_US
from keepclear.node.entries import (
    ClockConfirmed,
    ClockSuspected,
    HistoryRefused,
    NodeStarted,
    PeerEnrolled,
    PeerRemoved,
    Quarantined,
    Received,
    SplitViewSeen,
    Transmitted,
)
from keepclear.node.folds.linetests import note_receipt
from keepclear.node.held import HeldPeer
from keepclear.node.logs import Read, channel, parties_of
from keepclear.node.state import Fold, State


def apply_received(state: State, entry: Read, body: Received, sender: str, receiver: str) -> None:
    """Somebody's machine has an entry: ours, when we wrote this; the peer's, when it came from there."""
    if sender == state.party:
        state.answered[receiver] = max(state.answered.get(receiver, -1), body.index)
    else:
        state.answered_by[sender] = max(state.answered_by.get(sender, 0), body.index + 1)
        note_receipt(state, sender, body)
    log = channel(receiver, sender)
    subject = state.subjects.get((log, body.index))
    if subject is None:
        return
    subject.is_received = True
    by = sender
    if subject.kind == "notice":
        instants = state.notices[subject.key].sent.get((by, subject.version)) if subject.key in state.notices else None
        if instants is not None and not instants.received_at:
            instants.received_at, instants.receipt_n = body.received_at, entry.n
            if by == state.party:
                instants.transmitted_at = subject.at
    elif subject.kind == "alert" and by == state.party and subject.key in state.alerts:
        alert = state.alerts[subject.key]
        alert.due_at = body.received_at + alert.sent.answer_within_s * SECOND_US
    elif subject.kind == "stop" and subject.key in state.stops:
        state.stops[subject.key].received[by] = body.received_at
    elif subject.kind == "request" and subject.key in state.requests:
        request = state.requests[subject.key]
        request.received_at = body.received_at
        if by == state.party:
            request.transmitted_at = subject.at
            request.due_at = body.received_at + request.sent.answer_within_s * SECOND_US
    if by == state.party or subject.is_transmitted:
        del state.subjects[(log, body.index)]


def apply_transmitted(state: State, entry: Read, body: Transmitted, sender: str, receiver: str) -> None:
    """The peer's machine took a stretch of our channel: the first of the five instants."""
    peer = state.peers.get(body.to)
    if peer is not None:
        peer.delivered = max(peer.delivered, body.size)
    log = channel(state.party, body.to)
    for n in range(body.first, body.size):
        subject = state.subjects.get((log, n))
        if subject is None:
            continue
        subject.is_transmitted = True
        if subject.kind == "notice" and subject.key in state.notices:
            instants = state.notices[subject.key].sent.get((body.to, subject.version))
            if instants is not None and not instants.transmitted_at:
                instants.transmitted_at = body.sent_at
        elif subject.kind == "request" and subject.key in state.requests:
            request = state.requests[subject.key]
            request.transmitted_at = request.transmitted_at or body.sent_at
        elif subject.kind == "alert":
            state.hand_over_ladder(subject.key, body.sent_at)
        elif subject.kind == "stop" and subject.key in state.stops:
            state.stops[subject.key].transmitted[body.to] = body.sent_at
            state.hand_over_ladder(f"{subject.key}/{body.to}", body.sent_at)
        if subject.is_received:
            del state.subjects[(log, n)]


def apply_enrolled(state: State, entry: Read, body: PeerEnrolled, sender: str, receiver: str) -> None:
    """A party's keys are accepted from now on; it keeps the slot it had."""
    slot = state.peers[body.party].slot if body.party in state.peers else len(state.peers) + 1
    state.peers[body.party] = HeldPeer(body, slot)
    line = state.line_to(body.party)
    line.since = line.since or entry.at


def apply_removed(state: State, entry: Read, body: PeerRemoved, sender: str, receiver: str) -> None:
    """A party's keys are no longer accepted."""
    state.peers[body.party].is_removed = True


def apply_clock(state: State, entry: Read, body: ClockSuspected | ClockConfirmed, sender: str, receiver: str) -> None:
    """Whether our clock can be trusted."""
    match body:
        case ClockSuspected():
            state.is_clock_suspect = True
            state.clock_difference_ms, state.clock_against = body.difference_ms, body.against
        case ClockConfirmed():
            state.is_clock_suspect = False
            for about in state.climbing:  # ladders run on elapsed time, as deadlines do
                state.ladders[about].since_us += body.shift_us


def apply_quarantined(state: State, entry: Read, body: Quarantined, sender: str, receiver: str) -> None:
    """A message was set aside."""
    state.quarantined += 1
    if body.party in state.peers:
        state.peers[body.party].quarantined += 1


def apply_split(state: State, entry: Read, body: HistoryRefused | SplitViewSeen, sender: str, receiver: str) -> None:
    """A party showed two histories of one log."""
    for party in parties_of(body.log):
        if party in state.peers:
            state.peers[party].has_split = True


def apply_started(state: State, entry: Read, body: NodeStarted, sender: str, receiver: str) -> None:
    """A start changes nothing that is in force."""


FOLDS: dict[Any, Fold] = {
    Received: apply_received,
    Transmitted: apply_transmitted,
    PeerEnrolled: apply_enrolled,
    PeerRemoved: apply_removed,
    ClockSuspected: apply_clock,
    ClockConfirmed: apply_clock,
    Quarantined: apply_quarantined,
    HistoryRefused: apply_split,
    SplitViewSeen: apply_split,
    NodeStarted: apply_started,
}
