"""STOP: anyone may ask, anyone on duty may answer, and no named contact is needed on any path (N5)."""

from __future__ import annotations

import hashlib

from keepclear.core.ids import check_person, make_key, make_serial
from keepclear.core.notice import REMARKS_MAX
from keepclear.core.timespan import SECOND_US
from keepclear.errors import LimitReached, Malformed, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import AnswerStop, Command, NoteCallBack, RecordVoiceStop, Resume, SendStop
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import (
    CARD_MAX,
    CallBack,
    DutyChanged,
    DutyState,
    Resumed,
    StopAnswered,
    StopSent,
    VoiceStop,
    VoiceStopCalled,
)
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


def record_voice_stop(picture: Picture, command: RecordVoiceStop, now_us: int, settings: Settings) -> Decision:
    """A STOP that cannot be authenticated: shown, marked, and to be called back at the number that was enrolled (N5).

    It commands nobody: whoever is on duty decides. From a machine that is not enrolled nothing of the kind is taken.
    """
    check_person(command.by)
    peer = picture.peers.get(command.party)
    if peer is None:
        raise NotFound(f"{command.party} was never enrolled here: there is no number to call back", at="party")
    if not command.text.strip() or len(command.text) > CARD_MAX:
        raise Malformed(f"type the card as it was read, in 1 to {CARD_MAX} characters", at="text")
    prefix = "V" + picture.party[0].upper()
    serial = make_serial(picture.party, picture.last_serial.get(prefix, 0) + 1, prefix="V")
    card = hashlib.sha256(command.text.encode()).hexdigest()
    body = VoiceStop(serial, command.party, command.by, command.text, card, peer.enrolled.telephone)
    agreement = picture.agreement_with(command.party)
    within_s = agreement.deadlines.acknowledge_stop_s if agreement else ANSWER_STOP_S
    duty = DutyChanged(_call_back(picture, serial), picture.party, now_us + within_s * SECOND_US, DutyState.OPEN)
    return Decision((Draft(body, mode=command.mode), Draft(duty, mode=command.mode)), subject=serial)


def note_call_back(picture: Picture, command: NoteCallBack, now_us: int, settings: Settings) -> Decision:
    """What calling back gave. Until somebody answers, it stays to be done."""
    check_person(command.by)
    held = picture.voice_stops.get(command.id)
    if held is None:
        raise NotFound(f"no STOP {command.id} was typed in", at="id")
    if command.result not in set(CallBack):
        raise Malformed(f"{command.result!r} is not one of {', '.join(CallBack)}", at="result")
    result = CallBack(command.result)
    if result is not CallBack.NO_ANSWER and not 0 < len(command.spoke_to) <= 60:
        raise Malformed("say who answered, in 1 to 60 characters", at="spoke_to")
    body = VoiceStopCalled(command.id, result, command.by, command.spoke_to)
    drafts = [Draft(body, mode=held.mode)]
    duty = picture.duties.get(_call_back(picture, command.id))
    if duty is not None and result is not CallBack.NO_ANSWER:
        drafts.append(Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MET), mode=held.mode))
    return Decision(tuple(drafts), subject=command.id)


def _call_back(picture: Picture, serial: str) -> str:
    return f"call_back {make_key(picture.party, serial)}"


TABLE: dict[type[Command], Decide] = {
    RecordVoiceStop: record_voice_stop,
    NoteCallBack: note_call_back,
    SendStop: send_stop,
    AnswerStop: answer_stop,
    Resume: resume,
}
