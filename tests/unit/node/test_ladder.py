"""The ladder at a desk: what is recorded when, by which clock, and what ends it (N4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from given import Desk, a_notice, a_volume, amber_and_birch, an_agreement, kinds, sync
from keepclear.core.agreement import PROFILE
from keepclear.core.alert import Answer
from keepclear.core.escalation import Rung, TryOutcome
from keepclear.core.terms import Ladders, LadderTerms
from keepclear.core.timespan import HOUR_US, SECOND_US
from keepclear.errors import Malformed, NotFound, Refused, UnlawfulChange
from keepclear.node.commands import (
    AnswerAlert,
    ChangeNotice,
    ConfirmClock,
    NoteCall,
    NoteTried,
    SendStop,
    SuspectClock,
    Tick,
    Tried,
)
from keepclear.node.entries import LadderStep

ABOUT = "amber/A-0001/v1/birch"


def told() -> tuple[Desk, Desk]:
    """An alert that Birch's machine has, and nobody has answered; the notice is far ahead."""
    amber, birch = amber_and_birch()
    amber.ask(a_notice(a_volume(from_min=600, to_min=660)))
    sync(amber, birch)
    return amber, birch


def rungs(desk: Desk, after_s: float) -> list[Rung]:
    """What is due when the clock has gone on."""
    desk.hands.now_us += round(after_s * SECOND_US)
    return [read.body.rung for read in desk.run(Tick()).reads if isinstance(read.body, LadderStep)]


def all_tried(desk: Desk, about: str = ABOUT) -> None:
    """Every rung that is due was tried."""
    for rung in [rung for known, rung in desk.picture.untried if known == about]:
        desk.ask(NoteTried(about, rung, (Tried(TryOutcome.SENT, desk.hands.now_us, "mailto:a@b.example"),)))


def test_while_our_clock_is_in_doubt_people_are_prompted_and_nothing_is_said_to_be_unanswered() -> None:
    amber, _ = told()
    amber.run(SuspectClock(9_000, "our own clock"))

    assert rungs(amber, 4_000) == [Rung.SECOND_PATH, Rung.PHONE, Rung.SUPERVISOR, Rung.NEXT_ECHELON]
    all_tried(amber)
    assert rungs(amber, 20_000) == []
    assert "duty" not in kinds(amber.run(Tick()))  # nothing is judged


def test_a_clock_that_is_set_an_hour_ahead_does_not_hurry_the_ladder() -> None:
    amber, _ = told()
    amber.run(SuspectClock(3_600_000, "our own clock"))
    amber.run(ConfirmClock("Imani", shift_us=HOUR_US))
    amber.hands.now_us += HOUR_US

    assert rungs(amber, 10) == []
    assert rungs(amber, 300) == [Rung.SECOND_PATH]


def test_the_ladder_of_an_agreement_counts_and_a_rung_that_it_leaves_out_is_not_climbed() -> None:
    agreed = replace(an_agreement(), profile=PROFILE, ladder=Ladders(caution=LadderTerms(phone_s=7, unanswered_s=20)))
    amber, birch = amber_and_birch(agreed)
    amber.ask(a_notice(a_volume(from_min=600, to_min=660)))
    sync(amber, birch)

    assert rungs(amber, 8) == [Rung.PHONE]
    all_tried(amber)
    assert rungs(amber, 14) == [Rung.UNANSWERED]
    assert amber.picture.ladders[ABOUT].closed == "unanswered"


@pytest.mark.parametrize("answer", [Answer.ROGER, Answer.WILCO, Answer.UNABLE])
def test_an_answer_ends_the_ladder(answer: Answer) -> None:
    amber, birch = told()
    birch.ask(AnswerAlert(ABOUT, 1, answer, "Tomas", again=True))
    sync(amber, birch)

    assert rungs(amber, 10_000) == []
    assert amber.picture.ladders[ABOUT].closed == "answered"


def test_a_newer_version_ends_the_ladder_of_the_older_and_begins_its_own() -> None:
    amber, birch = told()
    rungs(amber, 301)
    amber.ask(ChangeNotice("A-0001", 1, a_notice(a_volume(from_min=600, to_min=700))))
    sync(amber, birch)

    assert rungs(amber, 301) == [Rung.SECOND_PATH]
    assert amber.picture.ladders[ABOUT].closed == "superseded"
    assert list(amber.picture.ladders["amber/A-0001/v2/birch"].steps) == [Rung.SECOND_PATH]


def test_a_restart_finds_the_same_ladder_and_what_was_not_recorded_is_to_be_tried_again() -> None:
    amber, _ = told()
    rungs(amber, 1_000)
    amber.ask(NoteTried(ABOUT, Rung.SECOND_PATH, (Tried(TryOutcome.SENT, 1, "mailto:a@b.example"),)))
    before = amber.picture.ladders[ABOUT]

    amber.restart()

    assert amber.picture.ladders[ABOUT] == before
    assert list(amber.picture.untried) == [(ABOUT, Rung.PHONE)]
    assert rungs(amber, 1) == []


def test_a_stop_has_a_ladder_for_each_recipient_on_a_clock_of_its_own() -> None:
    amber, _ = told()
    amber.ask(SendStop("Imani"))

    assert rungs(amber, 16) == [Rung.SECOND_PATH]
    assert list(amber.picture.untried) == [("amber/SA-0001/birch", Rung.SECOND_PATH)]


def test_what_came_of_a_rung_is_recorded_once_and_only_when_it_was_due() -> None:
    amber, _ = told()
    with pytest.raises(NotFound, match="was not due"):
        amber.ask(NoteTried(ABOUT, Rung.PHONE, (Tried(TryOutcome.BUSY, 1),)))
    rungs(amber, 301)
    all_tried(amber)

    with pytest.raises(UnlawfulChange, match="is recorded"):
        amber.ask(NoteTried(ABOUT, Rung.SECOND_PATH, (Tried(TryOutcome.FAILED, 1),)))


def test_a_call_is_written_down_with_who_answered() -> None:
    amber, _ = told()
    with pytest.raises(Refused, match="who answered"):
        amber.ask(NoteCall(ABOUT, "answered", "Imani"))
    with pytest.raises(Malformed, match="not one of"):
        amber.ask(NoteCall(ABOUT, "maybe", "Imani"))
    amber.ask(NoteCall(ABOUT, "answered", "Imani", "+0 555", "Tomas"))

    ((_, call),) = amber.picture.ladders[ABOUT].calls
    assert (call.number, call.spoke_to) == ("+0 555", "Tomas")
