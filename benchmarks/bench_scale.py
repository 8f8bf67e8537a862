"""The engine at scale: one new notice against all that stand (W1), all pairs (W2), changes, memory; peers beside it.

python benchmarks/bench_scale.py --sizes 10000 100000 --out benchmarks/results/scale.json

One process, one thread for W1, peers and ours asked in turn; before any time is believed each answer is compared, and
each pair on which a peer's flat map differs from us is put to `judge`: where it sides with the peer the run ends.
Caches are emptied between rounds by walking through more memory than they hold. Times are CPU of the thread as well as
wall, since machines are shared. Every round has a seed of its own, and none of them was used while the engine was made.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from mix import NOW_US, Mix, mix, one
from peers import PEERS, Columns

from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle, Polygon
from keepclear.core.separation import Separation
from keepclear.core.timespan import TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.engine import warm
from keepclear.engine.judge import judge
from keepclear.links.kernels import mark_as_kept, use_kept_kernels

use_kept_kernels()

SEED = 90_210
CACHE_BYTES = 96_000_000


def volume(mixed: Mix, number: int) -> Volume4D:
    """One notice of a mix as a value."""
    plan = mixed.plan
    first, end = int(plan.offsets[number]), int(plan.offsets[number + 1])
    corners = list(zip(plan.lat_deg[first:end].tolist(), plan.lon_deg[first:end].tolist(), strict=True))
    radius_m = float(plan.radii_m[number])
    footprint = Circle(*corners[0], radius_m) if radius_m > 0 else Polygon(tuple(corners))
    low, high = (Altitude(float(value), AltitudeDatum.WGS84) for value in plan.band_m[number])
    return Volume4D(footprint, AltitudeBand(low, high), TimeSpan(*plan.span_us[number].tolist()))


def sides_with_us(live: Mix, row: int, asked: Mix, number: int, is_ours: bool) -> bool:
    """Whether `judge` says of a pair what the kernels said."""
    agreed = Separation(*np.maximum(live.asked[live.parties[row]], asked.asked[asked.parties[number]]).tolist())
    verdict = judge(volume(asked, number), volume(live, row), agreed, measure_depth=False).verdict
    return (verdict is not Verdict.CLEAR) == is_ours


def empty_caches() -> None:
    """Walk through more memory than the caches hold."""
    np.ones(CACHE_BYTES // 8).sum()


class Ours:
    """The packed index over a mix."""

    def __init__(self, live: Mix) -> None:
        from keepclear.engine.kernels.search import STATISTICS
        from keepclear.engine.packed import PackedRows
        from keepclear.engine.packing import pack

        begun = time.thread_time()
        self.index = PackedRows(epoch_us=NOW_US)
        rows = pack(live.plan, live.parties, epoch_us=NOW_US)
        self.number_of = np.empty(len(live), dtype=np.int64)
        placed = self.index.add_rows(rows)
        self.number_of[placed] = np.arange(len(live))
        self.build_s = time.thread_time() - begun
        self.live = live
        self.snapshot = self.index.snapshot().asked_with(live.separations)
        self.out, self.statistics = np.empty(1 << 20, dtype=np.int32), np.zeros(STATISTICS, dtype=np.int64)

    def question(self, asked: Mix, number: int) -> Any:
        """One notice, ready."""
        return self.index.question_of(one(asked, number), int(asked.parties[number]))

    def conflicts(self, question: Any, asked: Mix, number: int) -> tuple[np.ndarray, float, float]:
        """Its conflicts, doubts settled by `judge`; and the seconds of CPU and wall that all of it took."""
        wall, cpu = time.perf_counter(), time.thread_time()
        doubts = self.statistics[2]
        found = self.snapshot.find(question, self.out, self.statistics)
        if self.statistics[2] > doubts:
            keep = [
                not value & 1 or sides_with_us(self.live, int(self.number_of[value >> 1]), asked, number, True)
                for value in found.tolist()
            ]
            found = found[np.array(keep)]
        cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
        return self.number_of[found >> 1], cpu, wall


def w1(live: Mix, sizes: dict[str, int], rounds: int, peers: dict[str, Any], ours: Ours) -> dict[str, Any]:
    """One new notice against all that stand: in each round ours and then each peer, caches emptied before each."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ("ours", *peers)}
    paired: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
    hits, differing, settled = 0, dict.fromkeys(peers, 0), 0
    ours.statistics[:] = 0
    for number_of_round in range(rounds):
        asked = mix(max(sizes.values()), SEED + 1 + number_of_round)
        columns = Columns(asked)
        questions = [ours.question(asked, number) for number in range(len(asked))]
        empty_caches()
        found = [ours.conflicts(question, asked, number) for number, question in enumerate(questions)]
        times["ours"] += [(cpu, wall) for _, cpu, wall in found]
        hits += sum(len(rows) for rows, _, _ in found)
        for name, peer in peers.items():
            empty_caches()
            for number, (rows, cpu, _) in enumerate(found[: sizes[name]]):
                wall_peer, cpu_peer = time.perf_counter(), time.thread_time()
                theirs = peer.conflicts(columns, number)
                cpu_peer, wall_peer = time.thread_time() - cpu_peer, time.perf_counter() - wall_peer
                times[name].append((cpu_peer, wall_peer))
                # PostGIS works in a process of its own: of it only the wall is seen.
                paired[name].append((found[number][2], wall_peer) if name == "postgis" else (cpu, cpu_peer))
                only_ours, only_theirs = np.setdiff1d(rows, theirs).tolist(), np.setdiff1d(theirs, rows).tolist()
                differing[name] += len(only_ours) + len(only_theirs)
                for row, is_ours in [(row, True) for row in only_ours] + [(row, False) for row in only_theirs]:
                    settled += 1
                    if not sides_with_us(live, row, asked, number, is_ours):
                        raise SystemExit(f"judge sides with {name}: row {row}, asked {number}, ours {is_ours}")
    counts = ours.statistics
    answer: dict[str, Any] = {
        "queries": len(times["ours"]), "conflicts_a_query": hits / len(times["ours"]),
        "candidates_a_hit": float(counts[0] / hits), "exact_a_candidate": float(counts[1] / counts[0]),
        "doubts": int(counts[2]), "differing_settled_by_judge": settled,
    }  # fmt: skip
    for name, taken in times.items():
        cpu, wall = (np.array(column) * 1e6 for column in zip(*taken, strict=True))
        line = {
            "version": "keepclear" if name == "ours" else peers[name].name, "queries": len(wall),
            "wall_us": [round(float(v), 1) for v in (*np.percentile(wall, (50, 99)), wall.mean())],
            "cpu_us": [round(float(v), 1) for v in (*np.percentile(cpu, (50, 99)), cpu.mean())],
        }  # fmt: skip
        if name != "ours":
            pairs = np.array(paired[name])
            line["times_ours_mean"] = round(float(pairs[:, 1].sum() / pairs[:, 0].sum()), 1)
            line["times_ours_median"] = round(float(np.median(pairs[:, 1] / pairs[:, 0])), 1)
            line["differing"] = differing[name]
        answer[name] = line
        print(f"  W1 {name}: {line}", flush=True)
    print(f"  W1 { ({k: v for k, v in answer.items() if not isinstance(v, dict)}) }", flush=True)
    return answer


