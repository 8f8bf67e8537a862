"""The discovery service through its front door: HTTP, a token each time, the key checked, one fsync a group.

The service is a process of its own on SQLite, and so is the client (this one). CPU is the service process's alone, from
the kernel's accounts. Every intent that is written overlaps one that lives, and its key holds that one's OVN.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import uvloop
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from measure import Figure

from keepclear.core.footprint import Circle
from keepclear.core.timespan import SECOND_US, TimeSpan
from keepclear.core.volume import Altitude, AltitudeBand, AltitudeDatum, Volume4D
from keepclear.dss.codec import to_bytes
from keepclear.dss.ports import Draft
from keepclear.dss.values import STRATEGIC, Intent, IntentState, Kind
from keepclear.formats.tokens import write_token
from keepclear.stores.sqlite.dss import SqliteDssStore

LIVE = 10_000
CLIENTS = 32
ROUNDS = 3
#: Made, changed and deleted in one round.
A_ROUND = 700
PLANNERS = 100
INTENTS = "/dss/v1/operational_intent_references"
HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass
class Live:
    """An intent that lives before anything is measured."""

    lat: float
    lng: float
    ovn: str


@dataclass
class Server:
    """A running service, and a token for it."""

    port: int
    token: str
    process: subprocess.Popen[bytes]
    live: list[Live]

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / HERTZ

    def memory_mb(self) -> float:
        line = next(
            x for x in Path(f"/proc/{self.process.pid}/status").read_text().splitlines() if x.startswith("VmRSS")
        )
        return int(line.split()[1]) / 1024


def figures(*, quick: bool = False, largest: int = 100_000) -> Iterator[Figure]:
    """Writes and queries among 10,000 live intents, a crowd in one place, and growth."""
    live, a_round = (1_000, 60) if quick else (LIVE, A_ROUND)
    with serving(live) as server:
        yield from writes(server, f"{live} live", a_round)
        yield from queries(server, f"{live} live", a_round)
    with serving(0) as server:
        yield crowd(server, 20 if quick else PLANNERS)
    for more in (1_000,) if quick else (1_000, largest):
        with serving(more) as server:
            yield from writes(server, f"{more} live", a_round // 2)
            yield from queries(server, f"{more} live", a_round // 2)


# -------------------------------------------------------------------------------------------------------- the service


class serving:  # noqa: N801 -- a context manager
    """A service on a SQLite file that holds so many intents already, spread over 1,500 by 1,500 kilometres."""

    def __init__(self, live: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        key = generate_private_key(public_exponent=65_537, key_size=2_048)
        (folder / "public.pem").write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        claims = {"sub": "bench", "aud": "127.0.0.1", "scope": STRATEGIC, "exp": int(time.time()) + 3_600}
        held = fill(folder / "region.sqlite", live)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        command = [
            sys.executable, "-m", "keepclear", "dss", "--listen", f"127.0.0.1:{port}", "--public-key",
            str(folder / "public.pem"), "--audience", "127.0.0.1", "--store", f"sqlite:{folder / 'region.sqlite'}",
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self.server = Server(port, write_token(claims, key, "bench"), process, held)

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 1_200
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.server.port), timeout=1).close()
                return self.server
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the service did not start")

    def __exit__(self, *_: object) -> None:
        self.server.process.terminate()
        self.server.process.wait()
        self._folder.cleanup()


def fill(path: Path, count: int) -> list[Live]:
    """Put so many intents into a file."""
    store, rng, held = SqliteDssStore(path), random.Random(5), list[Live]()
    now_us = time.time_ns() // 1_000
    band = AltitudeBand(Altitude(0.0, AltitudeDatum.WGS84), Altitude(120.0, AltitudeDatum.WGS84))
    span = TimeSpan(now_us, now_us + 6 * 3_600 * SECOND_US)
    while len(held) < count:
        drafts = []
        for _ in range(min(5_000, count - len(held))):
            lat, lng, ovn = rng.uniform(40, 53.5), rng.uniform(0, 20), rng.randbytes(16).hex()
            volume = Volume4D(Circle(lat, lng, 300.0), band, span)
            intent = Intent(
                str(uuid.UUID(bytes=rng.randbytes(16), version=4)), f"uss{len(held) % 20}", 1, ovn,
                "https://uss.example.com", span.start_us, span.end_us, (volume,), IntentState.ACCEPTED,
            )  # fmt: skip
            drafts.append(Draft(Kind.INTENT, intent.id, to_bytes(intent), 0))
            held.append(Live(lat, lng, ovn))
        store.begin()
        store.commit(drafts)
    store.close()
    return held


# ----------------------------------------------------------------------------------------------------------- the client


class Connection(asyncio.Protocol):
    """A keep-alive connection that asks one thing after the other."""

    def __init__(self, server: Server) -> None:
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {server.token}\r\n".encode()
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, method: str, path: str, body: bytes = b"") -> asyncio.Future[tuple[int, bytes]]:
        self._answer = asyncio.get_running_loop().create_future()
        head = b"%s %s HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n" % (
            method.encode(),
            path.encode(),
            self._head,
            len(body),
        )
        self._transport.write(head + body)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])  # type: ignore[index]
        if len(body) >= length and self._answer is not None:
            self._buffer = b""
            self._answer.set_result((int(head[9:12]), body[:length]))


@dataclass
class Took:
    """Seconds that each request took, by what it was."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)

    def note(self, kind: str, begun: float) -> None:
        self.by_kind.setdefault(kind, []).append(time.perf_counter() - begun)

    def all(self) -> list[float]:
        return sorted(second for seconds in self.by_kind.values() for second in seconds)


