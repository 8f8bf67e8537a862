"""How the picture takes up passing on: the fifth instant, receipts by name, and relays (D1, D2)."""

from __future__ import annotations

from typing import Any

from keepclear.core.ids import make_alert_id, make_key
from keepclear.node.entries.base import NoticeRef
from keepclear.node.entries.dissemination import (
    Disseminated,
    GroupConfirmed,
    GroupSet,
    ListCommitted,
    PassedOn,
    PassOnReminded,
    Relay,
    RelayAnswered,
)
from keepclear.node.helddissemination import PASSINGS_KEPT, RELAYS_KEPT, Group, HeldRelay, Passing, ToldUs
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_group(state: State, entry: Read, body: GroupSet, sender: str, receiver: str) -> None:
    """A group of our own."""
    if body.members:
        state.passing_on.groups[body.group] = Group(body.group, body.name, body.members)
    else:
        state.passing_on.groups.pop(body.group, None)


def apply_passed_on(state: State, entry: Read, body: PassedOn, sender: str, receiver: str) -> None:
    """It went to groups; more may be added."""
    passing = _passing(state, entry, body.notice)
    for group in body.groups:
        held = state.passing_on.groups.get(group)
        passing.groups.setdefault(group, held.name if held else group)


def apply_confirmed(state: State, entry: Read, body: GroupConfirmed, sender: str, receiver: str) -> None:
    """A named person has it; the first one counts."""
    _passing(state, entry, body.notice).confirmed.setdefault(body.group, (body.person, entry.at))


def apply_list(state: State, entry: Read, body: ListCommitted, sender: str, receiver: str) -> None:
    """What opens a commitment of ours."""
    _passing(state, entry, body.notice).lists[body.commitment] = (body.list, body.salt)


def apply_reminded(state: State, entry: Read, body: PassOnReminded, sender: str, receiver: str) -> None:
    """Somebody was reminded."""
    passing = _passing(state, entry, body.notice)
    passing.reminded_at, passing.reminders = entry.at, passing.reminders + 1


def apply_disseminated(state: State, entry: Read, body: Disseminated, sender: str, receiver: str) -> None:
    """The fifth instant: ours told, or told to us. It stands once all groups have confirmed."""
    ref = body.notice
    key = make_key(ref.party, ref.id)
    if sender == state.party:
        passing = _passing(state, entry, ref)
        passing.told, passing.told_at = (body.reached, body.groups, body.commitment), entry.at
    else:
        told = ToldUs(
            sender, ref.version, body.reached, body.groups, body.commitment, entry.at, body.by, entry.log, entry.n
        )
        state.passing_on.told_us[key, sender] = told
        _bound(state.passing_on.told_us, PASSINGS_KEPT)
    alert = state.alerts.get(make_alert_id(ref.party, ref.id, ref.version, sender))
    if alert is not None and alert.ref != ref:  # it speaks of something else than was sent (N3)
        return
    notice = state.notices.get(key)
    instants = notice.sent.get((sender, ref.version)) if notice else None
    if instants is not None and body.reached == body.groups and not instants.disseminated_at:
        instants.disseminated_at = entry.at


def apply_relay(state: State, entry: Read, body: Relay, sender: str, receiver: str) -> None:
    """A third party's notice, cited."""
    key = make_key(sender, body.id)
    state.passing_on.relays[key] = HeldRelay(key, sender, receiver, entry.mode, entry.at, body)
    _bound(state.passing_on.relays, RELAYS_KEPT)
    if sender == state.party:
        state.count_serial(body.id)


def apply_relay_answer(state: State, entry: Read, body: RelayAnswered, sender: str, receiver: str) -> None:
    """What its receiver says of it."""
    held = state.passing_on.relays.get(make_key(receiver, body.id))
    if held is not None and held.to == sender:
        held.word, held.proved = body.word, body.proved


def _passing(state: State, entry: Read, ref: NoticeRef) -> Passing:
    passings, place = state.passing_on.passings, (make_key(ref.party, ref.id), ref.version)
    held = passings.get(place)
    if held is None:
        held = passings[place] = Passing(ref, entry.mode, entry.at)
        _bound(passings, PASSINGS_KEPT)
    return held


def _bound(table: dict[Any, Any], most: int) -> None:
    while len(table) > most:
        del table[next(iter(table))]


FOLDS: dict[Any, Fold] = {
    GroupSet: apply_group,
    PassedOn: apply_passed_on,
    GroupConfirmed: apply_confirmed,
    ListCommitted: apply_list,
    PassOnReminded: apply_reminded,
    Disseminated: apply_disseminated,
    Relay: apply_relay,
    RelayAnswered: apply_relay_answer,
}
