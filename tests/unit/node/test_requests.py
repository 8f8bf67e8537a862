"""Requests and outcomes (N9, N10), and notices that change or come late (N6, N7), at two desks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from given import a_notice, a_volume, amber_and_birch, an_agreement, kinds, sync
from hostile import Hostile
from keepclear.core.agreement import PROFILE, Disclosure, DisclosureLevel
from keepclear.core.alert import Answer
from keepclear.core.notice import (
    Armed,
    Change,
    Mode,
    Movement,
    NoticeKind,
    NoticeState,
    ShortReason,
    Timing,
    TransportKind,
    Transports,
)
from keepclear.core.request import DenyReason, Outcome, Reply, RequestState
from keepclear.core.terms import NoticeTerms
from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import LimitReached, Malformed, NotAllowed, Refused, Stale, UnlawfulChange
from keepclear.node.commands import (
    AcceptAlternative,
    AnswerAlert,
    AskRequest,
    ExtendNotice,
    FileNotice,
    MoveNotice,
    ReplyRequest,
    ReportOutcome,
    ShortenNotice,
    Tick,
    WithdrawRequest,
)
from keepclear.node.decide.requests import NotARequest
from keepclear.node.entries import DutyChanged, DutyState, NoticeSent, OutcomeReported, RequestRef, RequestReplied
from keepclear.node.folds import requests as fold
from keepclear.node.logs import channel, read_entry
from keepclear.record import leaf_hash

CONVOY = Movement((Transports(TransportKind.TRUCK, 4),), Armed.ESCORT, 6, ("RED ROOF",), "radio 2")


def a_request(**changed: object) -> AskRequest:
    return AskRequest("birch", (a_volume(),), "Imani", **changed)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------- N9: requests


def test_a_notify_cannot_be_denied_by_the_one_who_is_told() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice())
    sync(amber, birch)

    with pytest.raises(NotARequest, match="nobody can deny it"):
        birch.ask(ReplyRequest(key, Reply.DENY, "Tomas", DenyReason.UNSAFE))

    birch.ask(AnswerAlert(f"{key}/v1/birch", 1, Answer.UNABLE, "Tomas"))  # what may be said to a notice


def test_a_denial_of_a_notice_that_comes_in_all_the_same_is_set_aside_with_its_reason() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    denial = RequestReplied(RequestRef("amber", "A-0001", "0" * 64), Reply.DENY, "Tomas", DenyReason.UNSAFE)

    answer = Hostile("birch", amber).send(denial)

    assert isinstance(answer, Exception)
    assert "nobody can deny to it" in str(answer)
    assert amber.picture.quarantined == 1
    assert amber.picture.notices["amber/A-0001"].latest.state is NoticeState.ACCEPTED


def test_silence_never_becomes_consent() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_request())
    sync(amber, birch)

    amber.hands.now_us += 2 * 86_400 * SECOND_US
    outcome = amber.run(Tick())

    missed = [r.body for r in outcome.reads if isinstance(r.body, DutyChanged) and r.body.state is DutyState.MISSED]
    assert [duty.duty for duty in missed] == [f"answer_request {key}/birch"]
    assert amber.picture.requests[key].state is RequestState.OPEN
    assert amber.picture.requests[key].reply is None


def test_only_the_alternative_that_was_seen_is_accepted() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_request())
    sync(amber, birch)
    birch.ask(ReplyRequest(key, Reply.ALTERNATIVE, "Tomas", volumes=(a_volume(from_min=200, to_min=260),)))
    sync(amber, birch)
    held = amber.picture.requests[key]
    assert held.reply is not None
    seen = held.reply.leaf
    birch.ask(ReplyRequest(key, Reply.ALTERNATIVE, "Tomas", volumes=(a_volume(from_min=300, to_min=360),)))
    sync(amber, birch)

    with pytest.raises(Stale, match="another alternative"):
        amber.ask(AcceptAlternative("RA-0001", seen, "Imani"))

    assert held.reply is not None
    amber.ask(AcceptAlternative("RA-0001", amber.picture.requests[key].reply.leaf, "Imani"))  # type: ignore[union-attr]
    sync(amber, birch)
    assert [desk.picture.requests[key].state for desk in (amber, birch)] == [RequestState.ACCEPTED] * 2


def test_a_request_has_instants_of_its_own_and_meets_its_duty_by_a_reply() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_request(movement=CONVOY))
    sync(amber, birch)

    held = amber.picture.requests[key]
    assert held.transmitted_at > 0
    assert held.received_at > 0
    birch.ask(ReplyRequest(key, Reply.DENY, "Tomas", DenyReason.OTHER_ACTIVITY))
    sync(amber, birch)
    assert held.state is RequestState.DENIED
    assert amber.picture.closed_duties[-1].duty == f"answer_request {key}/birch"
    assert amber.picture.closed_duties[-1].proof == held.reply.leaf  # type: ignore[union-attr]


def test_what_is_withdrawn_is_owed_no_answer() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_request())
    sync(amber, birch)
    amber.ask(WithdrawRequest("RA-0001", "Imani"))
    sync(amber, birch)

    assert birch.picture.requests[key].state is RequestState.WITHDRAWN
    assert not list(amber.picture.open_duties())
    with pytest.raises(UnlawfulChange, match="withdrawn"):
        birch.ask(ReplyRequest(key, Reply.AGREE, "Tomas"))


def test_an_exercise_never_answers_what_is_meant() -> None:
    """V6."""
    amber, birch = amber_and_birch()
    key = amber.ask(a_request())
    sync(amber, birch)
    held = amber.picture.requests[key]
    yes = RequestReplied(RequestRef("amber", held.id, held.hash), Reply.AGREE, "Tomas")

    Hostile("birch", amber).send(yes, mode="EXER")

    assert held.state is RequestState.OPEN
    assert [duty.duty for duty in amber.picture.open_duties()] == [f"answer_request {key}/birch"]


def test_a_request_shows_a_place_so_it_is_refused_where_nothing_is_shown() -> None:
    amber, _ = amber_and_birch(an_agreement(one_shows=Disclosure(DisclosureLevel.NONE)))

    with pytest.raises(Refused, match="shows birch nothing"):
        amber.ask(a_request())


def test_texts_that_the_agreement_does_not_show_stay_out_of_a_request() -> None:
    amber, _ = amber_and_birch()

    with pytest.raises(Refused, match="does not show birch your remarks"):
        amber.ask(a_request(remarks="by the bridge"))


def test_a_denial_says_why_and_an_alternative_says_where() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_request())
    sync(amber, birch)

    with pytest.raises(Malformed, match="says why"):
        birch.ask(ReplyRequest(key, Reply.DENY, "Tomas"))
    with pytest.raises(Malformed, match="where and when"):
        birch.ask(ReplyRequest(key, Reply.ALTERNATIVE, "Tomas"))


def test_requests_of_one_party_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "REQUESTS_KEPT", 3)
    monkeypatch.setattr("keepclear.node.decide.requests.REQUESTS_KEPT", 3)
    amber, birch = amber_and_birch()
    for _ in range(3):
        amber.ask(a_request())

    with pytest.raises(LimitReached, match="requests"):
        amber.ask(a_request())

    sync(amber, birch)
    assert len(birch.picture.requests) == 3


# -------------------------------------------------------------------------------------------------------- N10: outcomes


def test_outcomes_of_both_sides_stand_side_by_side() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice())
    sync(amber, birch)
    amber.ask(ReportOutcome(key, Outcome.IMPEDED, "Imani", 90))
    birch.ask(ReportOutcome(key, Outcome.FACILITATED, "Tomas"))
    sync(amber, birch)

    for desk in (amber, birch):
        said = desk.picture.outcomes[key]
        assert {party: held.said.outcome for party, held in said.items()} == {
            "amber": Outcome.IMPEDED,
            "birch": Outcome.FACILITATED,
        }
        assert said["amber"].said.delay_min == 90


def test_nobody_says_of_another_that_it_cancelled() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())
    said = OutcomeReported("amber/A-0001", Outcome.CANCELLED_BY_SELF, "Tomas")

    answer = Hostile("birch", amber).send(said)

    assert isinstance(answer, Exception)
    assert answer.code == NotAllowed.code  # type: ignore[attr-defined]


# ------------------------------------------------------------------------------------------- N6, N7, P6: what is stated


def test_what_began_cannot_be_cancelled_and_what_did_not_is_not_complete() -> None:
    amber, _ = amber_and_birch()
    amber.ask(a_notice())

    with pytest.raises(UnlawfulChange, match="has not begun"):
        amber.ask(MoveNotice("A-0001", 1, NoticeState.ENDED, "Imani", Change.COMPLETE))
    amber.hands.now_us += 61 * MINUTE_US
    with pytest.raises(UnlawfulChange, match="has begun"):
        amber.ask(MoveNotice("A-0001", 1, NoticeState.ENDED, "Imani", Change.CANCEL))


def test_shortened_to_between_two_volumes_the_later_one_is_left_out() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice(a_volume(from_min=60, to_min=120), a_volume(from_min=180, to_min=240)))
    until_us = amber.picture.notices[key].volumes[0].span.end_us - 10 * MINUTE_US

    amber.ask(ShortenNotice("A-0001", 1, until_us, "Imani"))
    sync(amber, birch)

    held = birch.picture.notices[key]
    assert len(held.volumes) == 1
    assert held.span.end_us == until_us
    assert held.latest.body.change is Change.SHORTEN


def test_extended_it_ends_later_and_never_earlier() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice())
    end_us = amber.picture.notices[key].span.end_us

    with pytest.raises(Malformed, match="after that"):
        amber.ask(ExtendNotice("A-0001", 1, end_us, "Imani"))
    amber.ask(ExtendNotice("A-0001", 1, end_us + MINUTE_US, "Imani"))
    sync(amber, birch)

    assert birch.picture.notices[key].span.end_us == end_us + MINUTE_US


def test_the_end_of_a_notice_is_announced_once_to_each_side_and_again_when_it_changes() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice())
    sync(amber, birch)
    end_us = amber.picture.notices[key].span.end_us

    amber.hands.now_us = end_us - 601 * SECOND_US
    assert "expiry_announced" not in kinds(amber.run(Tick()))
    amber.hands.now_us = end_us - 599 * SECOND_US
    assert "expiry_announced" in kinds(amber.run(Tick()))
    assert "expiry_announced" not in kinds(amber.run(Tick()))
    assert "expiry_announced" in kinds(birch.run(Tick()))

    amber.ask(ExtendNotice("A-0001", 1, end_us + 5 * MINUTE_US, "Imani"))
    amber.hands.now_us = end_us
    assert "expiry_announced" in kinds(amber.run(Tick()))


def test_a_movement_says_whether_armed_persons_are_with_it_and_hides_its_second_contact() -> None:
    """P6: what was not notified in the plan is what went wrong."""
    amber, birch = amber_and_birch()  # amber shows volumes and no contact
    notice = FileNotice((a_volume(),), "Imani", kind=NoticeKind.MOVEMENT, contact="radio 1", movement=CONVOY)
    key = amber.ask(notice)
    sync(amber, birch)

    body = birch.picture.notices[key].latest.body
    assert isinstance(body, NoticeSent)
    assert body.movement is not None
    assert (body.movement.armed, body.movement.armed_count) == (Armed.ESCORT, 6)
    assert body.movement.second_contact == ""
    assert {"contact", "second_contact"} <= set(body.hidden)
    assert not [e for e in birch.store.entries() if b"radio" in e.data]
    with pytest.raises(Malformed, match="say how many"):
        Movement(CONVOY.transports, Armed.ESCORT, 0)


def test_late_honesty_is_true_or_refused() -> None:
    amber, _ = amber_and_birch()
    soon = (a_volume(from_min=1),)

    with pytest.raises(Malformed, match="says why"):
        amber.ask(FileNotice(soon, "Imani", timing=Timing.EMERGENCY))
    with pytest.raises(Malformed, match="has not started"):
        amber.ask(FileNotice(soon, "Imani", timing=Timing.STARTED))
    amber.ask(FileNotice((a_volume(from_min=-5),), "Imani", timing=Timing.STARTED, reason=ShortReason.RESCUE))


# ------------------------------------------------------------------------------------------------- the profile (G1, V6)


def test_every_message_says_under_which_agreement_it_was_written() -> None:
    amber, birch = amber_and_birch()
    agreed = amber.picture.in_force["birch"].hash
    key = amber.ask(a_notice(mode=Mode.EXER))
    amber.ask(a_request(mode=Mode.TEST))
    sync(amber, birch)

    sent = [read_entry(e.data, leaf_hash(e.data)) for e in birch.store.entries() if e.log == channel("amber", "birch")]
    under = {read.kind: (read.profile, read.mode) for read in sent}
    assert under["agreement_proposed"][0] == ""
    assert under["notice"] == (agreed, Mode.EXER)
    assert under["request"] == (agreed, Mode.TEST)
    assert birch.picture.notices[key].sent["birch", 1].profile == agreed


# ---------------------------------------------------------------------------------------------------- N1: what is SHORT


@pytest.mark.parametrize(
    ("kind", "timing", "hours", "short"),
    [
        (NoticeKind.HAZARD, Timing.ROUTINE, 1.0, False),
        (NoticeKind.MOVEMENT, Timing.ROUTINE, 47.9, True),
        (NoticeKind.MOVEMENT, Timing.ROUTINE, 48.1, False),
        (NoticeKind.MOVEMENT, Timing.EMERGENCY, 23.9, True),
        (NoticeKind.MOVEMENT, Timing.EMERGENCY, 24.1, False),
    ],
)
def test_how_much_warning_is_owed_follows_the_kind_and_the_urgency(
    kind: NoticeKind, timing: Timing, hours: float, short: bool
) -> None:
    """N1, N6: 48 h for a movement and 24 h in an emergency, as in Yemen."""
    agreed = replace(an_agreement(), profile=PROFILE, notices=NoticeTerms(None, 48 * 3_600, 24 * 3_600))
    amber, birch = amber_and_birch(agreed)
    volume = a_volume(from_min=hours * 60, to_min=hours * 60 + 60, at_us=amber.hands.now_us)
    reason = ShortReason.RESCUE if timing is Timing.EMERGENCY else None
    key = amber.ask(FileNotice((volume,), "Imani", kind=kind, timing=timing, reason=reason))
    sync(amber, birch)

    assessed = birch.picture.alerts[f"{key}/v1/birch"].assessed
    assert assessed is not None
    assert assessed.is_short is short


def test_activating_a_notice_takes_away_no_warning() -> None:
    amber, birch = amber_and_birch()
    key = amber.ask(a_notice())
    sync(amber, birch)
    amber.hands.now_us += 61 * MINUTE_US

    amber.ask(MoveNotice("A-0001", 1, NoticeState.ACTIVATED, "Imani"))
    sync(amber, birch)

    assessed = birch.picture.alerts[f"{key}/v2/birch"].assessed
    assert assessed is not None
    assert assessed.lead_s < 0
    assert not assessed.is_short