def percentile(sorted_s: list[float], part: float) -> float:
    return sorted_s[min(len(sorted_s) - 1, math.floor(part * len(sorted_s)))]


def body_at(lat: float, lng: float, key: list[str]) -> bytes:
    start = datetime.now(UTC) + timedelta(minutes=10)
    times = [(start + timedelta(minutes=more)).strftime("%Y-%m-%dT%H:%M:%SZ") for more in (0, 30)]

    def limit(value: float) -> dict[str, Any]:
        return {"value": value, "reference": "W84", "units": "M"}

    circle = {"center": {"lat": lat, "lng": lng}, "radius": {"value": 200, "units": "M"}}
    volume = {"outline_circle": circle, "altitude_lower": limit(10), "altitude_upper": limit(100)}
    extent = {
        "volume": volume,
        **{
            name: {"value": at, "format": "RFC3339"} for name, at in zip(("time_start", "time_end"), times, strict=True)
        },
    }
    return json.dumps(
        {"extents": [extent], "key": key, "state": "Accepted", "uss_base_url": "https://bench.example.com"}
    ).encode()


def ovn_of(answer: bytes) -> str:
    return re.search(rb'"ovn":"([^"]+)"', answer)[1].decode()  # type: ignore[index]


async def connect(server: Server, count: int) -> list[Connection]:
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(server), "127.0.0.1", server.port) for _ in range(count)]
    return [protocol for _, protocol in made]


# -------------------------------------------------------------------------------------------------------- what is asked


def writes(server: Server, name: str, a_round: int) -> Iterator[Figure]:
    """Made, changed and deleted with a correct key, by 32 clients."""
    cpu, wall, took, rounds = [], [], Took(), []
    places = random.Random(9).sample(server.live, min(len(server.live), a_round))
    for _ in range(ROUNDS):
        cpu_before, before = server.cpu_s(), time.perf_counter()
        count = uvloop.run(_write_all(server, places, took))
        wall.append((time.perf_counter() - before) / count * 1e6)
        cpu.append((server.cpu_s() - cpu_before) / count * 1e6)
        rounds.append(count)
    every = took.all()
    more = {
        "p50_ms": percentile(every, 0.5) * 1e3,
        "p99_ms": percentile(every, 0.99) * 1e3,
        "memory_mb": server.memory_mb(),
    }
    yield Figure(
        f"dss: make, change, delete, {name}", "writes", rounds[0], statistics.median(cpu), statistics.median(wall),
        tuple(wall), more,
    )  # fmt: skip


