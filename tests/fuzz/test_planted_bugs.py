"""The fuzzer finds the mistakes that engines like ours are known for: each is planted in a copy of the source.

The copy runs in a process of its own. A control run of the copy without a bug passes, so what fails is the bug.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src"
PAIRS = 400
RUN_S = 100

#: Put after the engine's own code: what `judge` is given is bent, then judged as before.
PREAMBLE = """

# A bug planted by the fuzzer's own test.
import dataclasses as _dataclasses
import math as _math
from pyproj import Geod as _Geod
from keepclear.core.footprint import Circle as _Circle, Polygon as _Polygon
from keepclear.core.separation import NO_SEPARATION as _NONE

_sound_judge = judge


def judge(one, other, separation=_NONE):
    one = _dataclasses.replace(one, footprint=_bend(one.footprint))
    other = _dataclasses.replace(other, footprint=_bend(other.footprint))
    return _sound_judge(one, other, separation)


def _east_of(lon_deg, start_deg):
    return start_deg + (lon_deg - start_deg + 180) % 360 - 180


def _wrapped(lat_deg, lon_deg):
    return (max(-90.0, min(90.0, lat_deg)), (lon_deg + 180) % 360 - 180)


"""

BUGS = {
    # An edge straight on a chart of latitude and longitude: a corner put in wherever an edge is long enough to bulge.
    "planar_edges": """
def _bend(footprint):
    if isinstance(footprint, _Circle):
        return footprint
    corners = []
    for (lat1, lon1), (lat2, lon2) in zip(footprint.outline, footprint.outline[1:] + footprint.outline[:1]):
        lon2 = _east_of(lon2, lon1)
        parts = 8 if max(abs(lat2 - lat1), abs(lon2 - lon1)) > 0.5 else 1
        corners += [_wrapped(lat1 + (lat2 - lat1) * i / parts, lon1 + (lon2 - lon1) * i / parts) for i in range(parts)]
    return _Polygon(tuple(corners))
""",
    # The box round a footprint stands for it.
    "box_only": """
def _bend(footprint):
    if isinstance(footprint, _Circle):
        tall = footprint.radius_m / 111_320
        wide = tall / max(0.01, _math.cos(_math.radians(footprint.lat_deg)))
        lats = [footprint.lat_deg - tall, footprint.lat_deg + tall]
        lons = [footprint.lon_deg - wide, footprint.lon_deg + wide]
    else:
        first = footprint.outline[0][1]
        lats = [lat for lat, _ in footprint.outline]
        lons = [_east_of(lon, first) for _, lon in footprint.outline]
    if max(lons) - min(lons) > 120 or max(abs(lat) for lat in lats) > 89:
        return footprint
    south, north, west, east = min(lats), max(lats), min(lons), max(lons)
    return _Polygon(tuple(_wrapped(*c) for c in ((south, west), (south, east), (north, east), (north, west))))
""",
    # A circle as the polygon that drawing libraries make of it, its corners on the circle.
    "circle_as_64_corners": """
def _bend(footprint):
    if not isinstance(footprint, _Circle):
        return footprint
    middle, fwd = (footprint.lon_deg, footprint.lat_deg), _Geod(ellps="WGS84").fwd
    ends = [fwd(*middle, 360 * i / 64, footprint.radius_m) for i in range(64)]
    return _Polygon(tuple((lat, lon) for lon, lat, _ in ends))
""",
    # Nobody's known mistake, but a measure of how fine the sieve is.
    "circle_a_millimetre_small": """
def _bend(footprint):
    if not isinstance(footprint, _Circle):
        return footprint
    return _dataclasses.replace(footprint, radius_m=footprint.radius_m - 0.001)
""",
}


def copy_with(bug: str, into: Path) -> Path:
    """A copy of the source tree with code appended to the engine's judge; fails when there is nothing to bend."""
    copy = into / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / "keepclear" / "engine" / "judge.py"
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^def judge\(", text, re.MULTILINE)) == 1, "the bug has nothing to be planted in"
    if bug:
        path.write_text(text + PREAMBLE + bug, encoding="utf-8")
    return copy


def fuzz(copy: Path) -> subprocess.CompletedProcess[str]:
    """Run the fuzzer against a copy of the source."""
    command = [sys.executable, str(HERE / "run.py"), "--pairs", str(PAIRS), "--seed", "41", "--jobs", "1"]
    # The bugs are in `judge`; compiling the kernels of each copy would take longer than all else.
    command.append("--judge-alone")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, env=environment, check=False)
    assert f"engine under test: {copy}" in done.stdout, done.stdout + done.stderr
    return done


def test_a_copy_without_a_bug_passes(tmp_path: Path) -> None:
    done = fuzz(copy_with("", tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("bug", "fault"),
    [
        ("planar_edges", "false negative"),
        ("box_only", "false positive"),
        ("circle_as_64_corners", "false negative"),
        ("circle_a_millimetre_small", "false negative"),
    ],
)
def test_a_planted_bug_is_found(bug: str, fault: str, tmp_path: Path) -> None:
    done = fuzz(copy_with(BUGS[bug], tmp_path))

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAULT {fault}" in done.stdout, done.stdout
