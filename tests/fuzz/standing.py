"""Many adversarial pairs at once before the kernels: one index of them all, asked one by one (W1), and all pairs (W2).

Each volume is a party of its own, and only the two of a pair are compared, at their own separation. What the kernels
say must be what `judge` said, or that they leave it to `judge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from adversarial import Pair, a_pair

from keepclear.core.conflict import Verdict
from keepclear.engine.judge import judge
from keepclear.engine.kernels.search import STATISTICS
from keepclear.engine.packed import PackedRows
from keepclear.engine.packing import plan_of

LEFT = "left to judge"


def said_of_all(pairs: Sequence[Pair], *, one_by_one: bool) -> tuple[list[str], list[str]]:
    """What the kernels say of each pair: asked with the first volume among all others, and as pairs of one store."""
    count = len(pairs)
    table = np.full((2 * count, 2 * count, 3), -1.0)
    for number, pair in enumerate(pairs):
        agreed = pair.separation
        table[2 * number, 2 * number + 1] = agreed.horizontal_m, agreed.vertical_m, agreed.time_s
        table[2 * number + 1, 2 * number] = table[2 * number, 2 * number + 1]
    others, both = PackedRows(), PackedRows()
    if one_by_one:
        for number, pair in enumerate(pairs):
            others.add_one(pair.other, 2 * number + 1)
    else:
        others.add(plan_of([pair.other for pair in pairs]), [2 * number + 1 for number in range(count)])
    asked, alone = others.snapshot().asked_with(table), []
    statistics, out = np.zeros(STATISTICS, dtype=np.int64), np.empty(8, dtype=np.int32)
    for number, pair in enumerate(pairs):
        alone.append(_word(asked.find(others.question(pair.one, 2 * number), out, statistics).tolist()))
    volumes = [volume for pair in pairs for volume in (pair.one, pair.other)]
    rows = both.add(plan_of(volumes), range(2 * count))
    volume_of = {int(row): number for number, row in enumerate(rows)}
    order, boxes = both.order()
    found: dict[int, list[int]] = {}
    for ones, hits, _ in both.snapshot().asked_with(table).pairs(boxes, order, 0, len(order), 4 * count):
        for one, hit in zip(ones.tolist(), hits.tolist(), strict=True):
            assert volume_of[one] // 2 == volume_of[hit >> 1] // 2, "only the two of a pair are compared"
            found.setdefault(volume_of[one] // 2, []).append(hit)
    return alone, [_word(found.get(number, [])) for number in range(count)]


def faults_of(seed: int, numbers: Iterable[int]) -> Iterator[str]:
    """Where the kernels say another thing than `judge`, asked one by one or all at once; each in a line."""
    pairs = [a_pair(seed, number) for number in numbers]
    alone, among_all = said_of_all(pairs, one_by_one=len(pairs) % 2 == 0)
    for pair, first, second in zip(pairs, alone, among_all, strict=True):
        if first == second == LEFT:
            continue
        verdict = judge(pair.one, pair.other, pair.separation, measure_depth=False).verdict
        if not {first, second} <= {str(verdict), LEFT}:
            where = f"seed {pair.seed} number {pair.number} ({pair.kind})"
            yield f"kernels: {where}: judge {verdict}, one by one {first}, all at once {second}\n  {pair}"


def _word(found: list[int]) -> str:
    assert len(found) <= 1, "each pair comes up once"
    if not found:
        return str(Verdict.CLEAR)
    return LEFT if found[0] & 1 else str(Verdict.CONFLICT)
