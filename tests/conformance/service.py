"""A discovery service in this process, a clock to turn, services that ask, and the schema to hold all against."""

from __future__ import annotations

import contextlib
import functools
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from keepclear.assembly import open_dss
from keepclear.core.timespan import zulu
from keepclear.dss.limits import DEFAULT, Limits
from keepclear.dss.service import Dss
from keepclear.faces.f3548.auxiliary import AuxiliaryFace
from keepclear.faces.f3548.dss import DssFace
from keepclear.faces.f3548.gate import Gate
from keepclear.faces.f3548.routing import F3548App
from keepclear.formats.tokens import write_token

SPEC = Path(__file__).with_name("f3548-utm.yaml")

SC, CMSA = "utm.strategic_coordination", "utm.conformance_monitoring_sa"
CM, CP, AA = "utm.constraint_management", "utm.constraint_processing", "utm.availability_arbitration"
HOST = "dss.example.com"
#: 2027-03-14T00:00:00Z
BEGIN_US = 1_804_982_400_000_000
MINUTE = 60

INTENTS, CONSTRAINTS = "/dss/v1/operational_intent_references", "/dss/v1/constraint_references"
SUBSCRIPTIONS, AVAILABILITY = "/dss/v1/subscriptions", "/dss/v1/uss_availability"


#: Statuses that the schema does not list and that the field's own services and tests give all the same.
DEMANDED_BY_THE_FIELD = {("PUT", "/dss/v1/uss_availability/{uss_id}"): ("409",)}


