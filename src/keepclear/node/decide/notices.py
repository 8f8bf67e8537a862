"""File, change, activate and end a notice of our own."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from keepclear.core.ids import check_person, check_serial, make_key, make_serial
from keepclear.core.notice import (
    CONTACT_MAX,
    REMARKS_MAX,
    VOLUMES_MAX,
    Change,
    Mode,
    NoticeKind,
    NoticeState,
    Timing,
    check_ending,
    check_may_follow,
    ending_of,
    whole_span,
)
from keepclear.core.place import Region
from keepclear.core.secondmeans import Verdict
from keepclear.core.timespan import HOUR_US, SECOND_US, TimeSpan, zulu
from keepclear.core.volume import Volume4D
from keepclear.engine.validity import check_volume
from keepclear.errors import LimitReached, Malformed, NotAllowed, Refused, Stale, UnlawfulChange
from keepclear.formats.seen_from import reckoned_from_wire
from keepclear.formats.wire import volume_from_wire, volume_to_wire
from keepclear.node.commands import (
    ChangeNotice,
    Command,
    ExtendNotice,
    FileNotice,
    MoveNotice,
    ShortenNotice,
)
from keepclear.node.consequences import (
    HIDEABLE,
    SECOND_CONTACT,
    conflict_drafts,
    conflicts_with,
    is_told,
    movement_said,
    place_compared,
    region_fault,
    sending_drafts,
)
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import ExpiryAnnounced, MovementSaid, NoticeFiled
from keepclear.node.handlers import Decide
from keepclear.node.held import HeldNotice
from keepclear.node.logs import derive
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.node.zonecheck import zone_drafts

#: Expiries announced in one turn; the others a second later.
ANNOUNCED_AT_ONCE = 1_000


class Contradiction(Refused):
    """The geometry and the region word or the second means cannot both be right; a person must look (P1, P2)."""

    code, status = "contradiction", 409


def file_notice(picture: Picture, command: FileNotice, now_us: int, settings: Settings) -> Decision:
    """A new notice: told to every party that may see it, with its conflicts; never refused for being late (N1)."""
    if len(picture.notices) >= settings.notices_max:
        raise LimitReached(f"notices_max: {settings.notices_max} notices are held")
    serial = command.id or make_serial(picture.party, picture.last_serial.get(picture.party[0].upper(), 0) + 1)
    check_serial(serial)
    if make_key(picture.party, serial) in picture.notices:
        raise Refused(f"{serial} is taken; change it, or leave the id empty for the next one", at="id")
    prefix, _, number = serial.rpartition("-")
    if int(number) <= picture.last_serial.get(prefix, 0):
        raise Refused(f"{serial} was used before; a serial names one notice for ever", at="id")
    return _version(picture, command, serial, 1, now_us, settings)


def change_notice(picture: Picture, command: ChangeNotice, now_us: int, settings: Settings) -> Decision:
    """A new version; earlier acknowledgements count no more, and it is asked again (N3)."""
    held = _own(picture, command.id, command.version)
    check_may_follow(held.latest.state, command.changed.state)
    if command.changed.mode is not held.latest.mode:
        raise Refused(
            f"{held.id} is {held.latest.mode} and stays so: file another for {command.changed.mode}", at="mode"
        )
    if command.change not in (Change.AMEND, Change.DEVIATE):
        raise UnlawfulChange(
            f"stated anew it is AMEND or DEVIATE; {command.change} has a request of its own", at="change"
        )
    if command.change is Change.DEVIATE and command.changed.kind is not NoticeKind.MOVEMENT:
        raise UnlawfulChange("only a movement deviates; amend a hazard", at="change")
    return _version(
        picture,
        command.changed,
        held.id,
        held.latest.version + 1,
        now_us,
        settings,
        seed=command.seed,
        change=command.change,
    )


def extend_notice(picture: Picture, command: ExtendNotice, now_us: int, settings: Settings) -> Decision:
    """It ends later than it said: a new version, which is asked about again (N3, N7)."""
    held = _own(picture, command.id, command.version)
    if command.until_us <= held.span.end_us:
        raise Malformed(f"it ends {zulu(held.span.end_us)}; extended it ends after that", at="until")
    last = max(range(len(held.volumes)), key=lambda at: held.volumes[at].span.end_us)
    volumes = tuple(
        _ending(volume, command.until_us) if at == last else volume for at, volume in enumerate(held.volumes)
    )
    return _spanned(picture, held, command, volumes, Change.EXTEND, now_us, settings)


def shorten_notice(picture: Picture, command: ShortenNotice, now_us: int, settings: Settings) -> Decision:
    """It ends earlier than it said: what would begin after that is left out (N7)."""
    held = _own(picture, command.id, command.version)
    if not held.span.start_us < command.until_us < held.span.end_us:
        raise Malformed(
            f"it runs from {zulu(held.span.start_us)} to {zulu(held.span.end_us)}; shortened it ends between",
            at="until",
        )
    volumes = tuple(
        _ending(volume, min(volume.span.end_us, command.until_us))
        for volume in held.volumes
        if volume.span.start_us < command.until_us
    )
    return _spanned(picture, held, command, volumes, Change.SHORTEN, now_us, settings)


def _ending(volume: Volume4D, until_us: int) -> Volume4D:
    return replace(volume, span=TimeSpan(volume.span.start_us, until_us))


def _spanned(
    picture: Picture,
    held: HeldNotice,
    command: ExtendNotice | ShortenNotice,
    volumes: tuple[Volume4D, ...],
    change: Change,
    now_us: int,
    settings: Settings,
) -> Decision:
    if held.latest.state is NoticeState.ENDED:
        raise UnlawfulChange(f"{held.id} has ended: file another", at="id")
    check_volumes(volumes, now_us, settings)
    wire = tuple(volume_to_wire(volume) for volume in volumes)
    filed = msgspec.structs.replace(
        _filed_by_us(held),
        version=held.latest.version + 1,
        volumes=wire,
        drafted_by=check_person(command.by),
        salts=_salts(command.seed),
        change=change,
        timing=Timing.ROUTINE,
        reason=None,
    )
    return _told(picture, filed, tuple(volume_from_wire(each) for each in wire), held.latest.mode, now_us, settings)


def _filed_by_us(held: HeldNotice) -> NoticeFiled:
    body = held.latest.body
    if not isinstance(body, NoticeFiled):
        raise Refused(f"{held.id} was rebuilt from what a peer holds; change it to state it anew", at="id")
    return body


def move_notice(picture: Picture, command: MoveNotice, now_us: int, settings: Settings) -> Decision:
    """Activate it, or end it: cancelled before its time, or given back."""
    held = _own(picture, command.id, command.version)
    check_may_follow(held.latest.state, command.state)
    change = command.change
    if command.state is NoticeState.ENDED:
        change = change or ending_of(held.span, held.latest.state, now_us)
        check_ending(change, held.span, held.latest.state, now_us)
    elif change not in (None, Change.ACTIVATE):
        raise UnlawfulChange(f"{change} does not activate a notice", at="change")
    body = _filed_by_us(held)
    filed = msgspec.structs.replace(
        body,
        version=body.version + 1,
        state=command.state,
        drafted_by=command.by,
        salts=_salts(command.seed),
        change=change or Change.ACTIVATE,
        timing=Timing.ROUTINE,
        reason=None,
    )
    return _told(picture, filed, held.volumes, held.latest.mode, now_us, settings)


def _version(
    picture: Picture,
    command: FileNotice,
    serial: str,
    version: int,
    now_us: int,
    settings: Settings,
    *,
    seed: bytes = b"",
    change: Change | None = None,
) -> Decision:
    _check_texts(command)
    wire = tuple(volume_to_wire(volume) for volume in command.volumes)
    volumes = tuple(volume_from_wire(volume) for volume in wire)
    check_volumes(volumes, now_us, settings)
    _check_timing(command, volumes, now_us)
    if not command.confirmed:
        _check_place(picture, command, volumes)
    filed = NoticeFiled(
        id=serial,
        version=version,
        state=command.state,
        kind=command.kind,
        action=command.action,
        volumes=wire,
        drafted_by=command.by,
        region=command.region,
        seen_from=command.seen_from,
        contact=command.contact,
        remarks=command.remarks,
        activity=command.activity,
        slowest_mps=command.slowest_mps,
        reaction_s=command.reaction_s,
        salts=_salts(seed or command.seed),
        change=change,
        timing=command.timing,
        reason=command.reason,
        movement=_movement(command),
    )
    return _told(picture, filed, volumes, command.mode, now_us, settings)


def _check_place(picture: Picture, command: FileNotice, volumes: tuple[Volume4D, ...]) -> None:
    """Refuse what says two places, all of it at once, so that confirming one doubt never confirms another unseen."""
    doubts: list[tuple[str, str]] = []
    for peer in picture.enrolled_peers():
        agreement = picture.agreement_with(peer)
        if agreement is None:
            continue
        if words := region_fault(command.region, volumes, agreement):
            doubts.append(
                ("region", f"the region word says {words[0]}, the geometry lies {words[1]} in {agreement.title}")
            )
        place = place_compared(command.seen_from, volumes, agreement)
        if place is not None and place.verdict is not Verdict.AGREE:
            doubts.append(("seen_from", "; ".join((place.words, *(slip.words for slip in place.slips)))))
    if doubts:
        told = "; ".join(dict.fromkeys(words for _, words in doubts))
        raise Contradiction(f"{told}: mend one of them, or confirm that both are meant", at=doubts[0][0])


def _told(
    picture: Picture, filed: NoticeFiled, volumes: tuple[Volume4D, ...], mode: Mode, now_us: int, settings: Settings
) -> Decision:
    key = make_key(picture.party, filed.id)
    drafts = [Draft(filed, mode=mode)]
    found = {}
    if filed.state is not NoticeState.ENDED:
        parties = (picture.party, *picture.enrolled_peers())
        found = conflicts_with(picture, key, volumes, mode=mode, now_us=now_us, parties=parties, settings=settings)
        drafts += conflict_drafts(picture, picture.party, filed.id, filed.version, found, mode=mode, settings=settings)
    standing = () if filed.state is NoticeState.ENDED else volumes
    drafts += zone_drafts(
        picture,
        picture.party,
        filed.id,
        filed.version,
        standing,
        kind=filed.kind.value,
        mode=mode,
        told_at=now_us,
    )
    for peer in picture.enrolled_peers():
        agreement = picture.agreement_with(peer)
        if agreement is not None and is_told(picture, peer, filed):
            pairs = found.get(peer, [])
            drafts += sending_drafts(picture, filed, volumes, peer, agreement, pairs, mode=mode, now_us=now_us)
    return Decision(tuple(drafts), subject=key)


def check_volumes(volumes: tuple[Volume4D, ...], now_us: int, settings: Settings) -> None:
    """Raise Malformed or LimitReached unless these can be the volumes of a notice filed now."""
    if not volumes:
        raise Malformed("a notice without a place is not valid: give at least one volume", at="volumes")
    if len(volumes) > VOLUMES_MAX:
        raise LimitReached(f"a notice has at most {VOLUMES_MAX} volumes, not {len(volumes)}", at="volumes")
    for number, volume in enumerate(volumes):
        try:
            check_volume(volume)
        except Malformed as problem:
            raise Malformed(problem.message, at=f"volumes[{number}].{problem.at}".rstrip(".")) from None
    span = whole_span(volumes)
    if span.end_us <= now_us:
        raise Malformed(f"it ended {zulu(span.end_us)}, and it is {zulu(now_us)}", at="volumes")
    if span.end_us > now_us + settings.horizon_days * 24 * HOUR_US:
        raise LimitReached(f"horizon_days: it ends more than {settings.horizon_days} days from now", at="volumes")


def _check_timing(command: FileNotice, volumes: tuple[Volume4D, ...], now_us: int) -> None:
    """Late honesty has words of its own, and they must be true (N6)."""
    start_us = whole_span(volumes).start_us
    if command.timing is Timing.EMERGENCY and command.reason is None:
        raise Malformed("an emergency notice says why it is short: RESCUE, MEDICAL, WEATHER, ...", at="reason")
    if command.timing is Timing.STARTED and start_us > now_us:
        raise Malformed(f"it has not started: it starts {zulu(start_us)}, and it is {zulu(now_us)}", at="timing")
    if command.timing is Timing.ROUTINE and command.reason is not None:
        raise Malformed("a reason goes with EMERGENCY or STARTED", at="timing")


def _movement(command: FileNotice) -> MovementSaid | None:
    movement = command.movement
    if movement is None:
        return None
    if command.kind is not NoticeKind.MOVEMENT:
        raise Malformed("what moves is said of a MOVEMENT, not of a hazard", at="movement")
    return movement_said(movement)


def expiring(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Each notice in force that is about to end by itself is announced once, so that nobody is surprised (N7)."""
    agreed = {peer: _announced_before_us(picture, peer, settings) for peer in picture.enrolled_peers()}
    default_us = settings.announce_expiry_s * SECOND_US
    widest_us = max(agreed.values(), default=default_us)
    drafts: list[Draft] = []
    for key in picture.ending_before(now_us + widest_us):
        held = picture.notices[key]
        before_us = widest_us if held.is_own else agreed.get(held.party, default_us)
        if now_us < held.span.end_us <= now_us + before_us and len(drafts) < ANNOUNCED_AT_ONCE:
            body = ExpiryAnnounced(held.party, held.id, held.latest.version, held.span.end_us)
            drafts.append(Draft(body, mode=held.latest.mode))
    return drafts


