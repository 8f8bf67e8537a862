"""What the kernels look at, as counts: they do not depend on the machine, so they can be asserted."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.mix import NOW_US, mix

from keepclear.core.footprint import Circle
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine.kernels.search import S_CANDIDATES, S_EXACT, S_NODES, STATISTICS
from keepclear.engine.packed import PackedRows
from keepclear.engine.packing import pack, plan_of
from unit.engine.packed_given import table

pytestmark = [pytest.mark.usefixtures("kernels"), pytest.mark.timeout(900)]


@pytest.mark.parametrize("seed", [31_415, 27_182])
def test_candidates_and_exact_tests_are_few_in_the_dense_mix(seed: int) -> None:
    """At most 1.5 candidates for each conflict, and at most one candidate in twenty goes to its outline."""
    mixed = mix(10_000, seed)
    index = PackedRows(epoch_us=NOW_US)
    index.add_rows(pack(mixed.plan, mixed.parties, epoch_us=NOW_US))
    order, boxes = index.order()

    hits, counts = 0, np.zeros(STATISTICS, dtype=np.int64)
    asked = index.snapshot().asked_with(mixed.separations)
    for ones, _, seen in asked.pairs(boxes, order, 0, len(order), 1 << 16):
        hits += len(ones)
        counts += seen

    assert hits > 20_000
    assert counts[S_CANDIDATES] <= 1.5 * hits
    assert counts[S_EXACT] <= 0.05 * counts[S_CANDIDATES]


def test_memory_is_a_stated_part_of_the_corners() -> None:
    """All arrays together, against 16 bytes a corner as they came: 1.6 times, most of it the corners themselves."""
    mixed = mix(10_000, 31_415)
    index = PackedRows(epoch_us=NOW_US)
    index.add_rows(pack(mixed.plan, mixed.parties, epoch_us=NOW_US))

    assert index.nbytes <= 1.65 * 16 * mixed.plan.offsets[-1]


def test_what_is_over_costs_nothing() -> None:
    rng = random.Random(1)
    ground = Altitude(0, AltitudeDatum.WGS84)
    spot = Volume4D(Circle(48.0, 12.0, 500), AltitudeBand(ground, ground), TimeSpan(0, 1))
    day_us = 86_400_000_000
    starts = [rng.randrange(30 * day_us) for _ in range(20_000)]
    over = [replace(spot, span=TimeSpan(start, start + 3_600_000_000)) for start in starts]
    now = replace(spot, span=TimeSpan(40 * day_us, 40 * day_us + 1))
    index = PackedRows()
    index.add(plan_of([*over, now]), [0] * (len(over) + 1))

    statistics = np.zeros(STATISTICS, dtype=np.int64)
    asked = index.snapshot().asked_with(table(Separation(0, 0, 60)))
    found = asked.find(index.question(now, 0), np.empty(8, dtype=np.int32), statistics)

    assert len(found) == 1
    assert statistics[S_CANDIDATES] == 1
    assert statistics[S_NODES] <= 6
