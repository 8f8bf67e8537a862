"""`keepclear card` as an officer uses it: printed here, typed in there, each line checked as it comes (V1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from given import START_US
from keepclear.cli.main import app
from keepclear.node import entries
from keepclear.record import Envelope, Seen

STOP = entries.StopSent("SA-0001", "I. Maro", "Now.")


def run(*arguments: str | Path, typed: str = "") -> Any:
    """One command of the program, in this process."""
    return CliRunner().invoke(app, [str(part) for part in arguments], input=typed, prog_name="keepclear")


@pytest.fixture
def entry(tmp_path: Path) -> Path:
    """A file with a STOP from Amber to Birch."""
    envelope = Envelope(
        "keepclear/amber/to/birch", 3, START_US, "stop", "OPER", True, Seen(), msgspec.to_builtins(STOP)
    )
    path = tmp_path / "stop.json"
    path.write_bytes(envelope.to_bytes())
    return path


def test_a_card_printed_here_and_typed_in_there_has_one_hash(entry: Path, tmp_path: Path) -> None:
    """Also in a folder without a node: paper and a spare machine are enough."""
    printed = run("card", "show", entry, "--home", tmp_path).output
    lines = json.loads(run("card", "show", entry, "--home", tmp_path, "--json").output)["lines"]

    typed = run("card", "read", "--home", tmp_path, "--json", typed="\n".join(line.lower() for line in lines) + "\n")
    from_file = tmp_path / "card.txt"
    from_file.write_text(printed)
    read = run("card", "read", from_file, "--home", tmp_path, "--language", "ru")

    assert f"HASH {entries.content_hash(STOP)}" in printed
    assert json.loads(typed.stdout)["hash"] == entries.content_hash(STOP)
    assert json.loads(typed.stdout)["body"] == {"id": "SA-0001", "by": "I. Maro", "remarks": "Now."}
    assert "AMBER to BIRCH, by voice" in read.output
    assert entries.content_hash(STOP) in read.output
    assert "просит дежурного" in read.output


def test_a_line_that_is_wrong_is_asked_for_again_with_what_would_fit(entry: Path, tmp_path: Path) -> None:
    lines = json.loads(run("card", "show", entry, "--home", tmp_path, "--json").output)["lines"]
    misheard = lines[2].replace("SA-0001", "SA-0007")

    typed = run("card", "read", "--home", tmp_path, typed="\n".join([*lines[:2], misheard, *lines[2:]]) + "\n")

    assert typed.exit_code == 0
    assert "line 3 (STOP): 'SA-0007' and the letters" in typed.output
    assert "SA-0001" in typed.output.partition("would fit")[0]
    assert "all 6 lines fit their letters" in typed.output


def test_a_card_that_breaks_off_says_which_line_is_missing(entry: Path, tmp_path: Path) -> None:
    lines = json.loads(run("card", "show", entry, "--home", tmp_path, "--json").output)["lines"]

    typed = run("card", "read", "--home", tmp_path, typed="\n".join(lines[:3]) + "\n")

    assert typed.exit_code == 1
    assert "line 4 is missing" in typed.output


def test_a_page_for_paper_needs_nothing_else(entry: Path, tmp_path: Path) -> None:
    page = run("card", "show", entry, "--html", "--home", tmp_path).output

    assert page.startswith("<!doctype html>")
    assert "http" not in page
    assert "SIERRA ALFA DASH ZERO ZERO ZERO ONE" in page
