"""`keepclear sites check`: a list of protected sites is looked through before anybody sends it (P5)."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from keepclear.cli.main import app
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.site_list import read_sites

SITE = """
[[site]]
id = "{id}"
kind = "HOSPITAL"
name = "{name}"
position = "{position}"
verified_by = ["I. Maro", "T. Quill"]
verified = "2020-01-01T00:00:00Z"
revalidate = "{revalidate}"
consent_by = "The director"
consent_until = "2199-01-01T00:00:00Z"
"""
RULES = ("--duplicate-m", "150", "--due-days", "30")


def a_site(site_id="S-1", name="North Clinic", position="35.93000 N 36.63000 E", revalidate="2199-01-01T00:00:00Z"):
    return SITE.format(id=site_id, name=name, position=position, revalidate=revalidate)


def run(folder, *sites, change="ADD", more=()):
    (folder / "list.toml").write_text(f'change = "{change}"\n' + "".join(sites))
    return CliRunner().invoke(app, ["sites", "check", str(folder / "list.toml"), *RULES, *more])


def test_a_sound_list_has_nothing_to_look_at(tmp_path):
    done = run(tmp_path, a_site(), more=("--area", "35.5 N 36.5 E 300"))

    assert done.exit_code == 0 and "1 sites to add: nothing to look at again" in done.output


def test_each_doubt_is_told_with_its_site(tmp_path):
    done = run(
        tmp_path,
        a_site(),
        a_site("S-2", "Northern Clinic", "36S YE 48000 80000", revalidate="2020-06-01T00:00:00Z"),
        a_site("S-3", position="35.93050 N 36.63050 E"),
        a_site("S-4", position="35.50000 N 34.50000 E"),
        more=("--json", "--area", "35.5 N 36.5 E 100"),
    )

    found = {(each["site"], each["code"]) for each in json.loads(done.output)}
    assert {
        ("S-2", "REVALIDATION_OVERDUE"),
        ("S-3", "DUPLICATE"),
        ("S-4", "IN_THE_SEA"),
        ("S-4", "OUTSIDE_AREA"),
    } <= found
    assert not [each for each in found if each[0] == "S-1"] and done.exit_code == 1


def test_a_list_is_compared_with_the_one_that_stands(tmp_path):
    (tmp_path / "held.toml").write_text('change = "ADD"\n' + a_site())

    again = run(tmp_path, a_site("S-9", position="35.93010 N 36.63000 E"), more=("--held", str(tmp_path / "held.toml")))
    removal = run(tmp_path, a_site("S-8"), change="REMOVE", more=("--held", str(tmp_path / "held.toml")))

    assert "DUPLICATE" in again.output and "UNKNOWN_REMOVAL" in removal.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "separate lists"),
        ('change = "BOTH"', "separate lists"),
        ('change = "ADD"\ntargets = 1', "'targets' is not known"),
        ('change = "ADD"', "1 to 5000"),
        ('change = "ADD"\n' + a_site() + 'weapon = "x"', "not a field of a site"),
        ('change = "ADD"\n' + a_site().replace("HOSPITAL", "BARRACKS"), "not a protected kind"),
        ('change = "ADD"\n' + a_site(position="35,9 36,6"), "site 1, position"),
        ('change = "ADD"\n' + a_site(revalidate="soon"), "site 1, revalidate"),
        ('change = "ADD"\n' + a_site().replace('name = "North Clinic"', "name = 3"), "site 1, name"),
        ("change = ", "not TOML"),
    ],
)
def test_a_list_that_cannot_be_one_is_refused_and_the_field_named(text, says):
    """G3: no other kind and no other field."""
    with pytest.raises((Malformed, LimitReached), match=says):
        read_sites(text.encode(), file="list.toml")
