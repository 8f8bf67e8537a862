"""Config into a ready node. The only place that knows which store and which links are in use.

The faces stand beside this module and not above it, so the program puts the two together:

```python
async with open_node(config) as ready, open_doors(ready.node, **ready.for_doors()) as doors:
    print(doors.new_link())
```
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

import keepclear
from keepclear.config import Alarms, Config, Door, Standard
from keepclear.core.agreement import Agreement
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
from keepclear.links.accounts import AccountFile, Argon2Passwords
from keepclear.links.alert_mail import AlarmMail, MailServer
from keepclear.links.alert_webhook import AlarmWebhook
from keepclear.links.jwks import KeySet
from keepclear.links.modem import Modem
from keepclear.links.passkeys import WebAuthnPasskeys
from keepclear.links.peer import HttpsPeerLink, PeerDoor
from keepclear.links.phrasebooks import load_phrasebooks
from keepclear.links.rehearsal import LocalLink
from keepclear.links.standard import Authority, HttpsStandardLink
from keepclear.links.voice_tables import VoiceTables
from keepclear.node.commands import EnrolPeer, ProposeAgreement, SignAgreement
from keepclear.node.node import Node
from keepclear.node.ports import AlarmPath, AlarmPaths, Clock, Entropy, Keys
from keepclear.node.settings import DEFAULT as SETTINGS
from keepclear.stores.dss_memory import MemoryDssStore
from keepclear.stores.memory import MemoryStore
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
        accounts, passwords, passkeys: how people of the party sign in.
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
    accounts: AccountFile
    passwords: Argon2Passwords
    passkeys: WebAuthnPasskeys

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
            "account_store": self.accounts,
            "passwords": self.passwords,
            "passkeys": self.passkeys,
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
                accounts=AccountFile(config.folder),
                passwords=Argon2Passwords(),
                passkeys=WebAuthnPasskeys(),
            )
        finally:
            await node.stop()
            log.info("node_stopped party=%s entries=%d", node.party, node.loop.logs.seq)
    finally:
        await link.close()
        store.close()


class Trained(Protocol):
    """A fictional party of an exercise."""

    @property
    def id(self) -> str:
        """Its party id."""
        ...

    @property
    def name(self) -> str:
        """As people call it."""
        ...

    @property
    def on_watch(self) -> str:
        """Who signs for it."""
        ...

    @property
    def enrols(self) -> str:
        """Who compares words for it."""
        ...

    @property
    def telephone(self) -> str:
        """Where it would be reached."""
        ...


@dataclass(frozen=True, slots=True)
class Training:
    """A node to train at, and the other side's."""

    ready: Ready
    other: Node


@contextlib.asynccontextmanager
async def open_training(
    folder: Path, ours: Trained, theirs: Trained, agreement: Agreement, *, ports: tuple[int, int]
) -> AsyncIterator[Training]:
    """Two nodes in memory, enrolled and agreed, that reach each other and nobody else; all they say is EXER (V6).

    Keys are made anew in the folder and are nobody's: no live party has enrolled them, and none can be enrolled here.

    Args:
        ports: of our console, and of a peer door that knows nobody.
    """
    clock, entropy = system.SystemClock(), system.SystemEntropy()
    settings = replace(SETTINGS, exercise_only=True)
    phrasebooks = {name: (each.book, each.signer) for name, each in load_phrasebooks(folder).items()}
    nodes: dict[str, Node] = {}
    links = {party.id: LocalLink(party.id) for party in (ours, theirs)}
    for party in (ours, theirs):
        place = folder / party.id
        system.create_identity(place, party.id, f"{party.name} EXERCISE", entropy, now_us=clock.now_us())
        identity, signer = system.load_identity(place)
        keys = Keys(identity.party, identity.name, signer)
        nodes[party.id] = Node(
            keys, MemoryStore(), links[party.id], clock, entropy, software=SOFTWARE, settings=settings
        )
    try:
        for one, other in ((ours, theirs), (theirs, ours)):
            await nodes[one.id].start()
            known = nodes[other.id].loop.identity.to_json()
            persons = (one.enrols, other.enrols)
            await nodes[one.id].submit(
                EnrolPeer(
                    other.id, f"{other.name} EXERCISE", str(known["ed25519"]), str(known["mldsa44"]), "", "",
                    other.telephone, persons,
                )
            )  # fmt: skip
        # Only now: a node answers nobody whom it has not enrolled.
        links[ours.id].others[theirs.id], links[theirs.id].others[ours.id] = nodes[theirs.id], nodes[ours.id]
        proposed = await nodes[ours.id].submit(ProposeAgreement(agreement, ours.on_watch))
        while proposed.subject not in nodes[theirs.id].picture.agreements:  # noqa: ASYNC110 -- the line tells nobody
            await asyncio.sleep(0.05)
        await nodes[theirs.id].submit(SignAgreement(proposed.subject, theirs.on_watch))
        own, shown = system.peer_files(folder / ours.id), system.console_files(folder / ours.id)
        yield Training(
            Ready(
                node=nodes[ours.id],
                console=_listening(Door("127.0.0.1", ports[0]), shown),
                peers=_listening(Door("127.0.0.1", ports[1]), own),
                token=system.load_token(folder / ours.id),
                clock=clock,
                entropy=entropy,
                reference=None,
                own_places=None,
                phrasebooks=phrasebooks,
                accounts=AccountFile(folder / ours.id),
                passwords=Argon2Passwords(),
                passkeys=WebAuthnPasskeys(),
            ),
            nodes[theirs.id],
        )
    finally:
        for node in nodes.values():
            await node.stop()


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
