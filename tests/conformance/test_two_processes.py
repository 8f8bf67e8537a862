"""Two processes on one file: what one has answered, the other shows; a kill loses nothing that was answered."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conformance.linear import is_linearizable
from tests.conformance.planners import LOST, Board, Planner
from tests.conformance.service import INTENTS, Turned, Uss, a_volume, an_intent, new_id, signing_key

KILLS = int(os.environ.get("KEEPCLEAR_DSS_KILLS", "1"))


@dataclass
class Process:
    """A `keepclear dss` on a file."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "keepclear", "dss", "--listen", f"127.0.0.1:{self.port}", "--public-key",
            str(self.folder / "public.pem"), "--audience", "dss.example.com",
            "--store", f"sqlite:{self.folder / 'region.sqlite'}",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    async def until_up(self) -> None:
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(30):
            while True:
                try:
                    if (await http.get(f"http://127.0.0.1:{self.port}/healthy")).status_code == 200:
                        return
                except LOST:
                    await asyncio.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Now(Turned):
    """The machine's own clock, since the processes have it."""

    def __init__(self) -> None:
        self.us = time.time_ns() // 1_000


@asynccontextmanager
async def two(folder: Path) -> AsyncIterator[tuple[list[Process], list[httpx.AsyncClient], Now]]:
    pem = signing_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(pem)
    processes = [Process(folder, free_port()) for _ in range(2)]
    clients = [
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{each.port}", trust_env=False, timeout=20) for each in processes
    ]
    try:
        for each in processes:
            each.start()
        for each in processes:
            await each.until_up()
        yield processes, clients, Now()
    finally:
        for each in processes:
            each.kill()
        for client in clients:
            await client.aclose()


@pytest.mark.timeout(300)
async def test_two_processes_on_one_file_are_one_service_of_which_any_may_be_killed(tmp_path: Path) -> None:
    async with two(tmp_path) as (processes, clients, clock):
        await what_one_has_answered_the_other_shows(clients, clock)
        chance = random.Random(7)

        async def send(name: str, method: str, path: str, body: Any) -> httpx.Response:
            number = chance.randrange(2)
            try:
                return await Uss(name, clients[number], clock).ask(method, path, body)
            except httpx.ConnectError:
                # Nothing was sent, so nothing can have happened: the other process is asked.
                return await Uss(name, clients[1 - number], clock).ask(method, path, body)

        async def kill_and_start() -> None:
            for _ in range(KILLS):
                await asyncio.sleep(0.3 + chance.random() * 0.3)
                processes[1].kill()
                processes[1].start()
                await processes[1].until_up()

        lost = 0
        killing = asyncio.create_task(kill_and_start())
        for rounds in itertools.count():
            # The checker holds one history at a time: each begins with nothing there.
            board = Board()
            planners = [Planner(f"uss{n}", send, board, chance, clock, time.monotonic) for n in range(5)]
            await asyncio.gather(*(planner.go(12) for planner in planners))
            lost += sum(each.is_lost for each in board.history)
            assert is_linearizable(board.history), rounds
            await clear(clients[0], clock)
            if killing.done() and rounds >= 2:
                break
        await killing
        assert rounds >= 2


async def what_one_has_answered_the_other_shows(clients: list[httpx.AsyncClient], clock: Now) -> None:
    here, there = (Uss("amber", http, clock) for http in clients)
    other = Uss("birch", clients[1], clock)
    for _ in range(10):
        made = await here.make_intent()
        assert (await there.get(f"{INTENTS}/{made['id']}")).json()["operational_intent_reference"] == made
        assert [each["id"] for each in await other.query(INTENTS, a_volume(clock))] == [made["id"]]
        assert (await other.put(f"{INTENTS}/{new_id()}", an_intent(clock))).status_code == 409
        assert (await there.delete(f"{INTENTS}/{made['id']}/{made['ovn']}")).status_code == 200
        assert (await here.get(f"{INTENTS}/{made['id']}")).status_code == 404


async def clear(http: httpx.AsyncClient, clock: Now) -> None:
    for each in await Uss("uss0", http, clock).query(INTENTS, a_volume(clock)):
        owner = Uss(each["manager"], http, clock)
        held = (await owner.get(f"{INTENTS}/{each['id']}")).json()["operational_intent_reference"]
        assert (await owner.delete(f"{INTENTS}/{each['id']}/{held['ovn']}")).status_code == 200
