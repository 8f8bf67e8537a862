"""The rule for a conflict, one dimension at a time."""

from __future__ import annotations

import pytest

from keepclear.core.conflict import Interval, Verdict, both, gap_s, is_too_near_in_time, too_near
from keepclear.core.timespan import SECOND_US, TimeSpan

CLEAR, POSSIBLE, CONFLICT = Verdict.CLEAR, Verdict.POSSIBLE, Verdict.CONFLICT


@pytest.mark.parametrize(
    ("gap", "minimum", "verdict"),
    [
        ((0, 0), 0, CONFLICT),  # touching is meeting
        ((1e-9, 1e-9), 0, CLEAR),
        ((0, 1e-9), 0, POSSIBLE),
        ((100, 100), 100, CLEAR),  # exactly the agreed distance is kept
        ((99.9, 99.9), 100, CONFLICT),
        ((99.9, 100), 100, POSSIBLE),
        ((100, 101), 100, CLEAR),
    ],
)
def test_too_near_is_touching_or_less_than_the_minimum(
    gap: tuple[float, float], minimum: float, verdict: Verdict
) -> None:
    assert too_near(Interval(*gap), minimum=minimum) is verdict


def test_spans_end_to_end_conflict_only_where_time_must_lie_between() -> None:
    one, other = TimeSpan(0, 10 * SECOND_US), TimeSpan(10 * SECOND_US, 20 * SECOND_US)

    assert gap_s(one, other) == 0
    assert not is_too_near_in_time(one, other, minimum_s=0)
    assert is_too_near_in_time(one, other, minimum_s=60)


def test_exactly_the_agreed_time_apart_is_kept_and_a_microsecond_less_is_not() -> None:
    one = TimeSpan(0, SECOND_US)

    assert not is_too_near_in_time(one, TimeSpan(61 * SECOND_US, 62 * SECOND_US), minimum_s=60)
    assert is_too_near_in_time(one, TimeSpan(61 * SECOND_US - 1, 62 * SECOND_US), minimum_s=60)


@pytest.mark.parametrize("one", list(Verdict))
@pytest.mark.parametrize("other", list(Verdict))
def test_both_is_the_less_certain_and_clear_wins(one: Verdict, other: Verdict) -> None:
    order = [CLEAR, POSSIBLE, CONFLICT]

    assert both(one, other) is order[min(order.index(one), order.index(other))]
