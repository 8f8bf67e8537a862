"""Passing on: to groups of our own with receipts by name, what the other side is shown of it, and relays (D1, D2)."""

from __future__ import annotations

import base64

import msgspec

from keepclear.core.dissemination import RelayWord, check_trail, list_value, reached
from keepclear.core.ids import check_person, make_key, make_serial
from keepclear.core.notice import Mode
from keepclear.core.terms import SHOWS
from keepclear.core.timespan import SECOND_US
from keepclear.engine.validity import check_volume
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotFound, Refused, Tampered, UnlawfulChange
from keepclear.formats.wire import volume_from_wire
from keepclear.node.commands import Command
from keepclear.node.commands.dissemination import ConfirmGroup, PassOn, RelayNotice, SetGroup, TellDisseminated
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import DutyChanged, DutyState, Entry, NoticeRef, NoticeSent, content_hash
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
from keepclear.node.handlers import CheckBody, Decide, Take, Taken
from keepclear.node.helddissemination import Passing
from keepclear.node.logs import Read, derive, read_entry
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.record import canonical
from keepclear.record.bundle import parse_bundle, verify_bundle
from keepclear.record.commitment import commit
from keepclear.record.tree import leaf_hash

GROUPS_MAX = 100
#: How often somebody is reminded of groups that have not confirmed.
REMINDERS_MAX = 3


def set_group(picture: Picture, command: SetGroup, now_us: int, settings: Settings) -> Decision:
    """Addressees of our own: told to nobody outside."""
    check_person(command.by)
    groups = picture.passing_on.groups
    if command.members and command.group not in groups and len(groups) >= GROUPS_MAX:
        raise LimitReached(f"groups_max: there are {GROUPS_MAX} groups already", at="group")
    if not command.members and command.group not in groups:
        raise NotFound(f"there is no group {command.group}", at="group")
    for person in command.members:
        check_person(person, at="members")
    return Decision((Draft(GroupSet(command.group, command.name, command.members, command.by)),), subject=command.group)


def pass_on(picture: Picture, command: PassOn, now_us: int, settings: Settings) -> Decision:
    """It went to these groups; from now on each is asked for a receipt."""
    check_person(command.by)
    ref, mode_of = _told_to_us(picture, command.notice, command.version)
    unknown = [group for group in command.groups if group not in picture.passing_on.groups]
    if unknown or not command.groups:
        known = ", ".join(sorted(picture.passing_on.groups)) or "none: make one first"
        raise NotFound(f"no group {', '.join(unknown) or 'was named'}; known are {known}", at="groups")
    body = PassedOn(ref, tuple(sorted(set(command.groups))), command.by)
    return Decision((Draft(body, mode=mode_of),), subject=command.notice)


def confirm_group(picture: Picture, command: ConfirmGroup, now_us: int, settings: Settings) -> Decision:
    """A named person has it. When that was the last group, the other side is told as agreed, and the duty is met."""
    check_person(command.by)
    check_person(command.person, at="person")
    passing = _passing(picture, command.notice, command.version)
    if command.group not in passing.groups:
        raise NotFound(f"{command.notice} was not passed on to {command.group}", at="group")
    if command.group in passing.confirmed:
        person = passing.confirmed[command.group][0]
        raise UnlawfulChange(f"{person} confirmed for {command.group} already", at="group")
    drafts = [Draft(GroupConfirmed(passing.ref, command.group, command.person, command.by), mode=passing.mode)]
    confirmed = {**passing.confirmed, command.group: (command.person, now_us)}
    if len(confirmed) == len(passing.groups):
        drafts += _met(picture, passing)
        agreement = picture.agreement_with(passing.ref.party)
        agreed = agreement.dissemination if agreement else None
        if agreed is not None:
            drafts += _told(picture, passing, confirmed, agreed.shows, command.by, command.seed)
    return Decision(tuple(drafts), subject=command.notice)


def tell(picture: Picture, command: TellDisseminated, now_us: int, settings: Settings) -> Decision:
    """Tell the other side how far it was passed on by now: counts, or a commitment alone."""
    check_person(command.by)
    passing = _passing(picture, command.notice, command.version)
    agreement = picture.agreement_with(passing.ref.party)
    agreed = agreement.dissemination if agreement else None
    is_complete = len(passing.confirmed) == len(passing.groups)
    shows = command.shows or (agreed.shows if agreed else SHOWS[1])
    if shows not in SHOWS:
        raise Malformed(f"{shows!r} cannot be shown: {' or '.join(SHOWS)}", at="shows")
    if shows == "commitment" and not is_complete:
        missing = ", ".join(sorted(set(passing.groups) - set(passing.confirmed)))
        raise Refused(
            f"{missing} has not confirmed: a commitment alone says that it was passed on; show counts, or wait",
            at="shows",
        )
    drafts = _told(picture, passing, passing.confirmed, shows, command.by, command.seed)
    return Decision(tuple(drafts), subject=command.notice)


