"""What tests of the packed index share: the verdict of the kernels on two volumes, held against `judge`."""

from __future__ import annotations

import numpy as np

from keepclear.core.conflict import Verdict
from keepclear.core.separation import NO_SEPARATION, Separation
from keepclear.core.volume import Volume4D
from keepclear.engine.judge import judge
from keepclear.engine.kernels.search import STATISTICS
from keepclear.engine.packed import PackedRows

UNSURE = "left to judge"


def table(separation: Separation, parties: int = 2) -> np.ndarray:
    agreed = (separation.horizontal_m, separation.vertical_m, separation.time_s)
    return np.broadcast_to(np.array(agreed), (parties, parties, 3)).copy()


def said_by_kernels(one: Volume4D, other: Volume4D, separation: Separation = NO_SEPARATION) -> str:
    """CLEAR, CONFLICT, or that it is left to `judge`."""
    index = PackedRows()
    index.add_one(other, 1)
    statistics = np.zeros(STATISTICS, dtype=np.int64)
    asked = index.snapshot().asked_with(table(separation))
    found = asked.find(index.question(one, 0), np.empty(4, dtype=np.int32), statistics).tolist()
    if not found:
        return str(Verdict.CLEAR)
    return UNSURE if found[0] & 1 else str(Verdict.CONFLICT)


def verdict_of_both(one: Volume4D, other: Volume4D, separation: Separation = NO_SEPARATION) -> Verdict:
    """The verdict of `judge`, once the kernels have said the same or that they cannot tell, both ways round."""
    verdict = judge(one, other, separation).verdict
    for said in (said_by_kernels(one, other, separation), said_by_kernels(other, one, separation)):
        assert said in (verdict, UNSURE)
    return verdict
