"""Nodes as operating-system processes, as `keepclear serve` runs them: own keys, own TLS, SQLite with FULL sync."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from keepclear import config
from keepclear.client import Client
from keepclear.errors import KeepclearError
from keepclear.formats import enrolment
from keepclear.formats.api import requests
from keepclear.links import system
from keepclear.node.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
AGREEMENT = ROOT / "examples" / "two_parties" / "agreement.toml"
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class ServedNode:
    """A node's process, and where it is reached."""

    config: config.Config
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> int:
        return self.config.console.port

    @property
    def token(self) -> str:
        return (self.config.folder / "api-token").read_text().strip()

    @property
    def authority(self) -> Path:
        return self.config.folder / "ca.crt"

    def client(self) -> Client:
        """A plain client of its API, for what is not measured."""
        return Client.of(self.config.folder, f"https://127.0.0.1:{self.port}")

    def cpu_s(self) -> float:
        """Seconds of CPU that this process alone has used so far, its threads and the kernel on its behalf included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(folder: Path, party: str, settings: Settings) -> config.Config:
    system.create_identity(folder, party, party.title(), system.SystemEntropy(), now_us=system.SystemClock().now_us())
    peer_port = _free_port()
    made = config.Config(
        folder=folder.resolve(),
        party=party,
        name=party.title(),
        telephone="",
        console=config.Door("127.0.0.1", _free_port()),
        peers=config.Door("127.0.0.1", peer_port),
        peer_url=f"https://127.0.0.1:{peer_port}",
        reference=None,
        settings=settings,
    )
    (folder / config.FILE_NAME).write_text(config.write(made))
    return made


@contextlib.contextmanager
def served(folder: Path, party: str) -> Iterator[ServedNode]:
    """A node of a new folder, running; stopped when the context is left."""
    made = _configure(folder, party, Settings())
    with (folder / "serve.out").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "benchmarks" / "serve_node.py"), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
    node = ServedNode(made, process)
    try:
        with node.client() as client:
            wait_for(lambda: process.poll() is not None or client.health().ok, f"{party} to serve")
        if process.poll() is not None:
            raise RuntimeError(f"{party} did not start: {(folder / 'serve.out').read_text()[-2000:]}")
        yield node
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_for(question: Callable[[], bool], what: str, *, seconds: float = 40.0) -> None:
    """Ask until it is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(KeepclearError):
            if question():
                return
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")


def enrol_and_agree(amber: ServedNode, birch: ServedNode) -> None:
    """Each accepts the other's keys, and both sign the agreement of examples/two_parties."""
    cards = {node.config.party: _card(node.config) for node in (amber, birch)}
    one_nonce, other_nonce = secrets.token_bytes(32), secrets.token_bytes(32)
    invitation = enrolment.invite(cards["amber"], one_nonce)
    reply = enrolment.reply(invitation, cards["birch"], other_nonce)
    enrolment.confirmation_words(invitation, reply, enrolment.reveal(invitation, reply, cards["amber"], one_nonce))
    with amber.client() as ours, birch.client() as theirs:
        ours.enrol_peer(_enrol(cards["birch"], ("I. Maro", "J. Venn")))
        theirs.enrol_peer(_enrol(cards["amber"], ("K. Orr", "L. Tesh")))
        for client in (ours, theirs):
            wait_for(lambda client=client: [peer.line for peer in client.peers()] == ["open"], "the line")  # type: ignore[misc]
        signed = ours.propose_agreement(requests.ProposeAgreementRequest(by="I. Maro", toml=AGREEMENT.read_text()))
        hash_ = signed.agreement.hash
        wait_for(lambda: any(each.hash == hash_ for each in theirs.agreements()), "the proposal")
        theirs.sign_agreement(hash_, "K. Orr")
        wait_for(lambda: any(each.in_force_since for each in ours.agreements()), "the signature")


def _card(made: config.Config) -> enrolment.Card:
    identity, _ = system.load_identity(made.folder)
    return enrolment.Card(
        party=made.party,
        name=made.name,
        ed25519=base64.b64encode(identity.ed25519).decode(),
        mldsa44=base64.b64encode(identity.mldsa44).decode(),
        tls=system.peer_files(made.folder).certificate.read_text(),
        url=made.peer_url,
        telephone="",
    )


def _enrol(card: enrolment.Card, persons: tuple[str, str]) -> requests.EnrolPeerRequest:
    return requests.EnrolPeerRequest(
        **{name: getattr(card, name) for name in enrolment.Card.__struct_fields__}, persons=persons
    )
