"""Zones and what becomes of agreements, over the real port of two nodes (C4, V5)."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.integration.inprocess import agree, configured, enrol, running, until
from tests.integration.nodes import a_volume

from keepclear.formats.api import answers

FIELD = """
id = "FIELD"
name = "A field"
kind = "danger"
belt = { line = [[-38.0, -152.1], [-38.0, -151.9]], left = "6 km", right = "2 km" }
rule = "call_before"
call_before = "2 h"
"""


@pytest.fixture
async def pair(tmp_path):
    async with (
        running(configured(tmp_path / "amber", "amber")) as amber,
        running(configured(tmp_path / "birch", "birch")) as birch,
    ):
        await enrol(amber, birch)
        await agree(amber, birch)
        yield amber, birch


async def test_a_zone_is_announced_met_drawn_given_back_and_lifted(pair):
    amber, birch = pair
    await birch.http.post("/v1/notices", json={"volumes": [a_volume()], "by": "K. Orr"})
    await until(amber, lambda: "birch/B-0001" in amber.node.picture.notices)

    announced = await amber.http.post("/v1/zones", json={"toml": FIELD, "by": "I. Maro"})
    await until(birch, lambda: "amber/FIELD" in birch.node.picture.zones)
    seen = msgspec.json.decode((await birch.http.get("/v1/zones")).content, type=list[answers.Zone])
    drawn = (await birch.http.get("/v1/zones/geojson")).json()
    stale = await amber.http.post("/v1/zones/FIELD/lift", json={"version": 7, "by": "I. Maro"})
    back = await amber.http.post("/v1/zones/FIELD/give-back", json={"version": 1, "by": "I. Maro"})
    lifted = await amber.http.post("/v1/zones/FIELD/lift", json={"version": 2, "by": "I. Maro"})
    again = await amber.http.post("/v1/zones", json={"toml": FIELD, "by": "I. Maro"})

    assert announced.status_code == 201, announced.text
    assert [(zone.key, zone.state, zone.rule) for zone in seen] == [("amber/FIELD", "announced", "call_before")]
    assert [(each.notice, each.rule) for each in seen[0].met_by] == [("birch/B-0001", "call_before")]
    assert drawn["features"][0]["properties"]["left_m"] == 6000
    assert drawn["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (back.json()["zone"]["state"], back.json()["zone"]["met_by"]) == ("given_back", [])
    assert lifted.json()["zone"]["state"] == "lifted"
    assert again.status_code == 409


async def test_a_post_is_no_zone_and_it_is_said_where_it_belongs(pair):
    amber, _ = pair
    text = FIELD.replace('"danger"', '"observation_post"')

    refused = await amber.http.post("/v1/zones", json={"toml": text, "by": "I. Maro"})

    assert refused.status_code == 422
    assert "site" in refused.json()["detail"]


async def test_an_agreement_is_suspended_and_taken_up_again_over_http(pair):
    amber, birch = pair
    hash_ = (await amber.http.get("/v1/agreements")).json()[0]["hash"]
    url = f"/v1/agreements/{hash_}/act"

    suspended = await birch.http.post(url, json={"act": "suspend", "by": "K. Orr", "reason": "for now"})
    await until(amber, lambda: amber.node.picture.agreements[hash_].suspended_by)
    shown = msgspec.json.decode((await amber.http.get("/v1/agreements")).content, type=list[answers.Agreement])[0]
    refused = await amber.http.post(url, json={"act": "resume", "by": "I. Maro"})
    resumed = await birch.http.post(url, json={"act": "resume", "by": "K. Orr"})

    assert suspended.status_code == 200, suspended.text
    assert (shown.state, shown.suspended_by, shown.rules_with) == ("suspended", ("birch",), ("birch",))
    assert 'level = "' in shown.toml
    assert refused.status_code == 409
    assert json.loads(resumed.content)["agreement"]["state"] == "in_force"
