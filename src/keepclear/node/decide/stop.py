"""STOP: anyone may ask, anyone on duty may answer, and no named contact is needed on any path (N5)."""

from __future__ import annotations

from keepclear.core.ids import make_key, make_serial
from keepclear.core.notice import REMARKS_MAX
from keepclear.core.timespan import SECOND_US
from keepclear.errors import LimitReached, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import AnswerStop, Command, Resume, SendStop
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import DutyChanged, DutyState, Resumed, StopAnswered, StopSent
from keepclear.node.handlers import Decide
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Seconds in which a STOP is answered where no agreement says otherwise: the default for life safety (N4).
ANSWER_STOP_S = 60


def send_stop(picture: Picture, command: SendStop, now_us: int, settings: Settings) -> Decision:
    """Ask every peer, or some, to stop now. One serial for all of them."""
    peers = list(command.to) or sorted(picture.enrolled_peers())
    unknown = [peer for peer in peers if peer not in picture.peers or picture.peers[peer].is_removed]
    if unknown:
        raise NotFound(f"{', '.join(unknown)} is not enrolled: use the telephone", at="to")
    if not peers:
        raise Refused("no party is enrolled: there is nobody to ask on this line, use the telephone", at="to")
    if len(command.remarks) > REMARKS_MAX:
        raise LimitReached(f"remarks have at most {REMARKS_MAX} characters", at="remarks")
    prefix = "S" + picture.party[0].upper()
    serial = make_serial(picture.party, picture.last_serial.get(prefix, 0) + 1, prefix="S")
    key = make_key(picture.party, serial)
    drafts = []
    for peer in peers:
        agreement = picture.agreement_with(peer)
        within_s = agreement.deadlines.acknowledge_stop_s if agreement else ANSWER_STOP_S
        drafts.append(Draft(StopSent(serial, command.by, command.remarks), peer, command.mode))
        duty = DutyChanged(f"answer_stop {key}/{peer}", peer, now_us + within_s * SECOND_US, DutyState.OPEN)
        drafts.append(Draft(duty, mode=command.mode))
    return Decision(tuple(drafts), subject=key)


def answer_stop(picture: Picture, command: AnswerStop, now_us: int, settings: Settings) -> Decision:
    """Whoever is on duty answers; more than one may."""
    held = picture.stops.get(command.stop)
    if held is None or held.is_own:
        raise NotFound(f"there is no STOP {command.stop} from another party", at="stop")
    body = StopAnswered(held.id, command.answer, command.by)
    return Decision((Draft(body, held.party, held.mode),), subject=held.key)


def resume(picture: Picture, command: Resume, now_us: int, settings: Settings) -> Decision:
    """We no longer ask to stop: told to everyone who was asked."""
    held = picture.stops.get(make_key(picture.party, command.id))
    if held is None:
        raise NotFound(f"we have sent no STOP {command.id}", at="id")
    if held.resumed_at:
        raise UnlawfulChange(f"{command.id} was ended already", at="id")
    drafts = [Draft(Resumed(held.id, command.by), peer, held.mode) for peer in held.to]
    for peer in held.to:
        duty = picture.duties.get(f"answer_stop {held.key}/{peer}")
        if duty is not None:
            waived = DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.WAIVED)
            drafts.append(Draft(waived, mode=held.mode))
    return Decision(tuple(drafts), subject=held.key)


TABLE: dict[type[Command], Decide] = {
    SendStop: send_stop,
    AnswerStop: answer_stop,
    Resume: resume,
}
