"""Line tests, clocks that differ, and what a suspension holds back and lets go (V3, V5, T3)."""

from __future__ import annotations

import pytest

from given import Desk, a_notice, a_volume, amber_and_birch, beat, sync
from keepclear.core.alert import Answer
from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.line import TestResult as Result
from keepclear.core.notice import NoticeKind, NoticeState
from keepclear.core.timespan import HOUR_US, MINUTE_US, SECOND_US
from keepclear.errors import LimitReached, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import (
    AnswerAlert,
    AnswerLineTest,
    AnswerStop,
    FileNotice,
    MoveNotice,
    RecordLineTest,
    SendStop,
    SetChannel,
    StateCause,
    Tick,
)
from keepclear.node.commands import TestLine as AskLine
from keepclear.node.entries import AlertSent, DutyChanged, NoticeSent, StopSent
from keepclear.node.entries.channel import HeldBack, LetGo
from keepclear.node.entries.linetests import ClockMeasured, LineTestCause, LineTestResult, MessageSkew
from keepclear.node.settings import Settings

OUT = "keepclear/amber/to/birch"


def suspend(desk: Desk, to: str, state: ChannelState = ChannelState.SUSPENDED) -> None:
    desk.ask(SetChannel(to, ChannelName.SAFETY, state, "Imani"))


def a_movement(**changes: object) -> FileNotice:
    return FileNotice((a_volume(),), "Imani", kind=NoticeKind.MOVEMENT, **changes)  # type: ignore[arg-type]


def of(desk: Desk, kind: type, log: str = "") -> list:
    return [body for body in desk.bodies(log) if isinstance(body, kind)]


# ------------------------------------------------------------------------------------------------------- line tests


def test_a_test_over_the_network_is_answered_by_a_person_and_both_records_say_how_long_it_took() -> None:
    amber, birch = amber_and_birch()
    test = amber.ask(AskLine("birch", "Imani"))
    sync(amber, birch)

    amber.hands.now_us += 7 * SECOND_US
    birch.ask(AnswerLineTest(test, "Tomas", language_ok=True))
    sync(amber, birch)

    for desk in (amber, birch):
        result = of(desk, LineTestResult)[-1]
        assert (result.result, result.path, result.answered_by, result.language_ok) == (
            Result.ANSWERED, Path.NETWORK, "Tomas", True
        )  # fmt: skip
        assert 7_000 <= result.latency_ms < 8_000
    assert not [duty for duty in amber.picture.open_duties() if duty.duty.startswith("answer_line_test")]


def test_where_the_machine_suffices_its_receipt_is_the_answer() -> None:
    amber, birch = amber_and_birch()

    amber.ask(AskLine("birch", "Imani", asks_person=False))
    sync(amber, birch)

    assert of(amber, LineTestResult)[-1].result is Result.ANSWERED
    assert of(amber, LineTestResult)[-1].answered_by == ""


def test_a_missed_test_stays_missed_beside_every_cause_and_the_late_answer() -> None:
    amber, birch = amber_and_birch()
    test = amber.ask(AskLine("birch", "Imani"))
    sync(amber, birch)

    amber.hands.now_us += 11 * MINUTE_US
    amber.run(Tick())
    amber.run(Tick())
    amber.ask(StateCause(test, MissCause.NO_ANSWER, "Imani"))
    sync(amber, birch)
    birch.ask(StateCause(test, MissCause.TECHNICAL, "Tomas", "the screen was dark"))
    birch.ask(AnswerLineTest(test, "Tomas", language_ok=True))
    sync(amber, birch)

    for desk in (amber, birch):
        assert [each.result for each in of(desk, LineTestResult)] == [Result.MISSED, Result.LATE]
        assert [each.cause for each in of(desk, LineTestCause)] == [MissCause.NO_ANSWER, MissCause.TECHNICAL]
    held = amber.picture.lines["birch"].tests[test]
    assert held.results == [Result.MISSED, Result.LATE]
    assert [(party, cause) for party, cause, _, _ in held.causes] == [
        ("amber", MissCause.NO_ANSWER), ("birch", MissCause.TECHNICAL)
    ]  # fmt: skip


def test_each_path_is_tested_by_its_own_schedule_from_the_day_of_enrolment() -> None:
    amber, birch = amber_and_birch()
    every_us = round(amber.settings.line_test_every_s) * SECOND_US

    amber.hands.now_us = amber.picture.lines["birch"].since + every_us - SECOND_US
    amber.run(Tick())
    assert amber.picture.lines["birch"].tests == {}
    amber.hands.now_us += SECOND_US
    amber.run(Tick())
    amber.run(Tick())

    assert [(each.path, each.by) for each in amber.picture.lines["birch"].tests.values()] == [(Path.NETWORK, "")]
    sync(amber, birch)
    assert birch.picture.lines["amber"].tests["amber/LA-0001"].is_open