def w2(ours: Ours, *, threads: int, part: int, peer: Any, columns: Columns, peer_rows: int) -> dict[str, Any]:
    """All pairs, by stretches on some threads; one stretch in `part`, scaled. And one peer on some rows."""
    order, boxes = ours.index.order()
    snapshot = ours.index.snapshot().asked_with(ours.live.separations)
    stretch = 64
    begins = range(0, len(order), stretch * part)

    def run(begin: int) -> tuple[int, np.ndarray]:
        pairs, counts = 0, np.zeros(4, dtype=np.int64)
        last = min(stretch, len(order) - begin)
        for ones, _, seen in snapshot.pairs(boxes[begin:], order[begin:], 0, last, 1 << 16):
            pairs += len(ones)
            counts += seen
        return pairs, counts

    taken, cpus, done = [], [], []
    for _ in range(3 if part == 1 and len(order) <= 100_000 else 1):
        empty_caches()
        wall, cpu = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            done = list(pool.map(run, begins))
        taken.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    scale = len(order) / sum(min(stretch, len(order) - begin) for begin in begins)
    pairs, counts = sum(d[0] for d in done), sum(d[1] for d in done)
    answer = {
        "threads": threads, "part": part, "pairs": round(pairs * scale), "wall_s": statistics.median(taken) * scale,
        "cpu_s": statistics.median(cpus) * scale, "candidates_a_hit": float(counts[0] / max(1, pairs)),
        "exact_a_candidate": float(counts[1] / counts[0]), "doubts": int(counts[2]),
    }  # fmt: skip
    if peer is not None:
        rows = np.random.default_rng(SEED).choice(len(order), min(peer_rows, len(order)), replace=False)
        begun = time.thread_time()
        found = sum(len(peer.conflicts(columns, int(row))) - 1 for row in rows)
        cpu_s = (time.thread_time() - begun) * len(order) / len(rows) / 2
        answer["shapely_cpu_s"], answer["shapely_pairs"] = cpu_s, round(found / 2 * len(order) / len(rows))
        answer["shapely_times_ours_cpu"] = cpu_s / answer["cpu_s"]
    print(f"  W2 {answer}", flush=True)
    return answer


