"""Play many seeds, or one again, and say how often each fault fired and each decision was taken.

    python tests/simulation/run.py --seeds 2000
    python tests/simulation/run.py --seed 8812 --trace

A promise broken in any seed, or from 200 seeds on a fault or branch that never occurred, is a failure: exit 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
for place in (HERE, HERE.parent, Path(os.environ.get("KEEPCLEAR_SIM_SRC", HERE.parents[1] / "src"))):
    sys.path.insert(0, str(place))

#: From here on a fault or branch that never occurred is a failure.
ZERO_COUNTS_FROM = 200


def expected() -> list[str]:
    """Everything that must occur in many seeds: each fault, decision, answer, kind of entry, outcome and refusal."""
    from faults import Mischief, Network
    from world import CRASH_POINTS

    from keepclear.core.alert import Answer
    from keepclear.node.decide import TABLE
    from keepclear.node.entries import CHANNEL_KINDS, PRIVATE_KINDS, DutyState
    from keepclear.stores.memory import Fault

    names = [f"fault:{fault}" for fault in Network.FAULTS]
    names += [f"fault:{kind.__name__.replace('_', ' ')}" for kind in Mischief.KINDS]
    names += [f"fault:crash {point}" for point in CRASH_POINTS]
    names += [f"fault:write fails {fault.value}" for fault in Fault]
    names += ["fault:cut", "fault:replay delivery", "fault:replay heartbeat", "fault:flood", "fault:asked twice"]
    names += ["fault:asked again after a crash", "fault:key used for something else"]
    names += [f"decide:{decide.__name__}" for decide in TABLE.values()] + ["decide:take", "decide:check_delivery"]
    names += [f"answer:{what} {answer}" for what in ("alert", "stop") for answer in Answer]
    names += [f"duty:{state}" for state in DutyState]
    names += [f"kind:{kind}" for kind in (*CHANNEL_KINDS, *PRIVATE_KINDS, "weather")]
    names += ["level:caution", "level:warning", "verdict:CONFLICT", "verdict:POSSIBLE", "given:made", "given:not yet"]
    names += ["found:on reading", "found:on checking", "split:told", "rebuilt"]
    codes = "malformed not_found refused not_allowed unlawful_change stale limit_reached contradiction contradicted"
    names += [f"refused:{code}" for code in (*codes.split(), "busy", "store_failed", "idempotency_mismatch")]
    codes = "malformed tampered split_view not_allowed limit_reached store_failed"
    names += [f"peer refused:{code}" for code in codes.split()]
    return names


def report(counts: Counter[str]) -> str:
    """How often each thing occurred, in columns."""
    names = sorted(set(counts) | set(expected()))
    lines = [f"{counts[name]:>9,}  {name}" for name in names]
    half = (len(lines) + 1) // 2
    right = [*lines[half:], ""]
    return "\n".join(f"{lines[row]:<60}{right[row]}".rstrip() for row in range(half))


def play_one(job: tuple[int, int, bool]) -> tuple[int, list[str], Counter[str]]:
    """One seed, in a process of the pool."""
    from world import play

    seed, steps, trace = job
    played = play(seed, steps, trace=trace)
    return seed, played.violations, played.counts


def play_all(
    seeds: range, *, steps: int, jobs: int, trace: bool = False, stop_at_first: bool = False
) -> tuple[Counter[str], list[str]]:
    """Play these seeds; gives what occurred and what was broken, each with its seed."""
    counts: Counter[str] = Counter()
    broken: list[str] = []
    started_s = time.perf_counter()
    work = [(seed, steps, trace) for seed in seeds]
    with ProcessPoolExecutor(jobs) as pool:
        results = map(play_one, work) if jobs == 1 else pool.map(play_one, work, chunksize=4)
        for done, (seed, violations, seen) in enumerate(results, 1):
            counts += seen
            if violations:
                broken.append(f"seed {seed}: {violations[0]}")
                print(broken[-1], flush=True)
                if stop_at_first:
                    pool.shutdown(cancel_futures=True)
                    break
            if done % 50 == 0:
                print(f"{done} of {len(work)} seeds, {time.perf_counter() - started_s:.0f} s", flush=True)
    return counts, broken


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds to play")
    parser.add_argument("--seed", type=int, default=None, help="the first, or the only one")
    parser.add_argument("--steps", type=int, default=60, help="steps of chance in each")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--first", action="store_true", help="stop at the first seed that breaks a promise")
    parser.add_argument("--trace", action="store_true", help="tell the story as it is played")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # A set of names is walked in the order of their hashes: the same in each process only when asked for.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {"PYTHONHASHSEED": "0"})
    first = asked.seed if asked.seed is not None else 1
    seeds = range(first, first + asked.seeds)
    jobs = 1 if asked.seeds == 1 or asked.trace else asked.jobs
    counts, broken = play_all(
        seeds, steps=asked.steps, jobs=jobs, trace=asked.trace or asked.seeds == 1, stop_at_first=asked.first
    )
    print(report(counts))
    missing = [name for name in expected() if not counts[name]] if asked.seeds >= ZERO_COUNTS_FROM else []
    for name in missing:
        print(f"never occurred: {name}")
    ended = f"{len(broken)} broken, {len(missing)} never occurred"
    print(f"{asked.seeds} seeds from {first}, {asked.steps} steps each: {ended}")
    return 1 if broken or missing else 0


if __name__ == "__main__":
    sys.exit(main())
