"""`make bench`: all figures, printed and kept under results/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import bench_record
from measure import write_results


def main() -> int:
    """Run the benchmarks that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it runs, not how fast")
    parser.add_argument("--only", choices=("record", "http", "engine"), help="one part")
    parser.add_argument("--out", type=Path, help="where to keep the result, as JSON")
    arguments = parser.parse_args()
    parts = {"record": bench_record.figures}
    figures = []
    for name, part in parts.items():
        if arguments.only in (None, name):
            for figure in part(quick=arguments.quick):
                print(figure, flush=True)
                figures.append(figure)
    if arguments.out:
        write_results(str(arguments.out), figures, quick=arguments.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())
