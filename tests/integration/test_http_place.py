"""A place at the API: in any notation, said twice, with limits as text beside numbers (P1, P4)."""

from __future__ import annotations

import dataclasses

import pytest
from tests.integration.inprocess import agree, configured, enrol, running, until
from tests.integration.nodes import AGREEMENT, a_volume

OWN = "id,name,position\nown:light,Pillar Light,38.0000 S 152.5000 W\n"
TERMS = 'profile = "keepclear-agreement-1"\n' + AGREEMENT.read_text() + '\n[place]\ntolerance = "2 km"\n'
#: 44 km east of the light, which a person sees as 090/44km.
THERE = a_volume(-38.0, -152.0)


@pytest.fixture
async def pair(tmp_path):
    (tmp_path / "ours.csv").write_text(OWN)
    made = dataclasses.replace(configured(tmp_path / "amber", "amber"), gazetteer=tmp_path / "ours.csv")
    async with running(made) as amber, running(configured(tmp_path / "birch", "birch")) as birch:
        await enrol(amber, birch)
        await agree(amber, birch, toml=TERMS)
        yield amber, birch


def notice(*volumes, **changes):
    return {"volumes": list(volumes) or [THERE], "by": "I. Maro", **changes}


async def test_a_place_said_twice_is_shown_to_both_sides_with_what_each_found(pair):
    amber, birch = pair

    filed = await amber.http.post("/v1/notices", json=notice(seen_from="Pilar Light 090/44km"))
    await until(birch, lambda: "amber/A-0001" in birch.node.picture.notices)
    there = (await birch.http.get("/v1/notices/amber/A-0001")).json()

    assert filed.status_code == 201, filed.text
    for shown in (filed.json()["notice"], there):
        assert shown["seen_from"]["words"] == "Pillar Light 090/44km"
        assert (shown["seen_from"]["place"], shown["seen_from"]["point"]) == ("own:light", [-38.0, -152.5])
    assert [(check["party"], check["verdict"]) for check in filed.json()["notice"]["place_check"]] == [
        ("birch", "AGREE")
    ]
    assert [(check["party"], check["verdict"]) for check in there["place_check"]] == [("amber", "AGREE")]


async def test_nine_kilometres_are_refused_until_a_person_confirms(pair):
    """P1."""
    amber, birch = pair
    wrong = notice(a_volume(-38.081, -152.0), seen_from="Pillar Light 090/44km")

    refused = await amber.http.post("/v1/notices", json=wrong)
    drawn = await amber.http.post("/v1/check", json={"volumes": wrong["volumes"], "seen_from": wrong["seen_from"]})
    confirmed = await amber.http.post("/v1/notices", json={**wrong, "confirmed": True})
    await until(birch, lambda: "amber/A-0001" in birch.node.picture.notices)
    there = (await birch.http.get("/v1/notices/amber/A-0001")).json()

    assert (refused.status_code, refused.json()["code"]) == (409, "contradiction")
    assert "9.1 km from the geometry, more than 2.0 km" in refused.json()["detail"]
    assert drawn.json()["place_check"][0]["verdict"] == "DISAGREE"
    assert confirmed.status_code == 201
    assert there["place_check"][0]["verdict"] == "DISAGREE"


async def test_a_place_may_be_given_in_any_notation(pair):
    amber, _ = pair
    rest = {name: value for name, value in THERE.items() if name != "circle"}
    circle = {**rest, "place": {"positions": ["38°00'00\" S 152°00'00\" W"], "radius_m": 2000}}
    outline = {**rest, "place": {"positions": ["38.0 S 152.0 W", "38.1 S 152.0 W", "05HNT9651288066"]}}

    first = await amber.http.post("/v1/notices", json=notice(circle))
    second = await amber.http.post("/v1/notices", json=notice(outline))

    assert first.json()["notice"]["volumes"][0]["circle"] == {"lat": -38.0, "lon": -152.0, "radius_m": 2000.0}
    assert second.json()["notice"]["volumes"][0]["polygon"][2] == pytest.approx([-38.05, -151.9], abs=1e-5)
    assert "place" not in first.json()["notice"]["volumes"][0]


