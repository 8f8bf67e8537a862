"""`keepclear intake` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from keepclear.cli.main import app

TEXT = "Amber and Birch met in Vessby yesterday. The Vessby Accord of 2029 is in force.\n"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "communique.txt"
    file.write_text(TEXT, "utf-8")
    return file


def test_findings_are_printed_and_nothing_is_written(text: Path) -> None:
    result = CliRunner().invoke(app, ["intake", str(text), "--dated", "2031-05-14"])

    assert result.exit_code == 0
    assert "2 findings, none of them in a record" in result.output
    assert "2031-05-13" in result.output
    assert list(text.parent.iterdir()) == [text]


def test_a_place_that_the_gazetteer_knows_is_said_with_its_country(tmp_path: Path) -> None:
    file = tmp_path / "note.txt"
    file.write_text("The ministers met in Geneva on 3 May 2031.", "utf-8")

    assert "Geneva (Geneva, CH)" in CliRunner().invoke(app, ["intake", str(file)]).output


def test_json_holds_spans_that_fit_the_text(text: Path) -> None:
    result = CliRunner().invoke(app, ["intake", str(text), "--json"])

    said = json.loads(result.output)
    assert said["in_record"] is False
    assert [TEXT[slice(*finding["span"])] for finding in said["findings"]] == [f["text"] for f in said["findings"]]
    assert said["findings"][0]["when"]["is_relative"] is True


def test_only_what_a_named_person_takes_is_in_the_draft_file(text: Path) -> None:
    result = CliRunner().invoke(app, ["intake", str(text), "--confirm", "--by", "I. Maro"], input="n\ny\n")

    draft = json.loads((text.parent / "communique.txt.draft.json").read_text("utf-8"))
    assert result.exit_code == 0
    assert draft["confirmed_by"] == "I. Maro"
    assert [finding["kind"] for finding in draft["findings"]] == ["agreement"]
    assert "nothing entered a record" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--confirm"], "add --by NAME"), (["--dated", "yesterday"], "'yesterday' is not a day")],
)
def test_what_is_missing_is_said_in_one_line(text: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["intake", str(text), *arguments])

    assert result.exit_code == 1 and said in result.output


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "photo.txt"
    file.write_bytes(b"abc\xff\xfe")

    result = CliRunner().invoke(app, ["intake", str(file)])

    assert result.exit_code == 1 and "not UTF-8 at byte 3" in result.output
