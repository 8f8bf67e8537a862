"""Config into a ready node. The only place that knows which store and which links are in use.

The faces stand beside this module and not above it, so the program puts the two together:

```python
async with open_node(config) as ready, open_doors(ready.node, **ready.for_doors()) as doors:
    print(doors.new_link())
```
"""

from __future__ import annotations

import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

import keepclear
from keepclear.config import Alarms, Config, Door, Standard
from keepclear.core.escalation import Rung
from keepclear.core.gazetteer import Gazetteer
from keepclear.dss.limits import DEFAULT as DSS_LIMITS
from keepclear.dss.limits import Limits
from keepclear.dss.service import Dss
from keepclear.errors import LimitReached, Malformed, NotAllowed, NotFound
from keepclear.formats.gazetteer_file import BYTES_MAX, read_gazetteer
from keepclear.formats.phrasebook import Phrasebook
from keepclear.formats.reference import MAX_REFERENCE_BYTES, read_reference, reference_view
from keepclear.formats.tokens import read_pem
from keepclear.links import system
from keepclear.links.alert_mail import AlarmMail, MailServer
from keepclear.links.alert_webhook import AlarmWebhook
from keepclear.links.jwks import KeySet
from keepclear.links.modem import Modem
from keepclear.links.peer import HttpsPeerLink, PeerDoor
from keepclear.links.phrasebooks import load_phrasebooks
from keepclear.links.standard import Authority, HttpsStandardLink
from keepclear.links.voice_tables import VoiceTables
from keepclear.node.node import Node
from keepclear.node.ports import AlarmPath, AlarmPaths, Clock, Entropy, Keys
from keepclear.stores.dss_memory import MemoryDssStore
from keepclear.stores.sqlite.dss import SqliteDssStore
from keepclear.stores.sqlite.store import SqliteStore

log = logging.getLogger("keepclear.assembly")

