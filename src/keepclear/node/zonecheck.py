"""Which zones a notice meets, and what that opens: told to whoever holds both, never a reason to refuse a notice (C4).

Pure: values in, drafts out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.geodesy import direction_to_position, distance_m, point_to_ecef
from keepclear.core.ids import make_key
from keepclear.core.notice import Mode, lead_time_s
from keepclear.core.timespan import HOUR_US, LATEST_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.core.zone import Activity, Belt, Rule, Zone
from keepclear.engine.zones import breaks
from keepclear.node.decision import Draft
from keepclear.node.entries import DutyChanged, DutyState, FoundZone, ZonesMet
from keepclear.node.held import HeldAgreement
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Rules that a notice meets without having to do anything about it.
_ASKS_NOTHING = frozenset({Rule.FREE})
#: Rules whose breach is a duty, where the parties agreed that it is: the duty is named like the rule.
_DUTIES = (Rule.STAY_OUT, Rule.STAY_WITHIN_DEPTH)


#: Zones as they will be once it is recorded, by key: the zone, or None where it is lifted, and whom it concerns.
Coming = Mapping[str, tuple[Zone | None, Collection[str]]]


def zones_met(
    picture: Picture,
    party: str,
    volumes: Sequence[Volume4D],
    *,
    kind: str,
    told_at: int,
    coming: Coming = MappingProxyType({}),
) -> tuple[FoundZone, ...]:
    """The zones that a party's volumes meet, by key; of several volumes in one zone the one that meets it first.

    Args:
        kind: of the notice: `HAZARD` or `MOVEMENT`.
        told_at: when it was told, microseconds: whether `call_before` was kept.
        coming: zones that are about to be otherwise than in the picture.
    """
    found = []
    for key, zone in _zones_for(picture, party, coming):
        rule = zone.rule_for(party, Activity(kind.lower()))
        if rule.rule in _ASKS_NOTHING:
            continue
        meetings = [meeting for volume in volumes if (meeting := breaks(volume, zone, rule)) is not None]
        if not meetings:
            continue
        first = min(meetings, key=lambda meeting: (meeting.span, meeting.verdict is not Verdict.CONFLICT))
        is_sure = any(meeting.verdict is Verdict.CONFLICT for meeting in meetings)
        before_s = rule.call_before_s or 0
        found.append(
            FoundZone(
                zone=key,
                kind=zone.kind,
                rule=rule.rule,
                verdict=Verdict.CONFLICT if is_sure else Verdict.POSSIBLE,
                start=first.span.start_us,
                end=first.span.end_us,
                call_before_s=before_s,
                is_late=rule.rule is Rule.CALL_BEFORE and lead_time_s(first.span.start_us, told_at) < before_s,
            )
        )
    return tuple(sorted(found, key=lambda each: each.zone))


def _zones_for(picture: Picture, party: str, coming: Coming) -> Iterator[tuple[str, Zone]]:
    yield from ((key, zone) for key, zone in picture.zones_for(party) if key not in coming)
    for key, (zone, parties) in coming.items():
        if zone is not None and party in parties:
            yield key, zone


def zone_drafts(
    picture: Picture,
    party: str,
    serial: str,
    version: int,
    volumes: Sequence[Volume4D],
    *,
    kind: str,
    mode: Mode,
    told_at: int,
    proof: str = "",
    coming: Coming = MappingProxyType({}),
) -> list[Draft]:
    """What is recorded of a notice and the zones it meets: the zones, and the duties that they open or close.

    Nothing when it meets none and met none before. With no volumes it is over, and meets nothing.
    """
    key = make_key(party, serial)
    found = zones_met(picture, party, volumes, kind=kind, told_at=told_at, coming=coming) if volumes else ()
    before = picture.zones_met.get(key)
    if not found and before is None:
        return []
    drafts = []
    if before is None or before.found != found or before.version != version:
        drafts.append(Draft(ZonesMet(party, serial, version, found), mode=mode))
    return drafts + _duty_drafts(picture, party, key, found, mode=mode, proof=proof)


def _duty_drafts(
    picture: Picture, party: str, key: str, found: Sequence[FoundZone], *, mode: Mode, proof: str
) -> list[Draft]:
    """The duties of another party in zones: judged by the one who is owed, so none of our own are opened here."""
    if party == picture.party:
        return []
    agreement = picture.agreement_with(party)
    duties = agreement.duties if agreement is not None else None
    owed = {}
    for each in found:
        if each.rule in _DUTIES and duties is not None and getattr(duties, each.rule.value):
            owed[f"{each.rule.value} {key} {each.zone}"] = each.start
    held = [
        duty
        for duty in picture.open_duties()
        if duty.duty.split(" ")[1:2] == [key] and duty.duty.split(" ")[0] in {rule.value for rule in _DUTIES}
    ]
    drafts = [
        Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MET, proof), mode=mode)
        for duty in held
        if duty.duty not in owed
    ]
    standing = {duty.duty: duty.due_at for duty in held}
    drafts += [
        Draft(DutyChanged(name, party, due_at, DutyState.OPEN), mode=mode)
        for name, due_at in owed.items()
        if standing.get(name) != due_at
    ]
    return drafts


def zone_drafts_of_live(picture: Picture, coming: Coming, *, now_us: int, settings: Settings) -> list[Draft]:
    """The same for every live notice near some zones that are about to come, change or go.

    Args:
        coming: the zones as they will be; those that a picture holds so already may stand there too.
    """
    near: set[str] = set()
    for key, (zone, _) in coming.items():
        known = picture.zones.get(key)
        before = known.zone if known is not None else None
        near.update(
            held for each in (zone, before) if each is not None for held in _near(picture, each, now_us, settings)
        )
        near.update(held for held, met in picture.zones_met.items() if any(each.zone == key for each in met.found))
    drafts: list[Draft] = []
    for key in sorted(near):
        held = picture.notices.get(key)
        if held is not None and held.is_live(now_us):
            drafts += zone_drafts(
                picture,
                held.party,
                held.id,
                held.latest.version,
                held.volumes,
                kind=held.latest.body.kind.value,
                mode=held.latest.mode,
                told_at=now_us,
                coming=coming,
            )
    return drafts


def agreed_zones(held: HeldAgreement) -> Coming:
    """The zones of an agreement that is about to come into force."""
    parties = held.agreement.parties
    return {f"{held.hash[:16]}/{zone.id}": (zone, parties) for zone in held.agreement.zones}


def _near(picture: Picture, zone: Zone, now_us: int, settings: Settings) -> Iterator[str]:
    """Keys of notices that may meet a zone now or later, and of those that met it before."""
    span = zone.span or TimeSpan(now_us, min(LATEST_US, now_us + settings.horizon_days * 24 * HOUR_US))
    around = Volume4D(hull_of(zone), _all_heights(), span)
    for index in picture.indexes.values():
        yield from (key for key, _ in index.candidates(around))


def hull_of(zone: Zone) -> Circle | Polygon:
    """A footprint that holds all of a zone."""
    shape = zone.shape
    if not isinstance(shape, Belt):
        return shape
    points = [point_to_ecef(*corner) for corner in shape.line]
    middle = direction_to_position(*(sum(axis) for axis in zip(*points, strict=True)))
    # No point of an edge is farther from the middle than the farther of its ends; 1 % covers long edges.
    reach_m = 1.01 * max(distance_m(middle, corner) for corner in shape.line)
    return Circle(middle[0], middle[1], reach_m + max(shape.left_m, shape.right_m))


def _all_heights() -> AltitudeBand:
    return AltitudeBand(Altitude(-1_000.0, AltitudeDatum.AMSL), Altitude(100_000.0, AltitudeDatum.AMSL))
