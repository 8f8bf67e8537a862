"""One party of the demo: its folder, and its node as a process of its own, started by `keepclear serve`."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from keepclear.cli.common import client_of
from keepclear.cli.init import create_node
from keepclear.errors import Unavailable
from keepclear.record import leaf_hash

if TYPE_CHECKING:
    from keepclear.client import Client

READY_WITHIN_S: Final = 45.0
STOP_WITHIN_S: Final = 15.0
#: A peer that is down is asked again soon: nobody waits half a minute in a demo.
_SETTINGS: Final = "\n[settings]\nretry_first_s = 0.2\nretry_last_s = 0.5\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as it lies in a database."""

    seq: int
    log: str
    n: int
    hash: str
    data: bytes


@dataclass(slots=True)
class NodeProcess:
    """A party's node. `link` opens its console once."""

    home: Path
    party: str
    name: str
    link: str = ""
    console: str = ""
    starts: int = 0
    _process: subprocess.Popen[str] | None = None
    _client: Client | None = None
    _open: ExitStack = field(default_factory=ExitStack)

    @property
    def log_file(self) -> Path:
        """Where its diagnostic lines go: beside its folder."""
        return self.home.parent / f"{self.home.name}.log"

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def client(self) -> Client:
        """A client of the running node."""
        if self._client is None:
            self._client = self._open.enter_context(client_of(self.home))
        return self._client

    def begin(self) -> None:
        """Start the process; `wait_ready` waits until it answers."""
        with self.log_file.open("a") as log:
            self._process = self._popen(log)
        self.starts += 1

    def _popen(self, log: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "keepclear", "serve", "--home", str(self.home), "--json", "--while-stdin"],
            # It ends when its standard input does: whatever becomes of us, no node is left behind.
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip

    def wait_ready(self) -> None:
        """Wait until the node listens.

        Raises:
            Unavailable: it ended, or took too long; the message holds the last line of its log.
        """
        process = self._process
        if process is None or process.stdout is None:
            raise Unavailable(f"{self.party} was not started")
        ready, _, _ = select.select([process.stdout], [], [], READY_WITHIN_S)
        line = process.stdout.readline() if ready else ""
        if not line:
            self.kill()
            last = self.log_file.read_text(errors="replace").strip().splitlines()[-1:] or ["nothing was logged"]
            raise Unavailable(f"the node of {self.party} did not start: {last[0][:500]}")
        facts = json.loads(line)
        self.link, self.console = facts["link"], facts["console"]

    def kill(self) -> None:
        """End it with kill -9: no chance to write or say anything more."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def stop(self) -> None:
        """Ask it to stop, and insist when it does not."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_WITHIN_S)
        self._process.kill()
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    # What was not yet read by a process that is gone is lost, and that is as meant.
                    with suppress(OSError):
                        stream.close()
        self._open.close()
        self._client = None


def make_node(folder: Path, party: str, name: str, telephone: str, *, more: str = "") -> NodeProcess:
    """A new node's folder on two free ports of this machine."""
    console_port, peer_port = free_ports(2)
    home = folder / party
    create_node(
        home, party, name, telephone=telephone, console_port=console_port, peer_port=peer_port, more=_SETTINGS + more
    )
    return NodeProcess(home, party, name)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on at this moment."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def start_second(node: NodeProcess) -> subprocess.Popen[str]:
    """A second `keepclear serve` on the folder of a running node, on other ports: it must be refused."""
    console_port, peer_port = free_ports(2)
    ports = {"KEEPCLEAR_CONSOLE_PORT": str(console_port), "KEEPCLEAR_PEERS_PORT": str(peer_port)}
    return subprocess.Popen(
        [sys.executable, "-m", "keepclear", "serve", "--home", str(node.home), "--json", "--while-stdin"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **ports}, start_new_session=True,
    )  # fmt: skip


def copy_of_dead(node: NodeProcess, to: Path) -> Path:
    """What lies on the disk of a killed node, copied before it runs again."""
    to.mkdir(parents=True)
    for name in ("record.sqlite", "record.sqlite-wal"):
        if (node.home / name).exists():
            shutil.copyfile(node.home / name, to / name)
    return to / "record.sqlite"


def read_rows(database: Path) -> list[Row]:
    """Every entry of a database, in the order of recording, each hash computed anew from the bytes."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT seq, log, n, data FROM entry ORDER BY seq").fetchall()
    return [Row(seq, log, n, leaf_hash(bytes(data)).hex(), bytes(data)) for seq, log, n, data in rows]


def read_all_values(database: Path) -> bytes:
    """Every text and blob of every table, one after another: what a search of the pages alone could miss."""
    parts: list[bytes] = []
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in tables:
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 -- names from the file's own schema
                parts += [value.encode() if isinstance(value, str) else bytes(value) for value in row
                          if isinstance(value, str | bytes)]  # fmt: skip
    return b"\n".join(parts)


def wall_us() -> int:
    """The wall clock, microseconds UTC."""
    return time.time_ns() // 1000
