"""The gazetteer: one id for every spelling of a name, in several scripts, and the nearest places (P1, P7)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepclear.core.gazetteer import NEAREST_MAX, Gazetteer, Place, folded, skeleton
from keepclear.core.gazetteer_data import bundled
from keepclear.core.geodesy import distance_m
from keepclear.errors import LimitReached, Malformed, NotFound
from keepclear.formats.gazetteer_file import read_gazetteer

OWN = b"""
[[place]]
id = "own:post-11"
name = "Sher Mughar"
variants = ["Maydan Ghazal"]
position = "35.4000 N 36.4900 E"

[[place]]
id = "own:post-3"
name = "Tell Touqan"
position = "36S YE 30000 70000"
country = "SY"
"""


@pytest.fixture(scope="module")
def world():
    return bundled()


def test_the_bundled_gazetteer_covers_the_world(world):
    countries = {world.by_id(place.id).country for place in world.find("Tripoli")}

    assert len(world) == 69_472
    assert countries == {"LY", "LB", "GR"}


@pytest.mark.parametrize(
    "name",
    ["Latakia", "latakia", "LATAKIA", "Al-Ladhiqiyah", "Ladhiqiye", "اللاذقية", "Латакия", "לטקיה", "gn:173576"],
)
def test_one_place_in_many_spellings_and_scripts_has_one_id(world, name):
    assert world.resolve(name).id == "gn:173576"


@pytest.mark.parametrize("name", ["Deir ez-Zor", "Deir al-Zor", "Dayr az Zawr", "Der Zor", "دير الزور", "Дайр-эз-Заур"])
def test_schools_of_transcription_lead_to_one_id(world, name):
    assert world.resolve(name).id == "gn:170794"


def test_variants_of_an_own_place_resolve_to_one_facility_id():
    """P7: Sher and Shir Mughar are one."""
    own = read_gazetteer(OWN, file="ours.toml")

    assert {own.resolve(name).id for name in ("Sher Mughar", "Shir Mughar", "Shir Maghar", "Maydan Ghazal")} == {
        "own:post-11"
    }
    assert own.resolve("Tal Tuqan").id == "own:post-3"


def test_own_places_are_found_beside_those_of_the_world(world):
    both = world.joined(read_gazetteer(OWN, file="ours.toml"))

    assert both.resolve("Shir Mughar").id == "own:post-11" and both.resolve("Idlib").id == "gn:169389"


def test_a_name_that_several_places_have_is_never_guessed(world):
    with pytest.raises(Malformed, match=r"gn:2210247 Tripoli, LY; gn:266826 Tripoli, LB"):
        world.resolve("Tripoli")
    assert world.resolve("Tripoli, LB").id == "gn:266826"
    assert world.resolve("Tripoli", near=(34.0, 36.0), within_m=300_000).id == "gn:266826"
    with pytest.raises(NotFound, match="within 300 km of the area"):
        world.resolve("Tripoli", near=(0.0, 0.0), within_m=300_000)


def test_a_name_that_no_place_has_is_not_found(world):
    for name in ("Nowhere-upon-Nothing", "", "?", "gn:0"):
        with pytest.raises(NotFound):
            world.resolve(name)


def test_what_only_sounds_alike_is_not_taken_for_a_variant(world):
    assert "BR" not in {place.country for place in world.find("Morek", limit=50)}


@settings(max_examples=60, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180, exclude_max=True), st.integers(1, 8))
def test_the_nearest_places_are_those_of_a_plain_search(lat_deg, lon_deg, count):
    places = [Place(f"t:{k}", f"P{k}", -88 + 11 * (k % 17), -180 + 13.7 * (k % 26)) for k in range(60)]

    found = Gazetteer(places).nearest((lat_deg, lon_deg), count=count)

    plain = sorted(distance_m(place.position, (lat_deg, lon_deg)) for place in places)[:count]
    assert [near.range_m for near in found] == pytest.approx(plain)


def test_the_nearest_places_come_with_bearing_and_distance_to_the_position(world):
    near = world.nearest((36.5, 35.7), count=3)

    assert [each.place.name for each in near] == ["Arsuz", "Karataş", "İskenderun"]
    assert 299 < near[0].bearing_deg < 301 and 19_000 < near[0].range_m < 20_000


def test_so_many_nearest_places_and_no_more(world):
    assert len(world.nearest((0.0, 0.0), count=NEAREST_MAX)) == NEAREST_MAX
    with pytest.raises(LimitReached, match="50"):
        world.nearest((0.0, 0.0), count=NEAREST_MAX + 1)
    assert Gazetteer([]).nearest((0.0, 0.0)) == ()
    assert len(Gazetteer([Place("t:1", "One", 0, 0)]).nearest((0.0, 0.0), count=5)) == 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_folds_and_is_looked_up(world, text):
    folded(text), skeleton(text)
    if text.strip():
        assert len(world.find(text, limit=3)) <= 3


def test_csv_holds_the_same_places():
    own = read_gazetteer(
        b"id,name,position,country,variants\nown:1,Sher Mughar,35.4 N 36.49 E,,Shir Mughar|Maydan Ghazal\n",
        file="a.csv",
    )

    assert own.resolve("maydan ghazal").id == "own:1"


@pytest.mark.parametrize(
    ("data", "file", "says"),
    [
        (b"\xff", "a.toml", "not UTF-8"),
        (b"place = 3", "a.toml", "tables"),
        (b"[[place]]\nid=", "a.toml", "not TOML"),
        (b'[[place]]\nid = "own:1"\nname = "A"\nposition = "36,5 35,7"', "a.toml", "place 1, position"),
        (b'[[place]]\nid = "gn:1"\nname = "A"\nposition = "36.5 N 35.7 E"', "a.toml", "kept for GeoNames"),
        (b'[[place]]\nid = "own:1"\nname = "A"\nposition = "36.5 N 35.7 E"\ntarget = true', "a.toml", "not a field"),
        (b'[[place]]\nid = "own:1"\nposition = "36.5 N 35.7 E"', "a.toml", "name: is missing"),
        (b"id,name,position\nown:1,A\n", "a.csv", "number of fields"),
        (b"id,name,position\nown:1,A,36.5 N 35.7 E\nown:1,B,36.6 N 35.7 E\n", "a.csv", "two places have the id own:1"),
        (b"x" * 2_000_001, "a.csv", "2000000 bytes"),
    ],
)
def test_a_faulty_file_is_refused_and_the_place_named(data, file, says):
    with pytest.raises((Malformed, LimitReached), match=says):
        read_gazetteer(data, file=file)
