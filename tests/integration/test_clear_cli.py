"""`keepclear clear` as a planner runs it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from keepclear.cli.main import app

INSIDE = ["clear", "--at", "34,36", "--speed-mps", "60", "--reaction-s", "10", "--circle", "34,36,1200"]


def test_the_worst_time_is_said_in_words_and_as_json() -> None:
    words = CliRunner().invoke(app, INSIDE)
    facts = CliRunner().invoke(app, [*INSIDE, "--json"])

    assert words.exit_code == 0 and "soonest    0 min 40 s" in words.output
    assert json.loads(facts.output)["soonest_s"] == 40


def test_too_late_is_said_and_is_an_exit_code() -> None:
    result = CliRunner().invoke(app, [*INSIDE, "--lead-s", "60", "--message-s", "30"])

    assert result.exit_code == 1 and "too late   by 0 min 10 s" in result.output


def test_up_counts_when_it_is_quicker() -> None:
    heights = ["--height", "900 m AMSL", "--lower", "0 m AMSL", "--upper", "1000 m AMSL", "--climb-mps", "20"]

    result = CliRunner().invoke(app, [*INSIDE, *heights, "--json"])

    assert json.loads(result.output)["soonest_s"] == 25


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--stream-mps", "60"], "no time to clear can be given"),
        (["--polygon", "1,1 2,2 1,2"], "give either --circle or --polygon"),
        (["--height", "900 m AMSL"], "--lower and --upper"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, [*INSIDE, *arguments])

    assert result.exit_code == 1 and said in result.output
