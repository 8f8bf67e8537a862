"""Subscriptions, explicit and implicit; who is to be told, and how often; constraints; availability; reports."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.service import (
    AA,
    AVAILABILITY,
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    MINUTE,
    SC,
    SUBSCRIPTIONS,
    Service,
    Uss,
    a_box,
    a_circle,
    a_service,
    a_subscription,
    a_volume,
    an_intent,
    new_id,
)

from keepclear.dss.limits import Limits

HOUR = 3_600
WISH = {"uss_base_url": "https://uss.example.com/implicit"}
NOTHING = "00000000-0000-4000-8000-000000000000"


async def get_subscription(uss: Uss, key: str) -> dict[str, Any]:
    answer = await uss.get(f"{SUBSCRIPTIONS}/{key}")
    assert answer.status_code == 200, answer.text
    return answer.json()["subscription"]


def told(answer: dict[str, Any]) -> dict[str, int]:
    """Subscription to index, of all that are to be notified."""
    return {
        each["subscription_id"]: each["notification_index"]
        for subscriber in answer["subscribers"]
        for each in subscriber["subscriptions"]
    }


# --------------------------------------------------------------------------------------------------------- explicit


async def test_made_changed_and_deleted(service: Service) -> None:
    amber, key = service.amber, new_id()

    put = await amber.put(f"{SUBSCRIPTIONS}/{key}", a_subscription(service.clock))
    made = put.json()["subscription"]
    assert put.status_code == 200
    assert (made["id"], made["notification_index"], made["implicit_subscription"]) == (key, 0, False)
    assert put.json()["operational_intent_references"] == []
    assert "constraint_references" not in put.json()
    assert await get_subscription(amber, key) == made

    changed = await amber.put(f"{SUBSCRIPTIONS}/{key}/{made['version']}", a_subscription(service.clock))
    assert changed.json()["subscription"]["version"] != made["version"], "even when nothing else changed"

    path = f"{SUBSCRIPTIONS}/{key}"
    assert (await amber.put(path, a_subscription(service.clock))).status_code == 409
    assert (await amber.put(f"{path}/{made['version']}", a_subscription(service.clock))).status_code == 409
    assert (await amber.delete(f"{path}/{made['version']}")).status_code == 409
    assert (await amber.delete(path)).status_code == 400
    assert (await amber.put(f"{path}/", a_subscription(service.clock))).status_code == 400
    gone = await amber.delete(f"{path}/{changed.json()['subscription']['version']}")
    assert gone.json()["subscription"] == changed.json()["subscription"]
    assert (await amber.get(path)).status_code == 404
    assert await amber.query(SUBSCRIPTIONS, a_volume(service.clock)) == []


async def test_it_answers_with_what_it_meets_of_the_kinds_that_it_asks_for(service: Service) -> None:
    clock = service.clock
    intent = await service.birch.make_intent()
    constraint = (
        await service.birch.having(CM).put(
            f"{CONSTRAINTS}/{new_id()}", {"extents": [a_volume(clock)], "uss_base_url": "https://b.example.com"}
        )
    ).json()["constraint_reference"]

    for for_intents, for_constraints in ((True, False), (False, True), (True, True)):
        body = a_subscription(clock, notify_for_operational_intents=for_intents, notify_for_constraints=for_constraints)
        answer = (await service.amber.having(SC, CP).put(f"{SUBSCRIPTIONS}/{new_id()}", body)).json()

        for name, wished, key in (
            ("operational_intent_references", for_intents, intent["id"]),
            ("constraint_references", for_constraints, constraint["id"]),
        ):
            assert (name in answer) == wished
            assert [each["id"] for each in answer.get(name, [])] == ([key] if wished else [])
    neither = a_subscription(clock, notify_for_operational_intents=False)
    assert (await service.amber.put(f"{SUBSCRIPTIONS}/{new_id()}", neither)).status_code == 400


async def test_another_manager_neither_sees_nor_changes_it(service: Service) -> None:
    made = await service.amber.make_subscription()
    path = f"{SUBSCRIPTIONS}/{made['id']}/{made['version']}"

    assert (await service.birch.get(f"{SUBSCRIPTIONS}/{made['id']}")).status_code == 403
    assert (await service.birch.put(path, a_subscription(service.clock))).status_code == 403
    assert (await service.birch.delete(path)).status_code == 403
    assert await service.birch.query(SUBSCRIPTIONS, a_volume(service.clock)) == []
    assert [each["id"] for each in await service.amber.query(SUBSCRIPTIONS, a_volume(service.clock))] == [made["id"]]


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        (-60, 24 * HOUR - 60, 200),
        (-60, 24 * HOUR - 59, 400),
        (0, 24 * HOUR + 10 * MINUTE, 400),
        (20, 10, 400),
        (-20, -10, 400),
    ],
)
async def test_a_subscription_lasts_a_day_at_most(start: float, end: float, status: int) -> None:
    async with a_service() as service:
        key = new_id()
        made = await service.amber.make_subscription()

        body = a_subscription(service.clock, start=start, end=end)
        assert (await service.amber.put(f"{SUBSCRIPTIONS}/{key}", body)).status_code == status
        path = f"{SUBSCRIPTIONS}/{made['id']}/{made['version']}"
        assert (await service.amber.put(path, body)).status_code == status


async def test_times_that_are_left_out(service: Service) -> None:
    body = a_subscription(service.clock)
    del body["extents"]["time_start"], body["extents"]["time_end"]

    put = await service.amber.put(f"{SUBSCRIPTIONS}/{new_id()}", body)
    made = put.json()["subscription"]
    assert made["time_start"]["value"] == "2027-03-14T00:00:00Z"
    assert made["time_end"]["value"] == "2027-03-15T00:00:00Z"

    service.clock.us += HOUR * 10**6
    changed = await service.amber.put(f"{SUBSCRIPTIONS}/{made['id']}/{made['version']}", body)
    assert changed.json()["subscription"]["time_end"] == made["time_end"], "what it had before"


async def test_an_expired_one_is_gone(service: Service) -> None:
    made = await service.amber.make_subscription(start=0, end=60)
    service.clock.us += 61 * 10**6

    assert await service.amber.query(SUBSCRIPTIONS, {"volume": a_circle()}) == []
    assert (await service.amber.get(f"{SUBSCRIPTIONS}/{made['id']}")).status_code == 404
    assert (await service.amber.delete(f"{SUBSCRIPTIONS}/{made['id']}/{made['version']}")).status_code == 404
    assert (await service.birch.made_intent(start=-60, end=300))["subscribers"] == []
    refused = await service.amber.put(
        f"{INTENTS}/{new_id()}", an_intent(service.clock, outline=a_circle(5, 5), subscription_id=made["id"])
    )
    assert refused.status_code == 400
    assert (await service.amber.make_subscription(made["id"]))["notification_index"] == 0


async def test_of_one_manager_there_are_so_many_at_most() -> None:
    async with a_service(limits=Limits(subscriptions_of_manager_max=2)) as service:
        await service.amber.make_subscription()
        await service.amber.make_subscription()

        refused = await service.amber.put(f"{SUBSCRIPTIONS}/{new_id()}", a_subscription(service.clock))

        assert refused.status_code == 400
        assert "subscriptions_of_manager_max" in refused.json()["message"]
        await service.birch.make_subscription()


# ---------------------------------------------------------------------------------------------- intents that depend


async def test_an_explicit_one_must_cover_the_intent(service: Service) -> None:
    amber = service.amber
    held = await amber.make_subscription(outline=a_circle(10, 20, 500), start=0, end=40 * MINUTE, low=0, high=200)

    for reaching in (
        {"outline": a_circle(10, 20, 700)},
        {"outline": a_box(10, 20, 0.01)},
        {"end": 40 * MINUTE + 1},
        {"high": 201},
        {"low": -1},
    ):
        refused = await amber.put(
            f"{INTENTS}/{new_id()}", an_intent(service.clock, subscription_id=held["id"], **reaching)
        )
        assert refused.status_code == 400, reaching
    made = await amber.make_intent(subscription_id=held["id"], outline=a_box(10, 20, 0.002))
    assert made["subscription_id"] == held["id"]
    assert (await get_subscription(amber, held["id"]))["dependent_operational_intents"] == [made["id"]]


async def test_an_intent_takes_only_a_subscription_of_its_manager_that_tells_of_intents(service: Service) -> None:
    amber, clock = service.amber.having(SC, CP), service.clock
    held = await amber.make_subscription()
    of_constraints = await amber.make_subscription(notify_for_operational_intents=False, notify_for_constraints=True)

    theirs = await service.birch.put(f"{INTENTS}/{new_id()}", an_intent(clock, subscription_id=held["id"]))
    wrong = await amber.put(f"{INTENTS}/{new_id()}", an_intent(clock, subscription_id=of_constraints["id"]))

    assert (theirs.status_code, wrong.status_code) == (403, 400)


async def test_while_an_intent_depends_on_it_it_stays_and_covers(service: Service) -> None:
    amber, clock = service.amber, service.clock
    held = await amber.make_subscription()
    intent = await amber.make_intent(subscription_id=held["id"])
    path = f"{SUBSCRIPTIONS}/{held['id']}/{(await get_subscription(amber, held['id']))['version']}"

    for smaller in (
        {"outline": a_circle(10, 20, 50)}, {"low": 60}, {"high": 100}, {"end": 20 * MINUTE}, {"start": 20 * MINUTE},
    ):  # fmt: skip
        assert (await amber.put(path, a_subscription(clock, **smaller))).status_code == 400, smaller
    assert (await amber.delete(path)).status_code == 400
    larger = await amber.put(path, a_subscription(clock, outline=a_circle(10, 20, 900), end=60 * MINUTE))
    assert larger.status_code == 200
    assert (await amber.delete(f"{INTENTS}/{intent['id']}/{intent['ovn']}")).status_code == 200
    version = larger.json()["subscription"]["version"]
    assert (await amber.delete(f"{SUBSCRIPTIONS}/{held['id']}/{version}")).status_code == 200


async def test_an_implicit_one_covers_its_intent_and_goes_with_it(service: Service) -> None:
    amber = service.amber
    made = await amber.make_intent(new_subscription=WISH)
    held = await get_subscription(amber, made["subscription_id"])

    assert held["implicit_subscription"]
    assert (held["time_start"], held["time_end"]) == (made["time_start"], made["time_end"])
    assert held["notify_for_operational_intents"]
    assert not held["notify_for_constraints"]
    assert held["dependent_operational_intents"] == [made["id"]]
    assert (await amber.delete(f"{SUBSCRIPTIONS}/{held['id']}/{held['version']}")).status_code == 400

    await amber.delete(f"{INTENTS}/{made['id']}/{made['ovn']}")
    assert (await amber.get(f"{SUBSCRIPTIONS}/{held['id']}")).status_code == 404


async def test_an_implicit_one_follows_its_intent(service: Service) -> None:
    amber, clock = service.amber, service.clock
    made = await amber.make_intent(new_subscription=WISH)
    held = made["subscription_id"]

    moved = an_intent(clock, outline=a_circle(11, 20), end=90 * MINUTE, subscription_id=held)
    changed = await amber.put(f"{INTENTS}/{made['id']}/{made['ovn']}", moved)

    assert changed.json()["operational_intent_reference"]["subscription_id"] == held
    assert (await get_subscription(amber, held))["time_end"]["value"] == "2027-03-14T01:30:00Z"
    assert [each["id"] for each in await amber.query(SUBSCRIPTIONS, {"volume": a_circle(11, 20)})] == [held]
    assert await amber.query(SUBSCRIPTIONS, {"volume": a_circle(10, 20)}) == []


async def test_an_implicit_one_with_two_intents_stays_until_the_last(service: Service) -> None:
    amber, clock = service.amber, service.clock
    one = await amber.make_intent(new_subscription=WISH)
    held = one["subscription_id"]
    other = await amber.make_intent(outline=a_circle(11, 20), end=90 * MINUTE, subscription_id=held)
    assert (await get_subscription(amber, held))["time_end"]["value"] == "2027-03-14T01:30:00Z"

    await amber.delete(f"{INTENTS}/{one['id']}/{one['ovn']}")
    assert await amber.query(SUBSCRIPTIONS, {"volume": a_circle(10, 20)}) == []
    assert (await get_subscription(amber, held))["dependent_operational_intents"] == [other["id"]]

    replaced = await amber.put(
        f"{INTENTS}/{other['id']}/{other['ovn']}", an_intent(clock, outline=a_circle(11, 20), new_subscription=WISH)
    )
    assert replaced.json()["operational_intent_reference"]["subscription_id"] != held
    assert (await amber.get(f"{SUBSCRIPTIONS}/{held}")).status_code == 404


@pytest.mark.parametrize("instead", ["explicit", "new", "none"])
async def test_an_implicit_one_that_is_replaced_is_gone(service: Service, instead: str) -> None:
    amber, clock = service.amber, service.clock
    made = await amber.make_intent(new_subscription=WISH)
    more: dict[str, Any] = {
        "explicit": {"subscription_id": (await amber.make_subscription())["id"]},
        "new": {"new_subscription": WISH},
        "none": {},
    }[instead]

    changed = await amber.put(f"{INTENTS}/{made['id']}/{made['ovn']}", an_intent(clock, **more))

    now = changed.json()["operational_intent_reference"]["subscription_id"]
    assert now == more.get("subscription_id", now)
    assert (now == NOTHING) == (instead == "none")
    assert (await amber.get(f"{SUBSCRIPTIONS}/{made['subscription_id']}")).status_code == 404
    assert (await amber.get(f"{SUBSCRIPTIONS}/{NOTHING}")).status_code == 404


async def test_an_implicit_one_that_is_put_is_explicit_and_stays(service: Service) -> None:
    amber, clock = service.amber, service.clock
    made = await amber.make_intent(new_subscription=WISH)
    held = await get_subscription(amber, made["subscription_id"])

    put = await amber.put(f"{SUBSCRIPTIONS}/{held['id']}/{held['version']}", a_subscription(clock))
    assert not put.json()["subscription"]["implicit_subscription"]
    await amber.delete(f"{INTENTS}/{made['id']}/{made['ovn']}")

    now = await get_subscription(amber, held["id"])
    assert now["dependent_operational_intents"] == []
    assert (await amber.delete(f"{SUBSCRIPTIONS}/{held['id']}/{now['version']}")).status_code == 200


# ------------------------------------------------------------------------------------------------------ being told


async def test_indices_count_each_change_once_and_in_order(service: Service) -> None:
    amber, birch, clock = service.amber, service.birch, service.clock
    held = await amber.make_subscription()

    made = await birch.made_intent()
    reference = made["operational_intent_reference"]
    path = f"{INTENTS}/{reference['id']}/"
    changed = (await birch.put(path + reference["ovn"], an_intent(clock))).json()
    put = await amber.put(f"{SUBSCRIPTIONS}/{held['id']}/{held['version']}", a_subscription(clock))
    deleted = (await birch.delete(path + changed["operational_intent_reference"]["ovn"])).json()

    assert [told(each)[held["id"]] for each in (made, changed, deleted)] == [1, 2, 3]
    assert put.json()["subscription"]["notification_index"] == 2, "its own change is none"
    assert (await get_subscription(amber, held["id"]))["notification_index"] == 3


async def test_one_entry_for_each_address_with_all_its_subscriptions(service: Service) -> None:
    one = await service.amber.make_subscription(uss_base_url="https://one.example.com")
    two = await service.amber.make_subscription(uss_base_url="https://one.example.com")
    three = await service.birch.make_subscription(uss_base_url="https://three.example.com")

    made = await service.birch.made_intent(new_subscription={"uss_base_url": "https://three.example.com"})

    by_url = {
        each["uss_base_url"]: {s["subscription_id"] for s in each["subscriptions"]} for each in made["subscribers"]
    }
    own = made["operational_intent_reference"]["subscription_id"]
    assert by_url == {
        "https://one.example.com": {one["id"], two["id"]},
        "https://three.example.com": {three["id"], own},
    }


async def test_a_move_is_told_where_it_was_and_where_it_is(service: Service) -> None:
    before = await service.amber.make_subscription()
    after = await service.amber.make_subscription(outline=a_circle(11, 20))
    between = await service.amber.make_subscription(outline=a_circle(10.5, 20))
    made = await service.birch.make_intent()

    moved = await service.birch.put(
        f"{INTENTS}/{made['id']}/{made['ovn']}", an_intent(service.clock, outline=a_circle(11, 20))
    )

    assert told(moved.json()) == {before["id"]: 2, after["id"]: 1}
    assert between["id"] not in told(moved.json())


@pytest.mark.parametrize(
    "apart", [{"outline": a_circle(10.1, 20)}, {"low": 151, "high": 160}, {"start": 1801, "end": 1900}]
)
async def test_what_a_subscription_does_not_meet_is_not_told(service: Service, apart: dict[str, Any]) -> None:
    await service.amber.make_subscription(**apart)

    assert (await service.birch.made_intent())["subscribers"] == []


async def test_constraints_and_intents_are_told_to_who_asked_for_them(service: Service) -> None:
    amber, clock = service.amber.having(SC, CP), service.clock
    of_intents = await amber.make_subscription()
    of_constraints = await amber.make_subscription(notify_for_operational_intents=False, notify_for_constraints=True)
    of_both = await amber.make_subscription(notify_for_constraints=True)
    birch, key = service.birch.having(CM), new_id()
    body = {"extents": [a_volume(clock)], "uss_base_url": "https://b.example.com"}

    intent = await service.birch.made_intent()
    made = (await birch.put(f"{CONSTRAINTS}/{key}", body)).json()
    ovn = made["constraint_reference"]["ovn"]
    changed = (await birch.put(f"{CONSTRAINTS}/{key}/{ovn}", body)).json()
    deleted = (await birch.delete(f"{CONSTRAINTS}/{key}/{changed['constraint_reference']['ovn']}")).json()

    assert told(intent) == {of_intents["id"]: 1, of_both["id"]: 1}
    assert told(made) == {of_constraints["id"]: 1, of_both["id"]: 2}
    assert told(changed) == {of_constraints["id"]: 2, of_both["id"]: 3}
    assert told(deleted) == {of_constraints["id"]: 3, of_both["id"]: 4}


# ------------------------------------------------------------------------------------------------------ constraints


async def test_a_constraint_is_made_changed_and_deleted_without_a_key(service: Service) -> None:
    amber, key = service.amber.having(CM), new_id()
    body = {"extents": [a_volume(service.clock)], "uss_base_url": "https://a.example.com"}
    await service.birch.make_intent()

    put = await amber.put(f"{CONSTRAINTS}/{key}", body)
    made = put.json()["constraint_reference"]
    assert (put.status_code, made["version"], made["manager"]) == (201, 1, "amber")
    reader = service.birch.having(CP)
    seen = (await reader.get(f"{CONSTRAINTS}/{key}")).json()["constraint_reference"]
    assert seen["ovn"] == "Available from USS"
    assert [each["id"] for each in await reader.query(CONSTRAINTS, a_volume(service.clock))] == [key]

    path = f"{CONSTRAINTS}/{key}"
    assert (await amber.put(path, body)).status_code == 409
    assert (await amber.put(f"{path}/{'x' * 32}", body)).status_code == 409
    assert (await amber.put(f"{path}/", body)).status_code == 400
    assert (await amber.put(f"{CONSTRAINTS}/{new_id()}/{made['ovn']}", body)).status_code == 409
    assert (await service.birch.having(CM).put(f"{path}/{made['ovn']}", body)).status_code == 403
    assert (await service.birch.having(CM).delete(f"{path}/{made['ovn']}")).status_code == 403
    assert (await amber.delete(f"{path}/{'x' * 32}")).status_code == 409
    assert (await amber.delete(path)).status_code == 400
    over = {**body, "extents": [a_volume(service.clock, start=-60, end=-30)]}
    assert (await amber.put(f"{path}/{made['ovn']}", over)).status_code == 400
    changed = (await amber.put(f"{path}/{made['ovn']}", body)).json()["constraint_reference"]
    assert changed["version"] == 2
    gone = await amber.delete(f"{path}/{changed['ovn']}")
    assert gone.json()["constraint_reference"] == changed
    assert (await amber.get(path)).status_code == 404
    assert (await amber.delete(f"{path}/{changed['ovn']}")).status_code == 404


# ------------------------------------------------------------------------------------------ availability and reports


async def test_availability_is_unknown_until_an_arbitrator_speaks(service: Service) -> None:
    arbiter, path = service.amber.having(AA), f"{AVAILABILITY}/cedar"

    unknown = (await service.birch.get(path)).json()
    assert unknown == {"version": "", "status": {"uss": "cedar", "availability": "Unknown"}}

    first = await arbiter.put(path, {"availability": "normal"})
    assert first.json()["status"]["availability"] == "Normal"
    assert (await arbiter.put(path, {"availability": "Down"})).status_code == 409
    assert (await arbiter.put(path, {"availability": "Down", "old_version": "x"})).status_code == 409
    assert (await arbiter.put(path, {"availability": "purple", "old_version": ""})).status_code == 400
    assert (await arbiter.put(path, {"old_version": ""})).status_code == 400
    second = await arbiter.put(path, {"availability": "DOWN", "old_version": first.json()["version"]})
    assert second.json()["version"] not in ("", first.json()["version"])
    assert (await service.birch.get(path)).json() == second.json()


A_REPORT: dict[str, Any] = {
    "exchange": {
        "url": "https://uss.example.com/uss/v1/reports",
        "method": "POST",
        "recorder_role": "Client",
        "request_time": {"value": "2027-03-14T00:00:00Z", "format": "RFC3339"},
        "request_source": "amber",
        "response_code": 500,
    }
}


async def test_a_report_is_archived_as_it_came(service: Service) -> None:
    answer = await service.amber.ask("POST", "/dss/v1/reports", A_REPORT)

    assert answer.status_code == 201
    given = answer.json()
    key = given.pop("report_id")
    assert given == A_REPORT
    assert service.dss._store.report(key) is not None

    bad = {"exchange": {**A_REPORT["exchange"], "recorder_role": "Judge"}}
    for body in ({}, bad, {**A_REPORT, "report_id": "mine"}):
        assert (await service.amber.ask("POST", "/dss/v1/reports", body)).status_code == 400


async def test_the_oldest_reports_go() -> None:
    async with a_service(limits=Limits(reports_max=2)) as service:
        keys = [(await service.amber.ask("POST", "/dss/v1/reports", A_REPORT)).json()["report_id"] for _ in range(3)]

        assert [service.dss._store.report(key) is not None for key in keys] == [False, True, True]