def _announced_before_us(picture: Picture, peer: str, settings: Settings) -> int:
    agreement = picture.agreement_with(peer)
    terms = agreement.notices if agreement is not None else None
    agreed_s = terms.announce_expiry_before_s if terms is not None else None
    return (agreed_s or settings.announce_expiry_s) * SECOND_US


def _check_texts(command: FileNotice) -> None:
    limits = (
        ("contact", command.contact, CONTACT_MAX),
        ("remarks", command.remarks, REMARKS_MAX),
        ("activity", command.activity, 40),
    )
    for name, text, most in limits:
        if len(text) > most:
            raise LimitReached(f"{name} has at most {most} characters, not {len(text)}", at=name)
    if not 0 < len(command.by) <= 60:
        raise Malformed("say who files it, in 1 to 60 characters", at="by")
    if command.region and command.region not in {region.value for region in Region}:
        raise Malformed(f"{command.region!r} is not one of N, NE, E, SE, S, SW, W, NW, C", at="region")
    if command.seen_from is not None:
        reckoned_from_wire(command.seen_from)  # raises what cannot be, also where no tolerance is agreed
    if not 0 <= command.slowest_mps <= 1_000 or not 0 <= command.reaction_s <= 3_600:
        raise Malformed("slowest_mps lies between 0 and 1000 m/s, reaction_s between 0 and 3600 s", at="slowest_mps")


def _own(picture: Picture, serial: str, version: int) -> HeldNotice:
    if "/" in serial:
        party, _, serial = serial.partition("/")
        if party != picture.party:
            raise NotAllowed(f"only {party} changes its notices; answer it instead", at="id")
    held = picture.notice(make_key(picture.party, serial))
    if held.latest.version != version:
        raise Stale(f"{serial} is at version {held.latest.version}; you have seen {version}", at="version")
    return held


def _salts(seed: bytes) -> dict[str, str]:
    return {name: derive(seed, f"salt {name}").hex() for name in (*HIDEABLE, SECOND_CONTACT)}


TABLE: dict[type[Command], Decide] = {
    FileNotice: file_notice,
    ChangeNotice: change_notice,
    MoveNotice: move_notice,
    ExtendNotice: extend_notice,
    ShortenNotice: shorten_notice,
}
