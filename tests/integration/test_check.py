"""`keepclear check` from files to the exit code, and its page in a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from chromium import chromium_path
from keepclear.cli import check as check_module
from keepclear.cli.check import register

EXAMPLES = Path(__file__).parents[2] / "examples" / "check"

program = typer.Typer()
register(program)


@program.callback()
def _program() -> None:
    """A second level, as in the real program."""


def run(*args: object, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(program, ["check", *(str(arg) for arg in args)], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result  # type: ignore[return-value]


def a_circle(name: str, lon: float, *, start: str = "02:00", end: str = "03:00", **more: Any) -> dict[str, Any]:
    times = {"start": f"2027-03-14T{start}:00Z", "end": f"2027-03-14T{end}:00Z"}
    return {
        "type": "Feature",
        "id": name,
        "properties": {**times, "lower": "100 m AMSL", "upper": "200 m AMSL", "radius_m": 1000, **more},
        "geometry": {"type": "Point", "coordinates": [lon, 0.0]},
    }


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def put(name: str, *features: dict[str, Any]) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        return path

    return put


def test_notices_apart_are_clear(write: Any):
    result = run(write("a.geojson", a_circle("A", 0.0), a_circle("B", 1.0)))

    assert result.exit_code == 0
    assert result.output.startswith("Clear: 2 notices read.")


def test_a_conflict_is_told_with_time_place_height_and_clear_start(write: Any):
    result = run(write("a.geojson", a_circle("A", 0.0)), write("b.geojson", a_circle("B", 0.01, start="02:30")))

    assert result.exit_code == 1
    assert "CONFLICT 1: A and B" in result.output
    assert "2027-03-14T02:30:00Z to 2027-03-14T03:00:00Z shared, 30 min 00 s" in result.output
    assert "100 m AMSL to 200 m AMSL shared (100 m)" in result.output
    assert "earliest start of A clear of everything read: 2027-03-14T03:00:00Z, 1 h 00 min 00 s later" in result.output


def test_the_clear_start_is_clear_of_everything_read(write: Any):
    first = write("a.geojson", a_circle("A", 0.0))
    other = write("b.geojson", a_circle("B", 0.0), a_circle("C", 0.0, start="03:30", end="05:00"))

    (conflict,) = json.loads(run(first, "--against", other, "--json").output)["conflicts"]

    assert conflict["earliest_clear_start"] == "2027-03-14T05:00:00Z"


def test_notices_to_check_against_are_not_compared_with_each_other(write: Any):
    against = [write("b.geojson", a_circle("B", 0.0)), write("c.geojson", a_circle("C", 0.0))]

    assert run(write("a.geojson", a_circle("A", 5.0)), "--against", *against).exit_code == 0


def test_every_name_after_against_is_checked_against(write: Any):
    against = [write("b.geojson", a_circle("B", 5.0)), write("c.geojson", a_circle("C", 0.0))]

    report = json.loads(run(write("a.geojson", a_circle("A", 0.0)), "--against", *against, "--json").output)

    assert [notice["against"] for notice in report["notices"]] == [False, True, True]
    assert [conflict["other"]["id"] for conflict in report["conflicts"]] == ["C"]


@pytest.mark.parametrize(
    ("option", "kept", "short"),
    [("--horizontal-m", 109_319.4, 109_319.6), ("--vertical-m", 100, 101), ("--time-s", 1800, 1801)],
)
def test_exactly_the_separation_apart_is_kept_and_less_is_not(write: Any, option: str, kept: float, short: float):
    other = {
        "--horizontal-m": a_circle("B", 1.0),  # 109,319.49 m between the circles on the equator
        "--vertical-m": a_circle("B", 0.0, lower="300 m AMSL", upper="400 m AMSL"),
        "--time-s": a_circle("B", 0.0, start="03:30", end="04:00"),
    }[option]
    files = write("a.geojson", a_circle("A", 0.0), other)

    assert run(files, option, kept).exit_code == 0
    assert run(files, option, short).exit_code == 1


def test_doubt_is_a_conflict_and_says_why(write: Any):
    other = a_circle("B", 0.0, lower="FL 5", upper="FL 6")

    result = run(write("a.geojson", a_circle("A", 0.0), other))

    assert result.exit_code == 1
    assert "POSSIBLE 1: A and B" in result.output
    assert "heights above AMSL and FL compare only within bounds" in result.output


def test_clear_with_something_unread_is_3_and_says_where(write: Any):
    result = run(write("a.geojson", a_circle("A", 0.0), a_circle("B", 0.0, upper=7)))

    assert result.exit_code == 3
    assert "a.geojson: features[1]: properties.upper: 7 does not say what it is measured from" in result.output


def test_a_polygon_that_crosses_itself_is_a_fault(write: Any):
    bow = a_circle("B", 0.0)
    bow["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [0.1, 0.1], [0.1, 0], [0, 0.1], [0, 0]]]}

    result = run(write("a.geojson", a_circle("A", 5.0), bow))

    assert result.exit_code == 3
    assert "features[1]: geometry.coordinates" in result.output and "crosses itself" in result.output


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"nonsense", b"\xff", b'{"type": "FeatureCollection", "features": []}']
)
def test_nothing_usable_is_2(data: bytes):
    assert run("-", stdin=data).exit_code == 2


def test_a_file_that_is_not_there_is_a_fault_and_not_a_crash(write: Any, tmp_path: Path):
    result = run(write("a.geojson", a_circle("A", 0.0)), tmp_path / "absent", tmp_path)

    assert result.exit_code == 3
    assert result.output.count("cannot be opened") == 2


def test_stdin_is_read_as_a_file():
    text = json.dumps([a_circle("A", 0.0), a_circle("B", 0.0)]).encode()

    assert run("-", stdin=text).exit_code == 1


def test_a_file_named_twice_is_no_conflict_with_itself(write: Any):
    path = write("a.geojson", a_circle("A", 0.0))

    assert run(path, path, "--against", path).exit_code == 0


def test_a_search_that_hits_its_bound_says_so_and_is_no_all_clear(write: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_module, "CONFLICTS_MAX", 2)
    three, two = [[a_circle(name, 0.0) for name in names] for names in ("ABC", "AB")]

    stopped = run(write("three.geojson", *three))

    assert stopped.exit_code == 1
    assert "CONFLICTS_MAX" in stopped.output
    assert "CONFLICTS_MAX" not in run(write("two.geojson", *two)).output


def test_a_name_cannot_steer_the_terminal(write: Any):
    result = run(write("a.geojson", a_circle("\x1b[2J\u202eA\ud800", 0.0), a_circle("B", 0.0)))

    assert "\x1b" not in result.output and "\u202e" not in result.output


@pytest.mark.parametrize("option", [("--horizontal-m", "-1"), ("--time-s", "nan"), ("--vertical-m", "much")])
def test_a_separation_that_cannot_be_is_refused(write: Any, option: tuple[str, str]):
    assert run(write("a.geojson", a_circle("A", 0.0)), *option).exit_code == 2


def test_the_examples_read_as_their_page_says():
    files = [EXAMPLES / name for name in ("amber.geojson", "birch.geojson")]
    against = [EXAMPLES / name for name in ("cedar_intent.json", "with_faults.geojson")]

    report = json.loads(run(*files, "--against", *against, "--json").output)

    pairs = [(found["verdict"], found["one"]["id"], found["other"]["id"]) for found in report["conflicts"]]
    assert ("CONFLICT", "A-0101", "B-0044") in pairs
    assert {fault["field"] for fault in report["faults"]} == {
        "properties.upper_limit",
        "properties.radius_m",
        "geometry.coordinates",
    }


def started(shell: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """The real program under a shell, for what only a process has."""
    source = Path(check_module.__file__).parents[2]
    return subprocess.run(
        ["bash", "-c", shell.replace("CHECK", f"{sys.executable} -m keepclear check")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ("CHECK clear.geojson | true; exit ${PIPESTATUS[0]}", 2, "not written in full: Broken pipe"),
        ("CHECK both.geojson | true; exit ${PIPESTATUS[0]}", 1, "not written in full: Broken pipe"),
        ("CHECK clear.geojson > /dev/full", 2, "not written in full: No space left"),
        ("CHECK clear.geojson >&-", 2, "no standard output"),
        ("CHECK - <&-", 2, ""),
        ("CHECK clear.geojson --map /dev/full", 2, "the map was not written: No space left"),
        ("CHECK both.geojson --map /dev/full", 1, "the map was not written: No space left"),
    ],
)
def test_a_report_that_cannot_be_written_is_no_all_clear_and_no_traceback(
    write: Any, tmp_path: Path, shell: str, code: int, said: str
):
    write("clear.geojson", a_circle("A", 0.0))
    write("both.geojson", a_circle("A", 0.0), a_circle("B", 0.0))

    done = started(shell, tmp_path)

    assert done.returncode == code
    assert said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["a.geojson", "./a.geojson", "link.geojson", "--json", "-"])
def test_a_map_never_overwrites_a_plan_nor_takes_an_option_for_a_name(
    write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    path = write("a.geojson", a_circle("A", 0.0))
    (tmp_path / "link.geojson").symlink_to(path)
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)

    assert run(path, "--map", name).exit_code == 2
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_a_map_of_nothing_is_said_to_be_missing(tmp_path: Path):
    result = run("-", "--map", tmp_path / "map.html", stdin=b"[]")

    assert result.exit_code == 2
    assert "the map was not written: no notice could be read" in result.stderr


def test_a_bad_outline_is_told_by_the_place_of_its_corners(write: Any):
    bow = a_circle("B", 0.0)
    bow["geometry"] = {"type": "Polygon", "coordinates": [[[40, 50], [44, 54], [44, 50], [40, 54], [40, 50]]]}

    output = run(write("a.geojson", a_circle("A", 5.0), bow)).output

    # Corners that were added along the long edges are not counted.
    assert "crosses itself: on the edges from latitude 5" in output and "edges 0" not in output


def test_heights_without_end_share_what_the_other_has(write: Any):
    everything = a_circle("B", 0.0, lower="SFC", upper="UNL")

    report = json.loads(run(write("a.geojson", a_circle("A", 0.0), everything), "--json").output)

    assert report["conflicts"][0]["meetings"][0]["shared_heights"] == ["100 m AMSL", "200 m AMSL"]


def test_many_notes_alike_do_not_bury_the_rest(write: Any):
    def a_box(number: int) -> dict[str, Any]:
        box = a_circle(f"N{number}", 0.0, radius_m=None)
        west, east = number * 3 - 179.0, number * 3 - 178.0
        ring = [[west, 50], [east, 50], [east, 51 + number / 100], [west, 51], [west, 50]]
        return {**box, "geometry": {"type": "Polygon", "coordinates": [ring]}}

    path = write("a.geojson", *(a_box(number) for number in range(25)), a_circle("last", 170.0, buffer_m=5))

    output, report = run(path).output, json.loads(run(path, "--json").output)

    assert output.count("from geodesics") == 20 and "5 more notes like these" in output
    assert "not read: buffer_m" in output
    assert sum("from geodesics" in note for notice in report["notices"] for note in notice["notes"]) == 25


@pytest.fixture
def page(tmp_path: Path) -> Path:
    out = tmp_path / "map.html"
    files = [EXAMPLES / name for name in ("amber.geojson", "birch.geojson")]
    assert run(*files, "--map", out).exit_code == 1
    return out


def test_the_page_stands_alone_and_draws_every_notice_and_conflict(page: Path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium_path()), args=["--no-sandbox"])
        tab = browser.new_page()
        asked: list[str] = []
        said: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(page.as_uri())
        shapes = tab.locator("#world .edge").count()
        flags = tab.locator("text.flag").all_text_contents()
        tab.locator("#every").uncheck()
        quiet = tab.locator("text.flag").count()
        browser.close()

    assert asked == [page.as_uri()]
    assert said == []
    assert shapes == 4
    assert "Conflict 1" in flags
    assert quiet < len(flags)  # at the first instant nothing meets yet


def test_a_name_cannot_put_script_into_the_page(write: Any, tmp_path: Path):
    evil = "</script><script>alert(1)</script>{{DATA}}"
    out = tmp_path / "map.html"

    run(write("a.geojson", a_circle(evil, 0.0, title=evil), a_circle("B", 0.0)), "--map", out)

    assert "<script>alert" not in out.read_text()
