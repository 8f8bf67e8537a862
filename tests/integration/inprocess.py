"""One or two nodes in this process, doors open: for tests that look inside, or need them quickly."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from tests.integration.nodes import AGREEMENT, card_of, enrol_request, free_port

from keepclear import config
from keepclear.assembly import Ready, open_node
from keepclear.faces.serving import Doors, open_doors
from keepclear.links import system


@dataclass
class Inside:
    """A running node with its doors, and a client that shows the token."""

    config: config.Config
    ready: Ready
    doors: Doors
    http: httpx.AsyncClient

    @property
    def node(self):
        return self.ready.node


def configured(folder: Path, party: str, **settings: float) -> config.Config:
    """Keys in a folder and a configuration for it."""
    system.create_identity(folder, party, party.title(), system.SystemEntropy(), now_us=system.SystemClock().now_us())
    bounds = {"heartbeat_s": 0.5, "retry_first_s": 0.1, "retry_last_s": 0.5, **settings}
    lines = "".join(f"{name} = {value}\n" for name, value in bounds.items())
    text = (
        f'[party]\nid = "{party}"\nname = "{party.title()}"\ntelephone = "+00 555"\n'
        f"[console]\nport = {free_port()}\n[peers]\nport = {free_port()}\n[settings]\n{lines}"
    )
    return config.read(text, folder.resolve(), {})


def trusting(folder: Path) -> ssl.SSLContext:
    """TLS that trusts the console of the node in a folder."""
    return ssl.create_default_context(cafile=str(folder / "ca.crt"))


@contextlib.asynccontextmanager
async def running(made: config.Config) -> AsyncIterator[Inside]:
    """The node of a configuration, with both doors open."""
    async with open_node(made) as ready, open_doors(ready.node, **ready.for_doors()) as doors:
        token = f"Bearer {system.load_token(made.folder)}"
        async with httpx.AsyncClient(
            base_url=doors.console_url, verify=trusting(made.folder), headers={"authorization": token},
            trust_env=False, timeout=20,
        ) as http:  # fmt: skip
            yield Inside(made, ready, doors, http)


async def enrol(one: Inside, other: Inside) -> None:
    """Each accepts the other's card."""
    for here, there in ((one, other), (other, one)):
        body = enrol_request(card_of(there.config), ("I. Maro", "J. Venn"))
        answer = await here.http.post("/v1/peers", json={name: getattr(body, name) for name in body.__struct_fields__})
        assert answer.status_code == 201, answer.text


async def agree(one: Inside, other: Inside, *, toml: str = "") -> str:
    """One proposes, the other signs; the hash."""
    answer = await one.http.post("/v1/agreements", json={"toml": toml or AGREEMENT.read_text(), "by": "I. Maro"})
    assert answer.status_code == 201, answer.text
    hash_ = answer.json()["agreement"]["hash"]
    await until(other, lambda: hash_ in other.node.picture.agreements)
    answer = await other.http.post(f"/v1/agreements/{hash_}/signature", json={"by": "K. Orr"})
    assert answer.status_code == 200, answer.text
    await until(one, lambda: one.node.picture.agreement_with(other.config.party) is not None)
    return hash_


async def until(node: Inside, question, seconds: float = 15.0) -> None:
    """Wait until something holds."""
    import asyncio

    async with asyncio.timeout(seconds):
        while not question():  # noqa: ASYNC110 -- what is waited for tells nobody
            await asyncio.sleep(0.02)
