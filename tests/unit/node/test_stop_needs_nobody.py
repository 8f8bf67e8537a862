"""STOP reaches anyone on duty: no path of it asks for a contact, a name that is known, an agreement or a duty (N5)."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from given import Desk, Hands, an_identity, enrol, enrolment, sync
from keepclear.core.alert import Answer
from keepclear.errors import NotFound
from keepclear.formats.api.requests import AnswerStopRequest, StopRequest
from keepclear.node.commands import AnswerStop, Resume, SendStop
from keepclear.node.entries import StopAnswered, StopSent

#: What a STOP may ask of whoever sends or answers it: their own name, as they give it, and nobody else's.
_OWN_NAME = "by"


def test_no_form_of_a_stop_has_a_place_for_a_contact() -> None:
    forms = [{field.name for field in dataclasses.fields(each)} for each in (SendStop, AnswerStop, Resume)]
    forms += [set(each.__struct_fields__) for each in (StopSent, StopAnswered, StopRequest, AnswerStopRequest)]

    named = {
        name for form in forms for name in form if "contact" in name or "person" in name or name.startswith("for_")
    }

    assert not named
    assert all(_OWN_NAME in form for form in forms)


@settings(max_examples=20)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=60).filter(str.strip),
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=60).filter(str.strip),
    st.sampled_from(Answer),
    st.booleans(),
)
def test_whoever_asks_and_whoever_answers_it_goes_through(
    asks: str, answers: str, answer: Answer, has_telephone: bool
) -> None:
    """Without an agreement, without a number, with names that nobody knows."""
    hands = Hands()
    amber, birch = Desk("amber", hands), Desk("birch", hands)
    for one, other in ((amber, birch), (birch, amber)):
        command = enrolment(an_identity(other.party))
        one.ask(command if has_telephone else dataclasses.replace(command, telephone=""))
    sync(amber, birch)

    key = amber.ask(SendStop(asks))
    sync(amber, birch)
    birch.ask(AnswerStop(key, answer, answers))
    sync(amber, birch)

    (given_answer,) = amber.picture.stops[key].answers
    assert (given_answer.answer, given_answer.by) == (answer, answers)


def test_a_second_person_on_duty_may_answer_too() -> None:
    hands = Hands()
    amber, birch = Desk("amber", hands), Desk("birch", hands)
    enrol(amber, birch)
    sync(amber, birch)
    key = amber.ask(SendStop("Imani"))
    sync(amber, birch)

    for person in ("Tomas", "whoever is at the desk"):
        birch.ask(AnswerStop(key, Answer.WILCO, person))
    sync(amber, birch)

    assert [each.by for each in amber.picture.stops[key].answers] == ["Tomas", "whoever is at the desk"]
    with pytest.raises(NotFound, match="use the telephone"):
        amber.ask(SendStop("Imani", to=("nobody",)))
