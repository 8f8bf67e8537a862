"""The earliest safe start is no oracle: a prober with 1,000 notices learns no more than the budget."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.safestart import STEP_S, Meter, SafeStart, SafeStartKind, SafeStartRule, earliest_safe_start
from keepclear.core.timespan import SECOND_US
from keepclear.errors import Malformed

RULE = SafeStartRule(default_s=1_800, reach_s=7_200, budget=8, period_s=86_400)
NOON_US = 1_900_000_000 * SECOND_US
needs = st.one_of(st.none(), st.integers(0, 10_000))


def asked(need_of_notice: list[int | None], every_s: int, message_s: int = 30) -> list[SafeStart]:
    """What a prober is answered that asks about one notice after the other."""
    meter, answers = Meter(), []
    for number, need_s in enumerate(need_of_notice):
        at = NOON_US + number * every_s * SECOND_US
        answer, meter = earliest_safe_start(at, need_s, message_s=message_s, rule=RULE, meter=meter)
        answers.append(answer)
    return answers


def test_a_prober_with_1000_notices_learns_no_more_than_the_budget() -> None:
    chance = random.Random(1)
    nobody = [None] * 1_000
    somebody = [chance.choice([None, 100, 3_000, 5_000]) for _ in range(1_000)]

    told, untold = asked(somebody, every_s=1), asked(nobody, every_s=1)

    # After the budget both worlds answer alike; before it each answer is one of few.
    assert told[RULE.budget :] == untold[RULE.budget :] == [SafeStart(SafeStartKind.ASK)] * (1_000 - RULE.budget)
    # One word for each step from the default to the end of reach, and one for beyond: budget x log2 of them in bits.
    assert RULE.words == (7_200 - 1_800) // STEP_S + 2
    assert RULE.budget * math.log2(RULE.words) < 36


def test_when_little_is_there_the_answer_is_the_same_as_for_nothing() -> None:
    assert asked([None], 1) == asked([0], 1) == asked([1_800 - 30], 1)
    assert asked([1_800 - 30 + 1], 1) != asked([None], 1)


@settings(max_examples=60)
@given(need=st.integers(1_800, 7_000), shift_s=st.integers(0, 3_600))
def test_asking_a_little_later_finds_no_finer_step(need: int, shift_s: int) -> None:
    """Needs of one step are answered alike at every second, so that shifting the question splits no step."""
    step_low = (need - 1) // STEP_S * STEP_S + 1
    at = NOON_US + shift_s * SECOND_US

    answers = {
        earliest_safe_start(at, value, message_s=0, rule=RULE, meter=Meter())[0]
        for value in (step_low, need, step_low + STEP_S - 1)
    }

    assert len(answers) == 1


@settings(max_examples=100)
@given(need=needs, message_s=st.integers(0, 900), shift_us=st.integers(0, 10**10))
def test_the_start_is_on_a_step_and_never_before_the_area_can_be_empty(
    need: int | None, message_s: int, shift_us: int
) -> None:
    now_us = NOON_US + shift_us

    answer, _ = earliest_safe_start(now_us, need, message_s=message_s, rule=RULE, meter=Meter())

    if answer.kind is SafeStartKind.FROM:
        assert answer.start_us % (STEP_S * SECOND_US) == 0
        assert answer.start_us - now_us >= (max(RULE.default_s, message_s + (need or 0))) * SECOND_US
    else:
        assert need is not None and message_s + need > RULE.reach_s


def test_every_question_is_charged_and_the_charge_ends_with_its_period() -> None:
    answers = asked([None] * 9, every_s=1)
    again = asked([None] * 9, every_s=86_400 // 8)

    assert answers[8].kind is SafeStartKind.ASK
    assert again[8].kind is SafeStartKind.FROM


def test_a_rule_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(Malformed):
        SafeStartRule(default_s=7_201, reach_s=7_200, budget=1, period_s=1)
    with pytest.raises(Malformed):
        SafeStartRule(default_s=1, reach_s=2, budget=0, period_s=1)