@pytest.mark.parametrize(
    ("changes", "at", "says"),
    [
        ({"place": {"positions": ["38,0 S 152,0 W"], "radius_m": 9}}, "volumes[0].place.positions[0]", "comma"),
        ({"place": {"positions": ["38.0 S 152.0 W"]}}, "volumes[0].place", "radius_m"),
        ({"place": {"positions": ["38.0 S 152.0 W", "38.1 S 152.0 W"]}}, "volumes[0].outline", "3 corners"),
        ({"upper": {"value_m": 9753.6, "datum": "FL", "text": "FL530"}}, "volumes[0].upper.text", "two different"),
        (
            {"upper": {"value_m": 1000.0, "datum": "AMSL", "text": "1000 m AGL"}},
            "volumes[0].upper.text",
            "two different",
        ),
    ],
)
async def test_a_place_or_a_limit_that_could_be_two_is_refused_and_the_field_named(pair, changes, at, says):
    """P4: the notice of 2014 with two upper limits is refused here."""
    amber, _ = pair
    volume = {name: value for name, value in THERE.items() if name != "circle" or "place" not in changes}

    refused = await amber.http.post("/v1/notices", json=notice({**volume, **changes}))

    assert (refused.status_code, refused.json()["code"]) == (422, "malformed"), refused.text
    assert refused.json()["at"] == at and says in refused.json()["detail"]


async def test_a_limit_whose_text_agrees_with_its_number_is_taken(pair):
    amber, _ = pair
    volume = {**THERE, "upper": {"value_m": 1524.0, "datum": "AMSL", "text": "5000 ft AMSL"}}

    filed = await amber.http.post("/v1/notices", json=notice(volume))

    assert filed.json()["notice"]["volumes"][0]["upper"] == {"value_m": 1524.0, "datum": "AMSL"}


async def test_what_to_look_at_again_in_a_place_comes_with_the_answer(pair):
    """P4: a coarse place, an assumed order, and a hemisphere that would bring it into the agreed area."""
    amber, _ = pair
    rest = {name: value for name, value in THERE.items() if name != "circle"}
    vague = {**rest, "place": {"positions": ["38.0, -152.0"], "radius_m": 2000}}

    filed = await amber.http.post("/v1/notices", json=notice(vague))
    drawn = await amber.http.post("/v1/check", json={"volumes": [vague]})
    sound = await amber.http.post("/v1/notices", json=notice())

    codes = ["ORDER_ASSUMED", "COARSE", "OUTSIDE_AREA", "NORTH_SOUTH"]
    assert [flag["code"] for flag in filed.json()["flags"]] == codes
    assert [flag["code"] for flag in drawn.json()["flags"]] == codes
    assert filed.json()["flags"][0]["at"] == "volumes[0].place.positions[0]"
    assert sound.json()["flags"] == []


@pytest.mark.parametrize(
    ("said", "status", "says"),
    [
        ("north", 422, "alone says no place"),
        ("Nowhere-upon-Nothing 270/9km", 404, "no place is called"),
        ("Springfield 270/9km", 422, "give the id"),
        ("within ALPHA", 409, "has no area"),
        ("Pillar Light 270M/9km", 422, "magnetic"),
    ],
)
async def test_what_says_no_place_is_refused_with_what_would_be_right(pair, said, status, says):
    """P2: a region word never stands alone."""
    amber, _ = pair

    refused = await amber.http.post("/v1/notices", json=notice(seen_from=said))

    assert refused.status_code == status and says in refused.json()["detail"]


async def test_a_party_without_a_gazetteer_of_its_own_has_that_of_the_world(pair):
    _, birch = pair

    filed = await birch.http.post("/v1/notices", json=notice(seen_from="Gisborne, NZ 090/900km", confirmed=True))

    assert filed.json()["notice"]["seen_from"]["name"] == "Gisborne"
    assert filed.json()["notice"]["seen_from"]["place"].startswith("gn:")
