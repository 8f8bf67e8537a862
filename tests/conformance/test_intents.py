"""Operational intent references: versions, keys, states, ownership, and what is refused with nothing changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.conformance.service import (
    AA,
    AVAILABILITY,
    CM,
    CMSA,
    CONSTRAINTS,
    CP,
    INTENTS,
    MINUTE,
    SC,
    Service,
    a_box,
    a_circle,
    a_polygon,
    a_service,
    a_volume,
    altitude,
    an_intent,
    new_id,
    time_at,
)

from keepclear.dss.limits import Limits

NOTHING = "00000000-0000-4000-8000-000000000000"


async def test_made_changed_and_deleted(service: Service) -> None:
    amber, key = service.amber, new_id()

    made = await amber.make_intent(key)
    assert (made["id"], made["version"], made["manager"], made["state"]) == (key, 1, "amber", "Accepted")
    assert made["uss_availability"] == "Unknown"
    assert made["subscription_id"] == NOTHING
    assert made["time_start"] == {"value": "2027-03-14T00:10:00Z", "format": "RFC3339"}
    assert (await amber.get(f"{INTENTS}/{key}")).json()["operational_intent_reference"] == made

    answer = await amber.put(f"{INTENTS}/{key}/{made['ovn']}", an_intent(service.clock, end=40 * MINUTE))
    changed = answer.json()["operational_intent_reference"]
    assert answer.status_code == 200
    assert changed["version"] == 2
    assert changed["ovn"] != made["ovn"]
    assert changed["time_end"]["value"] == "2027-03-14T00:40:00Z"

    gone = await amber.delete(f"{INTENTS}/{key}/{changed['ovn']}")
    assert gone.json()["operational_intent_reference"] == changed
    assert (await amber.get(f"{INTENTS}/{key}")).status_code == 404
    assert await amber.query(INTENTS, a_volume(service.clock)) == []
    assert (await amber.delete(f"{INTENTS}/{key}/{changed['ovn']}")).status_code == 404


async def test_an_id_is_read_in_any_case_of_letters(service: Service) -> None:
    key = "ABCDEF00-0000-4000-8000-000000000001"
    made = await service.amber.make_intent(key)

    assert made["id"] == key.lower()
    assert (await service.amber.get(f"{INTENTS}/{key.lower()}")).status_code == 200


async def test_an_ovn_is_told_to_its_manager_alone(service: Service) -> None:
    made = await service.amber.make_intent()

    theirs = (await service.birch.get(f"{INTENTS}/{made['id']}")).json()["operational_intent_reference"]
    (found,) = await service.birch.query(INTENTS, a_volume(service.clock))
    conflict = await service.birch.put(f"{INTENTS}/{new_id()}", an_intent(service.clock))

    assert theirs["ovn"] == found["ovn"] == "Available from USS"
    (missing,) = conflict.json()["missing_operational_intents"]
    assert missing["ovn"] == "Available from USS"
    (own,) = await service.amber.query(INTENTS, a_volume(service.clock))
    assert own == made


async def test_versions_that_are_not_current_are_refused(service: Service) -> None:
    amber, key = service.amber, new_id()
    body = an_intent(service.clock)
    made = await amber.make_intent(key)

    assert (await amber.put(f"{INTENTS}/{key}", body)).status_code == 409
    assert (await amber.put(f"{INTENTS}/{key}/{'x' * 32}", body)).status_code == 409
    assert (await amber.put(f"{INTENTS}/{key}/", body)).status_code == 400
    assert (await amber.put(f"{INTENTS}/{new_id()}/{made['ovn']}", body)).status_code == 409
    assert (await amber.delete(f"{INTENTS}/{key}/{'x' * 32}")).status_code == 409
    assert (await amber.delete(f"{INTENTS}/{key}/")).status_code == 400
    assert (await amber.delete(f"{INTENTS}/{key}")).status_code == 400
    assert (await amber.get(f"{INTENTS}/{key}")).json()["operational_intent_reference"] == made


async def test_only_its_manager_may_change_or_delete_it(service: Service) -> None:
    made = await service.amber.make_intent()
    path = f"{INTENTS}/{made['id']}/{made['ovn']}"

    assert (await service.birch.put(path, an_intent(service.clock))).status_code == 403
    assert (await service.birch.delete(path)).status_code == 403
    assert (await service.birch.get(f"{INTENTS}/{made['id']}")).status_code == 200


# ------------------------------------------------------------------------------------------------------------- key


async def test_whoever_plans_must_know_all_that_is_there_their_own_too(service: Service) -> None:
    first, second = await service.amber.make_intent(), new_id()

    for uss in (service.amber, service.birch):
        refused = await uss.put(f"{INTENTS}/{second}", an_intent(service.clock))
        assert refused.status_code == 409
        assert [each["id"] for each in refused.json()["missing_operational_intents"]] == [first["id"]]
        assert refused.json()["missing_constraints"] == []
    assert (await service.amber.get(f"{INTENTS}/{second}")).status_code == 404

    made = await service.birch.make_intent(second, key=[first["ovn"], "an-ovn-that-is-superfluous"])

    path = f"{INTENTS}/{first['id']}/{first['ovn']}"
    refused = await service.amber.put(path, an_intent(service.clock, state="Accepted"))
    assert [each["id"] for each in refused.json()["missing_operational_intents"]] == [second]
    # Its own earlier version is not needed in the key.
    assert (await service.amber.put(path, an_intent(service.clock, key=[made["ovn"]]))).status_code == 200


@pytest.mark.parametrize(
    "apart",
    [
        {"outline": a_circle(10.1, 20.0)},
        {"low": 150.001, "high": 200},
        {"start": 30 * MINUTE + 0.000_001, "end": 60 * MINUTE},
        {"start": 1 * MINUTE, "end": 10 * MINUTE - 0.000_001},
    ],
)
async def test_what_is_apart_in_place_height_or_time_needs_no_key(service: Service, apart: dict[str, Any]) -> None:
    await service.amber.make_intent()

    await service.birch.make_intent(**apart)


@pytest.mark.parametrize(
    "touching",
    [{"low": 150, "high": 200}, {"start": 30 * MINUTE, "end": 60 * MINUTE}, {"start": 60, "end": 10 * MINUTE}],
)
async def test_what_touches_in_height_or_time_meets(service: Service, touching: dict[str, Any]) -> None:
    """The field is closed in time, where our own notices are half-open."""
    await service.amber.make_intent()

    refused = await service.birch.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, **touching))

    assert refused.status_code == 409


async def test_off_nominal_states_need_no_key_and_the_scope_for_them(service: Service) -> None:
    amber, clock = service.amber, service.clock
    first = await amber.make_intent()
    await service.birch.make_intent(key=[first["ovn"]])
    path = f"{INTENTS}/{first['id']}/{first['ovn']}"
    wish = {"new_subscription": {"uss_base_url": "https://a.example.com"}}

    for state in ("Nonconforming", "Contingent"):
        assert (await amber.put(path, an_intent(clock, state=state, **wish))).status_code == 403
    assert (await amber.having(CMSA).put(path, an_intent(clock, **wish))).status_code == 403
    changed = await amber.having(CMSA).put(path, an_intent(clock, state="Nonconforming", **wish))
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent", "Ended", "accepted", "", None, 1])
async def test_an_intent_begins_as_accepted(state: Any) -> None:
    async with a_service() as service:
        key = new_id()

        answer = await service.amber.having(SC, CMSA).put(f"{INTENTS}/{key}", an_intent(service.clock, state=state))

        assert answer.status_code == 400
        assert (await service.amber.get(f"{INTENTS}/{key}")).status_code == 404


async def test_all_but_accepted_need_a_subscription(service: Service) -> None:
    made = await service.amber.make_intent()
    path = f"{INTENTS}/{made['id']}/{made['ovn']}"

    assert (await service.amber.put(path, an_intent(service.clock, state="Activated"))).status_code == 400
    assert (await service.amber.put(path, an_intent(service.clock, state="Ended"))).status_code == 400
    wish = {"uss_base_url": "https://a.example.com"}
    activated = await service.amber.put(path, an_intent(service.clock, state="Activated", new_subscription=wish))
    assert activated.json()["operational_intent_reference"]["state"] == "Activated"


async def test_constraints_belong_into_the_key_of_who_processes_them(service: Service) -> None:
    amber, clock = service.amber.having(SC, CP), service.clock
    put = await service.birch.having(CM).put(
        f"{CONSTRAINTS}/{new_id()}", {"extents": [a_volume(clock)], "uss_base_url": "https://b.example.com"}
    )
    constraint = put.json()["constraint_reference"]

    def wish(for_constraints: bool) -> dict[str, Any]:
        return {"uss_base_url": "https://a.example.com", "notify_for_constraints": for_constraints}

    made = await amber.make_intent(new_subscription=wish(False))
    assert (await amber.delete(f"{INTENTS}/{made['id']}/{made['ovn']}")).status_code == 200
    refused = await amber.put(f"{INTENTS}/{new_id()}", an_intent(clock, new_subscription=wish(True)))
    assert refused.status_code == 409
    (missing,) = refused.json()["missing_constraints"]
    assert (missing["id"], missing["ovn"]) == (constraint["id"], "Available from USS")
    await amber.make_intent(new_subscription=wish(True), key=[constraint["ovn"]])


# ---------------------------------------------------------------------------------------------------- requested OVN


def suffix_at(us: int, tail: str = "7abc-8abc-0123456789ab") -> str:
    text = f"{us // 1000:012x}"
    return f"{text[:8]}-{text[8:]}-{tail}"


async def test_an_ovn_may_be_chosen_in_part(service: Service) -> None:
    key, suffix = new_id(), suffix_at(service.clock.us)
    made = await service.amber.make_intent(key, requested_ovn_suffix=suffix)

    assert made["ovn"] == f"{key}_{suffix}"
    path = f"{INTENTS}/{key}/{made['ovn']}"
    again = await service.amber.put(path, an_intent(service.clock, requested_ovn_suffix=suffix))
    assert again.status_code == 400
    other = suffix_at(service.clock.us + 1_000)
    changed = await service.amber.put(path, an_intent(service.clock, requested_ovn_suffix=other))
    assert changed.json()["operational_intent_reference"]["ovn"] == f"{key}_{other}"


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
async def test_a_chosen_ovn_may_be_some_minutes_off(minutes: float) -> None:
    async with a_service() as service:
        suffix = suffix_at(service.clock.us + round(minutes * 60e6))

        await service.amber.make_intent(requested_ovn_suffix=suffix)


@pytest.mark.parametrize(
    "suffix", ["", "x", "03e5572a-f733-49af-bc14-8a18bd53ee39", suffix_at(1_804_982_400_000_000 - 301_000_000), 5]
)
async def test_an_ovn_that_cannot_be_chosen(suffix: Any) -> None:
    async with a_service() as service:
        answer = await service.amber.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, requested_ovn_suffix=suffix))

        assert answer.status_code == 400


# -------------------------------------------------------------------------------------------------- volumes and areas


def without(name: str) -> Any:
    def change(body: dict[str, Any]) -> None:
        volume = body["extents"][0]
        (volume if name in volume else volume["volume"]).pop(name)

    return change


def having(path: str, value: Any) -> Any:
    def change(body: dict[str, Any]) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            body = body[step]
        body[last] = value

    return change


VOLUME, ALTITUDE = "extents.0.volume", "extents.0.volume.altitude_lower"
CIRCLE = f"{VOLUME}.outline_circle"
BAD_BODIES = {
    "no extents": having("extents", []),
    "null extents": having("extents", None),
    "one volume that is no list": having("extents", {}),
    "no state": lambda body: body.pop("state"),
    "no address": lambda body: body.pop("uss_base_url"),
    "plain http": having("uss_base_url", "http://uss.example.com"),
    "an address of another kind": having("uss_base_url", "ftp://uss.example.com"),
    "an address without host": having("uss_base_url", "https:///utm"),
    "an address with a fragment": having("uss_base_url", "https://uss.example.com/#a"),
    "an address with a bad port": having("uss_base_url", "https://uss.example.com:999999"),
    "no start": without("time_start"),
    "no end": without("time_end"),
    "no lower limit": without("altitude_lower"),
    "no upper limit": without("altitude_upper"),
    "no outline": without("outline_circle"),
    "two outlines": lambda body: body["extents"][0]["volume"].update(a_box(10, 20, 0.001)),
    "a circle without centre": lambda body: body["extents"][0]["volume"]["outline_circle"].pop("center"),
    "a circle without radius": lambda body: body["extents"][0]["volume"]["outline_circle"].pop("radius"),
    "a radius of nothing": having(f"{CIRCLE}.radius.value", 0),
    "a radius in feet": having(f"{CIRCLE}.radius.units", "FT"),
    "north of the pole": having(f"{CIRCLE}.center.lat", 90.001),
    "east of the date line": having(f"{CIRCLE}.center.lng", 180.001),
    "a latitude that is a text": having(f"{CIRCLE}.center.lat", "10"),
    "feet": having(f"{ALTITUDE}.units", "FT"),
    "above the ground": having(f"{ALTITUDE}.reference", "SFC"),
    "upside down": having(f"{ALTITUDE}.value", 151),
    "too deep": having(f"{ALTITUDE}.value", -8_001),
    "another format of time": having("extents.0.time_start.format", "ISO"),
    "a time that is none": having("extents.0.time_start.value", "tomorrow"),
    "a time without zone": having("extents.0.time_start.value", "2027-03-14T00:10:00"),
    "ends before it starts": having("extents.0.time_start.value", "2027-03-14T00:30:01Z"),
    "is over": having("extents.0.time_end.value", "2027-03-13T23:59:59Z"),
    "two corners": lambda body: body["extents"][0].update(volume={**a_polygon((10, 20), (10, 21))}),
    "a key that is no list": having("key", "x"),
    "a malformed subscription": having("subscription_id", "5"),
    "a subscription that is not there": having("subscription_id", "03e5572a-f733-49af-bc14-8a18bd53ee39"),
    "both subscriptions": lambda body: body.update(
        subscription_id="03e5572a-f733-49af-bc14-8a18bd53ee39",
        new_subscription={"uss_base_url": "https://a.example.com"},
    ),
    "an empty new subscription": having("new_subscription", {}),
}


@pytest.mark.parametrize("name", BAD_BODIES)
async def test_what_cannot_be_is_refused_with_what_would_be_right(name: str) -> None:
    async with a_service() as service:
        key = new_id()
        body = copy.deepcopy(an_intent(service.clock))
        BAD_BODIES[name](body)

        answer = await service.amber.put(f"{INTENTS}/{key}", body)

        assert answer.status_code == 400, answer.text
        assert len(answer.json()["message"]) > 10
        assert (await service.amber.get(f"{INTENTS}/{key}")).status_code == 404


async def test_a_body_that_is_no_object() -> None:
    async with a_service() as service:
        headers = {"authorization": f"Bearer {service.amber.token()}"}
        for body in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"extents": NaN}', b"1e999"):
            answer = await service.http.put(f"{INTENTS}/{new_id()}", content=body, headers=headers)

            assert answer.status_code == 400, body
            assert answer.json()["message"]


async def test_plain_http_where_it_is_allowed() -> None:
    async with a_service(allows_http=True) as service:
        await service.amber.make_intent(uss_base_url="http://127.0.0.1:8074/utm")


@pytest.mark.parametrize(
    "key", ["not-an-id", "03e5572a-f733-19af-bc14-8a18bd53ee39", "03e5572af73349afbc148a18bd53ee39", "%20"]
)
async def test_an_id_is_a_version_4_uuid(key: str) -> None:
    async with a_service() as service:
        for answer in (
            await service.amber.put(f"{INTENTS}/{key}", an_intent(service.clock)),
            await service.amber.get(f"{INTENTS}/{key}"),
            await service.amber.delete(f"{INTENTS}/{key}/some-old-version"),
        ):
            assert answer.status_code == 400


async def test_unknown_and_null_fields_are_passed_over(service: Service) -> None:
    body = an_intent(
        service.clock, key=None, subscription_id=None, new_subscription=None, old_version=0, something={"else": True}
    )
    body["extents"][0]["volume"]["outline_polygon"] = None

    assert (await service.amber.put(f"{INTENTS}/{new_id()}", body)).status_code == 201


async def test_only_the_latest_end_must_lie_ahead_and_a_start_may_be_long_ago(service: Service) -> None:
    past = a_volume(service.clock, start=-120 * MINUTE, end=-60 * MINUTE)
    long_ago = a_volume(service.clock)
    long_ago["time_start"]["value"] = "1969-07-20T20:17:40Z"

    made = await service.amber.make_intent(extents=[past, long_ago])

    assert made["time_start"]["value"] == "1969-07-20T20:17:40Z"
    (found,) = await service.birch.query(INTENTS, a_volume(service.clock, start=-90 * MINUTE, end=-90 * MINUTE))
    assert found["id"] == made["id"]


async def test_a_query_may_be_an_instant_or_leave_out_time_and_height(service: Service) -> None:
    made = await service.amber.make_intent()
    area = {"volume": a_circle()}

    assert [each["id"] for each in await service.birch.query(INTENTS, area)] == [made["id"]]
    for at, expected in ((10, 1), (20, 1), (30, 1), (9.99, 0), (30.01, 0)):
        instant = {
            **area,
            "time_start": time_at(service.clock, at * MINUTE),
            "time_end": time_at(service.clock, at * MINUTE),
        }
        assert len(await service.birch.query(INTENTS, instant)) == expected, at
    for low, high, expected in ((150, 200, 1), (0, 50, 1), (150.01, 200, 0), (0, 49.99, 0)):
        band = {"volume": {**a_circle(), "altitude_lower": altitude(low), "altitude_upper": altitude(high)}}
        assert len(await service.birch.query(INTENTS, band)) == expected, (low, high)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (a_circle(90.0, 0.0, 300), a_circle(89.999, 180.0, 300)),
        (a_circle(-90.0, 55.0, 300), a_box(-89.999, -20.0, 0.0005)),
        (a_circle(5.0, 179.9999, 300), a_circle(5.0, -179.9999, 300)),
        (a_polygon((1, 179.99), (1, -179.99), (1.01, -179.99), (1.01, 179.99)), a_circle(1.005, -180.0, 10)),
    ],
)
async def test_over_the_poles_and_the_date_line(service: Service, here: dict[str, Any], there: dict[str, Any]) -> None:
    made = await service.amber.make_intent(outline=here)

    (found,) = await service.birch.query(INTENTS, {"volume": there})

    assert found["id"] == made["id"]
    far = {"volume": a_circle(5.0, 0.0, 1_000)}
    assert await service.birch.query(INTENTS, far) == []


@pytest.mark.parametrize(
    "outline",
    [
        a_polygon((10, 20), (10.01, 20), (10.02, 20)),  # no room inside
        a_polygon((10, 20), (10.01, 20.01), (10.01, 20), (10, 20.01)),  # crosses itself
        a_polygon((10, 20), (10, 20.01), (10, 20.01), (10.01, 20.01)),  # a corner twice
        a_polygon((10, 20), (10, 20), (10, 20)),  # a point
        a_box(10, 20, 0.5),  # a degree by a degree
        a_circle(10, 20, 30_000),
    ],
)
async def test_outlines_that_are_no_place_or_too_large(outline: dict[str, Any]) -> None:
    async with a_service() as service:
        put = await service.amber.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, outline=outline))
        query = await service.amber.ask("POST", f"{INTENTS}/query", {"area_of_interest": {"volume": outline}})

        assert put.status_code == query.status_code == 400
        assert len(put.json()["message"]) > 20


async def test_the_closing_repeat_of_the_first_corner_says_nothing_else(service: Service) -> None:
    """The standard has none; the field sends it."""
    made = await service.amber.make_intent(outline=a_polygon((10, 20), (10, 20.01), (10.01, 20.01), (10, 20)))

    assert len(service.dss.current.intents[made["id"]].extents[0].footprint.outline) == 3


async def test_650_square_kilometres_are_not_too_large(service: Service) -> None:
    assert await service.amber.query(INTENTS, {"volume": a_circle(10, 20, 14_384)}) == []
    assert await service.amber.query(INTENTS, {"volume": a_box(10, 20, 0.11)}) == []


async def test_the_same_ground_at_several_times_counts_once() -> None:
    async with a_service(limits=Limits(area_max_m2=400_000)) as service:
        legs = [a_volume(service.clock, start=number * 60, end=number * 60 + 60) for number in range(5)]
        await service.amber.make_intent(extents=legs)
        apart = [a_volume(service.clock, a_circle(10 + number, 20)) for number in range(2)]

        refused = await service.birch.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, extents=apart))

        assert refused.status_code == 400
        assert "area_max_m2" in refused.json()["message"]


@pytest.mark.parametrize("body", [{}, {"area_of_interest": None}, {"area_of_interest": {}}, None])
async def test_a_query_needs_an_area(body: Any) -> None:
    async with a_service() as service:
        answer = await service.amber.ask("POST", f"{INTENTS}/query", body)

        assert answer.status_code == 400


async def test_bounds_are_told_by_name() -> None:
    async with a_service(limits=Limits(intents_max=2, extents_max=2, found_max=1)) as service:
        first = await service.amber.make_intent(outline=a_circle(1, 1))
        await service.amber.make_intent(outline=a_circle(1.001, 1), key=[first["ovn"]])

        third = await service.amber.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, outline=a_circle(5, 5)))
        legs = [a_volume(service.clock, a_circle(6, 6))] * 3
        many = await service.amber.put(f"{INTENTS}/{new_id()}", an_intent(service.clock, extents=legs))
        found = await service.amber.ask(
            "POST", f"{INTENTS}/query", {"area_of_interest": {"volume": a_circle(1, 1, 900)}}
        )

        assert (third.status_code, many.status_code, found.status_code) == (400, 400, 413)
        for answer, name in ((third, "intents_max"), (many, "extents_max"), (found, "found_max")):
            assert name in answer.json()["message"]


# ------------------------------------------------------------------------------------------------------ availability


async def test_a_service_that_is_down_may_not_plan(service: Service) -> None:
    amber, clock = service.amber, service.clock
    made = await amber.make_intent()
    path = f"{INTENTS}/{made['id']}/{made['ovn']}"
    arbiter = service.birch.having(AA)
    down = await arbiter.put(f"{AVAILABILITY}/amber", {"old_version": "", "availability": "Down"})
    wish = {"uss_base_url": "https://a.example.com"}

    assert (await amber.put(f"{INTENTS}/{new_id()}", an_intent(clock, outline=a_circle(5, 5)))).status_code == 412
    assert (await amber.put(path, an_intent(clock, state="Activated", new_subscription=wish))).status_code == 412
    assert (await amber.delete(path)).status_code == 412
    theirs = (await service.birch.get(f"{INTENTS}/{made['id']}")).json()["operational_intent_reference"]
    assert theirs["uss_availability"] == "Down"
    off_nominal = await amber.having(CMSA).put(path, an_intent(clock, state="Contingent", new_subscription=wish))
    assert off_nominal.status_code == 200

    version = down.json()["version"]
    await arbiter.put(f"{AVAILABILITY}/amber", {"old_version": version, "availability": "Normal"})
    ovn = off_nominal.json()["operational_intent_reference"]["ovn"]
    assert (await amber.delete(f"{INTENTS}/{made['id']}/{ovn}")).status_code == 200


async def test_what_a_service_that_is_down_only_planned_is_not_needed_in_the_key(service: Service) -> None:
    clock, arbiter = service.clock, service.birch.having(AA)
    made = await service.amber.make_intent()
    down = await arbiter.put(f"{AVAILABILITY}/amber", {"old_version": "", "availability": "Down"})

    over = await service.birch.make_intent()

    assert (await service.birch.delete(f"{INTENTS}/{over['id']}/{over['ovn']}")).status_code == 200
    await arbiter.put(f"{AVAILABILITY}/amber", {"old_version": down.json()["version"], "availability": "Normal"})
    wish = {"uss_base_url": "https://a.example.com"}
    path = f"{INTENTS}/{made['id']}/{made['ovn']}"
    flown = await service.amber.put(path, an_intent(clock, state="Activated", new_subscription=wish))
    assert flown.status_code == 200
    version = (await arbiter.get(f"{AVAILABILITY}/amber")).json()["version"]
    await arbiter.put(f"{AVAILABILITY}/amber", {"old_version": version, "availability": "Down"})

    refused = await service.birch.put(f"{INTENTS}/{new_id()}", an_intent(clock))
    assert refused.status_code == 409
    assert [each["id"] for each in refused.json()["missing_operational_intents"]] == [made["id"]]


async def test_a_reference_is_let_go_of_a_day_after_its_end(service: Service) -> None:
    wish = {"uss_base_url": "https://a.example.com"}
    made = await service.amber.make_intent(new_subscription=wish)

    service.clock.us += 24 * 3_600 * 10**6
    await service.birch.make_intent(outline=a_circle(5, 5))
    assert (await service.amber.get(f"{INTENTS}/{made['id']}")).status_code == 200
    service.clock.us += 3_600 * 10**6
    await service.birch.make_intent(outline=a_circle(6, 6))

    assert (await service.amber.get(f"{INTENTS}/{made['id']}")).status_code == 404
    assert made["subscription_id"] not in service.dss.current.subscriptions