def changes(ours: Ours, asked: Mix) -> dict[str, Any]:
    """One added and one removed at a time, merges and all; and how a query fares meanwhile."""
    volumes = [volume(asked, number) for number in range(len(asked))]
    questions = [ours.question(asked, number) for number in range(50)]
    added, removed, queries, rows = [], [], [], []
    for number, each in enumerate(volumes):
        begun = time.thread_time()
        rows.append(ours.index.add_one(each, int(asked.parties[number])))
        added.append(time.thread_time() - begun)
        if number % 100 == 99:
            snapshot = ours.index.snapshot().asked_with(ours.live.separations)
            for question in questions:
                begun = time.thread_time()
                snapshot.find(question, ours.out, ours.statistics)
                queries.append(time.thread_time() - begun)
    for row in rows:
        begun = time.thread_time()
        ours.index.remove([row])
        removed.append(time.thread_time() - begun)
    merges = 0.0
    while (merge := ours.index.due()) is not None:
        begun = time.thread_time()
        ours.index.adopt(merge.run())
        merges += time.thread_time() - begun
    answer = {
        "add_us": [round(float(v) * 1e6, 1) for v in (*np.percentile(added, (50, 99)), np.mean(added))],
        "remove_us": [round(float(v) * 1e6, 1) for v in (*np.percentile(removed, (50, 99)), np.mean(removed))],
        "merges_left_s": round(merges, 3),
        "query_us_meanwhile": [round(float(v) * 1e6, 1) for v in np.percentile(queries, (50, 99))],
    }  # fmt: skip
    print(f"  changes {answer}", flush=True)
    return answer


def main() -> None:
    """Run the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=400, help="new notices a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--part", type=int, default=1, help="one stretch in so many of W2, scaled")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    warm.make_ready()
    mark_as_kept()
    result: dict[str, Any] = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count(), "seed": SEED}
    for size in arguments.sizes:
        print(f"{size:,} standing", flush=True)
        live = mix(size, SEED)
        columns = Columns(live) if arguments.peers else None
        ours = Ours(live)
        raw = int(live.plan.offsets[-1]) * 16
        here: dict[str, Any] = {
            "load": os.getloadavg()[0], "corners": raw // 16, "build_cpu_s": ours.build_s, "bytes": ours.index.nbytes,
            "of_raw": ours.index.nbytes / raw, "missing": {},
        }  # fmt: skip
        print(f"  {here}", flush=True)
        ready = {}
        for name in arguments.peers:
            try:
                begun = time.thread_time()
                ready[name] = PEERS[name](columns)
                print(f"  {ready[name].name}: built in {time.thread_time() - begun:.1f} s", flush=True)
            except Exception as problem:  # noqa: BLE001 -- whatever is wrong with a peer, it is missing
                here["missing"][name] = f"{type(problem).__name__}: {problem}".splitlines()[0]
                print(f"  {name} is missing: {here['missing'][name]}", flush=True)
        queries = {
            name: arguments.queries if name in ("shapely", "rtree") else arguments.queries // 8 for name in ready
        }
        here["w1"] = w1(live, queries | {"ours": arguments.queries}, arguments.rounds, ready, ours)
        peer = ready.get("shapely")
        here["w2"] = w2(
            ours, threads=os.cpu_count() or 1, part=arguments.part, peer=peer, columns=columns, peer_rows=300
        )
        here["changes"] = changes(ours, mix(3_000, SEED + 77))
        result[str(size)] = here
        if arguments.out:
            arguments.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
