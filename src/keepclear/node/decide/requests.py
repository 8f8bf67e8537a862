"""Requests (AP I art. 29): asked, agreed to, denied or answered with an alternative; and outcomes (N9, N10).

A notice is never asked: a reply to one is refused here, and where it would come in from a peer.
"""

from __future__ import annotations

from collections.abc import Sequence

from keepclear.core.disclosure import disclosed_fields
from keepclear.core.ids import check_person, make_key, make_serial
from keepclear.core.notice import CONTACT_MAX, REMARKS_MAX, VOLUMES_MAX, Mode, NoticeKind, whole_span
from keepclear.core.request import Outcome, Reply, RequestState, may_be_replied_to
from keepclear.core.timespan import HOUR_US, SECOND_US, zulu
from keepclear.core.volume import Volume4D
from keepclear.engine.validity import check_volume
from keepclear.errors import (
    KeepclearError,
    LimitReached,
    Malformed,
    NotAllowed,
    NotFound,
    Refused,
    Stale,
    UnlawfulChange,
)
from keepclear.formats.wire import WireVolume, volume_from_wire, volume_to_wire
from keepclear.node.commands import AcceptAlternative, AskRequest, Command, ReplyRequest, ReportOutcome, WithdrawRequest
from keepclear.node.consequences import close_duty, movement_said
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    AlternativeAccepted,
    DutyChanged,
    DutyState,
    Entry,
    OutcomeReported,
    RequestRef,
    RequestReplied,
    RequestSent,
    RequestWithdrawn,
)
from keepclear.node.folds.requests import REQUESTS_KEPT
from keepclear.node.handlers import CheckBody, Decide, Take, Taken
from keepclear.node.held import HeldRequest
from keepclear.node.logs import Read, parties_of
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Before the initial of the party: RA-0001 is a request of amber's, A-0001 a notice.
PREFIX = "R"


class NotARequest(Refused):
    """A notice asks for nothing, so nobody can agree to it or deny it: it is acknowledged."""

    code, status = "not_a_request", 409


def _is_request(party: str, serial: str) -> bool:
    return serial.partition("-")[0] == PREFIX + party[0].upper()


def _duty(key: str, to: str) -> str:
    return f"answer_request {key}/{to}"


def ask(picture: Picture, command: AskRequest, now_us: int, settings: Settings) -> Decision:
    """Ask one party to agree; its answer is owed within what was agreed."""
    check_person(command.by)
    agreement = picture.agreement_with(command.to)
    if agreement is None or command.to not in set(picture.enrolled_peers()):
        raise Refused(f"nothing is agreed with {command.to}: ask by telephone", at="to")
    shown = disclosed_fields(agreement.disclosure[picture.party])
    if not shown:
        raise Refused(f"the agreement shows {command.to} nothing, and a request shows a place", at="to")
    _check_texts(command.contact, command.remarks)
    for name, text in (("contact", command.contact), ("remarks", command.remarks)):
        if text and name not in shown:
            raise Refused(f"the agreement does not show {command.to} your {name}: leave it out", at=name)
    if command.movement is not None and command.kind is not NoticeKind.MOVEMENT:
        raise Malformed("what moves is said of a MOVEMENT, not of a hazard", at="movement")
    own = [held for held in picture.requests.values() if held.is_own and may_be_replied_to(held.state)]
    if len(own) >= REQUESTS_KEPT:
        raise LimitReached(f"requests: {REQUESTS_KEPT} of ours wait for an answer")
    wire = _wire(command.volumes, now_us, settings)
    serial = make_serial(
        picture.party, picture.last_serial.get(PREFIX + picture.party[0].upper(), 0) + 1, prefix=PREFIX
    )
    key = make_key(picture.party, serial)
    within_s = agreement.request.answer_within_s if agreement.request is not None else settings.answer_request_s
    movement = movement_said(command.movement) if command.movement is not None else None
    body = RequestSent(
        serial, command.kind, command.action, wire, command.by, within_s, command.contact, command.remarks, movement
    )
    duty = DutyChanged(_duty(key, command.to), command.to, now_us + within_s * SECOND_US, DutyState.OPEN)
    return Decision((Draft(body, command.to, command.mode), Draft(duty, mode=command.mode)), subject=key)


