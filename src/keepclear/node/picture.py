"""What is in force now: a fold over the entries of all logs of this node.

`apply` takes one entry and never refuses: what may be recorded was decided before. Losing the picture costs a restart
and never a fact. Questions about it are plain methods; nothing else holds state that decisions read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from keepclear.core.agreement import Agreement, Deadlines, Disclosure, DisclosureLevel
from keepclear.core.alert import Answer, acknowledges
from keepclear.core.footprint import Circle
from keepclear.core.ids import make_alert_id, make_key
from keepclear.core.notice import Mode, NoticeState, whole_span
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.timespan import HOUR_US, SECOND_US
from keepclear.engine.volume_index import VolumeIndex
from keepclear.errors import NotFound
from keepclear.formats.wire import separation_from_wire, volume_from_wire
from keepclear.node.entries import (
    AgreementProposed,
    AgreementSigned,
    AgreementTerms,
    AlertAssessed,
    AlertSent,
    AnswerSent,
    ClockConfirmed,
    ClockSuspected,
    ConflictsFound,
    DutyChanged,
    DutyState,
    Entry,
    HistoryRefused,
    NodeStarted,
    NoticeFiled,
    NoticeSent,
    PeerEnrolled,
    PeerRemoved,
    Quarantined,
    Received,
    Resumed,
    Silenced,
    SplitViewSeen,
    StopAnswered,
    StopSent,
    Transmitted,
)
from keepclear.node.held import (
    HeldAgreement,
    HeldAlert,
    HeldDuty,
    HeldNotice,
    HeldPeer,
    HeldStop,
    HeldVersion,
    Instants,
    StopAnswer,
    Subject,
)
from keepclear.node.logs import Read, channel, parties_of

#: How long an ended notice, an answered STOP or a closed duty stays in the picture; the record keeps it for ever.
KEPT_US = HOUR_US
CLOSED_DUTIES_MAX = 1_000
#: Versions of another party's notice that stay in the picture: the newest.
VERSIONS_KEPT = 100
#: Answers to one STOP, and proposals of one party that nobody has signed, that stay in the picture: the newest.
STOP_ANSWERS_KEPT = 100
PROPOSALS_KEPT = 32


def agreement_from_terms(terms: AgreementTerms) -> Agreement:
    """The agreement that recorded terms mean.

    Raises:
        Malformed: a value out of range.
        ValueError: a disclosure level that this version does not know.
    """
    lat, lon, radius = terms.area
    return Agreement(
        title=terms.title,
        parties=terms.parties,
        area=Circle(lat / 1e7, lon / 1e7, radius / 1000),
        separation=separation_from_wire(terms.separation),
        deadlines=Deadlines(**terms.deadlines_s),
        disclosure={
            party: Disclosure(DisclosureLevel(term.level), term.shows_activity)
            for party, term in terms.disclosure.items()
        },
    )


class Picture:
    """All that is in force, for one party."""

    def __init__(self, party: str) -> None:
        self.party = party
        self.peers: dict[str, HeldPeer] = {}
        self.notices: dict[str, HeldNotice] = {}
        self.alerts: dict[str, HeldAlert] = {}
        self.stops: dict[str, HeldStop] = {}
        self.duties: dict[str, HeldDuty] = {}
        self.closed_duties: deque[HeldDuty] = deque(maxlen=CLOSED_DUTIES_MAX)
        self.agreements: dict[str, HeldAgreement] = {}
        self.conflicts: dict[tuple[str, str], ConflictsFound] = {}
        self.conflict_numbers: dict[frozenset[str], int] = {}
        self.indexes: dict[Mode, VolumeIndex] = {mode: VolumeIndex() for mode in Mode}
        self.last_serial: dict[str, int] = {}
        self.is_clock_suspect = False
        self.clock_difference_ms = 0
        self.clock_against = ""
        self.quarantined = 0
        self._in_force: dict[str, HeldAgreement] = {}
        self._subjects: dict[tuple[str, int], Subject] = {}
        self._written_at: dict[str, list[int]] = {}
        self._answered: dict[str, int] = {}
        #: Of each entry of our channel to a peer: 1 where the peer owes a `received`; and from where on it does.
        self._counts: dict[str, int] = {}
        #: What our channel to a peer said last of a notice of ours: version, mode and state.
        self.told: dict[tuple[str, str], tuple[int, Mode, NoticeState]] = {}
        self._asks: dict[str, bytearray] = {}
        self._answered_by: dict[str, int] = {}

    # ------------------------------------------------------------------------------------------------ questions

    def notice(self, key: str) -> HeldNotice:
        """The notice `party/serial`. Raises NotFound."""
        held = self.notices.get(key)
        if held is None:
            raise NotFound(f"there is no notice {key} in force here", at="id")
        return held

    def live_notices(self, now_us: int) -> Iterator[HeldNotice]:
        """Every notice that others have to reckon with."""
        return (held for held in self.notices.values() if held.is_live(now_us))

    def notices_of(self, party: str) -> int:
        """How many notices of a party are held."""
        return self._counts.get(party, 0)

    def agreement_with(self, party: str) -> Agreement | None:
        """What is in force between us and another party."""
        held = self._in_force.get(party)
        return held.agreement if held else None

    def held_agreement_with(self, party: str) -> HeldAgreement | None:
        """The same with its hash and signatures."""
        return self._in_force.get(party)

    def enrolled_peers(self) -> Iterator[str]:
        """Parties whose keys we accept."""
        return (party for party, held in self.peers.items() if not held.is_removed)

    def alert_to_us(self, alert: str) -> HeldAlert:
        """An alert that asks us. Raises NotFound."""
        held = self.alerts.get(alert)
        if held is None or held.to != self.party:
            raise NotFound(f"there is no alert {alert} for us", at="alert")
        return held

    def separation_to(self, party: str) -> Separation:
        """What to keep from another party; nothing beyond not meeting, among our own or where none is agreed."""
        agreement = self.agreement_with(party)
        return agreement.separation if agreement else NO_SEPARATION

    def has_answered(self, party: str, index: int) -> bool:
        """Whether our channel to a party says already that we received its entry of that index."""
        return index <= self._answered.get(party, -1)

    def next_due(self, party: str, first: int | None = None) -> int:
        """Index of the next entry of our channel to a party that it has not answered with `received`."""
        asks = self._asks.get(party, bytearray())
        due = self._answered_by.get(party, 0) if first is None else first
        found = asks.find(1, due)
        return found if found >= 0 else len(asks)

    def may_tell(self, party: str, key: str, version: int, mode: Mode) -> bool:
        """Whether a version of a notice of ours can follow what our channel to a party said of it last.

        Not so only after a restore: what the party holds under this serial is another notice.
        """
        told = self.told.get((party, key))
        return told is None or (version > told[0] and mode is told[1] and told[2] is not NoticeState.ENDED)

    def open_duties(self) -> Iterator[HeldDuty]:
        """What is still owed."""
        return (duty for duty in self.duties.values() if duty.state is DutyState.OPEN)

    # ------------------------------------------------------------------------------------------------ the fold

    def apply(self, entry: Read) -> None:
        """Take up one recorded entry."""
        sender, receiver = parties_of(entry.log)
        if receiver and sender == self.party:
            self._written_at.setdefault(receiver, []).append(entry.at)
            self._asks.setdefault(receiver, bytearray()).append(not isinstance(entry.body, Received))
        if entry.body is None:  # from newer software: kept, cosigned, shown raw
            return
        match entry.body:
            case NoticeFiled() | NoticeSent():
                self._apply_notice(entry, entry.body, sender, receiver)
            case AlertSent():
                self._apply_alert(entry, entry.body, sender, receiver)
            case AnswerSent():
                self._apply_answer(entry, entry.body, sender, receiver)
            case Received():
                self._apply_received(entry, entry.body, sender, receiver)
            case StopSent() | StopAnswered() | Resumed():
                self._apply_stop(entry, entry.body, sender, receiver)
            case AgreementProposed() | AgreementSigned():
                self._apply_agreement(entry, entry.body, sender, receiver)
            case _:
                self._apply_private(entry, entry.body)

    def _apply_private(self, entry: Read, body: Entry) -> None:
        match body:
            case AlertAssessed():
                if held := self.alerts.get(body.alert):
                    held.assessed = body
            case DutyChanged():
                self._apply_duty(body, entry.mode)
            case ConflictsFound():
                self._apply_conflicts(body)
            case Transmitted():
                self._apply_transmitted(entry, body)
            case PeerEnrolled():
                slot = self.peers[body.party].slot if body.party in self.peers else len(self.peers) + 1
                self.peers[body.party] = HeldPeer(body, slot)
            case PeerRemoved():
                self.peers[body.party].is_removed = True
            case Silenced():
                if held := self.alerts.get(body.alert):
                    held.silenced_until = entry.at + body.seconds * SECOND_US
            case _:
                self._apply_line(body)

    def _apply_line(self, body: Entry) -> None:
        match body:
            case ClockSuspected():
                self.is_clock_suspect = True
                self.clock_difference_ms, self.clock_against = body.difference_ms, body.against
            case ClockConfirmed():
                self.is_clock_suspect = False
            case Quarantined():
                self.quarantined += 1
                if body.party in self.peers:
                    self.peers[body.party].quarantined += 1
            case HistoryRefused() | SplitViewSeen():
                for party in parties_of(body.log):
                    if party in self.peers:
                        self.peers[party].has_split = True
            case NodeStarted():
                pass
            case _:
                raise AssertionError(f"no fold for {type(body).__name__}")

    def _apply_notice(self, entry: Read, body: NoticeFiled | NoticeSent, sender: str, receiver: str) -> None:
        key = make_key(sender, body.id)
        is_ours_sent = bool(receiver) and sender == self.party
        if is_ours_sent and isinstance(body, NoticeSent):
            self._subjects[(entry.log, entry.n)] = Subject("notice", key, body.version, entry.at)
            held = self.notices.get(key)
            if held is None or held.latest.version < body.version:
                # Rebuilt from what a peer holds of ours: the private entry is lost, its disclosed part is not.
                held = self._put_version(entry, body, key, sender)
            held.sent[(receiver, body.version)] = Instants(body.version, entry.log, entry.n, entry.at)
            self.told[(receiver, key)] = (body.version, entry.mode, body.state)
            return
        held = self._put_version(entry, body, key, sender)
        if receiver == self.party:
            seen_size = entry.seen.size if entry.seen else 0
            instants = Instants(body.version, entry.log, entry.n, entry.at)
            instants.not_before = self._our_time_of(receiver, sender, seen_size)
            held.sent[(self.party, body.version)] = instants
            self._subjects[(entry.log, entry.n)] = Subject("notice", key, body.version, entry.at)

    def _put_version(self, entry: Read, body: NoticeFiled | NoticeSent, key: str, sender: str) -> HeldNotice:
        volumes = tuple(volume_from_wire(volume) for volume in body.volumes)
        version = HeldVersion(body.version, entry.at, entry.leaf, entry.log, entry.n, entry.mode, body)
        held = self.notices.get(key)
        if held is None:
            held = HeldNotice(key, sender, body.id, sender == self.party, volumes, whole_span(volumes), [version])
            self.notices[key] = held
            self._counts[sender] = self._counts.get(sender, 0) + 1
        else:
            self.indexes[held.latest.mode].remove(key)
            held.versions.append(version)
            held.volumes, held.span = volumes, whole_span(volumes)
        if body.state is not NoticeState.ENDED:
            self.indexes[entry.mode].add(key, volumes)
        if sender == self.party:
            self._count_serial(body.id)
        # The versions before the last one were superseded by it.
        for alert in self._alerts_about(held, held.versions[-2:-1]):
            if alert.is_open:
                alert.state = "superseded"
        if sender != self.party:
            self._drop_versions(held)
        return held

    def _drop_versions(self, held: HeldNotice) -> None:
        old = held.versions[:-VERSIONS_KEPT]
        for alert in list(self._alerts_about(held, old)):
            del self.alerts[alert.id]
        for version in old:
            held.sent.pop((self.party, version.version), None)
        del held.versions[: len(old)]

    def _alerts_about(self, held: HeldNotice, versions: Sequence[HeldVersion] | None = None) -> Iterator[HeldAlert]:
        for version in held.versions if versions is None else versions:
            for to in (self.party, *self.peers):
                alert = self.alerts.get(make_alert_id(held.party, held.id, version.version, to))
                if alert is not None:
                    yield alert

    def _our_time_of(self, us: str, peer: str, size: int) -> int:
        """When we wrote the newest entry that a peer had seen: its own entry is not earlier than that, by our clock."""
        times = self._written_at.get(peer, [])
        return times[size - 1] if 0 < size <= len(times) else 0

    def _apply_alert(self, entry: Read, body: AlertSent, sender: str, receiver: str) -> None:
        notice = self.notices.get(make_key(sender, body.notice.id))
        if notice is None:  # it was let go before its alert arrived: there is nothing to answer any more
            return
        held = self.alerts[body.alert] = HeldAlert(
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
        self._subjects[(entry.log, entry.n)] = Subject("alert", body.alert, 0, entry.at)

    def _apply_answer(self, entry: Read, body: AnswerSent, sender: str, receiver: str) -> None:
        held = self.alerts.get(body.alert)
        # Only who was asked answers, to whom asked, about what was asked; and the first answer that is one stands.
        if held is None or (held.to, held.party, held.ref) != (sender, receiver, body.notice):
            return
        if held.state == "answered":
            return
        held.answer, held.answered_by, held.answered_at = body.answer, body.by, entry.at
        if body.answer is Answer.STANDBY:
            if held.state == "open":
                held.state = "standby"
                agreement = self.agreement_with(receiver if sender == self.party else sender)
                most_s = agreement.deadlines.standby_s if agreement else 0
                held.due_at += min(body.standby_s, most_s) * SECOND_US
        elif held.state != "superseded":
            held.state = "answered"
        notice = self.notices.get(make_key(body.notice.party, body.notice.id))
        instants = notice.sent.get((sender, body.notice.version)) if notice else None
        if instants is not None and acknowledges(body.answer):
            instants.acknowledged_at, instants.acknowledged_by = entry.at, body.by
        if instants is not None:
            instants.answer = body.answer

    def _apply_received(self, entry: Read, body: Received, sender: str, receiver: str) -> None:
        """Somebody's machine has an entry: ours, when we wrote this; the peer's, when it came from there."""
        if sender == self.party:
            self._answered[receiver] = max(self._answered.get(receiver, -1), body.index)
        else:
            self._answered_by[sender] = max(self._answered_by.get(sender, 0), body.index + 1)
        log = channel(receiver, sender)
        subject = self._subjects.get((log, body.index))
        if subject is None:
            return
        subject.is_received = True
        by = sender
        if subject.kind == "notice":
            instants = (
                self.notices[subject.key].sent.get((by, subject.version)) if subject.key in self.notices else None
            )
            if instants is not None and not instants.received_at:
                instants.received_at, instants.receipt_n = body.received_at, entry.n
                if by == self.party:
                    instants.transmitted_at = subject.at
        elif subject.kind == "alert" and by == self.party and subject.key in self.alerts:
            alert = self.alerts[subject.key]
            alert.due_at = body.received_at + alert.sent.answer_within_s * SECOND_US
        elif subject.kind == "stop" and subject.key in self.stops:
            self.stops[subject.key].received[by] = body.received_at
        if by == self.party or subject.is_transmitted:
            del self._subjects[(log, body.index)]

    def _apply_transmitted(self, entry: Read, body: Transmitted) -> None:
        peer = self.peers.get(body.to)
        if peer is not None:
            peer.delivered = max(peer.delivered, body.size)
        log = channel(self.party, body.to)
        for n in range(body.first, body.size):
            subject = self._subjects.get((log, n))
            if subject is None:
                continue
            subject.is_transmitted = True
            if subject.kind == "notice" and subject.key in self.notices:
                instants = self.notices[subject.key].sent.get((body.to, subject.version))
                if instants is not None and not instants.transmitted_at:
                    instants.transmitted_at = body.sent_at
            if subject.is_received:
                del self._subjects[(log, n)]

    def _apply_stop(self, entry: Read, body: StopSent | StopAnswered | Resumed, sender: str, receiver: str) -> None:
        match body:
            case StopSent():
                key = make_key(sender, body.id)
                held = self.stops.get(key)
                # The same serial to the same party again is another STOP, from a node that was restored: never lost.
                if held is None or receiver in held.to:
                    self.stops[key] = HeldStop(
                        key, sender, body.id, sender == self.party, entry.mode, entry.at, body, [receiver]
                    )
                else:
                    held.to.append(receiver)
                self._subjects[(entry.log, entry.n)] = Subject("stop", key, 0, entry.at)
                if sender == self.party:
                    self._count_serial(body.id)
            case StopAnswered():
                stop = self.stops.get(make_key(receiver, body.id))
                if stop is not None and sender in stop.to:
                    stop.answers.append(StopAnswer(sender, body.answer, body.by, entry.at))
                    del stop.answers[:-STOP_ANSWERS_KEPT]
            case Resumed():
                if stop := self.stops.get(make_key(sender, body.id)):
                    stop.resumed_at = stop.resumed_at or entry.at

    def _apply_duty(self, body: DutyChanged, mode: Mode) -> None:
        held = HeldDuty(body.duty, body.owed_by, body.due_at, body.state, body.proof, mode)
        if body.state is DutyState.OPEN:
            self.duties[body.duty] = held
            return
        self.duties.pop(body.duty, None)
        self.closed_duties.append(held)
        if body.state is DutyState.MISSED:
            alert = self.alerts.get(body.duty.split(" ")[1])
            if alert is not None and alert.state in ("open", "standby"):
                alert.state = "missed"

    def _apply_conflicts(self, body: ConflictsFound) -> None:
        key = make_key(body.party, body.id)
        before = self.conflicts.get((key, body.with_party))
        if before is not None and before.version == body.version and body.pairs:
            # A long list stands in several entries.
            body = msgspec.structs.replace(body, pairs=before.pairs + body.pairs)
        self.conflicts[(key, body.with_party)] = body
        for pair in body.pairs:
            both = frozenset((key, make_key(body.with_party, pair.id)))
            self.conflict_numbers.setdefault(both, len(self.conflict_numbers) + 1)

    def _apply_agreement(
        self, entry: Read, body: AgreementProposed | AgreementSigned, sender: str, receiver: str
    ) -> None:
        if isinstance(body, AgreementProposed):
            # A proposal that comes again takes nobody's signature away; from the other side it is one.
            other = receiver if sender == self.party else sender
            if body.hash not in self.agreements:
                terms = agreement_from_terms(body.terms)
                self.agreements[body.hash] = HeldAgreement(body.hash, body.terms, terms, sender, other, [sender])
                self._drop_proposals(other, by=sender, kept=PROPOSALS_KEPT)
                return
        held = self.agreements.get(body.hash)
        if held is not None and sender in held.agreement.parties and sender not in held.signed_by:
            held.signed_by.append(sender)
            if set(held.signed_by) == set(held.agreement.parties):
                held.in_force_since = entry.at
                if before := self._in_force.get(held.with_party):
                    before.is_replaced = True
                self._in_force[held.with_party] = held
                # What was offered before is no longer: else a party could take up old terms whenever they suit it.
                self._drop_proposals(held.with_party)

    def _drop_proposals(self, other: str, *, by: str = "", kept: int = 0) -> None:
        unsigned = [
            held.hash
            for held in self.agreements.values()
            if held.with_party == other and by in ("", held.proposed_by) and len(held.signed_by) == 1
        ]
        for digest in unsigned[: max(0, len(unsigned) - kept)]:
            del self.agreements[digest]

    def _count_serial(self, serial: str) -> None:
        prefix, _, number = serial.rpartition("-")
        self.last_serial[prefix] = max(self.last_serial.get(prefix, 0), int(number))

    # ------------------------------------------------------------------------------------------------ forgetting

    def forget(self, now_us: int) -> None:
        """Let go of what ended more than an hour ago; the record keeps it. The same at one instant, however often."""
        if self.is_clock_suspect:  # by which clock did it end?
            return
        before = now_us - KEPT_US
        old = [held for held in self.notices.values() if _ended_at(held) < before]
        for held in old:
            for alert in list(self._alerts_about(held)):
                if alert.is_open and alert.state != "missed" and alert.due_at >= before:
                    break
            else:
                self._drop(held)
        for key in [key for key, stop in self.stops.items() if stop.resumed_at and stop.resumed_at < before]:
            del self.stops[key]

    def _drop(self, held: HeldNotice) -> None:
        for alert in list(self._alerts_about(held)):
            del self.alerts[alert.id]
        self.indexes[held.latest.mode].remove(held.key)
        for peer in self.peers:
            self.told.pop((peer, held.key), None)
        del self.notices[held.key]
        self._counts[held.party] -= 1
        for party in (self.party, *self.peers):
            self.conflicts.pop((held.key, party), None)


def _ended_at(held: HeldNotice) -> int:
    if held.latest.state is not NoticeState.ENDED:
        return held.span.end_us
    # Another party's clock may say anything; when its entry reached us we know.
    latest, ours = held.latest, held.sent.get((parties_of(held.latest.log)[1], held.latest.version))
    told_at = ours.received_at if ours is not None and ours.received_at and not held.is_own else latest.at
    # Told to have ended after its span was over: it ended with its span.
    return min(told_at, held.span.end_us)
