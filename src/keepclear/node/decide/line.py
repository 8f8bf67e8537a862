"""The line itself: who is enrolled, what was delivered, and whether our clock can be trusted."""

from __future__ import annotations

import base64

from keepclear.core.ids import check_party_id, check_person
from keepclear.errors import Malformed, NotFound, Refused
from keepclear.node.commands import (
    Command,
    ConfirmClock,
    EnrolPeer,
    NoteDelivered,
    NoteSplitView,
    RemovePeer,
    Start,
    SuspectClock,
)
from keepclear.node.decision import Decision, Draft
from keepclear.node.effects import PeersChanged
from keepclear.node.entries import (
    ClockConfirmed,
    ClockSuspected,
    DutyChanged,
    HistoryRefused,
    NodeStarted,
    PeerEnrolled,
    PeerRemoved,
    SplitViewSeen,
    Transmitted,
)
from keepclear.node.handlers import Decide
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.record.signing import MLDSA44_KEY_BYTES, check_ed25519_key

PEERS_MAX = 32


def start(picture: Picture, command: Start, now_us: int, settings: Settings) -> Decision:
    """The node begins to run."""
    return Decision((Draft(NodeStarted(command.software)),))


def enrol_peer(picture: Picture, command: EnrolPeer, now_us: int, settings: Settings) -> Decision:
    """Accept a party's keys: two persons have compared the words."""
    check_party_id(command.party)
    if command.party == picture.party:
        raise Refused("a party does not enrol itself", at="party")
    if len(picture.peers) >= PEERS_MAX and command.party not in picture.peers:
        raise Refused(f"peers_max: {PEERS_MAX} parties are enrolled", at="party")
    if settings.exercise_only and picture.peers:
        raise Refused("this node only trains: no live party is enrolled here", at="party")
    held = picture.peers.get(command.party)
    if held is not None and not held.is_removed and held.enrolled.ed25519 != command.ed25519:
        raise Refused(f"{command.party} is enrolled with another key: remove it first", at="party")
    for person in command.persons:
        check_person(person)
    if len(set(command.persons)) != 2:
        raise Malformed("two different persons compare the words", at="persons")
    check_ed25519_key(_key(command.ed25519, "ed25519"))
    if len(_key(command.mldsa44, "mldsa44")) != MLDSA44_KEY_BYTES:
        raise Malformed(f"an ML-DSA-44 key has {MLDSA44_KEY_BYTES} bytes", at="mldsa44")
    _check_unshared(picture, command)
    body = PeerEnrolled(
        party=command.party,
        name=command.name,
        ed25519=command.ed25519,
        mldsa44=command.mldsa44,
        tls=command.tls,
        url=command.url,
        telephone=command.telephone,
        persons=command.persons,
    )
    return Decision((Draft(body),), (PeersChanged(),), command.party)


def _check_unshared(picture: Picture, command: EnrolPeer) -> None:
    """No two parties share a key or a certificate: whoever copies another's card would shut that one's door."""
    for party, held in picture.peers.items():
        enrolled = held.enrolled
        if party == command.party or held.is_removed:
            continue
        if command.ed25519 == enrolled.ed25519 or command.mldsa44 == enrolled.mldsa44:
            raise Refused(f"{party} is enrolled with this key: two parties cannot share one", at="ed25519")
        if command.tls and _certificate(command.tls) == _certificate(enrolled.tls):
            raise Refused(f"{party} is enrolled with this certificate: two parties cannot share one", at="tls")


def _certificate(pem: str) -> str:
    # However its lines are broken.
    return "".join(pem.split())


def _key(text: str, at: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("a key is written in base64", at=at) from None


def remove_peer(picture: Picture, command: RemovePeer, now_us: int, settings: Settings) -> Decision:
    """Accept nothing more by this party's keys; what it signed before stays in the record."""
    check_person(command.by)
    if command.party not in picture.peers or picture.peers[command.party].is_removed:
        raise NotFound(f"{command.party} is not enrolled", at="party")
    return Decision((Draft(PeerRemoved(command.party, command.by)),), (PeersChanged(),), command.party)


def note_delivered(picture: Picture, command: NoteDelivered, now_us: int, settings: Settings) -> Decision:
    """The first of the five instants: the peer's machine took these entries."""
    peer = picture.peers.get(command.to)
    if peer is None or command.size <= peer.delivered:
        return Decision()
    return Decision((Draft(Transmitted(command.to, peer.delivered, command.size, command.sent_at)),))


def note_split_view(picture: Picture, command: NoteSplitView, now_us: int, settings: Settings) -> Decision:
    """A peer showed two histories: both are kept, and both liaisons are told."""
    drafts = [Draft(HistoryRefused(command.party, command.log, command.first, command.second))]
    if command.party in picture.peers and not picture.peers[command.party].has_split:
        drafts.append(Draft(SplitViewSeen(command.log, command.first, command.second), command.party))
    return Decision(tuple(drafts), subject=command.log)


def suspect_clock(picture: Picture, command: SuspectClock, now_us: int, settings: Settings) -> Decision:
    """From now on nothing is declared missed until a person confirms."""
    if picture.is_clock_suspect and picture.clock_against == command.against:
        return Decision()
    return Decision((Draft(ClockSuspected(command.difference_ms, command.against)),))


def confirm_clock(picture: Picture, command: ConfirmClock, now_us: int, settings: Settings) -> Decision:
    """A person vouches for our clock. Open deadlines run on elapsed time, so they move with a clock that was set."""
    check_person(command.by)
    if not picture.is_clock_suspect:
        raise Refused("nobody doubts the clock", at="clock")
    drafts = [Draft(ClockConfirmed(command.by, command.shift_us))]
    if command.shift_us:
        for duty in sorted(picture.open_duties(), key=lambda duty: duty.duty):
            due_at = max(0, duty.due_at + command.shift_us)
            moved = DutyChanged(duty.duty, duty.owed_by, due_at, duty.state, duty.proof)
            drafts.append(Draft(moved, mode=duty.mode))
    return Decision(tuple(drafts))


TABLE: dict[type[Command], Decide] = {
    Start: start,
    EnrolPeer: enrol_peer,
    RemovePeer: remove_peer,
    NoteDelivered: note_delivered,
    NoteSplitView: note_split_view,
    SuspectClock: suspect_clock,
    ConfirmClock: confirm_clock,
}