@functools.cache
def spec() -> dict[str, Any]:
    """The published interface, its pattern for ids mended: as it stands it asks for backslashes."""
    loaded = yaml.safe_load(SPEC.read_text("utf-8"))
    identifier = loaded["components"]["schemas"]["UUIDv4Format"]
    identifier["pattern"] = identifier["pattern"].replace("\\\\-", "-").replace("[8-b]", "[89abAB]")
    return loaded


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    # A path without anything that varies goes first, as OpenAPI says.
    paths = sorted(spec()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@functools.cache
def _validator(name: str) -> Any:
    return jsonschema_rs.Draft4Validator(
        {"$ref": f"#/components/schemas/{name}", "components": spec()["components"]}, validate_formats=True
    )


def check_answer(method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer against the published schema: its status is foreseen there, and its body fits."""
    template = next((template for pattern, template in _templates() if pattern.fullmatch(path)), None)
    if template is None or method.lower() not in spec()["paths"][template]:
        return
    foreseen = dict(spec()["paths"][template][method.lower()]["responses"])
    if (method, template) in DEMANDED_BY_THE_FIELD:
        foreseen.update(dict.fromkeys(DEMANDED_BY_THE_FIELD[(method, template)], foreseen["400"]))
    assert str(answer.status_code) in foreseen, f"{method} {template} answers {answer.status_code}: {answer.text}"
    content = foreseen[str(answer.status_code)].get("content")
    if content:
        name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        _validator(name).validate(answer.json())
        if answer.status_code >= 400:
            assert answer.json()["message"]


@functools.cache
def signing_key() -> RSAPrivateKey:
    """One key for all tests: making one takes long."""
    return generate_private_key(public_exponent=65_537, key_size=2_048)


class Turned:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.us = BEGIN_US

    def now_us(self) -> int:
        return self.us

    def elapsed_us(self) -> int:
        return self.us


class Counted:
    """Chance that is the same each time."""

    def __init__(self) -> None:
        self._drawn = 0

    def draw(self, count: int) -> bytes:
        self._drawn += 1
        return self._drawn.to_bytes(count, "big")


@dataclass
class Uss:
    """A service that asks. Every answer is held against the schema."""

    name: str
    http: httpx.AsyncClient
    clock: Turned
    scopes: tuple[str, ...] = (SC,)

    def token(self, **claims: Any) -> str:
        now_s = self.clock.us // 1_000_000
        made = {
            "sub": self.name, "aud": HOST, "scope": " ".join(self.scopes), "iss": "authority",
            "exp": now_s + 3_600, "iat": now_s, **claims,
        }  # fmt: skip
        return write_token(made, signing_key(), "one")

    def having(self, *scopes: str) -> Uss:
        return Uss(self.name, self.http, self.clock, scopes)

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token()}"}
        answer = await self.http.request(method, path, json=body, headers=headers)
        check_answer(method, path, answer)
        return answer

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.ask("PUT", path, body)

    async def get(self, path: str) -> httpx.Response:
        return await self.ask("GET", path)

    async def delete(self, path: str) -> httpx.Response:
        return await self.ask("DELETE", path)

    async def query(self, collection: str, area: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.ask("POST", f"{collection}/query", {"area_of_interest": area})
        assert answer.status_code == 200, answer.text
        return next(iter(answer.json().values()))

    async def make_intent(self, entity: str = "", **more: Any) -> dict[str, Any]:
        """An intent that must succeed; its reference."""
        return (await self.made_intent(entity, **more))["operational_intent_reference"]

    async def made_intent(self, entity: str = "", **more: Any) -> dict[str, Any]:
        """The same; the whole answer."""
        answer = await self.put(f"{INTENTS}/{entity or new_id()}", an_intent(self.clock, **more))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def make_subscription(self, key: str = "", **more: Any) -> dict[str, Any]:
        answer = await self.put(f"{SUBSCRIPTIONS}/{key or new_id()}", a_subscription(self.clock, **more))
        assert answer.status_code == 200, answer.text
        return answer.json()["subscription"]


@dataclass
class Service:
    """A service under test."""

    dss: Dss
    app: F3548App
    http: httpx.AsyncClient
    clock: Turned
    amber: Uss = field(init=False)
    birch: Uss = field(init=False)

    def __post_init__(self) -> None:
        self.amber, self.birch = self.uss("amber"), self.uss("birch")

    def uss(self, name: str, *scopes: str) -> Uss:
        return Uss(name, self.http, self.clock, scopes or (SC,))


@contextlib.asynccontextmanager
async def a_service(
    store: str = "memory", *, limits: Limits = DEFAULT, allows_http: bool = False, clock: Turned | None = None
) -> AsyncIterator[Service]:
    """A service in this process."""
    clock = clock or Turned()
    with open_dss(store, clock=clock, entropy=Counted(), limits=limits) as dss:
        routes = [*DssFace(dss, allows_http=allows_http).routes(), *AuxiliaryFace(version="1.0", pool="here").routes()]
        gate = Gate({"one": signing_key().public_key()}, [HOST], clock)
        app = F3548App(routes, gate, registry=lambda: dss.current)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=f"https://{HOST}"
        ) as http:  # fmt: skip
            yield Service(dss, app, http, clock)


_ids: Iterator[int] = iter(range(1, 10**9))


def new_id() -> str:
    """An id that no other test uses."""
    return str(uuid.UUID(int=next(_ids) << 80 | 0x4 << 76 | 0x8 << 60))


def time_at(clock: Turned, seconds: float) -> dict[str, str]:
    """An instant so many seconds from now."""
    return {"value": zulu(clock.us + round(seconds * 1e6)), "format": "RFC3339"}


def altitude(value: float) -> dict[str, Any]:
    return {"value": value, "reference": "W84", "units": "M"}


def a_circle(lat: float = 10.0, lng: float = 20.0, radius: float = 300.0) -> dict[str, Any]:
    return {"outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius, "units": "M"}}}


def a_polygon(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"outline_polygon": {"vertices": [{"lat": lat, "lng": lng} for lat, lng in corners]}}


def a_box(lat: float, lng: float, half: float) -> dict[str, Any]:
    """A polygon about a place, degrees."""
    return a_polygon(
        (lat - half, lng - half), (lat - half, lng + half), (lat + half, lng + half), (lat + half, lng - half)
    )


def a_volume(
    clock: Turned,
    outline: dict[str, Any] | None = None,
    *,
    start: float = 10 * MINUTE,
    end: float = 30 * MINUTE,
    low: float = 50,
    high: float = 150,
) -> dict[str, Any]:
    return {
        "volume": {**(outline or a_circle()), "altitude_lower": altitude(low), "altitude_upper": altitude(high)},
        "time_start": time_at(clock, start),
        "time_end": time_at(clock, end),
    }


def an_intent(clock: Turned, *, extents: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    named = {"state": "Accepted", "uss_base_url": "https://uss.example.com/utm", **more}
    volume = {name: named.pop(name) for name in ("outline", "start", "end", "low", "high") if name in named}
    return {"extents": extents if extents is not None else [a_volume(clock, **volume)], **named}


def a_subscription(clock: Turned, **more: Any) -> dict[str, Any]:
    named = {"uss_base_url": "https://uss.example.com/sub", "notify_for_operational_intents": True, **more}
    volume = {name: named.pop(name) for name in ("outline", "start", "end", "low", "high") if name in named}
    return {"extents": a_volume(clock, **volume), **named}
