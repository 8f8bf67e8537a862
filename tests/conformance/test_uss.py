"""Services of our own, planning with our discovery service over the real link: conflicts, notifications, details."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest
from tests.conformance.service import (
    AA,
    AVAILABILITY,
    CMSA,
    CONSTRAINTS,
    CP,
    INTENTS,
    MINUTE,
    SC,
    Counted,
    Service,
    Turned,
    a_circle,
    a_service,
    a_volume,
    an_intent,
    check_answer,
    new_id,
    signing_key,
    time_at,
)
from tests.conformance.service import (
    Uss as Asker,
)

from keepclear.dss.values import IntentState
from keepclear.errors import NotAllowed, NotFound, Unavailable
from keepclear.faces.f3548.authority import AuthorityApp
from keepclear.faces.f3548.flight_planning import FlightPlanningFace
from keepclear.faces.f3548.gate import Gate
from keepclear.faces.f3548.routing import F3548App
from keepclear.faces.f3548.uss import UssFace
from keepclear.formats.f3548 import messages as wire
from keepclear.formats.f3548.volumes import complete_volume
from keepclear.links.standard import Authority, HttpsStandardLink
from keepclear.uss.constraints import ConstraintDesk
from keepclear.uss.service import Uss
from keepclear.uss.values import Plan

DETAILS = "/uss/v1/operational_intents"
PLANNING = "/flight_planning/v1"


@dataclass
class Ours:
    """A service of ours with its face, and who asks it."""

    uss: Uss
    link: HttpsStandardLink
    face: UssFace
    planning: FlightPlanningFace
    host: str
    http: httpx.AsyncClient
    clock: Turned

    def asked_by(self, name: str, *scopes: str) -> Asker:
        asker = Asker(name, self.http, self.clock, scopes or (SC,))
        asker.token = lambda **more: Asker.token(asker, aud=self.host, **more)  # type: ignore[method-assign]
        return asker


@dataclass
class Region:
    """A discovery service, and two services that plan with it."""

    service: Service
    amber: Ours
    birch: Ours
    transports: dict[str, httpx.AsyncBaseTransport]


@contextlib.asynccontextmanager
async def a_region(*, refuses: bool = True) -> AsyncIterator[Region]:
    async with a_service() as service:
        clock, transports = service.clock, dict[str, httpx.AsyncBaseTransport]()
        transports["https://dss.example.com"] = httpx.ASGITransport(service.app)
        transports["https://auth.example.com"] = httpx.ASGITransport(AuthorityApp(signing_key(), clock, Counted()))
        made = [a_uss(name, clock, transports, refuses=refuses) for name in ("amber", "birch")]
        # Each calls the other: the addresses are known only now.
        for ours in made:
            ours.link._client._mounts = httpx.AsyncClient(mounts=transports)._mounts
        try:
            yield Region(service, made[0], made[1], transports)
        finally:
            for ours in made:
                await ours.link.close()
                await ours.http.aclose()


def a_uss(name: str, clock: Turned, transports: dict[str, httpx.AsyncBaseTransport], *, refuses: bool) -> Ours:
    host, chance = f"{name}.example.com", Counted()
    link = HttpsStandardLink(
        Authority("https://auth.example.com/token", {"sub": name}), clock, allowed=["*.example.com"]
    )
    uss = Uss(
        link, clock, name=name, url=f"https://{host}/utm", dss_url="https://dss.example.com", refuses_conflicts=refuses
    )
    planning = FlightPlanningFace(uss, clock, chance)
    face = UssFace(uss, chance, on_told=planning.told)
    inner = F3548App([*face.routes(), *planning.routes()], Gate({"one": signing_key().public_key()}, [host], clock))

    async def below_utm(scope: Any, receive: Any, send: Any) -> None:
        # Its base URL has a path, as those of the field do.
        await inner({**scope, "path": scope["path"].removeprefix("/utm")}, receive, send)

    transports[f"https://{host}"] = transport = httpx.ASGITransport(below_utm)
    http = httpx.AsyncClient(transport=transport, base_url=f"https://{host}")
    return Ours(uss, link, face, planning, host, http, clock)


def a_plan(clock: Turned, key: str = "", *, state: str = "Accepted", priority: int = 0, **volume: Any) -> Plan:
    given = msgspec.convert(a_volume(clock, **volume), wire.Volume4D)
    return Plan(key or new_id(), (complete_volume(given, at="volume")[0],), IntentState(state), priority)


# --------------------------------------------------------------------------------------------------------- planning


async def test_a_plan_stands_at_the_discovery_service_and_its_details_are_ours_to_show() -> None:
    async with a_region() as region:
        plan = a_plan(region.service.clock)

        outcome = await region.amber.uss.plan(plan)

        assert outcome.standing is not None
        reference = (await region.service.amber.get(f"{INTENTS}/{plan.id}")).json()["operational_intent_reference"]
        assert reference["uss_base_url"] == "https://amber.example.com/utm"
        assert reference["ovn"] == outcome.standing.ovn
        answer = await region.amber.asked_by("birch").get(f"{DETAILS}/{plan.id}")
        check_answer("GET", f"{DETAILS}/{plan.id}", answer)
        shown = answer.json()["operational_intent"]
        assert shown["reference"]["ovn"] == outcome.standing.ovn
        assert shown["details"]["volumes"] == [a_volume(region.service.clock)]
        assert shown["details"].get("priority", 0) == 0
        other = await region.amber.asked_by("birch").get(f"{DETAILS}/{new_id()}")
        assert other.status_code == 404


async def test_a_plan_that_meets_another_of_its_priority_is_refused_on_our_side() -> None:
    async with a_region() as region:
        clock = region.service.clock
        first = await region.amber.uss.plan(a_plan(clock))
        plan = a_plan(clock)

        outcome = await region.birch.uss.plan(plan)

        assert outcome.standing is None
        assert [each.plan.id for each in outcome.conflicts] == [first.standing.plan.id]
        assert (await region.service.birch.get(f"{INTENTS}/{plan.id}")).status_code == 404
        with pytest.raises(NotFound):
            region.birch.uss.details(plan.id)


async def test_where_that_term_is_not_signed_it_is_planned_and_told() -> None:
    async with a_region(refuses=False) as region:
        clock = region.service.clock
        await region.amber.uss.plan(a_plan(clock))

        outcome = await region.birch.uss.plan(a_plan(clock))

        assert outcome.standing is not None
        assert len(outcome.conflicts) == 1
        assert outcome.standing.plan.id in region.amber.uss.peers, "the other was told"


async def test_a_greater_priority_plans_over_a_smaller_one_which_is_told_and_yields() -> None:
    async with a_region() as region:
        clock = region.service.clock
        low = a_plan(clock)
        await region.amber.uss.plan(low)

        high = await region.birch.uss.plan(a_plan(clock, priority=100))

        assert high.standing is not None
        assert high.untold == ()
        assert [each.plan.id for each in region.amber.uss.conflicts_of(low)] == [high.standing.plan.id]
        activated = await region.amber.uss.plan(Plan(low.id, low.volumes, IntentState.ACTIVATED))
        assert activated.standing is None, "a plan in conflict does not become a flight"


async def test_a_flight_under_way_may_stay_as_it_is_while_that_is_sorted_out() -> None:
    async with a_region() as region:
        clock = region.service.clock
        low = a_plan(clock, state="Accepted", start=0)
        await region.amber.uss.plan(low)
        flying = Plan(low.id, low.volumes, IntentState.ACTIVATED)
        await region.amber.uss.plan(flying)
        await region.birch.uss.plan(a_plan(clock, priority=100))

        assert (await region.amber.uss.plan(flying)).standing is not None


async def test_what_changes_or_ends_is_told_to_who_subscribed() -> None:
    async with a_region() as region:
        clock = region.service.clock
        # Birch's implicit subscription covers its own plan: what comes near it is told.
        await region.birch.uss.plan(a_plan(clock))
        plan = a_plan(clock, priority=5)

        await region.amber.uss.plan(plan)
        assert region.birch.uss.peers[plan.id].version == 1
        await region.amber.uss.plan(Plan(plan.id, plan.volumes, plan.state, 5))
        assert region.birch.uss.peers[plan.id].version == 2
        await region.amber.uss.end(plan.id)

        assert plan.id not in region.birch.uss.peers
        with pytest.raises(NotFound):
            await region.amber.uss.end(plan.id)


async def test_a_subscriber_that_does_not_answer_is_named_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.links.standard.PAUSE_S", 0.0)
    async with a_region() as region:
        clock = region.service.clock
        await region.service.uss("cedar").make_subscription(uss_base_url="https://cedar.example.com")

        async def down(scope: Any, receive: Any, send: Any) -> None:
            raise httpx.ConnectError("nobody there")

        region.amber.link._client._mounts = httpx.AsyncClient(
            mounts={**region.transports, "https://cedar.example.com": httpx.ASGITransport(down)}
        )._mounts

        outcome = await region.amber.uss.plan(a_plan(clock))

        assert outcome.standing is not None
        assert outcome.untold == ("https://cedar.example.com",)


async def test_an_answer_that_was_lost_is_recovered() -> None:
    async with a_region() as region:
        clock = region.service.clock
        plan = a_plan(clock)
        await region.amber.uss.plan(plan)
        region.amber.uss.own.clear()  # as if the answer had never come

        again = await region.amber.uss.plan(Plan(plan.id, plan.volumes, IntentState.ACCEPTED, 7))

        assert again.standing is not None
        assert again.standing.version == 2


async def test_a_manager_who_does_not_show_its_details_keeps_us_from_planning_blind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("keepclear.links.standard.PAUSE_S", 0.0)
    async with a_region() as region:
        await region.service.uss("amber").make_intent(uss_base_url="https://amber.example.com/utm")
        plan = a_plan(region.service.clock)

        with pytest.raises(Unavailable, match="12 times"):
            await region.birch.uss.plan(plan)

        assert (await region.service.birch.get(f"{INTENTS}/{plan.id}")).status_code == 404


@pytest.mark.parametrize(("state", "is_planned"), [("Accepted", True), ("Activated", False)])
async def test_a_service_marked_down_that_does_not_answer_gives_way_unless_it_flies(
    state: str, *, is_planned: bool
) -> None:
    async with a_region() as region:
        clock, cedar = region.service.clock, region.service.amber
        # Amber knows nothing of this one: whoever asks it for the details gets none.
        made = await cedar.make_intent(uss_base_url="https://amber.example.com/utm")
        if state != "Accepted":
            body = an_intent(clock, state=state, uss_base_url="https://amber.example.com/utm")
            body["new_subscription"] = {"uss_base_url": "https://amber.example.com/utm"}
            answer = await cedar.put(f"{INTENTS}/{made['id']}/{made['ovn']}", body)
            assert answer.status_code == 200
        down = {"old_version": "", "availability": "Down"}
        assert (await region.service.birch.having(AA).put(f"{AVAILABILITY}/amber", down)).status_code == 200

        outcome = await region.birch.uss.plan(a_plan(clock, priority=1_000))

        assert (outcome.standing is not None) is is_planned
        assert [each.plan.id for each in outcome.conflicts] == ([] if is_planned else [made["id"]])


# ------------------------------------------------------------------------------------------------------------- told


async def told_body(region: Region) -> dict[str, Any]:
    plan = a_plan(region.service.clock)
    await region.amber.uss.plan(plan)
    shown = (await region.amber.asked_by("birch").get(f"{DETAILS}/{plan.id}")).json()
    return {
        "operational_intent_id": plan.id,
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 1}],
        **shown,
    }


async def test_who_is_not_the_manager_may_not_tell_of_an_intent() -> None:
    async with a_region() as region:
        body = await told_body(region)

        assert (await region.birch.asked_by("cedar").ask("POST", DETAILS, body)).status_code == 403
        assert (await region.birch.asked_by("amber").ask("POST", DETAILS, body)).status_code == 204
        assert (await region.birch.asked_by("amber").ask("POST", DETAILS, body)).status_code == 204, "the same again"
        gone = {name: body[name] for name in ("operational_intent_id", "subscriptions")}
        assert (await region.birch.asked_by("cedar").ask("POST", DETAILS, gone)).status_code == 403


@pytest.mark.parametrize("broken", ["older", "other id", "no ovn", "no subscription", "bad volume", "differs"])
async def test_what_is_told_must_be_possible(broken: str) -> None:
    async with a_region() as region:
        body = await told_body(region)
        amber = region.birch.asked_by("amber")
        reference = body["operational_intent"]["reference"]
        reference["version"] = 5
        assert (await amber.ask("POST", DETAILS, body)).status_code == 204
        match broken:
            case "older":
                reference["version"], status = 4, 409
            case "differs":
                reference["state"], status = "Activated", 409
            case "other id":
                reference["id"], status = new_id(), 400
            case "no ovn":
                status = 400
                del reference["ovn"]
            case "no subscription":
                body["subscriptions"], status = [], 400
            case _:
                status = 400
                del body["operational_intent"]["details"]["volumes"][0]["time_end"]

        assert (await amber.ask("POST", DETAILS, body)).status_code == status


async def test_telemetry_is_given_only_off_nominal_and_reports_are_kept() -> None:
    async with a_region() as region:
        plan = a_plan(region.service.clock)
        await region.amber.uss.plan(plan)
        asker = region.amber.asked_by("birch", CMSA)

        assert (await asker.get(f"{DETAILS}/{plan.id}/telemetry")).status_code == 409
        await region.amber.uss.plan(Plan(plan.id, plan.volumes, IntentState.NONCONFORMING, 0, plan.volumes))
        assert (await asker.get(f"{DETAILS}/{plan.id}/telemetry")).status_code == 412
        report = {
            "exchange": {
                "url": "https://x.example.com", "method": "GET", "recorder_role": "Client", "request_source": "birch",
                "request_time": time_at(region.service.clock, 0),
            }
        }  # fmt: skip
        assert (await asker.ask("POST", "/uss/v1/reports", report)).status_code == 201
        assert len(region.amber.face.reports) == 1


# ------------------------------------------------------------------------------------------------------- constraints


async def test_a_constraint_is_published_shown_changed_and_lifted() -> None:
    async with a_region() as region:
        clock, key = region.service.clock, new_id()
        desk = ConstraintDesk(
            region.amber.link, name="amber", url="https://amber.example.com/utm", dss_url="https://dss.example.com"
        )
        region.amber.face._desk = desk
        volumes = a_plan(clock).volumes

        assert await desk.publish(key, volumes, "keepclear.restricted") == ()
        reader = region.service.birch.having(CP)
        (found,) = await reader.query(CONSTRAINTS, a_volume(clock))
        assert (found["id"], found["uss_base_url"]) == (key, "https://amber.example.com/utm")
        asker = region.amber.asked_by("birch", CP)
        answer = await asker.get(f"/uss/v1/constraints/{key}")
        check_answer("GET", f"/uss/v1/constraints/{key}", answer)
        shown = answer.json()["constraint"]
        assert shown["details"] == {"volumes": [a_volume(clock)], "type": "keepclear.restricted"}
        assert len(shown["reference"]["ovn"]) >= 16
        assert (await asker.get(f"/uss/v1/constraints/{new_id()}")).status_code == 404

        desk.own.clear()  # as after a start
        await desk.publish(key, volumes, "keepclear.restricted")
        assert desk.own[key].reference.version == 2
        await desk.lift(key)
        assert await reader.query(CONSTRAINTS, a_volume(clock)) == []
        with pytest.raises(NotFound):
            await desk.lift(key)


async def test_a_subscriber_is_told_of_a_constraint_and_its_end() -> None:
    async with a_region() as region:
        clock = region.service.clock
        await region.service.uss("birch", CP).make_subscription(
            uss_base_url="https://cedar.example.com", notify_for_operational_intents=False, notify_for_constraints=True
        )
        heard: list[Any] = []

        async def cedar(scope: Any, receive: Any, send: Any) -> None:
            heard.append(msgspec.json.decode((await receive())["body"]))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        region.amber.link._client._mounts = httpx.AsyncClient(
            mounts={**region.transports, "https://cedar.example.com": httpx.ASGITransport(cedar)}
        )._mounts
        desk = ConstraintDesk(
            region.amber.link, name="amber", url="https://amber.example.com/utm", dss_url="https://dss.example.com"
        )
        key = new_id()
        await desk.publish(key, a_plan(clock).volumes, "keepclear.prohibited")
        await desk.lift(key)

        assert [each["constraint_id"] for each in heard] == [key, key]
        assert [each["subscriptions"][0]["notification_index"] for each in heard] == [1, 2]
        assert heard[0]["constraint"]["details"]["type"] == "keepclear.prohibited"
        assert "constraint" not in heard[1]


# ------------------------------------------------------------------------------------------------------------ the link


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://amber.example.com", "https only"),
        ("https://elsewhere.example.org", "not among"),
        ("https://", "https only"),
        ("file:///etc/passwd", "https only"),
    ],
)
async def test_only_hosts_that_are_allowed_are_called(url: str, why: str) -> None:
    async with a_region() as region:
        with pytest.raises(NotAllowed, match=why):
            await region.amber.link.ask("GET", url, "/x", scope=SC)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.1.2.3", "169.254.169.254", "localhost"])
async def test_without_a_list_no_private_address_is_called(host: str) -> None:
    link = HttpsStandardLink(Authority("https://auth.example.com/token", {}), Turned())

    with pytest.raises(NotAllowed, match="public"):
        await link.ask("GET", f"https://{host}", "/x", scope=SC)
    await link.close()


async def test_a_token_for_each_audience_and_scope_is_asked_for_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.example.com":
            asked.append(f"{request.url.params['intended_audience']} {request.url.params['scope']}")
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3_600})
        if request.url.path == "/moved":
            return httpx.Response(302, headers={"location": "https://b.example.com/"})
        return httpx.Response(200, json={})

    clock = Turned()
    link = HttpsStandardLink(
        Authority("https://auth.example.com/token", {}), clock, allowed=["*.example.com"],
        transports={"https://": httpx.MockTransport(answer)},
    )  # fmt: skip
    for _ in range(2):
        for host, scope in (("a", SC), ("b", SC), ("a", CMSA)):
            await link.ask("GET", f"https://{host}.example.com", "/x", scope=scope)

    assert sorted(asked) == sorted([f"a.example.com {SC}", f"b.example.com {SC}", f"a.example.com {CMSA}"])
    assert (await link.ask("GET", "https://a.example.com", "/moved", scope=SC))[0] == 302, "no redirect is followed"
    clock.us += 3_600 * 10**6
    await link.ask("GET", "https://a.example.com", "/x", scope=SC)
    assert len(asked) == 4
    await link.close()


async def test_what_fails_for_a_while_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keepclear.links.standard.PAUSE_S", 0.0)
    left = [503, 429, 200]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "auth.example.com":
            return httpx.Response(200, json={"access_token": "t"})
        return httpx.Response(left.pop(0) if left else 503, json={})

    link = HttpsStandardLink(
        Authority("https://auth.example.com/token", {}), Turned(), allowed=["*.example.com"],
        transports={"https://": httpx.MockTransport(answer)},
    )  # fmt: skip

    assert (await link.ask("GET", "https://a.example.com", "/x", scope=SC))[0] == 200
    with pytest.raises(Unavailable, match=r"a\.example\.com does not answer"):
        await link.ask("GET", "https://a.example.com", "/x", scope=SC)
    await link.close()


# -------------------------------------------------------------------------------------------------- flight planning


def a_flight(clock: Turned, *, usage: str = "Planned", uas: str = "Nominal", priority: int = 0, **more: Any) -> Any:
    style = more.pop("style", "IfAllowed")
    return {
        "flight_plan": {
            "basic_information": {"usage_state": usage, "uas_state": uas, "area": [a_volume(clock, **more)]},
            "astm_f3548_21": {"priority": priority},
        },
        "execution_style": style,
        "request_id": new_id(),
    }


async def test_a_user_plans_flies_and_closes_a_flight() -> None:
    async with a_region() as region:
        clock = region.service.clock
        user, key = region.amber.asked_by("tester", "interuss.flight_planning.plan"), new_id()
        path = f"{PLANNING}/flight_plans/{key}"

        assert (await user.get(f"{PLANNING}/status")).json()["status"] == "Ready"
        planned = (await user.put(path, a_flight(clock, start=0))).json()
        assert (planned["planning_result"], planned["flight_plan_status"]) == ("Completed", "Planned")
        flying = (await user.put(path, a_flight(clock, usage="InUse", start=0))).json()
        assert (flying["planning_result"], flying["flight_plan_status"]) == ("Completed", "OkToFly")
        (standing,) = region.amber.uss.own.values()
        assert standing.plan.state is IntentState.ACTIVATED
        off = (
            await user.put(path, a_flight(clock, usage="InUse", uas="OffNominal", start=0, style="InReality"))
        ).json()
        assert off["flight_plan_status"] == "OffNominal"
        closed = (await user.delete(path)).json()
        assert (closed["planning_result"], closed["flight_plan_status"]) == ("Completed", "Closed")
        assert region.amber.uss.own == {}
        assert (await user.delete(path)).status_code == 404
        assert (await region.amber.asked_by("tester").get(f"{PLANNING}/status")).status_code == 403


async def test_a_flight_that_meets_another_is_rejected_and_its_user_told() -> None:
    async with a_region() as region:
        clock = region.service.clock
        one = region.amber.asked_by("tester", "interuss.flight_planning.plan")
        other = region.birch.asked_by("tester", "interuss.flight_planning.plan")
        await one.put(f"{PLANNING}/flight_plans/{new_id()}", a_flight(clock))

        body = a_flight(clock)
        path = f"{PLANNING}/flight_plans/{new_id()}"
        rejected = (await other.put(path, body)).json()
        assert (rejected["planning_result"], rejected["flight_plan_status"]) == ("Rejected", "NotPlanned")
        assert "amber" in rejected["notes"]
        assert (await other.put(path, body)).json() == rejected, "the same request gets the same answer"
        above = (await other.put(path, a_flight(clock, priority=100))).json()
        assert above["planning_result"] == "Completed"
        assert above["includes_advisories"] == "AtLeastOneAdvisoryOrCondition"
        (told,) = (await one.get(f"{PLANNING}/user_notifications")).json()["user_notifications"]
        assert told["conflicts"] == "Single"

        area = {"request_id": new_id(), "extent": a_volume(clock)}
        cleared = (await other.ask("POST", f"{PLANNING}/clear_area_requests", area)).json()
        assert cleared["outcome"]["success"]
        assert region.birch.uss.own == {}


async def test_two_users_of_one_service_may_not_meet_either() -> None:
    async with a_region() as region:
        clock = region.service.clock
        user = region.amber.asked_by("tester", "interuss.flight_planning.plan")
        await user.put(f"{PLANNING}/flight_plans/{new_id()}", a_flight(clock))

        rejected = (await user.put(f"{PLANNING}/flight_plans/{new_id()}", a_flight(clock))).json()

        assert (rejected["planning_result"], rejected["flight_plan_status"]) == ("Rejected", "NotPlanned")
        assert len(region.amber.uss.own) == 1


async def test_plans_of_one_party_may_meet() -> None:
    async with a_region() as region:
        clock = region.service.clock
        await region.amber.uss.plan(a_plan(clock), heeds_own=False)

        outcome = await region.amber.uss.plan(a_plan(clock), heeds_own=False)

        assert outcome.standing is not None
        assert outcome.conflicts == ()


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"end": -MINUTE, "start": -2 * MINUTE}, "Rejected"),
        ({"start": 31 * 86_400, "end": 31 * 86_400 + 60}, "Rejected"),
        ({"usage": "InUse"}, "Rejected"),  # it begins in ten minutes
        ({"usage": "Planned", "uas": "Contingent"}, "Rejected"),
        ({"outline": a_circle(10, 20, 40_000)}, "Rejected"),
        ({"style": "Hypothetical"}, "NotSupported"),
    ],
)
async def test_flights_that_cannot_be(change: dict[str, Any], result: str) -> None:
    async with a_region() as region:
        user = region.amber.asked_by("tester", "interuss.flight_planning.plan")

        answer = await user.put(f"{PLANNING}/flight_plans/{new_id()}", a_flight(region.service.clock, **change))

        assert answer.json()["planning_result"] == result
        assert answer.json()["flight_plan_status"] == "NotPlanned"
        assert answer.json()["notes"]