def test_a_call_is_entered_by_whoever_made_it_with_a_cause_where_nobody_answered() -> None:
    amber, birch = amber_and_birch()

    amber.ask(RecordLineTest("birch", Path.TELEPHONE, "Imani", "Tomas", 21_000, language_ok=True))
    amber.ask(RecordLineTest("birch", Path.RADIO, "Imani", cause=MissCause.NO_ANSWER))
    sync(amber, birch)

    told = of(birch, LineTestResult)
    assert [(each.path, each.result, each.answered_by, each.cause) for each in told] == [
        (Path.TELEPHONE, Result.ANSWERED, "Tomas", MissCause.NOT_STATED),
        (Path.RADIO, Result.MISSED, "", MissCause.NO_ANSWER),
    ]


def test_what_cannot_be_said_of_a_test_is_refused() -> None:
    amber, birch = amber_and_birch()
    test = amber.ask(AskLine("birch", "Imani"))
    sync(amber, birch)

    with pytest.raises(NotFound, match="our own test"):
        amber.ask(AnswerLineTest(test, "Imani", language_ok=True))
    with pytest.raises(UnlawfulChange, match="was not missed"):
        amber.ask(StateCause(test, MissCause.REFUSED, "Imani"))
    with pytest.raises(Refused, match="tested by the two nodes"):
        amber.ask(RecordLineTest("birch", Path.NETWORK, "Imani", "Tomas"))
    with pytest.raises(NotFound, match="not enrolled"):
        amber.ask(AskLine("cedar", "Imani"))
    birch.ask(AnswerLineTest(test, "Tomas", language_ok=True))
    with pytest.raises(UnlawfulChange, match="Tomas answered"):
        birch.ask(AnswerLineTest(test, "Ruth", language_ok=True))
    for _ in range(9):
        amber.ask(AskLine("birch", "Imani"))
    with pytest.raises(LimitReached):
        [amber.ask(AskLine("birch", "Imani")) for _ in range(2)]


# ------------------------------------------------------------------------------------------------------------ clocks


def skewed(ahead_us: int) -> tuple[Desk, Desk]:
    """Birch's clock is so far ahead when it receives Amber's test."""
    amber, birch = amber_and_birch()
    amber.ask(AskLine("birch", "Imani", asks_person=False))
    now_us = amber.hands.now_us
    delivery = amber.exchange.delivery_for("birch")
    assert delivery is not None
    from given import hand_over

    birch.hands.now_us = now_us + ahead_us
    answer = hand_over(amber, birch, delivery)
    amber.hands.now_us = now_us + 300_000
    amber.run(*amber.exchange.take_delivered("birch", delivery, answer, now_us))
    birch_now = amber.hands.now_us
    back = birch.exchange.delivery_for("amber")
    assert back is not None
    hand_over(birch, amber, back)
    amber.hands.now_us = birch_now + SECOND_US
    return amber, birch


def test_a_clock_an_hour_off_is_measured_at_a_test_and_noted_beside_each_later_message() -> None:
    amber, birch = skewed(HOUR_US)
    assert of(amber, MessageSkew) == []

    measured = of(amber, ClockMeasured)[-1]
    birch.ask(a_notice())
    sync(amber, birch)

    assert abs(measured.skew_ms - 3_600_000) < 1_000
    assert measured.skew_uncertain_ms < 1_000
    noted = of(amber, MessageSkew)
    messages = [n for n, body in enumerate(birch.bodies("keepclear/birch/to/amber")) if isinstance(body, NoticeSent)]
    assert messages[-1] in [each.index for each in noted]
    assert {each.skew_ms for each in noted} == {measured.skew_ms}
    assert of(amber, LineTestResult)[-1].skew_ms == measured.skew_ms


def test_clocks_within_two_seconds_leave_no_note() -> None:
    amber, birch = skewed(SECOND_US)

    birch.ask(a_notice())
    sync(amber, birch)

    assert of(amber, ClockMeasured)
    assert of(amber, MessageSkew) == []


# -------------------------------------------------------------------------------------------------------- suspension


def test_while_suspended_stop_hazards_and_line_tests_go_out_and_everything_else_waits() -> None:
    amber, birch = amber_and_birch()
    suspend(birch, "amber")
    sync(amber, birch)

    movement = amber.ask(a_movement())
    hazard = amber.ask(a_notice())
    stop = amber.ask(SendStop("Imani"))
    test = amber.ask(AskLine("birch", "Imani"))
    sync(amber, birch)
    birch.ask(AnswerStop(stop, Answer.WILCO, "Tomas"))
    birch.ask(AnswerLineTest(test, "Tomas", language_ok=True))
    birch.ask(AnswerAlert(f"{hazard}/v1/birch", 1, Answer.ROGER, "Tomas"))
    sync(amber, birch)

    assert movement not in birch.picture.notices
    assert hazard in birch.picture.notices
    assert [each.answer for each in amber.picture.stops[stop].answers] == ["WILCO"]
    assert amber.picture.lines["birch"].tests[test].results == [Result.ANSWERED]
    assert amber.picture.alerts[f"{hazard}/v1/birch"].answer == "ROGER"
    assert [each.kind for each in amber.picture.lines["birch"].waiting] == ["notice", "alert", "duty"]


