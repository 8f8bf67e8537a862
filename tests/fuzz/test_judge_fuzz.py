"""The engine holds against the oracle, on pairs made to catch it out."""

from __future__ import annotations

import pytest
from adversarial import KINDS, a_pair
from examine import MARGIN_MOST_M, examine, examine_all

from keepclear.engine.judge import DOUBT_M

SEED = 20_270_314
PAIRS = 3_000
BATCHES = 10


@pytest.mark.parametrize("part", range(BATCHES))
def test_no_conflict_is_missed_and_none_is_made_up_beyond_the_margin(part: int) -> None:
    each = PAIRS // BATCHES

    tally = examine_all(SEED, range(part * each, (part + 1) * each))

    assert tally.counts["pairs"] == each
    assert tally.failed == 0, "\n\n".join(tally.failures[:3])


def test_the_margin_that_the_engine_states_is_a_hair() -> None:
    assert 0 < DOUBT_M <= MARGIN_MOST_M


def test_doubt_is_rare_where_the_truth_is_far_from_the_limit() -> None:
    tally = examine_all(SEED + 1, range(300))

    assert tally.counts["doubt where a conflict is certain and far from the limit"] <= 3


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_pair_comes_up_and_is_answered(kind: str) -> None:
    numbers = [number for number in range(400) if a_pair(SEED, number).kind == kind]

    assert numbers
    assert examine(a_pair(SEED, numbers[0])).verdict is not None