def _told(
    picture: Picture, passing: Passing, confirmed: dict[str, tuple[str, int]], shows: str, by: str, seed: bytes
) -> list[Draft]:
    ref = passing.ref
    key = f"{make_key(ref.party, ref.id)}/v{ref.version}"
    value = list_value(key, tuple(passing.groups), passing.groups, confirmed)
    salt = derive(seed, f"dissemination {key}")
    commitment = commit(value, salt)
    count = reached(passing.groups, {group: person for group, (person, _) in confirmed.items()})
    shown = count if shows == "counts" else (0, 0)
    kept = ListCommitted(ref, ref.party, canonical.encode(value).decode(), salt.hex(), commitment)
    told = Disseminated(ref, shown[0], shown[1], commitment, by)
    return [Draft(kept, mode=passing.mode), Draft(told, ref.party, passing.mode)]


def _met(picture: Picture, passing: Passing) -> list[Draft]:
    duty = picture.duties.get(_duty_of(passing.ref))
    if duty is None:
        return []
    return [Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MET), mode=duty.mode)]


def opened(picture: Picture, taken: Taken) -> list[Draft]:
    """What we owe for a notice that has just come, where passing it on was agreed (D1)."""
    body = taken.read.body
    agreement = picture.agreement_with(taken.sender)
    agreed = agreement.dissemination if agreement else None
    if agreed is None or not isinstance(body, NoticeSent):
        return []
    ref = NoticeRef(taken.sender, body.id, body.version, content_hash(body))
    due_at = taken.received_at + agreed.within_s * SECOND_US
    drafts = [
        Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.WAIVED), mode=duty.mode)
        for version in range(max(1, body.version - 3), body.version)
        if (duty := picture.duties.get(_duty_of(NoticeRef(taken.sender, body.id, version, ref.hash)))) is not None
    ]
    return [
        *drafts, Draft(DutyChanged(_duty_of(ref), picture.party, due_at, DutyState.OPEN), mode=taken.read.mode)
    ]  # fmt: skip


def _duty_of(ref: NoticeRef) -> str:
    return f"pass_on {make_key(ref.party, ref.id)}/v{ref.version}"


