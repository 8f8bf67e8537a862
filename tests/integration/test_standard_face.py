"""A node's notices as operational intents, what they meet there, and what is recorded; the programs of the face."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from tests.conformance.service import (
    CONSTRAINTS,
    CP,
    INTENTS,
    Counted,
    Service,
    Turned,
    a_circle,
    a_service,
    an_intent,
    new_id,
    signing_key,
)
from tests.integration.inprocess import configured, running
from typer.testing import CliRunner

from keepclear import config
from keepclear.cli.main import app
from keepclear.core.agreement import DisclosureLevel
from keepclear.core.conflict import Verdict
from keepclear.core.footprint import Circle
from keepclear.core.timespan import HOUR_US, TimeSpan, zulu
from keepclear.core.zone import Belt, Rule, Zone, ZoneKind, ZoneRule
from keepclear.errors import Malformed
from keepclear.faces.f3548.authority import AuthorityApp
from keepclear.links.standard import Authority, HttpsStandardLink
from keepclear.node.entries.airspace import IntentOutcome
from keepclear.node.node import Node
from keepclear.uss import notices
from keepclear.uss.constraints import ConstraintDesk
from keepclear.uss.notices import NoticePublisher
from keepclear.uss.service import Uss
from keepclear.uss.zones import ZonePublisher, constraint_of


class Now(Turned):
    def __init__(self) -> None:
        self.us = time.time_ns() // 1_000


@dataclass
class Shown:
    """A node, a discovery service, and what keeps the one in step with the other."""

    node: Node
    http: httpx.AsyncClient
    service: Service
    link: HttpsStandardLink
    publisher: NoticePublisher
    uss: Uss

    def again(self, level: DisclosureLevel = DisclosureLevel.VOLUME) -> None:
        """As after a start: nothing is remembered but what is recorded."""
        self.uss = Uss(
            self.link, self.service.clock, name="amber", url="https://amber.example.com",
            dss_url="https://dss.example.com",
        )  # fmt: skip
        self.publisher = NoticePublisher(self.node, self.uss, level)

    async def file(self, **more: Any) -> dict[str, Any]:
        now = self.node.now_us()
        volume = {
            "circle": {"lat": 10.0, "lon": 20.0, "radius_m": 500},
            "lower": {"value_m": 0, "datum": "WGS84"}, "upper": {"value_m": 150, "datum": "WGS84"},
            "start": zulu(now + 3_600 * 10**6), "end": zulu(now + 7_200 * 10**6),
        }  # fmt: skip
        volume.update(more.pop("volume", {}))
        answer = await self.http.post("/v1/notices", json={"volumes": [volume], "by": "I. Maro", **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["notice"]

    async def there(self) -> list[dict[str, Any]]:
        return await self.service.birch.query(INTENTS, {"volume": a_circle(10, 20, 1_000)})


@contextlib.asynccontextmanager
async def shown(tmp_path: Path, level: DisclosureLevel = DisclosureLevel.VOLUME) -> AsyncIterator[Shown]:
    clock = Now()
    async with a_service(clock=clock) as service, running(configured(tmp_path, "amber")) as inside:
        link = HttpsStandardLink(
            Authority("https://auth.example.com/token", {"sub": "amber"}), clock, allowed=["*.example.com"],
            transports={
                "https://dss.example.com": httpx.ASGITransport(service.app),
                "https://auth.example.com": httpx.ASGITransport(AuthorityApp(signing_key(), clock, Counted())),
            },
        )  # fmt: skip
        made = Shown(inside.node, inside.http, service, link, None, None)  # type: ignore[arg-type]
        made.again(level)
        yield made
        await link.close()


async def test_a_notice_is_shown_changed_and_taken_away(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        filed = await it.file(remarks="not for others", contact="nor this")

        await it.publisher.look()

        (found,) = await it.there()
        held = it.node.picture.intents[filed["id"]]
        assert (held.outcome, held.entity, held.there, held.is_planned) == (IntentOutcome.PLANNED, found["id"], 1, True)
        (standing,) = it.uss.own.values()
        assert [volume.footprint.radius_m for volume in standing.plan.volumes] == [500]

        answer = await it.http.post(
            f"/v1/notices/{filed['id']}/state", json={"version": 1, "state": "Ended", "by": "I. Maro"}
        )
        assert answer.status_code == 200, answer.text
        await it.publisher.look()
        assert await it.there() == []
        assert it.node.picture.intents == {}


async def test_nothing_is_shown_beyond_what_we_and_our_agreements_allow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(tmp_path, DisclosureLevel.NONE) as it:
        await it.file()
        await it.publisher.look()
        assert await it.there() == []

        it.again(DisclosureLevel.VOLUME)
        hides = SimpleNamespace(disclosure={"amber": SimpleNamespace(level=DisclosureLevel.NONE)})
        monkeypatch.setattr(type(it.node.picture), "enrolled_peers", lambda _: iter(["birch"]))
        monkeypatch.setattr(type(it.node.picture), "agreement_with", lambda _, __: hides)
        await it.publisher.look()
        assert await it.there() == [], "one party may see nothing, and everybody can read the discovery service"

        hides.disclosure["amber"].level = DisclosureLevel.CONTACT
        await it.publisher.look()
        assert len(await it.there()) == 1


async def test_an_exercise_is_never_shown(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.file(mode="EXER")

        await it.publisher.look()

        assert await it.there() == []


async def test_heights_above_the_sea_are_shown_as_the_band_that_surely_holds_them(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        await it.file(volume={"lower": {"value_m": 0, "datum": "AGL"}, "upper": {"value_m": 150, "datum": "AMSL"}})

        await it.publisher.look()

        (standing,) = it.uss.own.values()
        band = standing.plan.volumes[0].band
        assert band.lower.value_m < -400
        assert 150 < band.upper.value_m < 200


async def test_a_notice_that_meets_another_intent_is_refused_there_told_here_and_planned_when_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(tmp_path) as it:
        others = await it.service.birch.put(
            f"{INTENTS}/{new_id()}",
            an_intent(it.service.clock, outline=a_circle(10, 20), start=5_000, end=6_000, low=0, high=100),
        )
        other = others.json()["operational_intent_reference"]
        details = {
            "reference": {**other, "uss_base_url": "https://uss.example.com/utm"},
            "details": {"volumes": an_intent(it.service.clock, outline=a_circle(10, 20), start=5_000, end=6_000, low=0,
                                             high=100)["extents"]},
        }  # fmt: skip

        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"operational_intent": details})

        it.link._client._mounts = {
            **httpx.AsyncClient(mounts={"https://uss.example.com": httpx.MockTransport(answer)})._mounts,
            **it.link._client._mounts,
        }
        filed = await it.file()

        await it.publisher.look()

        held = it.node.picture.intents[filed["id"]]
        assert (held.outcome, held.conflicts, held.is_planned) == (IntentOutcome.REFUSED, (other["id"],), False)
        conflict = it.node.picture.intent_conflicts[(filed["id"], other["id"])]
        assert (conflict.manager, conflict.verdict) == ("birch", Verdict.CONFLICT)
        assert it.node.picture.notices[f"amber/{filed['id']}"].is_live(it.node.now_us()), "the notice itself stands"

        it.uss.peers.clear()
        await it.service.birch.delete(f"{INTENTS}/{other['id']}/{other['ovn']}")
        monkeypatch.setattr(notices, "TRY_AGAIN_S", 0)
        it.publisher._dealt.clear()
        await it.publisher.look()
        assert it.node.picture.intents[filed["id"]].outcome == IntentOutcome.PLANNED
        assert it.node.picture.intent_conflicts == {}


async def test_after_a_start_what_stands_there_is_taken_up_and_not_planned_twice(tmp_path: Path) -> None:
    async with shown(tmp_path) as it:
        filed = await it.file()
        await it.publisher.look()

        it.again()
        await it.publisher.look()

        assert len(await it.there()) == 1
        assert [each.version for each in it.uss.own.values()] == [1]
        await it.http.post(f"/v1/notices/{filed['id']}/state", json={"version": 1, "state": "Ended", "by": "I. Maro"})
        it.again()
        await it.publisher.look()
        assert await it.there() == []


async def test_a_discovery_service_that_is_away_is_recorded_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keepclear.links.standard.PAUSE_S", 0.0)
    monkeypatch.setattr(notices, "TRY_AGAIN_S", 0)
    async with shown(tmp_path) as it:
        mounts = it.link._client._mounts
        it.link._client._mounts = httpx.AsyncClient(
            mounts={"https://": httpx.MockTransport(lambda _: httpx.Response(503))}
        )._mounts
        filed = await it.file()
        for _ in range(3):
            await it.publisher.look()
        seq = it.node.loop.logs.seq
        assert it.node.picture.intents[filed["id"]].outcome == IntentOutcome.FAILED
        await it.publisher.look()
        assert it.node.loop.logs.seq == seq, "the same failure again is no news"

        it.link._client._mounts = mounts
        await it.publisher.look()

        assert it.node.picture.intents[filed["id"]].outcome == IntentOutcome.PLANNED


# ------------------------------------------------------------------------------------------------------------- zones


def a_zone(key: str, rule: Rule = Rule.STAY_OUT, **more: Any) -> Zone:
    shape = more.pop("shape", Circle(10.0, 20.0, 500.0))
    return Zone(key, f"zone {key}", ZoneKind.RESTRICTED, shape, (ZoneRule(rule),), **more)


def an_agreement(*zones: Zone, valid_until_us: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        title="the agreement", zones=zones, valid_from_us=None, valid_until_us=valid_until_us,
        disclosure={"amber": SimpleNamespace(level=DisclosureLevel.VOLUME)},
    )  # fmt: skip


async def test_zones_in_force_are_constraints_and_are_renewed_and_lifted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shown(tmp_path) as it:
        desk = ConstraintDesk(it.link, name="amber", url="https://amber.example.com", dss_url="https://dss.example.com")
        zones = ZonePublisher(it.node, desk)
        belt = Belt(((10.0, 20.0), (10.0, 21.0)), 100.0, 100.0)
        agreed = an_agreement(a_zone("A-1"), a_zone("A-2", Rule.BE_AWARE), a_zone("A-3", shape=belt))
        in_force: list[Any] = [agreed]
        monkeypatch.setattr(type(it.node.picture), "enrolled_peers", lambda _: iter(["birch"]))
        monkeypatch.setattr(type(it.node.picture), "agreement_with", lambda _, __: in_force[0])
        reader = it.service.birch.having(CP)

        await zones.look()
        (found,) = await reader.query(CONSTRAINTS, {"volume": a_circle(10, 20, 100)})
        await zones.look()
        (again,) = await reader.query(CONSTRAINTS, {"volume": a_circle(10, 20, 100)})
        assert again == found, "nothing changed, so nothing is asked"

        at_us = it.node.now_us() + 13 * 3_600 * 10**6
        monkeypatch.setattr(type(it.node), "now_us", lambda _: at_us)
        await zones.look()
        (renewed,) = await reader.query(CONSTRAINTS, {"volume": a_circle(10, 20, 100)})
        assert renewed["version"] == 2
        assert renewed["time_end"]["value"] > found["time_end"]["value"]

        in_force[0] = None
        await zones.look()
        assert await reader.query(CONSTRAINTS, {"volume": a_circle(10, 20, 100)}) == []


@pytest.mark.parametrize(
    ("zone", "until", "hours"),
    [
        (a_zone("A-1"), None, 24),
        (a_zone("A-1", Rule.CALL_BEFORE), 10 * HOUR_US, 10),
        (a_zone("A-1", span=TimeSpan(2 * HOUR_US, 5 * HOUR_US)), None, 3),
        (a_zone("A-1", span=TimeSpan(0, HOUR_US)), 30 * HOUR_US, 0),
        (a_zone("A-1", Rule.FREE), None, 0),
    ],
)
def test_a_zone_is_a_constraint_for_the_day_ahead(zone: Zone, until: int | None, hours: int) -> None:
    volume = constraint_of(zone, an_agreement(zone, valid_until_us=until), HOUR_US)  # type: ignore[arg-type]

    lasts = volume.span.end_us - volume.span.start_us if volume is not None else 0
    assert lasts == min(hours * HOUR_US, (until or 10**18) - HOUR_US)


# ---------------------------------------------------------------------------------------------------------- programs


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dss"], "without a key"),
        (["dss", "--public-key", "nowhere.pem"], "no public key"),
        (["dss", "--public-key", "a", "--jwks", "b"], "not both"),
        (["dss", "--jwks", "http://auth.example.com/jwks"], "https"),
        (["dss", "--public-key", "a", "--listen", "here"], "HOST:PORT"),
        (["dev-authority", "--listen", "0.0.0.0:8085"], "loopback"),
        (["dev-authority", "--listen", "192.0.2.1:8085"], "loopback"),
    ],
)
def test_what_the_programs_refuse(arguments: list[str], words: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(app, arguments)

    assert done.exit_code != 0
    assert words in " ".join(done.output.split())


_BASE = '[party]\nid = "amber"\nname = "Amber"\n[f3548]\n'


def test_the_section_of_the_standard_face_is_read() -> None:
    text = (
        f'{_BASE}public_key = "k.pem"\ndss = true\nurl = "https://a.example.com"\ntoken_url = "https://t.example.com"\n'
        'shows = "VOLUME"\nallowed_hosts = "*.example.com, b.example.org"\n'
    )

    standard = config.read(text, Path("/x"), {"KEEPCLEAR_F3548_DSS": "true"}).standard

    assert standard is not None
    assert (standard.public_key, standard.serves_dss, standard.shows) == (Path("/x/k.pem"), True, "VOLUME")
    assert standard.allowed_hosts == ("*.example.com", "b.example.org")
    assert (standard.refuses_conflicts, standard.flight_planning, standard.allows_http) == (True, False, False)
    assert config.read('[party]\nid = "amber"\nname = "Amber"\n', Path("/x"), {}).standard is None


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        ("dss = true", "public_key"),
        ('public_key = "a"\njwks = "b"\ndss = true', "public_key"),
        ('public_key = "a"', "f3548"),
        ('public_key = "a"\nurl = "https://a.example.com"\ndss_url = "https://d.example.com"', "token_url"),
        ('public_key = "a"\ndss = true\nshows = "CONTACT"', "shows"),
        ('public_key = "a"\ndss = "yes"', "f3548.dss"),
        ('public_key = "a"\ndss = true\ncertificate = "c"', "certificate"),
    ],
)
def test_a_section_that_cannot_work_is_refused(lines: str, at: str) -> None:
    with pytest.raises(Malformed) as refused:
        config.read(f"{_BASE}{lines}\n", Path("/x"), {})

    assert at in refused.value.at
