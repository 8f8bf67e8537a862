"""Announce, change, give back and lift zones of our own; and what others announce. It asks, and grants nothing (C4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from keepclear.core.ids import check_person
from keepclear.core.notice import REMARKS_MAX
from keepclear.core.timespan import TimeSpan, zulu
from keepclear.core.zone import Zone, ZoneState
from keepclear.engine.zones import check_zone
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotAllowed, NotFound, Refused, Stale
from keepclear.formats.agreement_wire import zone_from_wire, zone_to_wire
from keepclear.node.commands import AnnounceZone, ChangeZone, Command, GiveBackZone, LiftZone
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import Entry, ZoneSaid
from keepclear.node.entries.zones import USED_MAX
from keepclear.node.handlers import CheckBody, CheckTogether, Decide, Take, Taken
from keepclear.node.held import HeldZone, standing_zone
from keepclear.node.logs import Read
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.node.zonecheck import zone_drafts_of_live


def announce_zone(picture: Picture, command: AnnounceZone, now_us: int, settings: Settings) -> Decision:
    """Tell others of a zone. An id names one zone for ever."""
    key = f"{picture.party}/{command.zone.id}"
    if key in picture.zones:
        raise Refused(f"{command.zone.id} is taken; change it, or take another id", at="id")
    if sum(held.party == picture.party for held in picture.zones.values()) >= settings.zones_of_party_max:
        raise LimitReached(f"zones_of_party_max: {settings.zones_of_party_max} zones are held", at="id")
    agreed = [party for party in picture.enrolled_peers() if picture.agreement_with(party) is not None]
    for party in command.to:
        if party not in agreed:
            raise NotFound(f"nothing is agreed with {party}", at="to")
    to = list(command.to or agreed)
    if not to:
        raise Refused("there is nobody to tell: nothing is agreed with anybody", at="to")
    wire = zone_to_wire(_checked(command.zone, now_us))
    said = ZoneSaid(1, ZoneState.ANNOUNCED, wire, command.by, reason=_reason(command.reason))
    return _told(picture, said, to, command.by, now_us, settings)


def change_zone(picture: Picture, command: ChangeZone, now_us: int, settings: Settings) -> Decision:
    """State a zone anew, to everyone who was told."""
    held = _own(picture, command.zone.id, command.version)
    wire = zone_to_wire(_checked(command.zone, now_us))
    said = ZoneSaid(
        held.version + 1, ZoneState.CHANGED, wire, command.by, used=held.used, reason=_reason(command.reason)
    )
    return _told(picture, said, held.to, command.by, now_us, settings)


def lift_zone(picture: Picture, command: LiftZone, now_us: int, settings: Settings) -> Decision:
    """It is no more."""
    held = _own(picture, command.id, command.version)
    said = ZoneSaid(
        held.version + 1,
        ZoneState.LIFTED,
        zone_to_wire(held.zone),
        command.by,
        held.given_back_at,
        held.used,
        _reason(command.reason),
    )
    return _told(picture, said, held.to, command.by, now_us, settings)


def give_back_zone(picture: Picture, command: GiveBackZone, now_us: int, settings: Settings) -> Decision:
    """What is left is not needed; and when it was used, so that reserved and used can be compared (N7)."""
    held = _own(picture, command.id, command.version)
    at_us = command.at_us or now_us
    if at_us < now_us:
        raise Malformed(f"what is past cannot be given back: from {zulu(now_us)} on", at="at")
    if held.zone.span is not None and at_us >= held.zone.span.end_us:
        raise Refused(f"nothing is left to give back after {zulu(held.zone.span.end_us)}", at="at")
    used = _used(command.used or tuple(TimeSpan(*each) for each in held.used), at_us)
    said = ZoneSaid(
        held.version + 1,
        ZoneState.GIVEN_BACK,
        zone_to_wire(held.zone),
        command.by,
        at_us,
        used,
        _reason(command.reason),
    )
    return _told(picture, said, held.to, command.by, now_us, settings)


def _used(used: Sequence[TimeSpan], at_us: int) -> tuple[tuple[int, int], ...]:
    if len(used) > USED_MAX:
        raise LimitReached(f"a zone names at most {USED_MAX} stretches in which it was used", at="used")
    ordered = sorted(used)
    for one, other in pairwise(ordered):
        if one.overlaps(other):
            raise Malformed(f"two stretches of use overlap at {zulu(other.start_us)}", at="used")
    if ordered and ordered[-1].end_us > at_us:
        raise Malformed(f"it was used until {zulu(ordered[-1].end_us)} and given back before that", at="used")
    return tuple((each.start_us, each.end_us) for each in ordered)


def _checked(zone: Zone, now_us: int) -> Zone:
    check_zone(zone)
    if zone.span is not None and zone.span.end_us <= now_us:
        raise Malformed(f"it ended {zulu(zone.span.end_us)}, and it is {zulu(now_us)}", at="zone.until")
    return zone


def _reason(reason: str) -> str:
    if len(reason) > REMARKS_MAX:
        raise Malformed(f"a reason has at most {REMARKS_MAX} characters", at="reason")
    return reason


def _own(picture: Picture, zone_id: str, version: int) -> HeldZone:
    held = picture.zones.get(f"{picture.party}/{zone_id}")
    if held is None:
        raise NotFound(f"we announced no zone {zone_id}", at="id")
    if held.state is ZoneState.LIFTED:
        raise Refused(f"{zone_id} is lifted", at="id")
    if held.version != version:
        raise Stale(f"{zone_id} is at version {held.version}, not {version}: look at it again", at="version")
    return held


def _told(picture: Picture, said: ZoneSaid, to: Sequence[str], by: str, now_us: int, settings: Settings) -> Decision:
    check_person(by)
    enrolled = set(picture.enrolled_peers())
    drafts = [Draft(said, party) for party in to if party in enrolled]
    if not drafts:
        raise Refused("nobody who was told is enrolled any more", at="to")
    key = f"{picture.party}/{said.zone.id}"
    zone = standing_zone(zone_from_wire(said.zone), said.state, said.given_back_at)
    coming = {key: (zone, (picture.party, *to))}
    drafts += zone_drafts_of_live(picture, coming, now_us=now_us, settings=settings)
    return Decision(tuple(drafts), subject=key)


# ------------------------------------------------------------------------------------------------- what others announce


def check_said(read: Read, body: ZoneSaid) -> None:
    """Raise unless a zone is a place, and its words are known."""
    try:
        check_zone(zone_from_wire(body.zone))
        _used([TimeSpan(start, end) for start, end in body.used], body.used[-1][1] if body.used else 0)
    except KeepclearError as problem:
        raise Malformed(problem.message, at=f"entries[{read.n}].{problem.at}") from None


def check_zones(picture: Picture, sender: str, reads: Sequence[Read], settings: Settings) -> None:
    """Raise unless each version of a zone follows the one before, and there is room."""
    versions: dict[str, int] = {}
    for read in reads:
        body = read.body
        if not isinstance(body, ZoneSaid):
            continue
        key = f"{sender}/{body.zone.id}"
        held = picture.zones.get(key)
        before = versions.get(key, held.version if held is not None else 0)
        if body.version <= before:
            raise Malformed(
                f"{key} is at version {before}, and it says {body.version}", at=f"entries[{read.n}].version"
            )
        if held is not None and held.state is ZoneState.LIFTED:
            raise NotAllowed(f"{key} is lifted: an id names one zone for ever", at=f"entries[{read.n}].zone")
        versions[key] = body.version
    fresh = [key for key in versions if key not in picture.zones]
    standing = sum(held.party == sender for held in picture.zones.values())
    if fresh and standing + len(fresh) > settings.zones_of_party_max:
        raise LimitReached(f"zones_of_party_max: {settings.zones_of_party_max} of {sender} are held", at="entries")


def take_zone(picture: Picture, taken: Taken, body: ZoneSaid, settings: Settings) -> list[Draft]:
    """Which live notices meet it now."""
    held = picture.zones.get(f"{taken.sender}/{body.zone.id}")
    if held is None:
        return []
    coming = {held.key: (held.standing, (picture.party, held.party))}
    return zone_drafts_of_live(picture, coming, now_us=taken.now_us, settings=settings)


TABLE: dict[type[Command], Decide] = {
    AnnounceZone: announce_zone,
    ChangeZone: change_zone,
    LiftZone: lift_zone,
    GiveBackZone: give_back_zone,
}
CHECKS: dict[type[Entry], CheckBody] = {ZoneSaid: check_said}
TOGETHER: tuple[CheckTogether, ...] = (check_zones,)
TAKES: dict[type[Entry], Take] = {ZoneSaid: take_zone}
