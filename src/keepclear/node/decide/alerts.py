"""Answer an alert, or silence it."""

from __future__ import annotations

from keepclear.core.alert import Answer
from keepclear.core.ids import check_person
from keepclear.core.timespan import SECOND_US, spoken_duration
from keepclear.errors import LimitReached, Refused, Stale, UnlawfulChange
from keepclear.node.commands import AnswerAlert, Command, SilenceAlert
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import AnswerSent, Silenced
from keepclear.node.handlers import Decide
from keepclear.node.held import HeldAlert
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

SILENCE_MAX_S = 30


class Contradicted(Refused):
    """The answer promises what our own figures say cannot be; a person may give it all the same."""

    code, status = "contradicted", 409


def answer_alert(picture: Picture, command: AnswerAlert, now_us: int, settings: Settings) -> Decision:
    """A named person's answer, bound to the version they saw (N3), told to whoever asked."""
    check_person(command.by)
    held = picture.alert_to_us(command.alert)
    if held.ref.version != command.version:
        raise Stale(f"the alert is about version {held.ref.version}; you have seen {command.version}", at="version")
    if held.state == "superseded":
        raise Stale(f"{held.ref.id} has a newer version; answer that one", at="alert")
    if held.state == "answered":
        raise UnlawfulChange(f"{held.answered_by} answered {held.answer} already", at="alert")
    standby_s = 0
    if command.answer is Answer.STANDBY:
        standby_s = _standby_s(picture, held)
    if command.answer is Answer.WILCO and not command.again:
        _check_can_comply(held, picture, now_us)
    body = AnswerSent(held.id, held.ref, command.answer, command.by, standby_s)
    return Decision((Draft(body, held.party, held.mode),), subject=held.id)


def _standby_s(picture: Picture, held: HeldAlert) -> int:
    if held.state == "standby" or held.answer == Answer.STANDBY:
        raise UnlawfulChange("STANDBY extends the deadline once; answer ROGER, WILCO or UNABLE", at="answer")
    agreement = picture.agreement_with(held.party)
    return agreement.deadlines.standby_s if agreement else 0


def _check_can_comply(held: HeldAlert, picture: Picture, now_us: int) -> None:
    need_s = held.assessed.need_s if held.assessed else 0
    notice = picture.notices.get(f"{held.ref.party}/{held.ref.id}")
    if not need_s or notice is None:
        return
    have_s = (notice.span.start_us - now_us) / SECOND_US
    if need_s > have_s:
        raise Contradicted(
            f"you need {spoken_duration(need_s)} to be clear and have {spoken_duration(max(0.0, have_s))}:"
            " say again if you mean WILCO",
            at="answer",
        )


def silence_alert(picture: Picture, command: SilenceAlert, now_us: int, settings: Settings) -> Decision:
    """Stops the sound at this desk for a while; recorded, told to nobody."""
    check_person(command.by)
    if not 0 < command.seconds <= SILENCE_MAX_S:
        raise LimitReached(f"the sound may be silenced for at most {SILENCE_MAX_S} s", at="seconds")
    held = picture.alert_to_us(command.alert)
    return Decision((Draft(Silenced(held.id, command.by, command.seconds), mode=held.mode),), subject=held.id)


TABLE: dict[type[Command], Decide] = {
    AnswerAlert: answer_alert,
    SilenceAlert: silence_alert,
}
