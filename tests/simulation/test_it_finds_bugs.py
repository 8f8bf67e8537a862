"""The simulator finds what is wrong: a promise broken on purpose in a copy of the source shows in a few seeds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import keepclear

SOURCE = Path(keepclear.__file__).parent


@dataclass(frozen=True, slots=True)
class Planted:
    """One promise broken: in `file`, `before` becomes `after`."""

    file: str
    before: str
    after: str
    found_as: str
    seeds: int = 60


#: A command is answered although the store could not keep it.
ANSWER_BEFORE_COMMIT = Planted(
    "node/loop.py",
    "return Outcome(tuple(given if isinstance(given, Exception) else failed for given in answers))",
    "return Outcome(tuple(answers))",
    "is not on the disk",
)
#: The gate lets through what the agreement hides.
NO_GATE = Planted(
    "core/disclosure.py",
    "            shown = _ALWAYS\n",
    '            shown = _ALWAYS | {"remarks"}\n',
    "hidden remarks",
)


def play_with(planted: Planted, folder: Path) -> str:
    """What the simulator says about a copy of the source with one bug in it."""
    copy = folder / "src"
    shutil.copytree(SOURCE, copy / "keepclear", ignore=shutil.ignore_patterns("__pycache__", "static"))
    file = copy / "keepclear" / planted.file
    text = file.read_text()
    assert text.count(planted.before) == 1, f"{planted.file} no longer says so: plant the bug anew"
    file.write_text(text.replace(planted.before, planted.after))
    run = Path(__file__).with_name("run.py")
    command = [sys.executable, "-B", str(run), "--seeds", str(planted.seeds), "--seed", "1", "--jobs", "2", "--first"]
    settings = os.environ | {"PYTHONHASHSEED": "0", "KEEPCLEAR_SIM_SRC": str(copy)}
    result = subprocess.run(command, capture_output=True, text=True, env=settings)
    assert result.returncode == 1, "the simulator did not find it"
    return next(line for line in result.stdout.splitlines() if line.startswith("seed "))


@pytest.mark.parametrize("planted", [ANSWER_BEFORE_COMMIT, NO_GATE], ids=["answer before commit", "no gate"])
def test_a_promise_broken_on_purpose_is_found(planted: Planted, tmp_path: Path) -> None:
    assert planted.found_as in play_with(planted, tmp_path)
