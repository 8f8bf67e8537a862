"""Lists of protected sites and movements: what a person should look at again before anything is sent (P5, P6, P7)."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from keepclear.core.footprint import Circle
from keepclear.core.geodesy import destination
from keepclear.core.landmask import SHORE_M
from keepclear.core.movements import Movement, Security, Stop, Vehicle, deviations, movement_findings
from keepclear.core.sites import Change, Hygiene, Site, SiteKind, SiteList, due, findings, of_name, one_list
from keepclear.core.timespan import HOUR_US
from keepclear.errors import LimitReached, Malformed
from keepclear.formats.land import read_land

NOW_US = 1_800_000_000_000_000
DAY_US = 24 * HOUR_US
VENDOR = Path(__file__).parents[3] / "src/keepclear/faces/console/static/vendor"


def a_site(site_id="S-1", lat=35.93, lon=36.63, **changes):
    sound = Site(
        id=site_id,
        kind=SiteKind.HOSPITAL,
        name=f"Clinic of {site_id}",
        lat_deg=lat,
        lon_deg=lon,
        precision_m=5.0,
        verified_by=("I. Maro", "T. Quill"),
        verified_us=NOW_US - DAY_US,
        revalidate_us=NOW_US + 60 * DAY_US,
        consent_by="The director",
        consent_until_us=NOW_US + 90 * DAY_US,
    )
    return replace(sound, **changes)


RULES = Hygiene(duplicate_m=150.0, due_within_s=7 * 86_400)


def codes(flags):
    return [(flag.code, flag.at) for flag in flags]


def added(*sites, held=(), rules=RULES):
    return codes(findings(SiteList(Change.ADD, sites), {site.id: site for site in held}, rules=rules, now_us=NOW_US))


@pytest.fixture(scope="module")
def land():
    return read_land((VENDOR / "land-50m.json").read_bytes())


def test_a_sound_list_has_no_findings(land):
    rules = replace(RULES, area=Circle(35.5, 36.5, 300_000.0), land=land)

    assert added(a_site(), a_site("S-2", 36.1, 36.9), rules=rules) == []


def test_sites_within_the_distance_are_told_as_duplicates_and_a_step_farther_are_not():
    """P5: also across the cells by which neighbours are sought, and against what is held."""
    for heading_deg in range(0, 360, 30):
        near = destination((35.93, 36.63), heading_deg, 149.0)
        far = destination((35.93, 36.63), heading_deg, 151.0)

        assert added(a_site(), a_site("S-2", *near)) == [("DUPLICATE", "S-2")]
        assert added(a_site("S-2", *near), held=[a_site()]) == [("DUPLICATE", "S-2")]
        assert added(a_site(), a_site("S-2", *far)) == []


def test_a_duplicate_says_when_the_names_sound_alike():
    twin = a_site("S-2", 35.9301, 36.63, name="Sher Mughar")

    [flag] = findings(SiteList(Change.ADD, (a_site(name="Shir Mughar"), twin)), {}, rules=RULES, now_us=NOW_US)

    assert "sound alike" in flag.words


def test_a_site_in_the_sea_is_told_and_one_at_the_shore_is_not(land):
    rules = replace(RULES, land=land)

    assert added(a_site(lat=35.5, lon=34.5), rules=rules) == [("IN_THE_SEA", "S-1")]
    assert added(a_site(lat=35.531, lon=35.76), rules=rules) == []  # Latakia's harbour
    assert land.from_land_m((35.5, 34.5)) > SHORE_M and land.from_land_m((48.0, 8.0)) == 0.0


def test_a_site_outside_the_area_is_told_with_the_slip_that_explains_it():
    rules = replace(RULES, area=Circle(35.5, 36.5, 200_000.0))

    assert added(a_site(lat=35.93, lon=-36.63), rules=rules) == [("OUTSIDE_AREA", "S-1"), ("EAST_WEST", "S-1")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"precision_m": 0.001}, "IMPLAUSIBLE_PRECISION"),
        ({"precision_m": 5_000.0}, "COARSE"),
        ({"lat_deg": 36.0, "lon_deg": 37.0}, "WHOLE_DEGREES"),
        ({"verified_by": ()}, "NOT_VERIFIED"),
        ({"verified_by": ("I. Maro",)}, "ONE_VERIFIER"),
        ({"verified_by": ("I. Maro", "i.  MARO")}, "ONE_VERIFIER"),
        ({"verified_us": NOW_US + 1}, "VERIFIED_LATER"),
        ({"revalidate_us": NOW_US}, "REVALIDATION_OVERDUE"),
        ({"revalidate_us": NOW_US + 7 * DAY_US}, "REVALIDATION_DUE"),
        ({"consent_until_us": NOW_US}, "CONSENT_OVERDUE"),
        ({"consent_until_us": NOW_US + DAY_US}, "CONSENT_DUE"),
    ],
)
def test_each_doubt_about_a_site_has_its_code(changes, code):
    assert (code, "S-1") in added(a_site(**changes))


def test_a_date_a_moment_beyond_the_bound_is_not_due():
    assert added(a_site(revalidate_us=NOW_US + 7 * DAY_US + 1)) == []


def test_what_stands_is_told_when_it_falls_due():
    held = [a_site(), a_site("S-2", 36.2, 36.9, revalidate_us=NOW_US - 1)]

    assert codes(due(held, rules=RULES, now_us=NOW_US)) == [("REVALIDATION_OVERDUE", "S-2")]


def test_additions_and_removals_are_never_in_one_list():
    assert one_list([a_site()], []).change is Change.ADD
    assert one_list([], [a_site()]).change is Change.REMOVE
    with pytest.raises(Malformed, match="separate lists"):
        one_list([a_site()], [a_site("S-2")])
    with pytest.raises(LimitReached):
        one_list([], [])


def test_a_removal_of_what_is_not_held_and_an_addition_of_what_is_are_told():
    removal = findings(SiteList(Change.REMOVE, (a_site("S-9"),)), {}, rules=RULES, now_us=NOW_US)

    assert codes(removal) == [("UNKNOWN_REMOVAL", "S-9")]
    assert added(a_site(), held=[a_site()]) == [("KNOWN", "S-1")]
    assert ("TWICE", "S-1") in added(a_site(), a_site())


def test_a_name_in_another_spelling_means_the_same_site():
    """P7: one id for every spelling."""
    held = [a_site(name="Sher Mughar", variants=("Maydan Ghazal",)), a_site("S-2", name="Morek")]

    assert [site.id for site in of_name("Shir Maghar", held)] == ["S-1"]
    assert [site.id for site in of_name("maydan ghazal", held)] == ["S-1"]
    assert of_name("Idlib", held) == ()


def test_only_protected_kinds_exist_and_no_field_names_anything_else():
    """G3: no field for targets, weapons, sensors or unit identity."""
    words = {field.name for kind in (Site, Movement, Vehicle, Stop) for field in fields(kind)}

    assert not [word for word in words for bad in ("target", "weapon", "sensor", "unit") if bad in word]
    with pytest.raises(ValueError, match="BARRACKS"):
        SiteKind("BARRACKS")


def a_movement(**changes):
    sound = Movement(
        route=(Stop("Depot", 35.9, 36.6, NOW_US), Stop("Clinic", 36.0, 36.7, NOW_US + HOUR_US)),
        vehicle_count=2,
        vehicles=(Vehicle("AB 12", "logo, flag", True), Vehicle("AB 13", "logo, flag", True)),
        security=Security.NONE,
        escort_count=0,
        on_scene="satellite phone, number 2",
    )
    return replace(sound, **changes)


def test_a_sound_movement_has_no_findings():
    assert movement_findings(a_movement()) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"security": Security.NOT_STATED}, "SECURITY_NOT_STATED"),
        ({"security": Security.ARMED}, "ESCORTS_NOT_COUNTED"),
        ({"escort_count": 1}, "ESCORTS_UNEXPLAINED"),
        ({"security": Security.ARMED, "escort_count": 3}, "ESCORTS_BEYOND_VEHICLES"),
        ({"vehicle_count": 0, "vehicles": ()}, "VEHICLES_NOT_COUNTED"),
        ({"vehicle_count": 3}, "VEHICLES_DIFFER"),
        ({"vehicles": (Vehicle("A", "", True), Vehicle("B", "x", True))}, "NOT_MARKED"),
        ({"vehicles": (Vehicle("A", "x", False), Vehicle("B", "x", True))}, "ROOF_NOT_MARKED"),
        ({"vehicles": (Vehicle("", "x", True), Vehicle("B", "x", True))}, "NO_PLATE"),
        ({"vehicles": (Vehicle("b ", "x", True), Vehicle("B", "x", True))}, "PLATE_TWICE"),
        ({"route": (Stop("Depot", 35.9, 36.6, NOW_US),)}, "NO_ROUTE"),
        ({"on_scene": ""}, "NOT_REACHABLE"),
    ],
)
def test_each_gap_in_a_movement_has_its_code(changes, code):
    """P6: armed guards that stand in no notice are asked for, and "not stated" is never "none"."""
    assert code in [flag.code for flag in movement_findings(a_movement(**changes))]


def test_a_route_runs_forward_in_time():
    backwards = a_movement(route=(Stop("Depot", 35.9, 36.6, NOW_US), Stop("Clinic", 36.0, 36.7, NOW_US)))

    assert [flag.code for flag in movement_findings(backwards)] == ["OUT_OF_ORDER"]


def test_what_differs_from_what_was_told_is_named():
    guarded = a_movement(security=Security.ARMED, escort_count=1)

    assert [flag.at for flag in deviations(a_movement(), guarded)] == ["security", "escort_count"]
    assert deviations(a_movement(), a_movement()) == ()