SOFTWARE: Final = f"keepclear {keepclear.__version__}"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where one port is to listen, and as whom."""

    host: str
    port: int
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """A running node, and what its doors are to be opened with.

    Attributes:
        token: what programs of our own show at the API.
        reference: a reference view, JSON, checked; None for none.
        own_places: the party's own gazetteer; None for none.
        phrasebooks: each language, and who signed it or an empty name.
    """

    node: Node
    console: Listening
    peers: Listening
    token: str
    clock: Clock
    entropy: Entropy
    reference: bytes | None
    own_places: Gazetteer | None
    phrasebooks: Mapping[str, tuple[Phrasebook, str]]

    def for_doors(self) -> dict[str, Any]:
        """The arguments of `faces.serving.open_doors` behind the node."""
        return {
            "console": self.console,
            "peers": self.peers,
            "token": self.token,
            "clock": self.clock,
            "entropy": self.entropy,
            "reference": self.reference,
            "own_places": self.own_places,
            "phrasebooks": self.phrasebooks,
        }


@contextlib.asynccontextmanager
async def open_node(
    config: Config, *, clock: Clock | None = None, entropy: Entropy | None = None
) -> AsyncIterator[Ready]:
    """A running node on the folder of a configuration; stopped, with everything let go, when the context is left.

    Args:
        clock, entropy: the machine's own when not given.

    Raises:
        NotFound: no keys in the folder, or no reference or gazetteer file.
        NotAllowed: a key file may be read by others, or the keys are another party's.
        StoreFailed: another process runs on the folder, or the record cannot be read.
    """
    clock, entropy = clock or system.SystemClock(), entropy or system.SystemEntropy()
    identity, signer = system.load_identity(config.folder)
    if identity.party != config.party:
        raise NotAllowed(f"the keys in the folder are {identity.party}'s, the configuration is {config.party}'s")
    token, reference = system.load_token(config.folder), _reference(config.reference)
    own_places = _own_places(config.gazetteer)
    phrasebooks = {name: (each.book, each.signer) for name, each in load_phrasebooks(config.folder).items()}
    settings = config.settings
    store = SqliteStore(
        config.record_file, idempotency_keys_max=settings.idempotency_keys_max, reserve_bytes=settings.reserve_bytes
    )
    own = system.peer_files(config.folder)
    link = HttpsPeerLink(own.certificate, own.key)
    try:
        node = Node(
            Keys(identity.party, identity.name, signer), store, link, clock, entropy,
            software=SOFTWARE, settings=settings, voice=VoiceTables(config.folder), alarms=alarm_paths(config.alarms),
        )  # fmt: skip

        def trust_peers() -> None:
            link.trust(peer_doors(node))

        trust_peers()
        node.on_peers_changed.append(trust_peers)
        # What was just loaded lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        await node.start()
        log.info("node_started party=%s entries=%d", node.party, node.loop.logs.seq)
        shown = system.console_files(config.folder)
        try:
            yield Ready(
                node=node,
                console=_listening(config.console, shown),
                peers=_listening(config.peers, own),
                token=token,
                clock=clock,
                entropy=entropy,
                reference=reference,
                own_places=own_places,
                phrasebooks=phrasebooks,
            )
        finally:
            await node.stop()
            log.info("node_stopped party=%s entries=%d", node.party, node.loop.logs.seq)
    finally:
        await link.close()
        store.close()


@contextlib.contextmanager
def open_dss(
    store: str, *, clock: Clock | None = None, entropy: Entropy | None = None, limits: Limits = DSS_LIMITS
) -> Iterator[Dss]:
    """A discovery and synchronisation service on a store; let go of when the context is left.

    Args:
        store: `memory`, or `sqlite:FILE`, which several processes may share.

    Raises:
        Malformed: neither of these.
        StoreFailed: the file cannot be used.
    """
    kind, _, place = store.partition(":")
    opened: MemoryDssStore | SqliteDssStore
    if kind == "memory" and not place:
        opened = MemoryDssStore()
    elif kind == "sqlite" and place:
        opened = SqliteDssStore(Path(place))
    else:
        raise Malformed(f"{store!r} is no store: memory or sqlite:FILE", at="store")
    try:
        service = Dss(opened, clock or system.SystemClock(), entropy or system.SystemEntropy(), limits=limits)
        # What was just loaded lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        yield service
    finally:
        opened.close()


async def standard_keys(
    *, public_keys: Sequence[Path], jwks: str
) -> tuple[dict[str, RSAPublicKey], Callable[[], Awaitable[dict[str, RSAPublicKey]]] | None]:
    """The keys that tokens of the standard face are checked with, and how to fetch them anew, or None.

    Raises:
        NotFound, Malformed: a key file is not there, or is none.
        NotAllowed, Unavailable: the key set may not or cannot be fetched.
    """
    if jwks:
        key_set = KeySet(jwks)
        return await key_set.fetch(), key_set.fetch
    keys = {}
    for path in public_keys:
        try:
            keys[str(path)] = read_pem(path.read_bytes())
        except OSError as problem:
            raise NotFound(f"no public key at {path}: {problem.strerror}", at="public_key") from None
    return keys, None


@contextlib.asynccontextmanager
async def standard_link(standard: Standard) -> AsyncIterator[HttpsStandardLink]:
    """Calls to other services of the standard, as a configuration allows them."""
    authority = Authority(standard.token_url, {"sub": standard.name, "issuer": standard.issuer or standard.name})
    link = HttpsStandardLink(
        authority, system.SystemClock(), allowed=standard.allowed_hosts, allows_http=standard.allows_http
    )
    try:
        yield link
    finally:
        await link.close()


def alarm_paths(alarms: Alarms) -> AlarmPaths:
    """The ways of the ladder that a configuration sets up (N4).

    Raises:
        NotFound: a file with a password or with tokens is not there.
        Malformed: an origin that is none.
    """
    paths: dict[str, AlarmPath] = {}
    if alarms.mail_host:
        server = MailServer(
            alarms.mail_host, alarms.mail_port, alarms.mail_sender, uses_tls=alarms.mail_tls, user=alarms.mail_user,
            password=_secret(alarms.mail_password_file, at="mail.password_file"),
        )  # fmt: skip
        paths["mailto"] = AlarmMail(server)
    if alarms.webhooks:
        pairs = (line.split() for line in _secret(alarms.webhook_tokens_file, at="webhooks.tokens_file").splitlines())
        tokens = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
        paths["https"] = paths["http"] = AlarmWebhook(alarms.webhooks, tokens, allows_private=alarms.allows_private)
    if alarms.modem is not None:
        paths["tel"] = Modem(alarms.modem)
    return AlarmPaths({Rung(rung): listed for rung, listed in alarms.addresses.items()}, paths)


def _secret(path: Path | None, *, at: str) -> str:
    if path is None:
        return ""
    try:
        return path.read_text().strip()
    except OSError as problem:
        raise NotFound(f"{path}: {problem.strerror}", at=at) from None


def peer_doors(node: Node) -> dict[str, PeerDoor]:
    """Where each enrolled peer's node is, and the certificate it may show."""
    picture = node.picture
    return {
        party: PeerDoor(picture.peers[party].enrolled.url, picture.peers[party].enrolled.tls)
        for party in picture.enrolled_peers()
    }


def _listening(door: Door, files: system.CertificateFiles) -> Listening:
    return Listening(door.host, door.port, files.certificate, files.key)


def _own_places(path: Path | None) -> Gazetteer | None:
    if path is None:
        return None
    try:
        with path.open("rb") as opened:
            data = opened.read(BYTES_MAX + 1)
    except OSError as problem:
        raise NotFound(f"no gazetteer at {path}: {problem.strerror}", at="gazetteer.file") from None
    return read_gazetteer(data, file=path.name)


def _reference(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as opened:
            data = opened.read(MAX_REFERENCE_BYTES + 1)
    except OSError as problem:
        raise NotFound(f"no reference view at {path}: {problem.strerror}", at="reference.file") from None
    if len(data) > MAX_REFERENCE_BYTES:
        raise LimitReached(f"a reference view has at most {MAX_REFERENCE_BYTES} bytes", at="reference.file")
    return msgspec.json.encode(reference_view(read_reference(data)))
