"""Which rung of the ladder is due at which instant (N4)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.escalation import Rung, due_rungs
from keepclear.core.terms import LadderTerms
from keepclear.core.timespan import SECOND_US

FAA = LadderTerms(300, 900, 1_800, 3_600, 5_400)
START_US = 1_800_000_000 * SECOND_US
BEFORE = tuple(rung for rung in Rung if rung is not Rung.UNANSWERED)


def due(after_s: float, tried: dict[Rung, int] | None = None, terms: LadderTerms = FAA) -> list[Rung]:
    return [rung for rung, _ in due_rungs(terms, START_US, START_US + round(after_s * SECOND_US), tried or {})]


def test_a_rung_is_due_at_its_second_and_not_before() -> None:
    assert due(299.999) == []
    assert due(300) == [Rung.SECOND_PATH]
    assert due(900, {Rung.SECOND_PATH: START_US}) == [Rung.PHONE]


def test_a_node_that_was_down_finds_every_rung_it_missed_with_its_true_instant() -> None:
    found = due_rungs(FAA, START_US, START_US + 7_200 * SECOND_US, {})

    assert [rung for rung, _ in found] == list(BEFORE)
    assert [(at - START_US) // SECOND_US for _, at in found] == [300, 900, 1_800, 3_600]


def test_nothing_is_unanswered_before_everything_else_was_tried_and_given_its_time() -> None:
    late_us = START_US + 7_000 * SECOND_US
    tried = dict.fromkeys(BEFORE, late_us)

    assert due(7_000, dict.fromkeys(BEFORE, 0)) == []
    assert due(7_000 + 1_799, tried) == []
    assert due(7_000 + 1_800, tried) == [Rung.UNANSWERED]


def test_a_rung_that_was_not_agreed_is_left_out() -> None:
    only = LadderTerms(phone_s=60, unanswered_s=180)

    assert due(60, terms=only) == [Rung.PHONE]
    assert due(180, {Rung.PHONE: START_US + 60 * SECOND_US}, terms=only) == [Rung.UNANSWERED]


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 7_200), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.lists(st.integers(0, 3_000), min_size=1, max_size=30),
)
def test_however_often_it_is_asked_each_rung_comes_once_in_order_and_the_last_one_last(
    times_s: list[int], agreed: list[bool], steps_s: list[int]
) -> None:
    """Any ladder, looked at in any rhythm, with each outcome recorded when it is next looked at."""
    values = [at_s if is_agreed else None for at_s, is_agreed in zip(sorted(times_s), agreed, strict=True)]
    if not any(value is not None for value in values):
        return
    terms = LadderTerms(*values)
    now_us, tried, came = START_US, {}, []
    for step_s in [*steps_s, 8_000, 8_000, 8_000]:
        tried = {rung: at or now_us for rung, at in tried.items()}
        now_us += step_s * SECOND_US
        for rung, at_us in due_rungs(terms, START_US, now_us, tried):
            assert at_us <= now_us
            came.append(rung)
            tried[rung] = now_us if rung is Rung.UNANSWERED else 0

    agreed_rungs = [rung for rung, value in zip(Rung, values, strict=True) if value is not None]
    assert came == agreed_rungs
