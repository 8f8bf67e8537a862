"""What two decisions share: conflicts, what is sent about a notice, what an alert means to us, and duties.

Pure: values in, drafts out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from keepclear.core.agreement import Agreement
from keepclear.core.alert import AlertLevel
from keepclear.core.clearing import time_to_clear_s
from keepclear.core.conflict import Judgement, Verdict
from keepclear.core.disclosure import disclosed_fields
from keepclear.core.footprint import Circle, LatLon, Polygon
from keepclear.core.geodesy import bearing_deg, distance_m
from keepclear.core.ids import make_alert_id, make_key
from keepclear.core.notice import Change, Mode, Movement, NoticeKind, NoticeState, Timing, lead_time_s, whole_span
from keepclear.core.place import Region, contradicts, region_of
from keepclear.core.secondmeans import Comparison, NamedArea, SecondMeans, compare, middle_of
from keepclear.core.secondmeans import Verdict as PlaceVerdict
from keepclear.core.timespan import SECOND_US
from keepclear.core.volume import Volume4D
from keepclear.core.wayout import deepest_way_out_m
from keepclear.engine.judge import judge
from keepclear.errors import LimitReached, Refused
from keepclear.formats.seen_from import WireSeenFrom, reckoned_from_wire
from keepclear.node.decision import Draft
from keepclear.node.entries import (
    NAMED_CONFLICTS_MAX,
    AlertAssessed,
    AlertSent,
    ConflictsFound,
    DutyChanged,
    DutyState,
    FoundPair,
    MovementSaid,
    NoticeFiled,
    NoticeRef,
    NoticeSent,
    TransportsSaid,
    content_hash,
)
from keepclear.node.held import HeldNotice
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.record.commitment import commit

#: Fields of a notice that an agreement may show or hide; what is hidden travels as a commitment.
HIDEABLE = ("activity", "contact", "remarks")
#: The same of a movement.
SECOND_CONTACT = "second_contact"


# ------------------------------------------------------------------------------------------------------ conflicts


def conflicts_with(
    picture: Picture,
    key: str,
    volumes: Sequence[Volume4D],
    *,
    mode: Mode,
    now_us: int,
    parties: Sequence[str],
    settings: Settings,
    separation_with: str = "",
) -> dict[str, list[FoundPair]]:
    """What a notice conflicts with among the live notices of some parties, worst pair of volumes for each notice.

    A notice is never compared with itself, nor an exercise with what is meant. The separation is the one agreed with
    each of the parties, or with `separation_with` when the notice is that party's and the others are ours.

    Raises:
        LimitReached: more than `conflicts_max`; nothing is cut off silently.
    """
    found: dict[str, dict[str, tuple[HeldNotice, Judgement]]] = {}
    index = picture.indexes[mode]
    count = 0
    separations = {party: picture.separation_to(separation_with or party) for party in parties}
    for volume in volumes:
        for near in index.meeting(volume, separations):
            other_key = near.key
            held = picture.notices.get(other_key)
            if held is None or other_key == key or held.party not in separations or not held.is_live(now_us):
                continue
            judgement = judge(volume, held.volumes[near.position], separations[held.party], measure_depth=False)
            if judgement.verdict is Verdict.CLEAR:
                continue
            of_party = found.setdefault(held.party, {})
            if other_key not in of_party:
                count += 1
                if count > settings.conflicts_max:
                    raise LimitReached(f"conflicts_max: more than {settings.conflicts_max} conflicts with one notice")
                of_party[other_key] = (held, judgement)
            elif _is_worse(judgement, of_party[other_key][1]):
                of_party[other_key] = (held, judgement)
    return {
        party: [_pair(held, judgement) for held, judgement in sorted(of_party.values(), key=lambda p: p[0].key)]
        for party, of_party in found.items()
    }


def _is_worse(one: Judgement, other: Judgement) -> bool:
    if one.verdict is not other.verdict:
        return one.verdict is Verdict.CONFLICT
    return (one.horizontal_m.least, one.vertical_m.least) < (other.horizontal_m.least, other.vertical_m.least)


def _pair(held: HeldNotice, judgement: Judgement) -> FoundPair:
    overlap = judgement.overlap
    near = judgement.near
    return FoundPair(
        id=held.id,
        version=held.latest.version,
        verdict=judgement.verdict,
        horizontal_mm=_millimetres(judgement.horizontal_m.least, judgement.horizontal_m.most),
        vertical_mm=_millimetres(judgement.vertical_m.least, judgement.vertical_m.most),
        time_ms=round(judgement.time_s * 1000),
        start=overlap.start_us if overlap else 0,
        end=overlap.end_us if overlap else 0,
        near=(round(near[0] * 1e7), round(near[1] * 1e7)) if near else (),
    )


def _millimetres(least_m: float, most_m: float) -> tuple[int, int]:
    return math.floor(least_m * 1000), math.ceil(most_m * 1000)


def conflict_drafts(
    picture: Picture,
    party: str,
    serial: str,
    version: int,
    found: dict[str, list[FoundPair]],
    *,
    mode: Mode,
    settings: Settings,
) -> list[Draft]:
    """One `conflicts_found` for each counterparty, or more where one entry would grow too long.

    A counterparty with whom an earlier version conflicted and this one does not gets an empty one.
    """
    key = make_key(party, serial)
    drafts = []
    for other in (picture.party, *sorted(picture.peers)) if version > 1 else ():
        before = picture.conflicts.get((key, other))
        if before is not None and before.pairs and other not in found:
            drafts.append(Draft(ConflictsFound(party, serial, version, other, ()), mode=mode))
    for other, pairs in found.items():
        for first in range(0, len(pairs), settings.pairs_max):
            part = tuple(pairs[first : first + settings.pairs_max])
            drafts.append(Draft(ConflictsFound(party, serial, version, other, part), mode=mode))
    return drafts


# --------------------------------------------------------------------------------------------------------- sending


def movement_said(movement: Movement) -> MovementSaid:
    """What moves, as the record holds it."""
    return MovementSaid(
        tuple(TransportsSaid(each.kind, each.count) for each in movement.transports),
        movement.armed,
        movement.armed_count,
        movement.markings,
        movement.second_contact,
    )


def notice_as_sent(filed: NoticeFiled, shown: frozenset[str]) -> NoticeSent:
    """A notice cut down to the fields that may be shown; the rest travels as commitments, empty or not."""
    hidden = {
        name: commit(getattr(filed, name), bytes.fromhex(filed.salts[name])) for name in HIDEABLE if name not in shown
    }
    open_fields = {name: getattr(filed, name) for name in HIDEABLE if name in shown}
    movement = filed.movement
    if movement is not None and SECOND_CONTACT not in shown:
        hidden[SECOND_CONTACT] = commit(movement.second_contact, bytes.fromhex(filed.salts[SECOND_CONTACT]))
        movement = msgspec.structs.replace(movement, second_contact="")
    return NoticeSent(
        id=filed.id,
        version=filed.version,
        state=filed.state,
        kind=filed.kind,
        action=filed.action,
        volumes=filed.volumes,
        region=filed.region,
        seen_from=filed.seen_from,
        hidden=hidden,
        change=filed.change,
        timing=filed.timing,
        reason=filed.reason,
        movement=movement,
        **open_fields,
    )


def sending_drafts(
    picture: Picture,
    filed: NoticeFiled,
    volumes: Sequence[Volume4D],
    peer: str,
    agreement: Agreement,
    conflicts: Sequence[FoundPair],
    *,
    mode: Mode,
    now_us: int,
) -> list[Draft]:
    """The notice as this peer may see it, the alert that asks for an answer, and the duty that it opens.

    Nothing when the agreement shows this peer nothing. An ended notice is told and asks for no answer.
    """
    shown = disclosed_fields(agreement.disclosure[picture.party])
    if not shown:
        return []
    if not picture.may_tell(peer, make_key(picture.party, filed.id), filed.version, mode):
        raise Refused(
            f"{peer} knows {filed.id} as another notice, from before a backup was restored:"
            " file this one anew under another serial",
            at="id",
        )
    sent = notice_as_sent(filed, shown)
    drafts = [Draft(sent, peer, mode)]
    drafts += waive_older(picture, filed, peer, content_hash(sent), mode=mode)
    if filed.state is NoticeState.ENDED:
        return drafts
    starts_at = whole_span(volumes).start_us
    level, within_s = _asked(agreement, lead_time_s(starts_at, now_us), bool(conflicts))
    alert = make_alert_id(picture.party, filed.id, filed.version, peer)
    ref = NoticeRef(picture.party, filed.id, filed.version, content_hash(sent))
    serials = tuple(pair.id for pair in conflicts)
    unlisted = max(0, len(serials) - NAMED_CONFLICTS_MAX)
    sent_alert = AlertSent(alert, level, ref, within_s, serials[:NAMED_CONFLICTS_MAX], unlisted)
    drafts.append(Draft(sent_alert, peer, mode))
    duty = DutyChanged(f"acknowledge_by {alert}", peer, now_us + within_s * SECOND_US, DutyState.OPEN)
    drafts.append(Draft(duty, mode=mode))
    if agreement.readback is not None and agreement.readback.required:
        due_at = now_us + agreement.readback.within_s * SECOND_US
        drafts.append(Draft(DutyChanged(f"read_back_by {alert}", peer, due_at, DutyState.OPEN), mode=mode))
    return drafts


def _asked(agreement: Agreement, lead_s: float, has_conflict: bool) -> tuple[AlertLevel, int]:
    deadlines = agreement.deadlines
    if has_conflict and lead_s < deadlines.acknowledge_conflict_s:
        return AlertLevel.WARNING, deadlines.acknowledge_warning_s
    return AlertLevel.CAUTION, deadlines.acknowledge_conflict_s if has_conflict else deadlines.acknowledge_s


def waive_older(picture: Picture, filed: NoticeFiled, peer: str, proof: str, *, mode: Mode) -> list[Draft]:
    """A new version clears what was owed for the older ones (N3)."""
    return [
        Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.WAIVED, proof), mode=mode)
        for duty in _duties_about(picture, filed, peer)
    ]


def _duties_about(picture: Picture, filed: NoticeFiled, peer: str) -> list[DutyChanged]:
    held = []
    for version in range(1, filed.version):
        for name in ("acknowledge_by", "read_back_by"):
            duty = picture.duties.get(f"{name} {make_alert_id(picture.party, filed.id, version, peer)}")
            if duty is not None:
                held.append(DutyChanged(duty.duty, duty.owed_by, duty.due_at, duty.state, duty.proof))
    return held


def standing_drafts(
    picture: Picture, peer: str, agreement: Agreement, *, now_us: int, settings: Settings
) -> list[Draft]:
    """All our live notices, for a peer with whom an agreement has just come into force."""
    drafts: list[Draft] = []
    for held in sorted(picture.live_notices(now_us), key=lambda held: held.key):
        body = held.latest.body
        if not held.is_own or not isinstance(body, NoticeFiled) or (peer, body.version) in held.sent:
            continue
        if not picture.may_tell(peer, held.key, body.version, held.latest.mode):
            continue
        drafts += sending_drafts(picture, body, held.volumes, peer, agreement, (), mode=held.latest.mode, now_us=now_us)
        if len(drafts) > settings.conflicts_max:
            raise LimitReached(f"conflicts_max: more than {settings.conflicts_max} entries follow from one agreement")
    return drafts


def is_told(picture: Picture, peer: str, filed: NoticeFiled) -> bool:
    """Whether a notice goes to a peer: while all that was agreed is suspended, only what stays open does (V5).

    A notice that the peer knows is told on, whatever is suspended: its change or its end may be what saves somebody.
    """
    known = (peer, make_key(picture.party, filed.id)) in picture.told
    return known or picture.stays_open(peer, filed.kind.value.lower())


def close_duty(picture: Picture, name: str, read: Read) -> list[Draft]:
    """The duty of that name is met by an entry; nothing when it is not open here."""
    duty = picture.duties.get(name)
    if duty is None:
        return []
    return [Draft(DutyChanged(name, duty.owed_by, duty.due_at, DutyState.MET, read.leaf), mode=read.mode)]


# ---------------------------------------------------------------------------------------------- what it means to us


def assess(
    picture: Picture, alert: AlertSent, notice: HeldNotice, agreement: Agreement, *, received_at: int
) -> AlertAssessed:
    """What an alert of another party means to us, our own undisclosed plans included. Stays with us."""
    starts_at = notice.span.start_us
    lead_s = lead_time_s(starts_at, received_at)
    found = picture.conflicts.get((notice.key, picture.party))
    pairs = found.pairs if found is not None and found.version == notice.latest.version else ()
    own = [held for pair in pairs if (held := picture.notices.get(make_key(picture.party, pair.id))) is not None]
    need_s, inside = _need(own, notice, agreement)
    have_s = max(0, math.floor(lead_s))
    level = alert.level
    if inside and need_s > have_s:
        level = AlertLevel.WARNING
    elif level is AlertLevel.WARNING and not own:
        level = AlertLevel.CAUTION
    words = region_fault(notice.latest.body.region, notice.volumes, agreement)
    place = place_compared(notice.latest.body.seen_from, notice.volumes, agreement)
    return AlertAssessed(
        alert=alert.alert,
        party=notice.party,
        level=level,
        lead_s=math.floor(lead_s),
        is_short=is_short(agreement, notice.latest.body, lead_s),
        need_s=need_s if inside else 0,
        have_s=have_s if inside else 0,
        inside=tuple(inside),
        conflicts=tuple(held.id for held in own),
        contradiction=words,
        place_verdict=place.verdict.value if place else "",
        place_off=round(place.off_m * 1000) if place else 0,
    )


def is_short(agreement: Agreement, body: NoticeFiled | NoticeSent, lead_s: float) -> bool:
    """Whether a version gives less warning than was agreed for its kind (N1). A label, never a refusal.

    A version that only activates or shortens takes away no warning that was given before.
    """
    if body.change in (Change.ACTIVATE, Change.SHORTEN):
        return False
    terms = agreement.notices
    agreed_s = None
    if terms is not None:
        agreed_s = terms.movement_before_s if body.kind is NoticeKind.MOVEMENT else terms.hazard_before_s
        if body.timing is Timing.EMERGENCY:
            agreed_s = terms.emergency_before_s or agreed_s
    return lead_s < (agreed_s or agreement.deadlines.notice_before_s)


def _need(own: Sequence[HeldNotice], notice: HeldNotice, agreement: Agreement) -> tuple[int, list[str]]:
    """The longest time any activity of ours under way needs to be clear of the hazard, and which those are."""
    need_s, inside = 0, []
    for held in own:
        body = held.latest.body
        # An activity that starts after the hazard need not be cleared: it need not begin.
        if not isinstance(body, NoticeFiled) or body.slowest_mps <= 0 or held.span.start_us >= notice.span.start_us:
            continue
        depth_m = max(
            deepest_way_out_m(volume.footprint, margin_m=agreement.separation.horizontal_m) for volume in notice.volumes
        )
        need_s = max(need_s, math.ceil(time_to_clear_s(depth_m, body.slowest_mps, reaction_s=body.reaction_s)))
        inside.append(held.id)
    return need_s, inside


def middle(volumes: Sequence[Volume4D]) -> LatLon:
    """A position in the middle of a notice: the mean direction of its corners and centres."""
    return middle_of([volume.footprint for volume in volumes])


def region_fault(said: str, volumes: Sequence[Volume4D], agreement: Agreement) -> tuple[str, ...]:
    """The region word and the one that fits, when they contradict each other; else empty (P2)."""
    if not said:
        return ()
    area = agreement.area
    centre, place = (area.lat_deg, area.lon_deg), middle(volumes)
    bearing = bearing_deg(centre, place)
    range_m = distance_m(centre, place)
    if not contradicts(Region(said), bearing_deg=bearing, distance_m=range_m, radius_m=area.radius_m):
        return ()
    return (said, region_of(bearing).value)


def place_compared(said: WireSeenFrom | None, volumes: Sequence[Volume4D], agreement: Agreement) -> Comparison | None:
    """Whether the second means of a place says the same as its geometry, by the agreed tolerance (P1).

    None where no second means is given, or the agreement has no tolerance for it: no number of ours stands in for one.
    """
    if said is None or agreement.place is None:
        return None
    tolerance_m = agreement.place.tolerance_m
    means = _second_means(said, agreement)
    if means is None:
        words = f"{agreement.title} has no area {said.area!r} that can be compared: say a bearing and distance"
        return Comparison(PlaceVerdict.CANNOT_TELL, 0.0, tolerance_m, 0.0, words)
    return compare([volume.footprint for volume in volumes], means, tolerance_m=tolerance_m)


def _second_means(said: WireSeenFrom, agreement: Agreement) -> SecondMeans | None:
    """What was said, a named area looked up among the zones of the agreement; None where there is no such zone.

    A belt along a line has no middle that a person would name, so it is none either.
    """
    reckoned = reckoned_from_wire(said)
    if reckoned is not None:
        return reckoned
    asked = said.area.strip().casefold()
    for zone in agreement.zones:
        if asked in (zone.id.casefold(), zone.name.casefold()) and isinstance(zone.shape, Circle | Polygon):
            return NamedArea(zone.name, zone.shape, bool(said.whole_of))
    return None
