"""The state of a channel, and what is not delivered while it is suspended: it waits, and is never lost (V5)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import msgspec

from keepclear.core.ids import check_person, make_key
from keepclear.core.notice import REMARKS_MAX, NoticeKind
from keepclear.errors import LimitReached, NotFound, UnlawfulChange
from keepclear.node.commands import Command
from keepclear.node.commands.channel import SetChannel
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    CHANNEL_KINDS,
    KIND_OF,
    PRIVATE_KINDS,
    URGENT_KINDS,
    AlertSent,
    DutyChanged,
    DutyState,
    Entry,
    NoticeRef,
    NoticeSent,
)
from keepclear.node.entries.channel import ChannelStateSent, HeldBack, LetGo
from keepclear.node.entries.dissemination import Relay
from keepclear.node.handlers import Decide
from keepclear.node.heldline import HeldLine, Waiting, stays_open
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: What two nodes owe each other whatever was agreed: receipts, evidence of two histories, and the word that resumes.
ALWAYS_OPEN = frozenset({"received", "split_view", "channel_state"})
#: Messages sent in one turn after a suspension; the others a second later.
LET_GO_AT_ONCE = 100

_canonical = msgspec.json.Encoder(order="sorted").encode


def set_channel(picture: Picture, command: SetChannel, now_us: int, settings: Settings) -> Decision:
    """Tell a party how a channel stands from now on: a signed message with its time, as is taking it back."""
    check_person(command.by)
    if command.to not in picture.peers or picture.peers[command.to].is_removed:
        raise NotFound(f"{command.to} is not enrolled", at="to")
    if len(command.remarks) > REMARKS_MAX:
        raise LimitReached(f"remarks have at most {REMARKS_MAX} characters", at="remarks")
    before = picture.line_with(command.to).stated.get((picture.party, command.channel))
    if before is not None and before.state is command.state:
        raise UnlawfulChange(f"the {command.channel} channel to {command.to} is {command.state} already", at="state")
    body = ChannelStateSent(command.channel, command.state, command.by, command.remarks)
    return Decision((Draft(body, command.to, command.mode),), subject=f"{command.to}/{command.channel}")


# ----------------------------------------------------------------------------------------------------- what waits


def gated(picture: Picture, decision: Decision, settings: Settings) -> Decision:
    """The decision with what may not go out now put aside, whole: recorded as `held_back`, in order.

    Raises:
        LimitReached: `held_back_max` messages wait for one party; nothing is dropped to make room.
    """
    if not any(line.holds_back() for line in picture.lines.values()):
        return decision
    return dataclasses.replace(decision, drafts=tuple(_held_back(picture, decision.drafts, settings)))


def _held_back(picture: Picture, drafts: Sequence[Draft], settings: Settings) -> list[Draft]:
    kept: list[Draft] = []
    numbers: dict[str, int] = {}
    for draft in drafts:
        to = draft.to or _waits_with(picture, draft, numbers)
        line = picture.lines.get(to)
        may_go = not to or line is None or not line.holds_back()
        if may_go or line is None or (draft.to and _is_open(picture, draft, drafts)):
            kept.append(draft)
            continue
        if len(line.waiting) + numbers.get(to, 0) >= settings.held_back_max:
            raise LimitReached(f"held_back_max: {settings.held_back_max} messages wait for {to}", at="to")
        numbers[to] = numbers.get(to, 0) + 1
        text = _canonical(draft.body).decode()
        body = HeldBack(to, line.last_number + numbers[to], KIND_OF[type(draft.body)], text)
        kept.append(Draft(body, mode=draft.mode))
    return kept


def _waits_with(picture: Picture, draft: Draft, numbers: dict[str, int]) -> str:
    """The party that owes a new duty whose message waits: what it was not told it does not owe yet."""
    duty = draft.body
    if not isinstance(duty, DutyChanged) or duty.state is not DutyState.OPEN or duty.duty in picture.duties:
        return ""
    return duty.owed_by if duty.owed_by in numbers else ""


def _is_open(picture: Picture, draft: Draft, drafts: Sequence[Draft]) -> bool:
    """Whether an entry goes out although the channel is suspended."""
    body, kind = draft.body, KIND_OF[type(draft.body)]
    words = stays_open(picture.agreement_with(draft.to))
    if kind in ALWAYS_OPEN or (kind in URGENT_KINDS and "stop" in words):
        return True
    if kind.startswith("line_test") and "line_test" in words:
        return True
    about = _kind_of_notice(picture, body, drafts)
    return about is not None and about.value.lower() in words


def _kind_of_notice(picture: Picture, body: Entry, drafts: Sequence[Draft]) -> NoticeKind | None:
    """The kind of the notice that an entry is, or is about; None when it is about none that is held."""
    if isinstance(body, NoticeSent):
        return body.kind
    if isinstance(body, Relay):
        return body.said.kind
    ref = getattr(body, "notice", None)
    if not isinstance(ref, NoticeRef):
        return None
    for draft in drafts:
        if isinstance(draft.body, NoticeSent) and ref.party == picture.party and draft.body.id == ref.id:
            return draft.body.kind
    held = picture.notices.get(make_key(ref.party, ref.id))
    return held.latest.body.kind if held is not None else None


# --------------------------------------------------------------------------------------------------- what goes out


def let_go(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """What waited for a channel that is open again, in its order; new messages wait behind it until all is sent.

    A notice that a newer version overtook is not told, nor is an answer asked for what is over; each is named.
    """
    drafts: list[Draft] = []
    for party in sorted(picture.enrolled_peers()):
        line = picture.lines.get(party)
        if line is not None and line.waiting and not line.is_suspended():
            drafts += _let_go_to(picture, party, line, now_us)
    return drafts


def _let_go_to(picture: Picture, party: str, line: HeldLine, now_us: int) -> list[Draft]:
    batch = list(line.waiting)[:LET_GO_AT_ONCE]
    bodies = [(each, _read(each)) for each in line.waiting]
    newest: dict[str, int] = {}
    for _, body in bodies:
        if isinstance(body, NoticeSent):
            newest[body.id] = max(body.version, newest.get(body.id, 0))
    drafts: list[Draft] = []
    overtaken: list[int] = []
    asked: set[str] = set()
    for each, body in bodies[: len(batch)]:
        if not _is_still_news(picture, party, each, body, newest, asked, now_us):
            overtaken.append(each.number)
        elif isinstance(body, DutyChanged):
            later = DutyChanged(body.duty, body.owed_by, body.due_at + now_us - each.at, body.state, body.proof)
            drafts.append(Draft(later, mode=each.mode))
        else:
            drafts.append(Draft(body, party, each.mode))
    return [*drafts, Draft(LetGo(party, batch[-1].number, tuple(overtaken)))]


def _is_still_news(
    picture: Picture,
    party: str,
    each: Waiting,
    body: Entry,
    newest: dict[str, int],
    asked: set[str],
    now_us: int,
) -> bool:
    if isinstance(body, NoticeSent):
        key = make_key(picture.party, body.id)
        return body.version == newest[body.id] and picture.may_tell(party, key, body.version, each.mode)
    if isinstance(body, AlertSent):
        held = picture.notices.get(make_key(picture.party, body.notice.id))
        is_live = held is not None and held.is_live(now_us) and held.latest.version == body.notice.version
        if is_live:
            asked.add(body.alert)
        return is_live
    if isinstance(body, DutyChanged) and body.duty.startswith("acknowledge_by "):
        alert = body.duty.partition(" ")[2]
        return alert in asked or (alert in picture.alerts and picture.alerts[alert].is_open)
    return True


def _read(waiting: Waiting) -> Entry:
    kinds = CHANNEL_KINDS if waiting.kind in CHANNEL_KINDS else PRIVATE_KINDS
    return msgspec.json.decode(waiting.body, type=kinds[waiting.kind])


TABLE: dict[type[Command], Decide] = {SetChannel: set_channel}
