"""Laws of deciding: it is a function, it touches nothing, and what it gives can be recorded."""

from __future__ import annotations

import copy
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from given import SETTINGS, START_US, amber_and_birch, sync
from keepclear.core.alert import Answer
from keepclear.core.timespan import SECOND_US
from keepclear.errors import KeepclearError
from keepclear.node.commands import AnswerAlert, Command, FileNotice, SendStop, Tick
from keepclear.node.decide import decide
from keepclear.node.decision import Decision
from keepclear.node.picture import Picture
from strategies import notices


def fold(picture: Picture) -> dict[str, object]:
    return {name: value for name, value in vars(picture).items() if name != "indexes"}


def decided(picture: Picture, command: Command, now_us: int) -> Decision | tuple[type, str]:
    try:
        return decide(picture, command, now_us, SETTINGS)
    except KeepclearError as refused:
        return type(refused), str(refused)


@settings(max_examples=40)
@given(notices(), notices(), st.binary(min_size=32, max_size=32), st.integers(0, 86_400), st.sampled_from(Answer))
def test_the_same_picture_command_and_instant_give_the_same_decision_and_leave_the_picture_alone(
    standing: FileNotice, notice: FileNotice, seed: bytes, later_s: int, answer: Answer
) -> None:
    amber, birch = amber_and_birch()
    birch.run(standing)
    sync(amber, birch)
    now_us = START_US + later_s * SECOND_US
    notice = replace(notice, seed=seed)
    before = copy.deepcopy(fold(amber.picture))
    for command in (notice, SendStop("Imani"), Tick(), AnswerAlert("birch/B-0001/v1/amber", 1, answer, "Imani")):
        assert decided(amber.picture, command, now_us) == decided(amber.picture, command, now_us)
    assert fold(amber.picture) == before


@settings(max_examples=30)
@given(notices(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_chance_comes_from_the_seed_alone(notice: FileNotice, one: bytes, other: bytes) -> None:
    amber, _ = amber_and_birch()
    first = decided(amber.picture, replace(notice, seed=one), START_US)
    assert first == decided(amber.picture, replace(notice, seed=one), START_US)
    if one != other and isinstance(first, Decision):
        assert first != decided(amber.picture, replace(notice, seed=other), START_US)
