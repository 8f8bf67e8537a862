"""How the picture takes up notices, alerts, answers and conflicts, and lets go of what is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from keepclear.core.alert import Answer, acknowledges
from keepclear.core.ids import make_alert_id, make_key
from keepclear.core.notice import NoticeState, whole_span
from keepclear.core.timespan import HOUR_US, SECOND_US
from keepclear.formats.wire import volume_from_wire
from keepclear.node.entries import (
    AlertAssessed,
    AlertSent,
    AnswerSent,
    ConflictsFound,
    ExpiryAnnounced,
    NoticeFiled,
    NoticeSent,
    Silenced,
)
from keepclear.node.held import HeldAlert, HeldNotice, HeldVersion, Instants, Subject
from keepclear.node.heldladder import HeldLadder
from keepclear.node.logs import Read, parties_of
from keepclear.node.state import Fold, State

#: How long an ended notice, an answered STOP or a closed duty stays in the picture; the record keeps it for ever.
KEPT_US = HOUR_US
#: Versions of another party's notice that stay in the picture: the newest.
VERSIONS_KEPT = 100


def apply_notice(state: State, entry: Read, body: NoticeFiled | NoticeSent, sender: str, receiver: str) -> None:
    """A version of a notice, ours or another party's."""
    key = make_key(sender, body.id)
    is_ours_sent = bool(receiver) and sender == state.party
    if is_ours_sent and isinstance(body, NoticeSent):
        state.subjects[(entry.log, entry.n)] = Subject("notice", key, body.version, entry.at)
        held = state.notices.get(key)
        if held is None or held.latest.version < body.version:
            # Rebuilt from what a peer holds of ours: the private entry is lost, its disclosed part is not.
            held = _put_version(state, entry, body, key, sender)
        held.sent[(receiver, body.version)] = Instants(
            body.version, entry.log, entry.n, entry.at, profile=entry.profile
        )
        state.told[(receiver, key)] = (body.version, entry.mode, body.state)
        return
    held = _put_version(state, entry, body, key, sender)
    if receiver == state.party:
        seen_size = entry.seen.size if entry.seen else 0
        instants = Instants(body.version, entry.log, entry.n, entry.at, profile=entry.profile)
        instants.not_before = _our_time_of(state, sender, seen_size)
        held.sent[(state.party, body.version)] = instants
        state.subjects[(entry.log, entry.n)] = Subject("notice", key, body.version, entry.at)


def _put_version(state: State, entry: Read, body: NoticeFiled | NoticeSent, key: str, sender: str) -> HeldNotice:
    volumes = tuple(volume_from_wire(volume) for volume in body.volumes)
    version = HeldVersion(body.version, entry.at, entry.leaf, entry.log, entry.n, entry.mode, body)
    held = state.notices.get(key)
    if held is None:
        held = HeldNotice(key, sender, body.id, sender == state.party, volumes, whole_span(volumes), [version])
        state.notices[key] = held
        state.counts[sender] = state.counts.get(sender, 0) + 1
    else:
        state.indexes[held.latest.mode].remove(key)
        state.drop_end(key, held.span.end_us)
        held.versions.append(version)
        held.volumes, held.span, held.expiry_announced_at = volumes, whole_span(volumes), 0
    if body.state is not NoticeState.ENDED:
        state.indexes[entry.mode].add(key, volumes, sender)
        state.set_end(key, held.span.end_us)
    if sender == state.party:
        state.count_serial(body.id)
    # The versions before the last one were superseded by it.
    for alert in _alerts_about(state, held, held.versions[-2:-1]):
        if alert.is_open:
            alert.state = "superseded"
            state.close_ladder(alert.id, "superseded")
    if sender != state.party:
        _drop_versions(state, held)
    return held


def _drop_versions(state: State, held: HeldNotice) -> None:
    old = held.versions[:-VERSIONS_KEPT]
    for alert in list(_alerts_about(state, held, old)):
        _drop_alert(state, alert)
    for version in old:
        held.sent.pop((state.party, version.version), None)
    del held.versions[: len(old)]


def _alerts_about(state: State, held: HeldNotice, versions: Sequence[HeldVersion] | None = None) -> Iterator[HeldAlert]:
    for version in held.versions if versions is None else versions:
        for to in (state.party, *state.peers):
            alert = state.alerts.get(make_alert_id(held.party, held.id, version.version, to))
            if alert is not None:
                yield alert


def _our_time_of(state: State, peer: str, size: int) -> int:
    """When we wrote the newest entry that a peer had seen: its own entry is not earlier than that, by our clock."""
    times = state.written_at.get(peer, [])
    return times[size - 1] if 0 < size <= len(times) else 0


def apply_alert(state: State, entry: Read, body: AlertSent, sender: str, receiver: str) -> None:
    """An answer is asked for."""
    notice = state.notices.get(make_key(sender, body.notice.id))
    if notice is None:  # it was let go before its alert arrived: there is nothing to answer any more
        return
    held = state.alerts[body.alert] = HeldAlert(
        body.alert,
        sender,
        receiver,
        body,
        entry.mode,
        entry.log,
        entry.n,
        raised_at=entry.at,
        due_at=entry.at + body.answer_within_s * SECOND_US,
    )
    if body.notice.version < notice.latest.version:
        held.state = "superseded"
    elif sender == state.party:
        state.begin_ladder(HeldLadder(body.alert, receiver, entry.mode, body.level, entry.at))
    state.subjects[(entry.log, entry.n)] = Subject("alert", body.alert, 0, entry.at)


