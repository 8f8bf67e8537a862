"""Where compiled kernels are kept: in a folder of the user, apart by version, and nobody waits for them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from keepclear.cli.warmup import warmup
from keepclear.engine import warm
from keepclear.links import kernels


def test_kernels_are_kept_under_the_folder_that_is_named_and_apart_by_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEPCLEAR_CACHE", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")

    assert not kernels.use_kept_kernels()
    kernels.mark_as_kept()
    assert kernels.use_kept_kernels()

    before = kernels.kernel_folder()
    monkeypatch.setattr(kernels, "version", lambda name: "another")
    assert kernels.kernel_folder() != before
    assert kernels.kernel_folder().parent == before.parent == tmp_path


def test_a_check_of_a_few_notices_needs_no_compiler(tmp_path: Path) -> None:
    plan = tmp_path / "plan.geojson"
    plan.write_text('{"type":"FeatureCollection","features":[]}')
    code = f"""
import sys
import threading
from keepclear.cli.main import app
sys.argv = ["keepclear", "check", {str(plan)!r}]
try:
    app()
except SystemExit:
    print("numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("kernels")
def test_warmup_says_what_it_does_and_that_it_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    warmup()

    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "ready"
    assert "1 of 6" in told.err
    assert warm.is_ready()


def test_kernels_are_made_ready_once_they_are_needed_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEPCLEAR_CACHE", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    kernels.use_kept_kernels()
    kernels.mark_as_kept()
    made, needed = threading.Event(), threading.Event()
    monkeypatch.setattr(kernels, "make_ready", made.set)

    warming = kernels.Warming(needed.is_set, every_s=0.01)
    assert not made.wait(0.1)
    needed.set()

    assert made.wait(30)
    warming.stop()


def test_a_compilation_that_fails_leaves_the_node_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEPCLEAR_CACHE", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")
    tried, made = threading.Event(), threading.Event()

    def compile_in_vain(self: kernels.Warming) -> int:
        tried.set()
        return 1

    monkeypatch.setattr(kernels.Warming, "_compile", compile_in_vain)
    monkeypatch.setattr(kernels, "make_ready", made.set)
    warming = kernels.Warming(lambda: True, every_s=0.01)

    assert tried.wait(30)
    assert not made.wait(0.1)
    warming.stop()