def reply(picture: Picture, command: ReplyRequest, now_us: int, settings: Settings) -> Decision:
    """Agree, deny with a reason, or offer an alternative."""
    check_person(command.by)
    held = _asked_of_us(picture, command.request)
    if not may_be_replied_to(held.state):
        raise UnlawfulChange(f"{held.key} is {held.state} already", at="request")
    _check_texts("", command.remarks)
    if (command.reply is Reply.DENY) != (command.reason is not None):
        raise Malformed("DENY says why, as a code, and nothing else does", at="reason")
    if (command.reply is Reply.ALTERNATIVE) != bool(command.volumes):
        raise Malformed("ALTERNATIVE says where and when instead, and nothing else does", at="volumes")
    wire = _wire(command.volumes, now_us, settings) if command.volumes else ()
    body = RequestReplied(_ref(held), command.reply, command.by, command.reason, wire, command.remarks)
    return Decision((Draft(body, held.party, held.mode),), subject=held.key)


def accept(picture: Picture, command: AcceptAlternative, now_us: int, settings: Settings) -> Decision:
    """Take the alternative that the caller has seen, and no later one (N3)."""
    check_person(command.by)
    held = _own(picture, command.id)
    if held.state is not RequestState.ALTERNATIVE or held.reply is None:
        raise UnlawfulChange(f"{held.key} is {held.state}: there is no alternative to accept", at="id")
    if held.reply.leaf != command.reply:
        raise Stale("another alternative was offered since; look at that one", at="reply")
    body = AlternativeAccepted(_ref(held), held.reply.leaf, command.by)
    return Decision((Draft(body, held.to, held.mode),), subject=held.key)


def withdraw(picture: Picture, command: WithdrawRequest, now_us: int, settings: Settings) -> Decision:
    """We no longer ask, and nothing is owed for it."""
    check_person(command.by)
    held = _own(picture, command.id)
    if not may_be_replied_to(held.state):
        raise UnlawfulChange(f"{held.key} is {held.state} already", at="id")
    drafts = [Draft(RequestWithdrawn(held.id, command.by), held.to, held.mode)]
    duty = picture.duties.get(_duty(held.key, held.to))
    if duty is not None:
        waived = DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.WAIVED)
        drafts.append(Draft(waived, mode=held.mode))
    return Decision(tuple(drafts), subject=held.key)


def report_outcome(picture: Picture, command: ReportOutcome, now_us: int, settings: Settings) -> Decision:
    """What came of it, told to the other side of it; each side's word stands by itself."""
    check_person(command.by)
    _check_texts("", command.remarks)
    owner, _, serial = command.about.partition("/")
    if command.outcome is Outcome.CANCELLED_BY_SELF and owner != picture.party:
        raise UnlawfulChange(f"only {owner} can say that it cancelled {command.about} itself", at="outcome")
    body = OutcomeReported(command.about, command.outcome, command.by, command.delay_min, command.remarks)
    to, mode = _told(picture, command, owner, serial)
    return Decision(tuple(Draft(body, peer, mode) for peer in to), subject=command.about)


def _told(picture: Picture, command: ReportOutcome, owner: str, serial: str) -> tuple[Sequence[str], Mode]:
    """Who was told of it or told us, and in which mode."""
    request, notice = picture.requests.get(command.about), picture.notices.get(command.about)
    if request is not None:
        return (request.to if request.is_own else request.party,), request.mode
    if notice is not None and notice.is_own:
        to = sorted({peer for peer, _ in notice.sent})
        if not to:
            raise Refused(f"nobody was told of {serial}: there is nobody to tell what came of it", at="about")
        return to, notice.latest.mode
    if notice is not None:
        return (owner,), notice.latest.mode
    to_one = owner if owner != picture.party else command.to
    if to_one not in set(picture.enrolled_peers()):
        raise NotFound(f"{command.about} is no longer in the picture: say whom to tell, in `to`", at="to")
    return (to_one,), command.mode


def _asked_of_us(picture: Picture, key: str) -> HeldRequest:
    party, _, serial = key.partition("/")
    if key in picture.notices or (party and serial and not _is_request(party, serial)):
        raise NotARequest(
            f"{key} is a notice and asks for nothing: acknowledge it by ROGER, WILCO or UNABLE; nobody can deny it",
            at="request",
        )
    held = picture.requests.get(key)
    if held is None or held.is_own:
        raise NotFound(f"there is no request {key} from another party", at="request")
    return held


def _own(picture: Picture, serial: str) -> HeldRequest:
    held = picture.requests.get(make_key(picture.party, serial.rpartition("/")[2]))
    if held is None:
        raise NotFound(f"we have asked no {serial}", at="id")
    return held