def apply_answer(state: State, entry: Read, body: AnswerSent, sender: str, receiver: str) -> None:
    """An answer is given."""
    held = state.alerts.get(body.alert)
    # Only who was asked answers, to whom asked, about what was asked; and the first answer that is one stands.
    if held is None or (held.to, held.party, held.ref) != (sender, receiver, body.notice):
        return
    if held.state == "answered":
        return
    held.answer, held.answered_by, held.answered_at = body.answer, body.by, entry.at
    if body.answer is Answer.STANDBY:
        if held.state == "open":
            held.state = "standby"
            agreement = state.agreement_with(receiver if sender == state.party else sender)
            most_s = agreement.deadlines.standby_s if agreement else 0
            held.due_at += min(body.standby_s, most_s) * SECOND_US
    elif held.state != "superseded":
        held.state = "answered"
        state.close_ladder(held.id, "answered")
    notice = state.notices.get(make_key(body.notice.party, body.notice.id))
    instants = notice.sent.get((sender, body.notice.version)) if notice else None
    if instants is not None and acknowledges(body.answer):
        instants.acknowledged_at, instants.acknowledged_by = entry.at, body.by
    if instants is not None:
        instants.answer = body.answer


def apply_conflicts(state: State, entry: Read, body: ConflictsFound, sender: str, receiver: str) -> None:
    """What a version conflicts with, for one counterparty."""
    key = make_key(body.party, body.id)
    before = state.conflicts.get((key, body.with_party))
    if before is not None and before.version == body.version and body.pairs:
        # A long list stands in several entries.
        body = msgspec.structs.replace(body, pairs=before.pairs + body.pairs)
    state.conflicts[(key, body.with_party)] = body
    for pair in body.pairs:
        both = frozenset((key, make_key(body.with_party, pair.id)))
        state.conflict_numbers.setdefault(both, len(state.conflict_numbers) + 1)


def apply_assessed(state: State, entry: Read, body: AlertAssessed, sender: str, receiver: str) -> None:
    """What an alert means to us."""
    if held := state.alerts.get(body.alert):
        held.assessed = body


def apply_silenced(state: State, entry: Read, body: Silenced, sender: str, receiver: str) -> None:
    """Until when the sound of an alert is off at this desk."""
    if held := state.alerts.get(body.alert):
        held.silenced_until = entry.at + body.seconds * SECOND_US


def apply_expiry(state: State, entry: Read, body: ExpiryAnnounced, sender: str, receiver: str) -> None:
    """That a notice is about to end was said."""
    held = state.notices.get(make_key(body.party, body.id))
    if held is not None and held.latest.version == body.version:
        state.drop_end(held.key, held.span.end_us)
        held.expiry_announced_at = entry.at


FOLDS: dict[Any, Fold] = {
    NoticeFiled: apply_notice,
    NoticeSent: apply_notice,
    AlertSent: apply_alert,
    AnswerSent: apply_answer,
    AlertAssessed: apply_assessed,
    ConflictsFound: apply_conflicts,
    Silenced: apply_silenced,
    ExpiryAnnounced: apply_expiry,
}

# -------------------------------------------------------------------------------------------------------- forgetting


def forget(state: State, now_us: int) -> None:
    """Let go of what ended more than an hour ago; the record keeps it. The same at one instant, however often."""
    if state.is_clock_suspect:  # by which clock did it end?
        return
    before = now_us - KEPT_US
    old = [held for held in state.notices.values() if _ended_at(held) < before]
    for held in old:
        for alert in list(_alerts_about(state, held)):
            if alert.is_open and alert.state != "missed" and alert.due_at >= before:
                break
        else:
            _drop(state, held)
    for key in [key for key, stop in state.stops.items() if stop.resumed_at and stop.resumed_at < before]:
        for peer in state.stops[key].to:
            state.drop_ladder(f"{key}/{peer}")
        del state.stops[key]


def _drop(state: State, held: HeldNotice) -> None:
    for alert in list(_alerts_about(state, held)):
        _drop_alert(state, alert)
    state.indexes[held.latest.mode].remove(held.key)
    state.drop_end(held.key, held.span.end_us)
    for peer in state.peers:
        state.told.pop((peer, held.key), None)
    del state.notices[held.key]
    state.counts[held.party] -= 1
    state.zones_met.pop(held.key, None)
    for party in (state.party, *state.peers):
        state.conflicts.pop((held.key, party), None)


def _drop_alert(state: State, alert: HeldAlert) -> None:
    del state.alerts[alert.id]
    state.drop_ladder(alert.id)


def _ended_at(held: HeldNotice) -> int:
    if held.latest.state is not NoticeState.ENDED:
        return held.span.end_us
    # Another party's clock may say anything; when its entry reached us we know.
    latest, ours = held.latest, held.sent.get((parties_of(held.latest.log)[1], held.latest.version))
    told_at = ours.received_at if ours is not None and ours.received_at and not held.is_own else latest.at
    # Told to have ended after its span was over: it ended with its span.
    return min(told_at, held.span.end_us)
