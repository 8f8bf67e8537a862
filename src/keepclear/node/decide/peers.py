"""Entries that came from another party: checked first as a whole, then taken one by one."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.agreement import DisclosureLevel
from keepclear.core.alert import Answer, acknowledges
from keepclear.core.ids import make_key
from keepclear.core.notice import NoticeState
from keepclear.core.timespan import SECOND_US
from keepclear.engine.validity import check_volume
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotAllowed, Tampered
from keepclear.formats.wire import volume_from_wire
from keepclear.node.commands import ReceiveEntries
from keepclear.node.consequences import assess, conflict_drafts, conflicts_with, standing_drafts
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    AgreementProposed,
    AgreementSigned,
    AlertSent,
    AnswerSent,
    DutyChanged,
    DutyState,
    NoticeSent,
    Received,
    StopAnswered,
    content_hash,
)
from keepclear.node.logs import Logs, Read, channel, check_foreign
from keepclear.node.picture import Picture, agreement_from_terms
from keepclear.node.settings import Settings
from keepclear.record import checkpoint as checkpoints
from keepclear.record.tree import Tree, leaf_hash


@dataclass(frozen=True, slots=True)
class Fresh:
    """Entries of a peer's channel that we did not hold, as bytes and as values."""

    log: str
    entries: tuple[tuple[bytes, Read], ...]


class SplitView(Tampered):
    """A peer showed a history that contradicts one it signed before."""

    code = "split_view"


def check_delivery(
    picture: Picture, logs: Logs, command: ReceiveEntries, settings: Settings, *, ed25519: bytes
) -> Fresh:
    """What is new in a delivery, or the reason why none of it can be taken.

    Raises:
        SplitView: what it says about entries that we hold already is not what we hold.
        Tampered: the checkpoint is not signed by the peer's key, or is not over these entries.
        Malformed: an entry's form, place or fields.
        LimitReached: more entries or bytes than one delivery may have.
    """
    log = channel(command.party, picture.party)
    size = sum(len(data) for data in command.entries)
    if len(command.entries) > settings.delivery_entries_max or size > settings.delivery_bytes_max:
        raise LimitReached(
            f"delivery_entries_max, delivery_bytes_max: at most {settings.delivery_entries_max} entries and"
            f" {settings.delivery_bytes_max} bytes in one delivery",
            at="entries",
        )
    tree = logs.tree(log)
    held = tree.size
    signed, _ = checkpoints.open_signed(command.checkpoint, ed25519)
    end = command.first + len(command.entries)
    if signed.origin != log or signed.size != end:
        raise Tampered(
            f"the checkpoint is of {signed.origin} at {signed.size}, the entries end {log} at {end}", at="checkpoint"
        )
    if command.first > held:
        raise Malformed(f"we hold {held} entries of {log}; begin there, not at {command.first}", at="first")
    differs = next(
        (
            n
            for n in range(command.first, min(held, end))
            if tree.leaf(n) != leaf_hash(command.entries[n - command.first])
        ),
        None,
    )
    if end <= held:
        if tree.root(end) != signed.root:
            raise SplitView(f"the history of {log} at {end} is not the one we were given before", at="checkpoint")
        if differs is not None:
            raise Tampered(
                f"entry {differs} of {log} is not the one that the checkpoint is over", at=f"entries[{differs}]"
            )
        return Fresh(log, ())
    if differs is not None:
        # Only what the peer signed is its word: bytes damaged on the way accuse nobody.
        theirs = Tree([tree.leaf(n) for n in range(command.first)] + [leaf_hash(data) for data in command.entries])
        if theirs.root() == signed.root:
            raise SplitView(f"entry {differs} of {log} is not the one we were given before", at=f"entries[{differs}]")
        raise Tampered(f"the checkpoint of {log} at {end} is not over the entries that came with it", at="checkpoint")
    fresh = _fresh(log, command, held, logs.last_at(log))
    _check_versions(picture, command.party, [read for _, read in fresh], settings)
    mark = tree.mark()
    try:
        for data, _read in fresh:
            tree.append(leaf_hash(data))
        root = tree.root()
    finally:
        tree.rewind(mark)
    if root != signed.root:
        raise Tampered(f"the checkpoint of {log} at {end} is not over the entries that came with it", at="checkpoint")
    return Fresh(log, tuple(fresh))


def _fresh(log: str, command: ReceiveEntries, held: int, not_before: int) -> list[tuple[bytes, Read]]:
    fresh = []
    for n in range(held, command.first + len(command.entries)):
        data = command.entries[n - command.first]
        read = check_foreign(data, log=log, n=n, not_before=not_before)
        check_body(read, command.party)
        not_before = read.at
        fresh.append((data, read))
    return fresh


