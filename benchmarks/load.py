"""A lean HTTP/1.1 client over TLS: keep-alive connections that ask one after the other, as fast as they are answered.

It reads no more of an answer than its status and its length, so that on two cores the server is what is measured.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: seconds by the clock, and seconds that each request took, sorted."""

    wall_s: float
    took_s: tuple[float, ...]
    answers: tuple[bytes, ...]


def request(method: str, path: str, port: int, token: str, body: bytes) -> bytes:
    """The bytes of one request."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    def __init__(
        self, left: deque[bytes], took_s: list[float], answers: list[bytes], done: asyncio.Future[None]
    ) -> None:
        self._left, self._took_s, self._answers, self._done = left, took_s, answers, done
        self._buffer = b""
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def ask(self) -> None:
        """Send the next request, or be done."""
        if not self._left:
            if not self._done.done():
                self._done.set_result(None)
            return
        self._asked_at = time.perf_counter()
        self._transport.write(self._left.popleft())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().index(b"content-length:") + 15
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._took_s.append(time.perf_counter() - self._asked_at)
        if not head.startswith(b"HTTP/1.1 2"):
            if not self._done.done():
                self._done.set_exception(RuntimeError(f"refused: {head[:40]!r} {body[:300]!r}"))
            return
        self._answers.append(body[:length])
        self._buffer = body[length:]
        self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed a connection"))


def run_load(requests: Sequence[bytes], port: int, authority: Path, *, connections: int) -> Load:
    """Send all of them over so many connections. Raises if one of them is not answered with 2xx."""
    return uvloop.run(_run(requests, port, authority, connections))


async def _run(requests: Sequence[bytes], port: int, authority: Path, connections: int) -> Load:
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(cafile=str(authority))
    left = deque(requests)
    took_s: list[float] = []
    answers: list[bytes] = []
    opened = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        transport, protocol = await loop.create_connection(
            lambda done=done: _Connection(left, took_s, answers, done),  # type: ignore[misc]
            "127.0.0.1",
            port,
            ssl=context,
            server_hostname="127.0.0.1",
        )
        opened.append((transport, protocol, done))
    before = time.perf_counter()
    for _, protocol, _ in opened:
        protocol.ask()
    await asyncio.gather(*(done for _, _, done in opened))
    wall_s = time.perf_counter() - before
    for transport, _, _ in opened:
        transport.close()
    if len(answers) != len(requests):
        raise RuntimeError(f"{len(answers)} answers to {len(requests)} requests")
    return Load(wall_s, tuple(sorted(took_s)), tuple(answers))
