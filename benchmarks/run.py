"""`make bench`: all figures, printed and kept under results/."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import bench_dss
import bench_engine
import bench_http
import bench_line
import bench_record
from measure import write_results, yardstick

PARTS = {
    "engine": bench_engine.figures,
    "record": bench_record.figures,
    "line": bench_line.figures,
    "http": bench_http.figures,
    "dss": bench_dss.figures,
}


def main() -> int:
    """Run the benchmarks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it runs, not how fast")
    parser.add_argument("--only", choices=tuple(PARTS), help="one part")
    parser.add_argument("--out", type=Path, help="where to keep the result, as JSON")
    arguments = parser.parse_args()
    figures, load_before, begun = [], os.getloadavg()[0], time.monotonic()
    for name, part in PARTS.items():
        if arguments.only in (None, name):
            figures.append(yardstick(f"yardstick, before {name}"))
            print(figures[-1], flush=True)
            for figure in part(quick=arguments.quick):
                print(figure, flush=True)
                figures.append(figure)
    facts = {
        "quick": arguments.quick,
        "cores": os.cpu_count(),
        "load": [load_before, os.getloadavg()[0]],
        "took_s": round(time.monotonic() - begun),
    }
    print(facts)
    if arguments.out:
        write_results(arguments.out, figures, **facts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
