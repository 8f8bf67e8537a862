"""`keepclear place` as a person uses it: converted, compared, found, and refused in one line (P1, P4, P7)."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from keepclear.cli.main import app

OWN = 'id,name,position\nown:p1,Sher Mughar,"35.4000 N 36.4900 E"\n'


def run(*args):
    return CliRunner().invoke(app, ["place", *args])


def test_a_position_comes_back_in_every_notation_with_what_is_near():
    done = run("36.5000 N 35.7000 E")

    assert done.exit_code == 0
    for text in ("36S YF 41825 42798", "UTM 36 north 741825.6", "36°30.0000' N", "Arsuz, TR", "300/19.6km", "GeoNames"):
        assert text in done.output
    assert "look again" not in done.output


def test_what_to_look_at_again_is_said():
    done = run("35.7, -36.5", "--area", "35 N 36 E 300", "--near", "0")

    assert [code in done.output for code in ("ORDER_ASSUMED", "COARSE", "OUTSIDE_AREA", "EAST_WEST")] == [True] * 4


def test_a_program_gets_json():
    answer = json.loads(run("36SYF4182542798", "--json", "--near", "1").output)

    assert (round(answer["lat"], 4), round(answer["lon"], 4), answer["precision_m"]) == (36.5, 35.7, 1.0)
    assert answer["near"][0]["id"] == "gn:298435" and answer["flags"] == []


@pytest.mark.parametrize(
    ("said", "verdict", "code"),
    [
        ("Latakia 356/108km", "AGREE", 0),
        ("Latakia 266/108km", "DISAGREE", 1),
        ("Latakia 356/99km", "DISAGREE", 1),
        ("108 km N of Latakia", "DISAGREE", 1),
        ("36.5001 N 35.7001 E", "AGREE", 0),
        ("36.49894 N 35.69968 E", "AGREE", 0),
    ],
)
def test_two_means_are_compared_and_the_exit_code_says_it(said, verdict, code):
    done = run("check", "36.5 N 35.7 E", "--from", said, "--tolerance-m", "3000")

    assert (done.exit_code, done.output.split(":")[0]) == (code, verdict)


def test_nine_kilometres_are_caught_on_the_command_line():
    """P1."""
    wrong = run("check", "36.581 N 35.7 E", "--from", "Latakia 356/108km", "--tolerance-m", "3000", "--json")

    answer = json.loads(wrong.output)
    assert answer["verdict"] == "DISAGREE" and 8_000 < answer["off_m"] < 10_000 and wrong.exit_code == 1


def test_a_slip_between_datums_and_a_swap_are_named():
    datum = run("check", "36.5 N 35.7 E", "--from", "36.49894 N 35.69968 E", "--tolerance-m", "50")
    swap = run("check", "35.7 N 36.5 E", "--from", "Latakia 356/108km", "--tolerance-m", "3000")

    assert "DATUM_SLIP" in datum.output and "ED50" in datum.output
    assert "SWAPPED" in swap.output


def test_a_named_area_that_is_too_large_cannot_tell():
    done = run(
        "check", "36.5 N 35.7 E", "--from", "within ALPHA", "--named", "36.5 N 35.7 E 30", "--tolerance-m", "3000"
    )

    assert done.exit_code == 1 and done.output.startswith("CANNOT_TELL")


def test_own_places_are_found_in_any_spelling(tmp_path):
    own = tmp_path / "ours.csv"
    own.write_text(OWN)

    found = run("find", "Shir Maghar", "--gazetteer", str(own))
    agreed = run(
        "check", "35.4 N 36.6 E", "--from", "Shir Maghar 090/10km", "--tolerance-m", "1000", "--gazetteer", str(own)
    )

    assert found.exit_code == 0 and "own:p1" in found.output
    assert agreed.exit_code == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("36,5 35,7",), "comma"),
        (("37sda1234",), "capitals"),
        (("check", "36.5 N 35.7 E", "--from", "north", "--tolerance-m", "9"), "alone says no place"),
        (("check", "36.5 N 35.7 E", "--from", "Tripoli 270/9km", "--tolerance-m", "9"), "gn:266826 Tripoli, LB"),
        (("check", "36.5 N 35.7 E", "--from", "within ALPHA", "--tolerance-m", "9"), "--named"),
        (("36.5 N 35.7 E", "--area", "here"), "radius in km"),
        (("36.5 N 35.7 E", "--gazetteer", "/nowhere.csv"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_says_what_would_be_right(args, says):
    done = run(*args)

    assert done.exit_code == 1 and says in done.output and "Traceback" not in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_name_that_is_nowhere_is_said_so():
    done = run("find", "Nowhere-upon-Nothing")

    assert done.exit_code == 1 and "no place is called" in done.output
