"""One pair before the engine and before the oracle: does the answer hold?

An answer is wrong when it is CLEAR and the oracle is certain of a conflict (a false negative: never allowed), when it
is a conflict or POSSIBLE and the oracle is certain that the pair is clear by more than the stated margin (a false
positive), when an interval that it gives leaves the true value out, when it depends on which volume comes first,
or when there is none.
"""

from __future__ import annotations

import enum
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import oracle
from adversarial import Pair, a_pair

from keepclear.core.conflict import Judgement, Verdict
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.engine.judge import DOUBT_M, judge

#: What the fuzzer allows the engine to state as its margin at most: a hair, whatever the engine says of itself.
MARGIN_MOST_M = 0.01
FAILURES_KEPT_MAX = 200
#: How far off the place named in an answer may be.
NEAR_SLACK_M = 0.01


class Fault(enum.StrEnum):
    """What is wrong with an answer."""

    FALSE_NEGATIVE = "false negative"
    FALSE_POSITIVE = "false positive"
    UNSOUND = "a bound that leaves the truth out"
    MISPLACED = "a place that is not where they are nearest"
    LOPSIDED = "another answer when the two change places"
    RAISED = "no answer"


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of one pair; `faults` is empty when the answer holds."""

    pair: Pair
    truth: oracle.Truth
    verdict: Verdict | None
    faults: tuple[Fault, ...]
    detail: str

    @property
    def is_needless_doubt(self) -> bool:
        """Whether the engine doubted a conflict that is certain and far from the decision."""
        truth = self.truth
        sure = truth.sure is oracle.Sure.CONFLICT and math.isfinite(truth.height.most)
        return self.verdict is Verdict.POSSIBLE and sure and truth.margin_m > margin_m(truth)

    def __str__(self) -> str:
        pair = self.pair
        return (
            f"{' and '.join(self.faults) or 'holds'}: seed {pair.seed} number {pair.number} ({pair.kind})\n"
            f"  engine  {self.verdict}  {self.detail}\n"
            f"  truth   {self.truth}\n"
            f"  one     {pair.one}\n  other   {pair.other}\n  {pair.separation}"
        )


@dataclass(slots=True)
class Tally:
    """Counts over many pairs, and the first failures whole."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    failed: int = 0

    def add(self, examined: Examined) -> None:
        verdict = examined.verdict.value if examined.verdict else "none"
        self.counts["pairs"] += 1
        self.counts[f"kind: {examined.pair.kind}"] += 1
        self.counts[f"truth {examined.truth.sure.value}, answer {verdict}"] += 1
        if examined.is_needless_doubt:
            self.counts["doubt where a conflict is certain and far from the limit"] += 1
        if examined.truth.sure is oracle.Sure.NEAR and examined.truth.ground.most_m - examined.truth.ground.least_m > 1:
            self.counts["ground left open by the oracle"] += 1
        for fault in examined.faults:
            self.counts[f"FAULT {fault}"] += 1
        if examined.faults:
            self.failed += 1
            if len(self.failures) < FAILURES_KEPT_MAX:
                self.failures.append(str(examined))

    def merge(self, other: Tally) -> None:
        self.counts.update(other.counts)
        self.failed += other.failed
        self.failures += other.failures[: FAILURES_KEPT_MAX - len(self.failures)]


def margin_m(truth: oracle.Truth) -> float:
    """How far from the decision the engine may still doubt, metres: what it states, and never more than a hair."""
    return min(MARGIN_MOST_M, DOUBT_M) + 2 * oracle.DOUBT_M + 1e-9 * truth.ground.most_m


