"""/v1/stream: entries as they are recorded, as server-sent events, and a pulse every second.

Resumable: each entry's id is its place in the order of this node, and a follower that comes back names the last one it
saw. One that falls behind is cut off and does the same. A stream costs a follower's place, of which there are few.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
from starlette.types import Receive, Scope, Send

from keepclear.core.timespan import zulu
from keepclear.errors import KeepclearError, Malformed, NotKnown
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, encode, read_query
from keepclear.faces.problem import SECURITY_HEADERS, problem_of, send_problem
from keepclear.formats.api.stream import EntryEvent
from keepclear.node.logs import channel
from keepclear.node.ports import StoredEntry

QUERY = {"after": "number of the last entry seen; 0: all"}
PULSE_S = 1.0
#: What a browser waits before it comes back.
_RETRY_MS = 1_000
#: Entries written before others get a turn.
_TURN = 64


class _Recorded(msgspec.Struct):
    at: int
    body: msgspec.Raw
    kind: str
    mode: str
    stated: bool


_read = msgspec.json.Decoder(_Recorded).decode


class StreamApp:
    """The stream as an ASGI application."""

    def __init__(self, api: Api) -> None:
        self._api = api
        #: Set when the server stops, so that streams end at once and nobody waits for them.
        self.closing = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            self._api.doorman.caller("GET", headers)
            after = _last_seen(scope["query_string"], headers)
            entries = self._api.node.follow(after)
            first = await _first(entries)
        except KeepclearError as refused:
            challenge = [(b"www-authenticate", b"Bearer")] if isinstance(refused, NotKnown) else []
            await send_problem(send, problem_of(refused), challenge)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._write(send, f"retry: {_RETRY_MS}\n\n".encode() + self._pulse())
        tasks = [
            asyncio.create_task(self._entries(send, first, entries)),
            asyncio.create_task(self._pulses(send)),
            asyncio.create_task(_gone(receive)),
            asyncio.create_task(self.closing.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "http.response.body", "body": b""})

    async def _entries(self, send: Send, first: asyncio.Task[StoredEntry], entries: AsyncIterator[StoredEntry]) -> None:
        try:
            await self._write(send, event_of(await first))
            count = 0
            async for entry in entries:
                await self._write(send, event_of(entry))
                count += 1
                if count % _TURN == 0:
                    # Catching up reads the store without waiting; commands get their turn in between.
                    await asyncio.sleep(0)
        except KeepclearError:
            # It fell behind, or the node stops: the end of the stream says "come back with the last id".
            return
        finally:
            first.cancel()

    async def _pulses(self, send: Send) -> None:
        while True:
            await asyncio.sleep(PULSE_S)
            await self._write(send, self._pulse())

    def _pulse(self) -> bytes:
        return b"event: pulse\ndata: " + encode(pulse(self._api)) + b"\n\n"

    async def _write(self, send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})


def event_of(entry: StoredEntry) -> bytes:
    """One entry as a server-sent event. Its body goes through as the bytes that were hashed: JSON on one line."""
    read = _read(entry.data)
    event = EntryEvent(
        entry.seq, entry.log, entry.n, zulu(read.at), read.kind, read.mode, read.stated, entry.leaf.hex(), read.body
    )
    return b"event: entry\nid: %d\ndata: %b\n\n" % (entry.seq, encode(event))


def pulse(api: Api) -> render.Shown:
    """That we are alive, and how everything stands that no entry tells."""
    node = api.node
    now_us, picture = node.now_us(), node.picture
    peers = []
    for party in picture.enrolled_peers():
        line = node.exchange.line(party)
        taken = max(line.holds, picture.peers[party].delivered)
        peers.append(
            {
                "party": party,
                "line": node.exchange.line_word(party, now_us),
                "last_heard": render.instant(line.last_heard),
                "undelivered": node.loop.logs.size(channel(node.party, party)) - taken,
                "clock_difference_ms": line.difference_ms,
            }
        )
    return {
        "now": zulu(now_us),
        "store": render.store(node),
        "clock": render.clock(node),
        "degraded": node.loop.degraded,
        "seq": node.loop.logs.seq,
        "peers": peers,
        "unrecorded_stops": [
            {"party": each.party, "id": each.id, "by": each.by, "at": zulu(each.at)} for each in node.unrecorded_stops
        ],
    }


_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    *(header for header in SECURITY_HEADERS if header[0] != b"cache-control"),
]


async def _first(entries: AsyncIterator[StoredEntry]) -> asyncio.Task[StoredEntry]:
    """Begin to follow. A refusal comes at once, while it can still be told; an entry may take for ever."""
    task = asyncio.ensure_future(_next(entries))
    await asyncio.sleep(0)
    if task.done():
        task.result()
    return task


async def _next(entries: AsyncIterator[StoredEntry]) -> StoredEntry:
    return await anext(entries)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_seen(query: bytes, headers: dict[bytes, bytes]) -> int:
    shown = headers.get(b"last-event-id", b"").decode("latin-1") or read_query(query, QUERY).get("after", "0")
    if not (shown.isascii() and shown.isdigit() and len(shown) <= 16):
        raise Malformed(f"the last entry seen is a whole number, not {shown[:40]!r}", at="after")
    return int(shown)
