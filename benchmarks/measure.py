"""Measuring on a shared machine: several rounds, the median, CPU time beside wall time."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a result: the median of the rounds, per unit of work.

    `cpu_us` and `wall_us` are microseconds a unit; `rounds_wall_us` shows how far the rounds lie apart. `more` holds
    what else was counted in the same run, with its unit in its name.
    """

    name: str
    unit: str
    count: int
    cpu_us: float
    wall_us: float
    rounds_wall_us: tuple[float, ...]
    more: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        spread = f"{min(self.rounds_wall_us):.1f}-{max(self.rounds_wall_us):.1f}"
        more = "".join(f"  {name} {value:.4g}" for name, value in self.more.items())
        return (
            f"{self.name:<50} {self.cpu_us:10.1f} us CPU  {self.wall_us:10.1f} us wall  ({spread})"
            f"  {1e6 / self.wall_us:10.0f} {self.unit}/s{more}"
        )


def measure(name: str, unit: str, count: int, work: Callable[[], None], *, rounds: int = ROUNDS) -> Figure:
    """Do `work`, which handles `count` units, so many times; the median is reported."""
    cpu, wall = [], []
    for _ in range(rounds):
        wall_before, cpu_before = time.perf_counter(), time.process_time()
        work()
        cpu.append((time.process_time() - cpu_before) / count * 1e6)
        wall.append((time.perf_counter() - wall_before) / count * 1e6)
    return Figure(name, unit, count, statistics.median(cpu), statistics.median(wall), tuple(wall))


def yardstick(name: str = "yardstick") -> Figure:
    """A piece of plain Python that never changes: how fast this machine is at this moment, its other guests included.

    About 5,000 us on a quiet machine of 2026. Two runs are compared after dividing by it.
    """

    def work() -> None:
        table: dict[int, tuple[int, str]] = {}
        for number in range(20_000):
            table[number % 997] = (number, str(number))

    return measure(name, "times", 1, work, rounds=21)


def write_results(path: Path, figures: list[Figure], **facts: object) -> None:
    """Keep a run as JSON, so that a slide is seen."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        about = {"python": platform.python_version(), "machine": platform.machine(), **facts}
        json.dump({"about": about, "figures": [asdict(figure) for figure in figures]}, file, indent=1)
        file.write("\n")
