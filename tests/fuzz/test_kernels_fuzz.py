"""The kernels hold against the oracle and against `judge`, on pairs made to catch an engine out, all at once."""

from __future__ import annotations

import oracle
import pytest
from adversarial import a_pair
from standing import LEFT, said_of_all

from keepclear.core.conflict import Verdict
from keepclear.engine.judge import judge

pytestmark = [pytest.mark.usefixtures("kernels"), pytest.mark.timeout(900)]

SEED = 20_280_229
EACH = 250


@pytest.mark.parametrize("part", range(6))
def test_the_kernels_say_what_judge_says_and_miss_nothing_the_oracle_is_sure_of(part: int) -> None:
    pairs = [a_pair(SEED, number) for number in range(part * EACH, (part + 1) * EACH)]

    alone, among_all = said_of_all(pairs, one_by_one=part % 2 == 0)

    for pair, first, second in zip(pairs, alone, among_all, strict=True):
        verdict = judge(pair.one, pair.other, pair.separation).verdict
        assert {first, second} <= {str(verdict), LEFT}, f"seed {pair.seed} number {pair.number} ({pair.kind})"
        if Verdict.CLEAR in (first, second):
            truth = oracle.truth(pair.one, pair.other, pair.separation, pair.geoid_m)
            assert truth.sure is not oracle.Sure.CONFLICT, f"seed {pair.seed} number {pair.number} ({pair.kind})"
    assert sum(word != LEFT for word in alone) > EACH / 3
