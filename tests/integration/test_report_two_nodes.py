"""Two nodes, two record files, one report: byte for byte the same, whichever side it is made from (R4)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from given import Desk, a_notice, amber_and_birch, sync
from keepclear.cli.main import app
from keepclear.cli.report import plain, report_of
from keepclear.cli.story import read_record
from keepclear.core.alert import Answer
from keepclear.core.timespan import MINUTE_US, zulu
from keepclear.errors import Malformed
from keepclear.node.commands import AnswerAlert, AnswerStop, SendStop
from keepclear.node.proofs import export


@pytest.fixture
def desks() -> tuple[Desk, Desk]:
    """A short watch: two notices from Amber, one from Birch; one alert answered, the others not; a STOP answered."""
    amber, birch = amber_and_birch()
    first = amber.ask(a_notice())
    sync(amber, birch)
    alert = next(iter(birch.picture.alerts.values()))
    amber.hands.now_us += MINUTE_US
    birch.ask(AnswerAlert(alert.id, alert.ref.version, Answer.ROGER, "Tomas"))
    sync(amber, birch)
    amber.ask(a_notice())
    birch.ask(a_notice(by="Tomas"))
    sync(amber, birch)
    stop = amber.ask(SendStop("Imani"))
    sync(amber, birch)
    birch.ask(AnswerStop(f"amber/{stop.rpartition('/')[2]}", Answer.WILCO, "Tomas"))
    sync(amber, birch)
    amber.hands.now_us += 600 * MINUTE_US
    sync(amber, birch)
    assert first
    return amber, birch


def files(desks: tuple[Desk, Desk], folder: Path) -> list[Path]:
    written = []
    for desk in desks:
        path = folder / f"{desk.party}.keepclear-record"
        path.write_bytes(b"".join(export(desk.exchange)))
        written.append(path)
    return written


def test_both_sides_records_give_the_same_report_to_the_digit(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    amber, birch = files(desks, tmp_path)
    sizes = "amber={},birch={}".format(*(len(read_record(amber).logs[log]) for log in sorted(read_record(amber).logs)))

    said = [CliRunner().invoke(app, ["report", str(path), "--until", sizes, "--json"]) for path in (amber, birch)]

    assert [result.exit_code for result in said] == [0, 0], said[0].output + said[1].output
    assert said[0].output == said[1].output
    ambers, birchs = json.loads(said[0].output)["directions"]
    assert (ambers["notices"], birchs["notices"]) == ({"HAZARD": 2}, {"HAZARD": 1})
    assert ambers["acknowledged_in_time"] == 1 and ambers["stops_answered_in_time"] == 1
    assert len(ambers["leads_s"]) == 2


def test_a_period_by_time_is_the_same_period_on_both_sides(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    paths = files(desks, tmp_path)
    entries = read_record(paths[0]).logs
    middle = sorted(held.entry.at for log in entries.values() for held in log)[6]
    end = max(held.entry.at for log in entries.values() for held in log)

    one, other = (
        plain(report_of(read_record(path), party, from_=zulu(middle), to=zulu(end)))
        for path, party in zip(paths, ("birch", "amber"), strict=True)
    )

    assert one == other and "prior" in one


def test_what_the_other_party_has_not_cosigned_is_not_reported(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    amber, birch = desks
    amber.ask(SendStop("Imani"))
    record = read_record(files((amber, birch), tmp_path)[0])
    more = len(next(log for name, log in record.logs.items() if "amber/" in name))

    with pytest.raises(Malformed, match="cosigned in this file"):
        report_of(record, "birch", until={"amber": more + 1})


def test_a_page_needs_no_network_and_runs_no_script(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    amber, _ = files(desks, tmp_path)

    result = CliRunner().invoke(app, ["report", str(amber), "--html", str(tmp_path / "report.html")])

    page = (tmp_path / "report.html").read_text("utf-8")
    assert result.exit_code == 0 and "<svg" in page
    assert "default-src 'none'" in page and "<script" not in page and "http" not in page.replace("http-equiv", "")


def test_text_and_csv_say_the_same_figures_with_cut_off_and_zone(desks: tuple[Desk, Desk], tmp_path: Path) -> None:
    amber, _ = files(desks, tmp_path)

    text = CliRunner().invoke(app, ["report", str(amber), "--zone", "UTC+3"]).output
    table = CliRunner().invoke(app, ["report", str(amber), "--csv"]).output

    assert "cut-off" in text and "UTC+03:00" in text
    assert "now,amber,notices,HAZARD,2" in table and "notices first told" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--zone", "MSK"], "no zone"), (["--until", "amber:3"], "amber=120"), (["--with", "cedar"], "no channel with")],
)
def test_a_wrong_option_is_told_in_one_line(
    desks: tuple[Desk, Desk], tmp_path: Path, arguments: list[str], said: str
) -> None:
    amber, _ = files(desks, tmp_path)

    result = CliRunner().invoke(app, ["report", str(amber), *arguments])

    assert result.exit_code == 1 and said in result.output
