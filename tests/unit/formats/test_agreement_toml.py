"""Agreements as people write them: every number has a unit, and what is not known is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepclear.core.agreement import DisclosureLevel
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.agreement_toml import BYTES_MAX, duration_s, length_m, read_agreement

EXAMPLE = (Path(__file__).parents[3] / "examples" / "two_parties" / "agreement.toml").read_text()


def test_the_example_reads_as_it_is_written():
    agreement = read_agreement(EXAMPLE)

    assert agreement.parties == ("amber", "birch")
    assert (agreement.area.lat_deg, agreement.area.lon_deg, agreement.area.radius_m) == (-38.0, -152.0, 120_000.0)
    assert agreement.separation.vertical_m == pytest.approx(304.8)
    assert agreement.deadlines.acknowledge_warning_s == 60
    assert agreement.disclosure["amber"].level is DisclosureLevel.CONTACT


def test_it_does_not_matter_in_which_order_the_parties_stand():
    swapped = EXAMPLE.replace('["amber", "birch"]', '["birch", "amber"]')

    assert read_agreement(swapped) == read_agreement(EXAMPLE)


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        ('horizontal = "5 km"', "horizontal = 5", "separation.horizontal"),
        ('horizontal = "5 km"', 'horizontal = "5"', "separation.horizontal"),
        ('horizontal = "5 km"', 'horizontal = "5 min"', "separation.horizontal"),
        ('horizontal = "5 km"', 'horizontal = "-5 km"', "separation.horizontal"),
        ('horizontal = "5 km"', "", "separation.horizontal"),
        ('time = "5 min"', 'time = "0.0001 s"', "separation.time"),
        ('acknowledge = "15 min"', 'acknowledge = "0 s"', "deadlines.acknowledge_s"),
        ('acknowledge = "15 min"', 'acknowledge = "31 d"', "deadlines.acknowledge_s"),
        ("middle = [-38.0, -152.0]", "middle = [-152.0, -38.0]", "circle.centre"),
        ("middle = [-38.0, -152.0]", "middle = [true, 1]", "area.middle"),
        ('level = "CONTACT"', 'level = "ALL"', "disclosure.amber.level"),
        ("[disclosure.birch]", "[disclosure.cedar]", "disclosure"),
        ('["amber", "birch"]', '["amber"]', "parties"),
        ('["amber", "birch"]', '["amber", "amber"]', "parties"),
        ("[deadlines]", "[deadline]", "deadline"),
        ("[deadlines]", "[deadlines]\nanswer = 1", "deadlines.answer"),
        ("shows_activity = false", "shows_activity = 0", "disclosure.amber.shows_activity"),
        ("title =", "targets = 1\ntitle =", "targets"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(before, after, at):
    assert before in EXAMPLE

    with pytest.raises(Malformed) as refused:
        read_agreement(EXAMPLE.replace(before, after, 1))

    assert refused.value.at == at


def test_the_bound_holds_at_itself_and_not_one_past():
    room = BYTES_MAX - len(EXAMPLE.encode())

    assert read_agreement(EXAMPLE + "#" * room) == read_agreement(EXAMPLE)
    with pytest.raises(LimitReached):
        read_agreement(EXAMPLE + "#" * (room + 1))


@pytest.mark.parametrize("text", ["= 1", "[" * 5000, b"\xff", "a = 2020-01-01\n[a]"])
def test_what_is_no_toml_is_refused(text):
    with pytest.raises(Malformed):
        read_agreement(text)


def test_units_are_what_they_say():
    assert [length_m(text) for text in ("500 m", "1.5 km", "1 NM", "10ft")] == [
        500.0,
        1500.0,
        1852.0,
        pytest.approx(3.048),
    ]
    assert [duration_s(text) for text in ("90 s", "1.5 min", "2 h", "1 d")] == [90, 90, 7200, 86_400]
