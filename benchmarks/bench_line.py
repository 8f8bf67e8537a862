"""From filing on Amber to the alert on Birch's stream, against what nobody can do without: two fsyncs and a round trip.

All three are measured in turn in the same loop, so that a slow moment of the machine is in all of them. The round trip
is a bare echo over mutual TLS to another process; the fsync is that of a small append on the disk that the records are
on. Both nodes are processes of their own, and this one files and listens.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import msgspec
from load import request
from measure import Figure
from nodes import ServedNode, enrol_and_agree, served
from workloads import sparse

from keepclear.formats.api.volumes import volume_to_api

ALERTS = 300
#: Seconds between two filings: the line is quiet again, so that none waits behind the one before.
PAUSE_S = 0.06
#: Bytes of an append: a small transaction of SQLite's write-ahead log.
APPEND = b"\0" * 8_192
ECHOED = b"e" * 512


def figures(*, quick: bool = False) -> list[Figure]:
    """The way of one notice, and the floor under it."""
    count = 40 if quick else ALERTS
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder) / "amber", "amber") as amber,
        served(Path(folder) / "birch", "birch") as birch,
    ):
        enrol_and_agree(amber, birch)
        alert_s, fsync_s, trip_s = asyncio.run(_measure(amber, birch, Path(folder), count))
    found = [
        _figure("fsync of a small append", "fsyncs", fsync_s),
        _figure("round trip over mutual TLS", "trips", trip_s),
        _figure("file on Amber to alert on Birch's stream", "alerts", alert_s),
    ]
    for name, at in (("p50", 50), ("p99", 99)):
        floor_s = 2 * _at(fsync_s, at) + _at(trip_s, at)
        found[-1].more[f"{name}_in_floors"] = _at(alert_s, at) / floor_s
    found[-1].more["p50_in_p99_floors"] = _at(alert_s, 50) / (2 * _at(fsync_s, 99) + _at(trip_s, 99))
    return found


def _figure(name: str, unit: str, took_s: list[float]) -> Figure:
    us = sorted(each * 1e6 for each in took_s)
    # CPU is not asked for here: this is about waiting.
    more = {"p50_ms": _at(took_s, 50) * 1e3, "p99_ms": _at(took_s, 99) * 1e3}
    return Figure(name, unit, len(us), 0.0, statistics.median(us), (us[0], us[-1]), more)


def _at(took_s: list[float], percent: int) -> float:
    return sorted(took_s)[min(len(took_s) - 1, len(took_s) * percent // 100)]


async def _measure(
    amber: ServedNode, birch: ServedNode, folder: Path, count: int
) -> tuple[list[float], list[float], list[float]]:
    ours = ssl.create_default_context(cafile=str(amber.authority))
    reader, writer = await asyncio.open_connection("127.0.0.1", amber.port, ssl=ours)
    events = _alerts(birch)
    waiting = asyncio.ensure_future(anext(events))
    alert_s, fsync_s, trip_s = [], [], []
    with _Echo(amber, birch) as echo, (folder / "append").open("wb") as appended:
        for volume in islice(sparse(17, time.time_ns() // 1000), count):
            await asyncio.sleep(PAUSE_S)
            fsync_s.append(_fsync(appended.fileno()))
            trip_s.append(_trip(echo.connection))
            body = msgspec.json.encode({"volumes": [volume_to_api(volume)], "by": "bench"})
            before = time.perf_counter()
            writer.write(request("POST", "/v1/notices", amber.port, amber.token, body))
            serial = await _filed(reader)
            seen, at = await asyncio.wait_for(waiting, 10)
            if f'"id":"{serial}"'.encode() not in seen:
                raise RuntimeError(f"the alert is not about {serial}: {seen[:300]!r}")
            alert_s.append(at - before)
            waiting = asyncio.ensure_future(anext(events))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    writer.close()
    return alert_s, fsync_s, trip_s


async def _filed(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    body = await reader.readexactly(length)
    if not head.startswith(b"HTTP/1.1 201"):
        raise RuntimeError(f"refused: {body[:300]!r}")
    return str(msgspec.json.decode(body)["notice"]["id"])


async def _alerts(birch: ServedNode) -> AsyncIterator[tuple[bytes, float]]:
    """Each alert on Birch's stream from now on, and when its bytes were here."""
    with birch.client() as client:
        seen = client.record().entries
    context = ssl.create_default_context(cafile=str(birch.authority))
    reader, writer = await asyncio.open_connection("127.0.0.1", birch.port, ssl=context)
    writer.write(request("GET", f"/v1/stream?after={seen}", birch.port, birch.token, b""))
    try:
        while line := await reader.readline():
            if line.startswith(b"data:") and b'"kind":"alert"' in line:
                yield line, time.perf_counter()
    finally:
        writer.close()


def _fsync(number: int) -> float:
    before = time.perf_counter()
    os.write(number, APPEND)
    os.fsync(number)
    return time.perf_counter() - before


def _trip(connection: ssl.SSLSocket) -> float:
    before = time.perf_counter()
    connection.sendall(ECHOED)
    left = len(ECHOED)
    while left:
        left -= len(connection.recv(left))
    return time.perf_counter() - before


class _Echo:
    """Another process that gives back what it gets over mutual TLS, and a connection to it."""

    def __init__(self, amber: ServedNode, birch: ServedNode) -> None:
        self._amber, self._birch = amber.config.folder, birch.config.folder

    def __enter__(self) -> _Echo:
        self._process = subprocess.Popen(
            [sys.executable, __file__, *(str(each) for each in (*_pair(self._birch), _pair(self._amber)[0]))],
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(str(_pair(self._birch)[0]))
        context.load_cert_chain(*_pair(self._amber))
        plain = socket.create_connection(("127.0.0.1", port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = context.wrap_socket(plain)
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self._process.terminate()
        self._process.wait()


def _pair(folder: Path) -> tuple[Path, Path]:
    from keepclear.links import system

    files = system.peer_files(folder)
    return files.certificate, files.key


def serve_echo(certificate: str, key: str, trusted: str) -> None:
    """Give back what comes in, on one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(trusted)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        plain, _ = listening.accept()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(plain, server_side=True) as connection:
            while data := connection.recv(65_536):
                connection.sendall(data)


if __name__ == "__main__":
    serve_echo(*sys.argv[1:])