def test_what_waits_owes_nothing_until_it_is_told_and_is_told_when_the_channel_is_open_again() -> None:
    amber, birch = amber_and_birch()
    suspend(birch, "amber")
    sync(amber, birch)
    movement = amber.ask(a_movement())
    amber.hands.now_us += 20 * MINUTE_US
    amber.run(Tick())
    assert not amber.picture.duties

    suspend(birch, "amber", ChannelState.OPEN)
    sync(amber, birch)
    later = amber.ask(a_movement())
    amber.run(Tick())
    amber.run(Tick())
    sync(amber, birch)

    assert list(birch.picture.notices) == [movement, later]
    assert not amber.picture.lines["birch"].waiting
    duties = [duty for duty in amber.picture.open_duties() if movement in duty.duty]
    assert len(duties) == 1
    assert duties[0].due_at > amber.hands.now_us
    numbers = [each.number for each in of(amber, HeldBack)]
    assert numbers == sorted(set(numbers))
    assert of(amber, LetGo)[-1].number == numbers[-1]


def test_a_version_that_was_overtaken_while_it_waited_is_not_told_and_is_named() -> None:
    amber, birch = amber_and_birch()
    suspend(amber, "birch")
    key = amber.ask(a_movement())
    serial = key.partition("/")[2]
    amber.ask(MoveNotice(serial, 1, NoticeState.ACTIVATED, "Imani"))
    sync(amber, birch)

    suspend(amber, "birch", ChannelState.OPEN)
    amber.run(Tick())
    sync(amber, birch)

    told = [body.version for body in birch.bodies(OUT) if isinstance(body, NoticeSent)]
    asked = [body.notice.version for body in birch.bodies(OUT) if isinstance(body, AlertSent)]
    assert (told, asked) == ([2], [2])
    assert set(of(amber, LetGo)[-1].overtaken) == {1, 2, 3}
    open_ = [duty.duty for duty in amber.picture.open_duties()]
    assert open_ == [f"acknowledge_by {key}/v2/birch"]


def test_what_waits_survives_a_restart_and_a_peer_may_refuse_none_of_it() -> None:
    amber, birch = amber_and_birch()
    suspend(birch, "amber")
    sync(amber, birch)
    keys = [amber.ask(a_movement()) for _ in range(3)]

    amber.restart()
    beat(amber, birch)
    suspend(birch, "amber", ChannelState.OPEN)
    sync(amber, birch)
    amber.run(Tick())
    sync(amber, birch)

    assert list(birch.picture.notices) == keys
    assert birch.picture.quarantined == 0


def test_the_political_channel_closes_nothing_here() -> None:
    amber, birch = amber_and_birch()
    birch.ask(SetChannel("amber", ChannelName.POLITICAL, ChannelState.SUSPENDED, "Tomas"))
    sync(amber, birch)

    key = amber.ask(a_movement())
    sync(amber, birch)

    assert key in birch.picture.notices
    assert not amber.picture.lines["birch"].is_suspended()


def test_a_limited_channel_holds_nothing_back() -> None:
    amber, birch = amber_and_birch()
    suspend(birch, "amber", ChannelState.LIMITED)
    sync(amber, birch)

    assert amber.ask(a_movement()) in amber.picture.notices
    assert not amber.picture.lines["birch"].waiting


def test_more_than_may_wait_is_refused_by_name_and_stop_still_goes() -> None:
    amber, _ = amber_and_birch(settings=Settings(needs_mldsa44=False, held_back_max=3))
    suspend(amber, "birch")
    amber.ask(a_movement())

    with pytest.raises(LimitReached, match="held_back_max"):
        amber.ask(a_movement())

    assert amber.ask(SendStop("Imani")) in amber.picture.stops
    assert of(amber, StopSent, OUT)


def test_saying_the_same_again_is_refused() -> None:
    amber, _ = amber_and_birch()
    suspend(amber, "birch")

    with pytest.raises(UnlawfulChange, match="suspended already"):
        suspend(amber, "birch")


def test_a_duty_opened_for_a_hazard_is_not_held_back_with_what_waits() -> None:
    amber, _ = amber_and_birch()
    suspend(amber, "birch")
    amber.ask(a_movement())

    hazard = amber.ask(a_notice())

    assert f"acknowledge_by {hazard}/v1/birch" in amber.picture.duties
    assert [body.duty for body in of(amber, DutyChanged)] == [f"acknowledge_by {hazard}/v1/birch"]
