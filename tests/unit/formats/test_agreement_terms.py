"""Every term can be written, read, recorded and read back; what is not known is refused, and old terms keep their hash.

Needs: G1, C4.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import msgspec
import pytest

from keepclear.core.agreement import Agreement
from keepclear.core.schedule import Window
from keepclear.core.terms import TABLES, kind_of
from keepclear.core.timespan import parse_instant
from keepclear.core.zone import Activity, Belt, Rule, Zone
from keepclear.errors import Malformed
from keepclear.formats.agreement_toml import read_agreement, write_agreement
from keepclear.node.decide.agreements import terms_of
from keepclear.node.entries import AgreementTerms, content_hash
from keepclear.node.folds.agreements import agreement_from_terms

TEXT = (Path(__file__).parent / "profile_with_everything.toml").read_text()
OLD = (Path(__file__).parents[3] / "examples" / "two_parties" / "agreement.toml").read_text()


def test_the_file_with_everything_leaves_no_term_out():
    agreement = read_agreement(TEXT)

    missing = [f"{name}.{path}" for name in TABLES for path in _absent(getattr(agreement, name))]
    assert [path for path in missing if not path.startswith("ladder.stop.")] == []


def _absent(table):
    for each in fields(table):
        value = getattr(table, each.name)
        if value is None:
            yield each.name
        elif is_dataclass(kind_of(type(table), each.name)) and not isinstance(value, Window):
            yield from (f"{each.name}.{path}" for path in _absent(value))


def test_terms_come_back_from_the_record_as_they_were_written():
    agreement = read_agreement(TEXT)

    recorded = msgspec.json.decode(msgspec.json.encode(terms_of(agreement)), type=AgreementTerms)

    again = agreement_from_terms(recorded)
    assert terms_of(again) == terms_of(agreement)
    assert [getattr(again, name) for name in TABLES] == [getattr(agreement, name) for name in TABLES]
    assert (again.zones, again.sources) == (agreement.zones, agreement.sources)


def test_terms_from_before_there_were_profiles_keep_their_hash():
    terms = terms_of(read_agreement(OLD))

    assert content_hash(terms) == "d9f7986fc8f063e5b75db4a0e3f2163803e464cc8fce4b2cab82e584885b51a3"


def test_numbers_are_read_in_their_units():
    agreement = read_agreement(TEXT)

    assert agreement.place.tolerance_m == 2_000
    assert agreement.ladder.caution.phone_s == 900
    assert agreement.ladder.stop.second_path_s is None
    assert agreement.second_person.area_over_km2 == 500
    assert agreement.planning.least_overlap_m == pytest.approx(0.01)
    assert agreement.notices.movement_before_s == 172_800
    assert agreement.valid_until_us == parse_instant("2027-01-01T00:00:00Z")
    assert agreement.sites.window == Window(540, 780, ("THU",), 180)


def test_a_zone_asks_what_its_most_particular_rule_says():
    road = next(zone for zone in read_agreement(TEXT).zones if zone.id == "ROAD-6")

    assert road.rule_for("birch", Activity.MOVEMENT).rule is Rule.CALL_BEFORE
    assert road.rule_for("birch", Activity.HAZARD).rule is Rule.STAY_OUT
    assert road.rule_for("amber", Activity.MOVEMENT).depth_m == 5_000
    assert isinstance(road.shape, Belt) and (road.shape.left_m, road.shape.right_m) == (6_000, 6_000)
    assert road.schedule == (Window(1200, 240, ("MON", "FRI"), -210),)


@pytest.mark.parametrize(
    ("before", "after", "at"),
    [
        ("keepclear-agreement-1", "keepclear-agreement-2", "profile"),
        ('profile = "keepclear-agreement-1"', "", "profile"),
        ('tolerance = "2 km"', "", "place.tolerance"),
        ('tolerance = "2 km"', 'tolerance = "2 min"', "place.tolerance"),
        ('tolerance = "2 km"', 'tolerance = "2 km"\nradius = "1 km"', "place.radius"),
        ('phone = "15 min"', 'phone = "4 min"', "ladder.caution.phone_s"),
        ('"stop", "hazard", "line_test"', '"hazard"', "suspension.stays_open"),
        ('"stop", "hazard", "line_test"', '"stop", "gossip"', "suspension.stays_open"),
        ('shows = "commitment"', 'shows = "names"', "dissemination.shows"),
        ('weekday = "THU"', 'weekday = "thursday"', "sites.window.weekdays"),
        ('zone = "UTC+3"', 'zone = "Europe/Moscow"', "sites.window.zone"),
        ("required = true", "required = 1", "readback.required"),
        ("area_over_km2 = 500", 'area_over_km2 = "500"', "second_person.area_over_km2"),
        ('observers = ["cedar"]', 'observers = ["amber"]', "roles.observers"),
        ("valid_from = 2026-01-01T00:00:00Z", "valid_from = 2026-01-01T00:00:00", "valid_from"),
        ("valid_from = 2026-01-01T00:00:00Z", "valid_from = 2028-01-01T00:00:00Z", "valid_until"),
        ('kind = "corridor"', 'kind = "observation_post"', "zone.kind"),
        ('kind = "corridor"', 'kind = "lane"', "zone.kind"),
        ('id = "RING-7"', 'id = "QUIET"', "zone.id"),
        ('lower = "300 m AGL"', 'lower = "300 m"', "zone.lower"),
        ('party = "amber"', 'party = "cedar"', "zone.exception"),
        ('depth = "5 km"', "", "zone.depth"),
        ('moves = "lower_priority"', 'moves = "whoever"', "resolution.moves"),
        ("[handover]\noverlap", "[handover]\nlap", "handover.lap"),
    ],
)
def test_what_is_not_known_is_refused_by_its_name(before, after, at):
    assert before in TEXT

    with pytest.raises(Malformed) as refused:
        read_agreement(TEXT.replace(before, after, 1))

    assert refused.value.at == at


@pytest.mark.parametrize(
    "change",
    [
        {"profile": "keepclear-agreement-9"},
        {"numbers": {"place.tolerance_mm": 1, "place.tolerance_furlongs": 2}},
        {"numbers": {"readback.within_s": 60, "readback.required": 2}},
        {"numbers": {"line.test_every_s": 60}},
        {"numbers": {"dissemination.within_s": 5, "dissemination.shows": 1}},
        {"words": {"place.tolerance_mm": ("2 km",)}},
        {"words": {"languages.text": ("en",)}},
    ],
)
def test_recorded_terms_that_this_version_does_not_speak_are_refused_and_not_guessed_at(change):
    terms = terms_of(read_agreement(TEXT))

    with pytest.raises(Malformed):
        agreement_from_terms(msgspec.structs.replace(terms, **change))


def test_a_change_of_any_term_changes_what_is_signed():
    agreement = read_agreement(TEXT)
    seen = {content_hash(terms_of(agreement))}

    for name in (*TABLES, "zones", "sources", "valid_from_us", "valid_until_us"):
        without = () if name in ("zones", "sources") else None
        seen.add(content_hash(terms_of(replace(agreement, **{name: without}))))

    assert len(seen) == 1 + len(TABLES) + 4


def test_an_agreement_has_the_attributes_of_all_tables():
    assert set(TABLES) <= {each.name for each in fields(Agreement)}
    assert {"zones", "sources"} <= {each.name for each in fields(Agreement)} and is_dataclass(Zone)


@pytest.mark.parametrize("text", [TEXT, OLD], ids=["everything", "old"])
def test_what_is_written_reads_back_to_the_same_hash(text):
    agreement = agreement_from_terms(terms_of(read_agreement(text)))

    again = read_agreement(write_agreement(agreement))

    assert content_hash(terms_of(again)) == content_hash(terms_of(agreement))