async def _write_all(server: Server, places: list[Live], took: Took) -> int:
    left, done = list(enumerate(places)), 0

    async def client(connection: Connection) -> None:
        nonlocal done
        while left:
            _, place = left.pop()
            path = f"{INTENTS}/{uuid.uuid4()}"
            body = body_at(place.lat, place.lng, [place.ovn])
            begun = time.perf_counter()
            status, answer = await connection.ask("PUT", path, body)
            took.note("make", begun)
            if status == 409:  # another of these meets it too: fewer than one in a thousand
                continue
            begun = time.perf_counter()
            status, answer = await connection.ask("PUT", f"{path}/{ovn_of(answer)}", body)
            took.note("change", begun)
            assert status == 200, answer
            begun = time.perf_counter()
            status, answer = await connection.ask("DELETE", f"{path}/{ovn_of(answer)}")
            took.note("delete", begun)
            assert status == 200, answer
            done += 3

    await asyncio.gather(*(client(connection) for connection in await connect(server, CLIENTS)))
    return done


def queries(server: Server, name: str, a_round: int) -> Iterator[Figure]:
    """Two-kilometre areas: one client alone, and again at half of what 32 clients get through."""
    rng = random.Random(3)
    areas = []
    for place in rng.sample(server.live, min(len(server.live), a_round)):
        circle = {"center": {"lat": place.lat, "lng": place.lng}, "radius": {"value": 1000, "units": "M"}}
        areas.append(json.dumps({"area_of_interest": {"volume": {"outline_circle": circle}}}).encode())
    pause_s = 0.0
    for load, clients in (("one client", 1), (f"{CLIENTS} clients", CLIENTS), ("half load", CLIENTS)):
        took = Took()
        cpu_before, before = server.cpu_s(), time.perf_counter()
        uvloop.run(_query_all(server, areas, clients, pause_s if load == "half load" else 0.0, took))
        wall_us = (time.perf_counter() - before) / len(areas) * 1e6
        # Each client then waits as long as brings all of them to half of what they got through just now.
        pause_s = 2 * wall_us / 1e6 * CLIENTS
        every = took.all()
        yield Figure(
            f"dss: query, {name}, {load}",
            "queries",
            len(areas),
            (server.cpu_s() - cpu_before) / len(areas) * 1e6,
            wall_us,
            (wall_us,),
            {"p50_ms": percentile(every, 0.5) * 1e3, "p99_ms": percentile(every, 0.99) * 1e3},
        )


async def _query_all(server: Server, areas: list[bytes], clients: int, pause_s: float, took: Took) -> None:
    left, rng = list(areas), random.Random(1)

    async def client(connection: Connection) -> None:
        while left:
            if pause_s:
                await asyncio.sleep(rng.expovariate(1 / pause_s))
            if not left:
                return
            area = left.pop()
            begun = time.perf_counter()
            status, answer = await connection.ask("POST", f"{INTENTS}/query", area)
            took.note("query", begun)
            assert status == 200, answer
            assert answer.count(b'"id"') >= 1

    await asyncio.gather(*(client(connection) for connection in await connect(server, clients)))


def crowd(server: Server, planners: int) -> Figure:
    """So many planners who all want one place at once: each tells the others its OVN, and tries until it is through."""
    cpu_before, before = server.cpu_s(), time.perf_counter()
    tries = uvloop.run(_crowd(server, planners))
    wall_s = time.perf_counter() - before
    total = sum(tries)
    return Figure(
        f"dss: {planners} planners race for one place", "requests", total,
        (server.cpu_s() - cpu_before) / total * 1e6, wall_s / total * 1e6, (wall_s / total * 1e6,),
        {"planned": len(tries), "tries_most": max(tries), "tries_mean": total / planners, "all_through_s": wall_s},
    )  # fmt: skip


async def _crowd(server: Server, planners: int) -> list[int]:
    board: dict[str, str] = {}

    async def plan(connection: Connection) -> int:
        path = f"{INTENTS}/{uuid.uuid4()}"
        for attempt in range(1, planners + 2):
            status, answer = await connection.ask("PUT", path, body_at(47.0, 8.0, list(board.values())))
            if status == 201:
                board[path] = ovn_of(answer)
                return attempt
            assert status == 409, answer
        raise RuntimeError("a planner never got through")

    return await asyncio.gather(*(plan(connection) for connection in await connect(server, planners)))


if __name__ == "__main__":
    # A million takes minutes to make and to read, so `make bench` stops at a hundred thousand.
    for figure in figures(quick="--quick" in sys.argv, largest=1_000_000 if "--million" in sys.argv else 100_000):
        print(figure, flush=True)