def examine(pair: Pair) -> Examined:
    """What the engine says of a pair, held against the truth."""
    truth = oracle.truth(pair.one, pair.other, pair.separation, pair.geoid_m)
    try:
        answer = judge(pair.one, pair.other, pair.separation)
        swapped = judge(pair.other, pair.one, pair.separation) if pair.number % 3 == 0 else answer
    except Exception as problem:
        return Examined(pair, truth, None, (Fault.RAISED,), repr(problem))
    faults = []
    if truth.sure is oracle.Sure.CONFLICT and Verdict.CLEAR in (answer.verdict, swapped.verdict):
        faults.append(Fault.FALSE_NEGATIVE)
    # Doubt is allowed within the margin. Certainty is not, beyond what the oracle itself may be wrong by.
    allowed_m = {Verdict.CLEAR: math.inf, Verdict.POSSIBLE: margin_m(truth), Verdict.CONFLICT: oracle.DOUBT_M}
    if truth.sure is oracle.Sure.CLEAR and truth.margin_m > allowed_m[answer.verdict]:
        faults.append(Fault.FALSE_POSITIVE)
    if not is_sound(answer, truth, pair):
        faults.append(Fault.UNSOUND)
    if not is_near_both(answer, truth, pair):
        faults.append(Fault.MISPLACED)
    if swapped.verdict != answer.verdict:
        faults.append(Fault.LOPSIDED)
    return Examined(pair, truth, answer.verdict, tuple(faults), str(answer))


def is_sound(answer: Judgement, truth: oracle.Truth, pair: Pair) -> bool:
    """Whether every bound in an answer holds the true value, and what is exact is exact."""
    return is_sound_on_the_ground(answer, truth) and is_sound_in_height(answer, truth, pair) and is_timed(answer, pair)


def is_near_both(answer: Judgement, truth: oracle.Truth, pair: Pair) -> bool:
    """Whether the place named lies in both, or between them where they are nearest."""
    if answer.near is None or answer.verdict is Verdict.CLEAR:
        return True
    # Where they are nearest, the two distances add up to the gap.
    off_m = sum(oracle.off_m(answer.near, volume.footprint) for volume in (pair.one, pair.other))
    return off_m <= max(truth.ground.most_m, answer.horizontal_m.most) + NEAR_SLACK_M


def is_sound_on_the_ground(answer: Judgement, truth: oracle.Truth) -> bool:
    """Whether the gap and the depth are bounds."""
    ground = answer.horizontal_m
    # The depth is measured at corners and middles of edges, so it is a bound from below of how deep they reach.
    return (
        0 <= ground.least <= ground.most
        and ground.least <= truth.ground.most_m + oracle.DOUBT_M
        and ground.most >= truth.ground.least_m - oracle.DOUBT_M
        and answer.overlap_horizontal_m >= truth.ground.depth_m - oracle.DOUBT_M
    )


def is_sound_in_height(answer: Judgement, truth: oracle.Truth, pair: Pair) -> bool:
    """Whether the gap in height holds the true one, and the height shared is exact where the datum is one surface."""
    height, one, other = answer.vertical_m, pair.one.band, pair.other.band
    holds = (
        0 <= height.least <= height.most
        and height.least <= truth.height.most + 1e-9
        and height.most >= truth.height.least - 1e-9
    )
    data = {one.lower.datum, one.upper.datum, other.lower.datum, other.upper.datum}
    if len(data) > 1 or not data <= oracle.FIXED:
        return holds
    shared_m = max(0.0, min(one.upper.value_m, other.upper.value_m) - max(one.lower.value_m, other.lower.value_m))
    return holds and height.is_exact and math.isclose(answer.overlap_vertical_m, shared_m, abs_tol=1e-9)


def is_timed(answer: Judgement, pair: Pair) -> bool:
    """Whether the gap in time and the span shared are exact."""
    start_us = max(pair.one.span.start_us, pair.other.span.start_us)
    end_us = min(pair.one.span.end_us, pair.other.span.end_us)
    shared = TimeSpan(start_us, end_us) if start_us < end_us else None
    return answer.overlap == shared and answer.time_s == max(0, start_us - end_us) / SECOND_US


def examine_all(seed: int, numbers: Iterable[int]) -> Tally:
    """The tally over some pairs of a seed."""
    tally = Tally()
    for number in numbers:
        tally.add(examine(a_pair(seed, number)))
    return tally