def _check_versions(picture: Picture, sender: str, reads: list[Read], settings: Settings) -> None:
    """Raise unless each notice rises from the version that we hold, and there is room for the new ones.

    An answer binds to a version: two entries of one version would be two notices under one name.
    """
    newest: dict[str, int] = {}
    for read in reads:
        if not isinstance(read.body, NoticeSent):
            continue
        held = picture.notices.get(make_key(sender, read.body.id))
        before = newest.get(read.body.id, held.latest.version if held else 0)
        if read.body.version <= before:
            raise Malformed(
                f"{read.body.id} is at version {before}; the next is above that, not {read.body.version}",
                at=f"entries[{read.n}].version",
            )
        newest[read.body.id] = read.body.version
    if len(picture.notices) + len(newest) > settings.notices_max:
        raise LimitReached(f"notices_max: {settings.notices_max} notices are held", at="entries")


def check_body(read: Read, sender: str) -> None:
    """Raise unless what an entry says can be so: volumes are places, references and hashes are true."""
    body = read.body
    if isinstance(body, NoticeSent):
        for number, wire in enumerate(body.volumes):
            try:
                check_volume(volume_from_wire(wire))
            except KeepclearError as problem:
                raise Malformed(problem.message, at=f"entries[{read.n}].volumes[{number}]") from None
    elif isinstance(body, AgreementProposed):
        if content_hash(body.terms) != body.hash or sender not in body.terms.parties:
            raise Tampered("the terms do not have the hash they are proposed under", at=f"entries[{read.n}]")
        try:
            agreement_from_terms(body.terms)
        except (TypeError, ValueError) as problem:
            levels = ", ".join(level.value for level in DisclosureLevel)
            raise Malformed(f"terms that this version does not know ({problem}); levels are {levels}") from None
    elif isinstance(body, AlertSent) and body.notice.party != sender:
        raise NotAllowed("an alert asks about the sender's own notice", at=f"entries[{read.n}]")


def take(picture: Picture, read: Read, now_us: int, received_at: int, settings: Settings) -> Decision:
    """What follows from one entry that has just been taken up into our copy of the peer's channel.

    `picture` already holds it. The first draft says that it was received; a `received` is not answered with another.
    """
    sender = read.log.split("/")[1]
    drafts: list[Draft] = []
    body = read.body
    if not isinstance(body, Received) and not picture.has_answered(sender, read.n):
        drafts.append(Draft(Received(read.leaf, read.n, received_at), sender, read.mode))
    match body:
        case NoticeSent():
            drafts += _take_notice(picture, read, body, sender, now_us, settings)
        case AlertSent():
            drafts += _take_alert(picture, read, body, sender, received_at)
        case AnswerSent():
            drafts += _take_answer(picture, read, body, sender)
        case StopAnswered():
            drafts += _close(picture, f"answer_stop {make_key(picture.party, body.id)}/{sender}", read)
        case AgreementSigned():
            held = picture.agreements.get(body.hash)
            if held is not None and held.in_force_since:
                drafts += standing_drafts(picture, sender, held.agreement, now_us=now_us, settings=settings)
        case _:
            pass
    return Decision(tuple(drafts))


def _take_notice(
    picture: Picture, read: Read, body: NoticeSent, sender: str, now_us: int, settings: Settings
) -> list[Draft]:
    """Find what it conflicts with among our own, the undisclosed too. Told to us only."""
    if body.state is NoticeState.ENDED:
        return []
    key = make_key(sender, body.id)
    volumes = picture.notices[key].volumes
    # Our own notices are compared with the separation agreed with the sender.
    found = conflicts_with(
        picture,
        key,
        volumes,
        mode=read.mode,
        now_us=now_us,
        parties=(picture.party,),
        settings=settings,
        separation_with=sender,
    )
    return conflict_drafts(picture, sender, body.id, body.version, found, mode=read.mode, settings=settings)


def _take_alert(picture: Picture, read: Read, body: AlertSent, sender: str, received_at: int) -> list[Draft]:
    notice = picture.notices.get(make_key(sender, body.notice.id))
    agreement = picture.agreement_with(sender)
    if notice is None or agreement is None or notice.latest.version != body.notice.version:
        return []
    return [Draft(assess(picture, body, notice, agreement, received_at=received_at), mode=read.mode)]


def _take_answer(picture: Picture, read: Read, body: AnswerSent, sender: str) -> list[Draft]:
    """An answer meets the duty; STANDBY moves it once, by no more than was agreed."""
    alert = picture.alerts.get(body.alert)
    if alert is None or alert.to != sender or alert.ref != body.notice:
        return []
    name = f"acknowledge_by {alert.id}"
    if acknowledges(body.answer):
        return _close(picture, name, read)
    duty = picture.duties.get(name)
    agreement = picture.agreement_with(sender)
    if body.answer is Answer.STANDBY and duty is not None and agreement is not None and not duty.proof:
        due_at = duty.due_at + min(body.standby_s, agreement.deadlines.standby_s) * SECOND_US
        return [Draft(DutyChanged(name, sender, due_at, DutyState.OPEN, read.leaf), mode=read.mode)]
    return []


def _close(picture: Picture, name: str, read: Read) -> list[Draft]:
    duty = picture.duties.get(name)
    if duty is None:
        return []
    return [Draft(DutyChanged(name, duty.owed_by, duty.due_at, DutyState.MET, read.leaf), mode=read.mode)]
