"""Entries that came from another party: checked first as a whole, then taken one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from keepclear.core.alert import Answer, acknowledges
from keepclear.core.ids import make_alert_id, make_key
from keepclear.core.notice import Mode, NoticeState, check_may_follow
from keepclear.core.timespan import SECOND_US
from keepclear.engine.validity import check_volume
from keepclear.errors import KeepclearError, LimitReached, Malformed, NotAllowed, Tampered, Unavailable, UnlawfulChange
from keepclear.formats.seen_from import reckoned_from_wire
from keepclear.formats.wire import volume_from_wire
from keepclear.node.commands import ReceiveEntries
from keepclear.node.consequences import assess, close_duty, conflict_drafts, conflicts_with
from keepclear.node.decision import Draft
from keepclear.node.entries import (
    AlertSent,
    AnswerSent,
    DutyChanged,
    DutyState,
    Entry,
    NoticeSent,
    Received,
    StopAnswered,
    content_hash,
)
from keepclear.node.handlers import CheckBody, CheckTogether, Take, Taken
from keepclear.node.logs import Logs, Read, channel, check_foreign
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings
from keepclear.node.zonecheck import zone_drafts
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
    picture: Picture,
    logs: Logs,
    command: ReceiveEntries,
    settings: Settings,
    *,
    ed25519: bytes,
    settled: int,
    checks: Mapping[type[Entry], CheckBody],
    together: Sequence[CheckTogether],
) -> Fresh:
    """What is new in a delivery, or the reason why none of it can be taken.

    Args:
        settled: so many entries of our channel to the peer stand under our signature. Beyond it ours may be another
            one than the peer was given, when we were restored from a backup.
        checks: kind of body to what it must be by itself.
        together: what the new entries must be together.

    Raises:
        Unavailable: it speaks of entries of ours that we do not hold, or hold otherwise; we have yet to rebuild.
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
    fresh = _fresh(log, command, held, logs.last_at(log), checks)
    reads = [read for _, read in fresh]
    _check_replies(picture, logs, command.party, reads, settled)
    for check in together:
        check(picture, command.party, reads, settings)
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


def _fresh(
    log: str, command: ReceiveEntries, held: int, not_before: int, checks: Mapping[type[Entry], CheckBody]
) -> list[tuple[bytes, Read]]:
    fresh = []
    for n in range(held, command.first + len(command.entries)):
        data = command.entries[n - command.first]
        read = check_foreign(data, log=log, n=n, not_before=not_before)
        if read.body is not None and (check := checks.get(type(read.body))) is not None:
            check(read, read.body)
        not_before = read.at
        fresh.append((data, read))
    return fresh


def _check_replies(picture: Picture, logs: Logs, sender: str, reads: list[Read], settled: int) -> None:
    """Raise unless what the entries say about our own channel is so: rules 5 and 6 of a sound record file.

    A `received` for what was never sent, or a root that we never had, would stand in our record for ever.
    """
    tree = logs.tree(channel(picture.party, sender))
    before = logs.seen_in(channel(sender, picture.party))
    size, due = before.size if before else 0, picture.next_due(sender)
    for read in reads:
        seen, at = read.seen, f"entries[{read.n}]"
        if seen is None or seen.size < size:
            raise Malformed(f"its writer had seen {size} entries of ours before, and no fewer since", at=f"{at}.seen")
        is_so = seen.size <= tree.size and tree.root(seen.size).hex() == seen.root
        _check_ours(is_so, seen.size <= settled, f"{seen.size} entries of ours with that root", at=f"{at}.seen")
        size = seen.size
        if isinstance(read.body, Received):
            index = read.body.index
            is_so = 0 <= index < tree.size and tree.leaf(index).hex() == read.body.hash
            _check_ours(is_so, index < settled, f"entry {index} of ours with that hash", at=f"{at}.index")
            if index != due:
                raise Malformed(f"the next of our entries to be received is {due}, not {index}", at=f"{at}.index")
            due = picture.next_due(sender, index + 1)


def _check_ours(is_so: bool, is_settled: bool, what: str, *, at: str) -> None:
    if not is_so and is_settled:
        raise Tampered(f"there never was {what}", at=at)
    if not is_so:
        raise Unavailable(f"it speaks of {what}, which we do not hold: one side was restored; again later", at=at)


def check_notices(picture: Picture, sender: str, reads: Sequence[Read], settings: Settings) -> None:
    """Raise unless each notice follows from what we hold, each alert asks about one of them, and there is room.

    An answer binds to a version and what it said: two entries of one version would be two notices under one name, and
    an alert over another hash would have our officer sign what nobody showed them.
    """
    newest: dict[str, tuple[int, Mode, NoticeState]] = {}
    sent: dict[tuple[str, int], Read] = {}
    for read in reads:
        body, at = read.body, f"entries[{read.n}]"
        if isinstance(body, NoticeSent):
            _check_follows(picture, sender, read, newest.get(body.id), at)
            newest[body.id] = (body.version, read.mode, body.state)
            sent[body.id, body.version] = read
        elif isinstance(body, AlertSent):
            _check_alert(picture, sender, body, read.mode, sent.get((body.notice.id, body.notice.version)), at)
    _check_room(picture, sender, newest, settings)


def _check_room(picture: Picture, sender: str, newest: Collection[str], settings: Settings) -> None:
    fresh = [serial for serial in newest if make_key(sender, serial) not in picture.notices]
    if not fresh:
        return
    if len(picture.notices) + len(fresh) > settings.notices_max:
        raise LimitReached(f"notices_max: {settings.notices_max} notices are held", at="entries")
    if picture.notices_of(sender) + len(fresh) > settings.notices_of_peer_max:
        raise LimitReached(f"notices_of_peer_max: {settings.notices_of_peer_max} of {sender} are held", at="entries")