def reminders_due(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Groups that have not confirmed in time, named again; at most three times for one notice."""
    every_us = round(settings.pass_on_remind_s * SECOND_US)
    drafts = []
    for passing in picture.passing_on.passings.values():
        missing = tuple(sorted(set(passing.groups) - set(passing.confirmed)))
        since = passing.reminded_at or passing.at
        if missing and passing.reminders < REMINDERS_MAX and now_us - since >= every_us:
            drafts.append(Draft(PassOnReminded(passing.ref, missing), mode=passing.mode))
    return drafts


# ------------------------------------------------------------------------------------------------------------ relays


def relay_notice(picture: Picture, command: RelayNotice, now_us: int, settings: Settings) -> Decision:
    """Tell a third party of a notice that was told to us, citing where it stands in the origin's own log (D2).

    Raises:
        Loop: it came from there, or passed through there.
    """
    check_person(command.by)
    if command.to not in picture.peers or picture.peers[command.to].is_removed:
        raise NotFound(f"{command.to} is not enrolled", at="to")
    serial = make_serial(picture.party, picture.last_serial.get(f"R{picture.party[0].upper()}", 0) + 1, prefix="R")
    relay = picture.passing_on.relays.get(command.source)
    if relay is not None:
        if relay.party == picture.party:
            raise Refused(f"{command.source} is a relay of our own: relay what it cites", at="source")
        sent, mode = relay.sent, relay.mode
        trail = (*sent.trail, picture.party)
        check_trail(trail, command.to)
        body = Relay(
            serial, sent.origin, sent.log, sent.index, sent.leaf, sent.content, sent.said, trail, command.by,
            sent.entry, sent.proof,
        )  # fmt: skip
    else:
        notice = picture.notice(command.source)
        if notice.is_own:
            raise Refused(f"{command.source} is our own: it is told to parties by an agreement", at="source")
        trail = (notice.party, picture.party)
        check_trail(trail, command.to)
        latest, mode = notice.latest, notice.latest.mode
        if leaf_hash(command.entry).hex() != latest.hash or not isinstance(latest.body, NoticeSent):
            raise Malformed(f"these are not the bytes of {command.source} v{latest.version}", at="entry")
        said = _without_words(latest.body)
        is_whole = said == latest.body
        body = Relay(
            serial, notice.party, latest.log, latest.n, latest.hash, content_hash(latest.body), said, trail,
            command.by, command.entry.decode() if is_whole else "", command.proof if is_whole else "",
        )  # fmt: skip
    return Decision((Draft(body, command.to, mode),), subject=make_key(picture.party, serial))


def _without_words(said: NoticeSent) -> NoticeSent:
    """What keeps people apart: where, when, how high. The origin's free words were for us; they are not passed on."""
    movement = said.movement
    if movement is not None:
        movement = msgspec.structs.replace(movement, second_contact="")
    return msgspec.structs.replace(said, contact="", remarks="", activity="", movement=movement)


def check_relay(read: Read, body: Relay) -> None:
    """Raise unless the volumes of what is passed on are places."""
    for number, wire in enumerate(body.said.volumes):
        try:
            check_volume(volume_from_wire(wire))
        except KeepclearError as problem:
            raise Malformed(problem.message, at=f"entries[{read.n}].said.volumes[{number}]") from None


def take_relay(picture: Picture, taken: Taken, body: Relay, settings: Settings) -> list[Draft]:
    """What we say of a relay: it is kept in any case, and none of it is told to us as if we had not looked."""
    word = RelayWord.TAKEN
    if body.origin == picture.party or picture.party in body.trail:
        word = RelayWord.LOOP
    elif not _says_the_same(picture, body):
        word = RelayWord.REWORDED
    proved = word is RelayWord.TAKEN and _is_proved(picture, body)
    return [Draft(RelayAnswered(body.id, word, proved), taken.sender, taken.read.mode)]


def _says_the_same(picture: Picture, body: Relay) -> bool:
    """Whether what is passed on is what the cited entry says, and what the origin told us itself if it did."""
    if body.entry and not _is_cited(body):
        return False
    held = picture.notices.get(make_key(body.origin, body.said.id))
    same = [each.body for each in held.versions if each.version == body.said.version] if held else []
    return all(isinstance(each, NoticeSent) and _without_words(each) == _without_hidden(body, each) for each in same)


def _without_hidden(body: Relay, ours: NoticeSent) -> NoticeSent:
    """What is passed on, with what the origin hid from us hidden: it may show each party other fields."""
    return msgspec.structs.replace(_without_words(body.said), hidden=ours.hidden)


def _is_cited(body: Relay) -> bool:
    """Whether the cited entry is the one named, and says what is passed on."""
    data = body.entry.encode()
    leaf = leaf_hash(data)
    try:
        first = read_entry(data, leaf)
    except (ValueError, RecursionError):
        return False
    is_cited = leaf.hex() == body.leaf and (first.log, first.n) == (body.log, body.index)
    if not is_cited or body.log.split("/")[1:2] != [body.origin]:
        return False
    return first.body == body.said and content_hash(body.said) == body.content


def _is_proved(picture: Picture, body: Relay) -> bool:
    """Whether the origin's own signature over the cited entry holds, by the key that we enrolled."""
    held = picture.peers.get(body.origin)
    if held is None or held.is_removed or not body.proof:
        return False
    try:
        bundle = parse_bundle(body.proof)
        checkpoint, _ = verify_bundle(bundle, bytes.fromhex(body.leaf), base64.b64decode(held.enrolled.ed25519))
    except (Malformed, Tampered):
        return False
    return checkpoint.origin == body.log and bundle.index == body.index


# ------------------------------------------------------------------------------------------------------------ inside


def _told_to_us(picture: Picture, key: str, version: int) -> tuple[NoticeRef, Mode]:
    held = picture.notice(key)
    if held.is_own:
        raise Refused(f"{key} is our own: what is passed on is what others told us", at="notice")
    for each in held.versions:
        if each.version == version:
            return NoticeRef(held.party, held.id, version, content_hash(each.body)), each.mode
    raise NotFound(f"{key} has no version {version} here", at="version")


def _passing(picture: Picture, key: str, version: int) -> Passing:
    held = picture.passing_on.passings.get((key, version))
    if held is None or not held.groups:
        raise NotFound(f"{key} v{version} was not passed on to any group", at="notice")
    return held


TABLE: dict[type[Command], Decide] = {
    SetGroup: set_group,
    PassOn: pass_on,
    ConfirmGroup: confirm_group,
    TellDisseminated: tell,
    RelayNotice: relay_notice,
}
CHECKS: dict[type[Entry], CheckBody] = {Relay: check_relay}
TAKES: dict[type[Entry], Take] = {Relay: take_relay}
