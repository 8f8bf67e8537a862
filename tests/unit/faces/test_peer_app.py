"""The peer door without a network: how much one peer may have under way, and what it is told when we cannot record."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest

from keepclear.errors import StoreFailed
from keepclear.faces.peer.app import BEATS_BURST, CANNOT_RECORD, UNDER_WAY_MAX, PeerApp
from keepclear.formats import peer as wire
from keepclear.node.settings import DEFAULT

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
BODY = wire.encode(wire.DeliveryMessage(0, (), "a note"))


class Asking:
    """One request and the answer to it."""

    def __init__(self, app: PeerApp, path: str = "/peer/v1/entries") -> None:
        self.app = app
        self.path = path
        self.body: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.status = 0
        self.answer: dict[str, Any] = {}

    async def run(self) -> None:
        scope = {
            "type": "http",
            "method": "POST",
            "path": self.path,
            "headers": [],
            "query_string": b"",
            "extensions": {"tls": {"client_cert_chain": [PEM]}},
        }
        await self.app(scope, self.receive, self.send)

    async def receive(self) -> dict[str, Any]:
        return {"type": "http.request", "body": await self.body}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        if message["type"] == "http.response.body":
            self.answer = json.loads(message["body"])


@pytest.fixture
def app() -> PeerApp:
    async def receive(*_: Any) -> None:
        raise StoreFailed("the node's loop stopped: KeyError: 'a secret plan'")

    async def answer_heartbeat(_: str, theirs: Any) -> Any:
        return theirs

    peer = SimpleNamespace(enrolled=SimpleNamespace(tls=PEM), is_removed=False)
    node: Any = SimpleNamespace(
        picture=SimpleNamespace(peers={"birch": peer}),
        party="amber",
        settings=DEFAULT,
        receive=receive,
        answer_heartbeat=answer_heartbeat,
        now_us=lambda: 0,
    )
    return PeerApp(node)


async def test_a_peer_is_told_that_we_cannot_record_and_nothing_of_why(app):
    asking = Asking(app)
    asking.body.set_result(BODY)

    await asking.run()

    assert (asking.status, asking.answer["code"], asking.answer["detail"]) == (503, "store_failed", CANNOT_RECORD)


async def test_a_peer_has_few_requests_under_way_and_the_place_is_free_again(app):
    waiting = [Asking(app) for _ in range(UNDER_WAY_MAX)]
    tasks = [asyncio.create_task(each.run()) for each in waiting]
    await asyncio.sleep(0)

    one_more = Asking(app)
    await one_more.run()
    assert (one_more.status, one_more.answer["code"]) == (503, "busy")

    for each in waiting:
        each.body.set_result(BODY)
    await asyncio.gather(*tasks)
    after = Asking(app)
    after.body.set_result(BODY)
    await after.run()
    assert after.answer["code"] == "store_failed"


async def test_a_flood_of_heartbeats_is_slowed_and_shuts_out_no_entries(app):
    beat = wire.encode(wire.HeartbeatMessage("sim", 0, 0, "", "", store_ok=True))

    async def ask(path: str, body: bytes) -> str:
        asking = Asking(app, path)
        asking.body.set_result(body)
        await asking.run()
        return asking.answer.get("code", "")

    taken = [await ask("/peer/v1/heartbeat", beat) for _ in range(int(BEATS_BURST))]
    one_more = await ask("/peer/v1/heartbeat", beat)

    assert set(taken) == {""}
    assert one_more == "busy"
    assert await ask("/peer/v1/entries", BODY) == "store_failed"