def _ref(held: HeldRequest) -> RequestRef:
    return RequestRef(held.party, held.id, held.hash)


def _check_texts(contact: str, remarks: str) -> None:
    for name, text, most in (("contact", contact, CONTACT_MAX), ("remarks", remarks, REMARKS_MAX)):
        if len(text) > most:
            raise LimitReached(f"{name} has at most {most} characters, not {len(text)}", at=name)


def _wire(volumes: Sequence[Volume4D], now_us: int, settings: Settings) -> tuple[WireVolume, ...]:
    if not 1 <= len(volumes) <= VOLUMES_MAX:
        raise Malformed(f"1 to {VOLUMES_MAX} volumes, not {len(volumes)}", at="volumes")
    wire = tuple(volume_to_wire(volume) for volume in volumes)
    _check_places(wire, "volumes")
    span = whole_span([volume_from_wire(each) for each in wire])
    if span.end_us <= now_us:
        raise Malformed(f"it ended {zulu(span.end_us)}, and it is {zulu(now_us)}", at="volumes")
    if span.end_us > now_us + settings.horizon_days * 24 * HOUR_US:
        raise LimitReached(f"horizon_days: it ends more than {settings.horizon_days} days from now", at="volumes")
    return wire


def _check_places(wire: Sequence[WireVolume], at: str) -> None:
    for number, each in enumerate(wire):
        try:
            check_volume(volume_from_wire(each))
        except KeepclearError as problem:
            raise Malformed(problem.message, at=f"{at}[{number}]") from None


# -------------------------------------------------------------------------------------------------- from another party


def check_request(read: Read, body: RequestSent) -> None:
    """Raise unless a request has a request's serial and its volumes are places."""
    sender, _ = parties_of(read.log)
    if not _is_request(sender, body.id):
        raise Malformed(f"{body.id} is no serial of a request of {sender}", at=f"entries[{read.n}].id")
    _check_places(body.volumes, f"entries[{read.n}].volumes")


def check_reply(read: Read, body: RequestReplied) -> None:
    """Raise unless a reply is to a request of whoever it is told to: a notice can be neither agreed to nor denied.

    Source: AP I art. 29; N9.
    """
    _, receiver = parties_of(read.log)
    at = f"entries[{read.n}]"
    if body.request.party != receiver or not _is_request(receiver, body.request.id):
        raise NotAllowed(
            f"{body.request.party}/{body.request.id} is no request of {receiver}: a notice is acknowledged,"
            f" nobody can {body.reply.lower()} to it",
            at=f"{at}.request",
        )
    if (body.reply is Reply.DENY) != (body.reason is not None):
        raise Malformed("DENY says why, as a code, and nothing else does", at=f"{at}.reason")
    if (body.reply is Reply.ALTERNATIVE) != bool(body.volumes):
        raise Malformed("ALTERNATIVE says where and when instead, and nothing else does", at=f"{at}.volumes")
    _check_places(body.volumes, f"{at}.volumes")


def check_outcome(read: Read, body: OutcomeReported) -> None:
    """Raise unless it is about something of one of the two, and nobody says for another that it cancelled."""
    sender, receiver = parties_of(read.log)
    owner = body.about.partition("/")[0]
    if owner not in (sender, receiver):
        raise NotAllowed(f"{body.about} is nothing between the two of us", at=f"entries[{read.n}].about")
    if body.outcome is Outcome.CANCELLED_BY_SELF and owner != sender:
        raise NotAllowed(f"only {owner} can say that it cancelled {body.about}", at=f"entries[{read.n}].outcome")


def take_reply(picture: Picture, taken: Taken, body: RequestReplied, settings: Settings) -> list[Draft]:
    """A reply that counts meets the duty to answer."""
    key = make_key(picture.party, body.request.id)
    held = picture.requests.get(key)
    if held is None or held.reply is None or held.reply.leaf != taken.read.leaf:
        return []
    return close_duty(picture, _duty(key, taken.sender), taken.read)


TABLE: dict[type[Command], Decide] = {
    AskRequest: ask,
    ReplyRequest: reply,
    AcceptAlternative: accept,
    WithdrawRequest: withdraw,
    ReportOutcome: report_outcome,
}
CHECKS: dict[type[Entry], CheckBody] = {
    RequestSent: check_request,
    RequestReplied: check_reply,
    OutcomeReported: check_outcome,
}
TAKES: dict[type[Entry], Take] = {RequestReplied: take_reply}