def _check_follows(
    picture: Picture, sender: str, read: Read, before: tuple[int, Mode, NoticeState] | None, at: str
) -> None:
    body = read.body
    held = picture.notices.get(make_key(sender, body.id)) if isinstance(body, NoticeSent) else None
    if before is None and held is not None:
        before = (held.latest.version, held.latest.mode, held.latest.state)
    if before is None or not isinstance(body, NoticeSent):
        return
    version, mode, state = before
    if body.version <= version:
        raise Malformed(
            f"{body.id} is at version {version}; the next is above that, not {body.version}", at=f"{at}.version"
        )
    if read.mode is not mode:
        raise Malformed(f"{body.id} is {mode} and stays so, not {read.mode}", at=f"{at}.mode")
    try:
        check_may_follow(state, body.state)
    except UnlawfulChange as unlawful:
        raise Malformed(unlawful.message, at=f"{at}.state") from None


def _check_alert(picture: Picture, sender: str, body: AlertSent, mode: Mode, fresh: Read | None, at: str) -> None:
    ref = body.notice
    if ref.party != sender or body.alert != make_alert_id(sender, ref.id, ref.version, picture.party):
        raise NotAllowed("an alert asks about the sender's own notice, and is named after it", at=f"{at}.alert")
    known: tuple[Entry | None, Mode] | None = (fresh.body, fresh.mode) if fresh else None
    held = picture.notices.get(make_key(sender, ref.id))
    if known is None and held is not None:
        known = next(((each.body, each.mode) for each in held.versions if each.version == ref.version), None)
    if known is None and held is None:
        return  # let go before its alert arrived: it raises nothing
    if known is None or known[0] is None or content_hash(known[0]) != ref.hash:
        raise Tampered(f"{ref.id} v{ref.version} as it asks about it was never sent", at=f"{at}.notice")
    if known[1] is not mode:
        raise Malformed(f"{ref.id} is {known[1]}, and it asks in {mode}", at=f"{at}.mode")


def check_notice(read: Read, body: NoticeSent) -> None:
    """Raise unless the volumes of a notice are places, and so is what it is seen from."""
    if body.seen_from is not None:
        try:
            reckoned_from_wire(body.seen_from)
        except Malformed as problem:
            raise Malformed(problem.message, at=f"entries[{read.n}].{problem.at}") from None
    for number, wire in enumerate(body.volumes):
        try:
            check_volume(volume_from_wire(wire))
        except KeepclearError as problem:
            raise Malformed(problem.message, at=f"entries[{read.n}].volumes[{number}]") from None


def take_notice(picture: Picture, taken: Taken, body: NoticeSent, settings: Settings) -> list[Draft]:
    """Find what it conflicts with among our own, the undisclosed too. Told to us only."""
    sender, mode = taken.sender, taken.read.mode
    key = make_key(sender, body.id)
    is_over = body.state is NoticeState.ENDED
    zones = zone_drafts(
        picture,
        sender,
        body.id,
        body.version,
        () if is_over else picture.notices[key].volumes,
        kind=body.kind.value,
        mode=mode,
        told_at=taken.received_at,
        proof=taken.read.leaf,
    )
    if is_over:
        return zones
    # Our own notices are compared with the separation agreed with the sender.
    found = conflicts_with(
        picture,
        key,
        picture.notices[key].volumes,
        mode=mode,
        now_us=taken.now_us,
        parties=(picture.party,),
        settings=settings,
        separation_with=sender,
    )
    return conflict_drafts(picture, sender, body.id, body.version, found, mode=mode, settings=settings) + zones


def take_alert(picture: Picture, taken: Taken, body: AlertSent, settings: Settings) -> list[Draft]:
    """What it means to us."""
    notice = picture.notices.get(make_key(taken.sender, body.notice.id))
    agreement = picture.agreement_with(taken.sender)
    if notice is None or agreement is None or notice.latest.version != body.notice.version:
        return []
    return [Draft(assess(picture, body, notice, agreement, received_at=taken.received_at), mode=taken.read.mode)]


def take_answer(picture: Picture, taken: Taken, body: AnswerSent, settings: Settings) -> list[Draft]:
    """An answer meets the duty; STANDBY moves it once, by no more than was agreed."""
    sender, read = taken.sender, taken.read
    alert = picture.alerts.get(body.alert)
    if alert is None or alert.to != sender or alert.ref != body.notice:
        return []
    name = f"acknowledge_by {alert.id}"
    if acknowledges(body.answer):
        return close_duty(picture, name, read)
    duty = picture.duties.get(name)
    agreement = picture.agreement_with(sender)
    if body.answer is Answer.STANDBY and duty is not None and agreement is not None and not duty.proof:
        due_at = duty.due_at + min(body.standby_s, agreement.deadlines.standby_s) * SECOND_US
        return [Draft(DutyChanged(name, sender, due_at, DutyState.OPEN, read.leaf), mode=read.mode)]
    return []


def take_stop_answer(picture: Picture, taken: Taken, body: StopAnswered, settings: Settings) -> list[Draft]:
    """Somebody on duty answered our STOP: the duty is met."""
    return close_duty(picture, f"answer_stop {make_key(picture.party, body.id)}/{taken.sender}", taken.read)


CHECKS: dict[type[Entry], CheckBody] = {NoticeSent: check_notice}
TAKES: dict[type[Entry], Take] = {
    NoticeSent: take_notice,
    AlertSent: take_alert,
    AnswerSent: take_answer,
    StopAnswered: take_stop_answer,
}
