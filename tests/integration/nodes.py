"""Two real nodes, Amber and Birch: two processes of `keepclear serve`, each with its own folder, keys and ports.

They enrol each other through the three files and the words, and sign the agreement of examples/two_parties.
"""

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
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from keepclear import config
from keepclear.client import Client
from keepclear.errors import KeepclearError
from keepclear.formats import enrolment
from keepclear.formats.api import answers, requests
from keepclear.links import system
from keepclear.node.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
AGREEMENT = ROOT / "examples" / "two_parties" / "agreement.toml"

T = TypeVar("T")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(question: Callable[[], T | None], what: str, *, seconds: float = 20.0) -> T:
    """What a question gives once it gives something; fails, naming what was waited for."""
    end = time.monotonic() + seconds
    last: Exception | None = None
    while time.monotonic() < end:
        try:
            given = question()
            if given:
                return given
        except KeepclearError as refused:
            last = refused
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:.0f} s in vain for {what}" + (f"; last: {last}" if last else ""))


@dataclass
class RealNode:
    """One node as a process."""

    config: config.Config
    process: subprocess.Popen[bytes] | None = None
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client.of(self.folder, self.url, timeout_s=10.0)

    @property
    def folder(self) -> Path:
        return self.config.folder

    @property
    def party(self) -> str:
        return self.config.party

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.config.console.port}"

    def start(self) -> None:
        """Begin to serve; returns when commands are taken."""
        out = (self.folder / "serve.out").open("ab")
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "keepclear", "serve", "--home", str(self.folder)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=environment,
        )  # fmt: skip
        out.close()
        wait_for(self._is_up, f"{self.party} to serve", seconds=40)

    def _is_up(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"{self.party} ended at once:\n{self.output()[-3000:]}")
        return self.client.health().ok

    def output(self) -> str:
        """What it printed so far."""
        return (self.folder / "serve.out").read_text(errors="replace")

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def _end(self, sign: int) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(15)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(5)
            self.process = None

    def console_link(self) -> str:
        """An address that opens the console once."""
        return self.client.new_link().url


def make_node(folder: Path, party: str, *, settings: dict[str, float] | None = None) -> RealNode:
    """A node that has its keys and configuration, and does not run yet."""
    system.create_identity(folder, party, party.title(), system.SystemEntropy(), now_us=system.SystemClock().now_us())
    made = config.Config(
        folder=folder.resolve(),
        party=party,
        name=party.title(),
        telephone=f"+00 555 {party[0].upper()}",
        console=config.Door("127.0.0.1", free_port()),
        peers=config.Door("127.0.0.1", peer_port := free_port()),
        peer_url=f"https://127.0.0.1:{peer_port}",
        reference=None,
        settings=Settings(),
    )
    bounds = {"heartbeat_s": 1.0, "retry_last_s": 2.0} | (settings or {})
    lines = "".join(f"{name} = {value}\n" for name, value in bounds.items())
    (folder / config.FILE_NAME).write_text(f"{config.write(made)}\n[settings]\n{lines}")
    return RealNode(config.load(folder, {}))


def card_of(node_config: config.Config) -> enrolment.Card:
    """What a party gives another about itself."""
    identity, _ = system.load_identity(node_config.folder)
    return enrolment.Card(
        party=node_config.party,
        name=node_config.name,
        ed25519=base64.b64encode(identity.ed25519).decode(),
        mldsa44=base64.b64encode(identity.mldsa44).decode(),
        tls=system.peer_files(node_config.folder).certificate.read_text(),
        url=node_config.peer_url,
        telephone=node_config.telephone,
    )


def enrol_request(card: enrolment.Card, persons: tuple[str, str]) -> requests.EnrolPeerRequest:
    """The request that accepts a card."""
    return requests.EnrolPeerRequest(
        **{name: getattr(card, name) for name in enrolment.Card.__struct_fields__}, persons=persons
    )


def exchange_words(one: enrolment.Card, other: enrolment.Card) -> tuple[str, ...]:
    """The three files and the words, both ends in one place. Fails when the two ends do not see the same words."""
    one_nonce, other_nonce = secrets.token_bytes(32), secrets.token_bytes(32)
    invitation = enrolment.invite(one, one_nonce)
    reply = enrolment.reply(invitation, other, other_nonce)
    reveal = enrolment.reveal(invitation, reply, one, one_nonce)
    read = [enrolment.read(enrolment.write(step)) for step in (invitation, reply, reveal)]
    words = enrolment.confirmation_words(*read)  # type: ignore[arg-type]
    assert words == enrolment.confirmation_words(invitation, reply, reveal)
    return words


@dataclass
class Pair:
    """Amber and Birch, enrolled with each other."""

    amber: RealNode
    birch: RealNode
    agreement: str = ""

    def both(self) -> tuple[RealNode, RealNode]:
        return self.amber, self.birch

    def agree(self, toml: str | None = None) -> str:
        """Amber proposes, Birch signs; returns the hash once both hold it in force."""
        request = requests.ProposeAgreementRequest(by="I. Maro", toml=toml or AGREEMENT.read_text())
        hash_ = self.amber.client.propose_agreement(request).agreement.hash
        wait_for(lambda: [a for a in self.birch.client.agreements() if a.hash == hash_], "the proposal at Birch")
        self.birch.client.sign_agreement(hash_, "K. Orr")
        wait_for(
            lambda: [a for a in self.amber.client.agreements() if a.hash == hash_ and a.state == "in_force"],
            "the signature at Amber",
        )
        self.agreement = hash_
        return hash_


@contextlib.contextmanager
def amber_and_birch(folder: Path, *, agreed: bool = True, settings: dict[str, float] | None = None) -> Iterator[Pair]:
    """Two running nodes that have enrolled each other, and agreed unless told otherwise; ended when left."""
    pair = Pair(*(make_node(folder / party, party, settings=settings) for party in ("amber", "birch")))
    try:
        for node in pair.both():
            node.start()
        cards = [card_of(node.config) for node in pair.both()]
        exchange_words(*cards)
        pair.amber.client.enrol_peer(enrol_request(cards[1], ("I. Maro", "J. Venn")))
        pair.birch.client.enrol_peer(enrol_request(cards[0], ("K. Orr", "L. Tesh")))
        for node in pair.both():
            wait_for(lambda node=node: [p for p in node.client.peers() if p.line == "open"], f"{node.party}'s line")
        if agreed:
            pair.agree()
        yield pair
    finally:
        for node in pair.both():
            node.stop()
            node.client.close()


def in_seconds(seconds: float) -> str:
    """An instant that many seconds from now, as the API writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def a_volume(
    lat: float = -38.0,
    lon: float = -152.0,
    *,
    radius_m: float = 2_000.0,
    start_s: float = 3_600,
    end_s: float = 7_200,
    lower_m: float = 0.0,
    upper_m: float = 1_000.0,
) -> dict[str, Any]:
    """A circle over open ocean, as the API writes it."""
    return {
        "circle": {"lat": lat, "lon": lon, "radius_m": radius_m},
        "lower": {"value_m": lower_m, "datum": "AMSL"},
        "upper": {"value_m": upper_m, "datum": "AMSL"},
        "start": in_seconds(start_s),
        "end": in_seconds(end_s),
    }  # fmt: skip


def file_notice(node: RealNode, **changes: Any) -> answers.NoticeAnswer:
    """File a notice on a node; `volume` and `by` have defaults."""
    from keepclear.client import to_request

    volume = changes.pop("volume", None) or a_volume()
    values = {"volumes": [volume], "by": "I. Maro", **changes}
    return node.client.file_notice(to_request(requests.FileNoticeRequest, values))
