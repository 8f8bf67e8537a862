"""Hold the engine against the oracle over as many pairs as you like.

python tests/fuzz/run.py --pairs 100000 --seed 1 --jobs 2
python tests/fuzz/run.py --seed 1 --number 4711

Exit 0: every answer holds. Exit 1: one does not; each is printed with its seed and number, which make it again.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
import time

from adversarial import a_pair
from examine import Tally, examine, examine_all
from standing import faults_of

import keepclear
from keepclear.engine.warm import make_ready
from keepclear.links.kernels import mark_as_kept, use_kept_kernels

use_kept_kernels()

BATCH = 250
FAILURES_PRINTED_MAX = 20


def batch(task: tuple[int, range, bool]) -> Tally:
    """The tally of one batch, in a process of its own: each pair before `judge`, and all of them before the kernels."""
    seed, numbers, with_kernels = task
    tally = examine_all(seed, numbers)
    if not with_kernels:
        return tally
    make_ready()
    for told in faults_of(seed, numbers):
        tally.counts["FAULT the kernels say another thing"] += 1
        tally.failed += 1
        tally.failures.append(told)
    return tally


def run(pairs: int, seed: int, jobs: int, *, with_kernels: bool = True) -> Tally:
    """The tally over pairs 0 up to `pairs`, a progress line on standard error."""
    total, began = Tally(), time.monotonic()
    # Compiled once here, and loaded by each process.
    if with_kernels:
        make_ready()
        mark_as_kept()
    tasks = [(seed, range(start, min(pairs, start + BATCH)), with_kernels) for start in range(0, pairs, BATCH)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for tally in pool.imap_unordered(batch, tasks):
            total.merge(tally)
            done, spent = total.counts["pairs"], time.monotonic() - began
            left_s = spent / done * (pairs - done)
            line = f"{done:,} of {pairs:,} pairs, {total.failed} failed, {spent:.0f} s, {left_s:.0f} s to go"
            print(f"\r{line}   ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return total


def report(total: Tally) -> None:
    """Counts and failures, on standard output."""
    for name, count in sorted(total.counts.items()):
        print(f"{count:>10,}  {name}")
    for failure in itertools.islice(total.failures, FAILURES_PRINTED_MAX):
        print(f"\n{failure}")
    if total.failed > FAILURES_PRINTED_MAX:
        print(f"\n{total.failed} failed; the first {FAILURES_PRINTED_MAX} are shown")


def main() -> int:
    """Read the arguments, run, report."""
    parser = argparse.ArgumentParser(description="hold the engine against the oracle")
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--number", type=int, help="make and examine this one pair")
    parser.add_argument("--judge-alone", action="store_true", help="leave the compiled kernels out")
    arguments = parser.parse_args()
    print(f"engine under test: {keepclear.__file__}")
    if arguments.number is not None:
        examined = examine(a_pair(arguments.seed, arguments.number))
        print(examined)
        return 1 if examined.faults else 0
    total = run(arguments.pairs, arguments.seed, arguments.jobs, with_kernels=not arguments.judge_alone)
    report(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
