"""The two ports: TLS, the server, and what is started and stopped with them.

The server does not show a client's certificate to the application. A small subclass of its HTTP protocol puts the
verified leaf into `scope["extensions"]["tls"]`, as the ASGI TLS extension names it; the server's minor version is
pinned and a test holds it. HTTP/1.1 only, no WebSocket.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from keepclear.core.gazetteer import Gazetteer
from keepclear.errors import Malformed, NotAllowed, Unavailable
from keepclear.faces.accounts import Accounts, AccountStore, Passkeys, Passwords
from keepclear.faces.caller import Doorman, Sessions
from keepclear.faces.console.app import console_routes
from keepclear.faces.http.app import make_app
from keepclear.faces.http.endpoint import Api
from keepclear.faces.http.stream import StreamApp
from keepclear.faces.peer.app import PeerApp
from keepclear.formats.enrolment import certificate_sha256
from keepclear.formats.phrasebook import Phrasebook
from keepclear.node.node import Node
from keepclear.node.ports import Clock, Entropy

log = logging.getLogger("keepclear.serving")

#: Seconds that requests under way have to end when the node stops.
GRACE_S: Final = 2
#: ... and that a connection without one has to say goodbye.
_GOODBYE_S: Final = 0.2
_HANDSHAKES_MAX: Final = 256


class Port(Protocol):
    """Where to listen, and as whom: a certificate and its key, PEM files."""

    @property
    def host(self) -> str:
        """An address, not a name."""
        ...

    @property
    def port(self) -> int:
        """0: any that is free."""
        ...

    @property
    def certificate(self) -> Path:
        """What is shown."""
        ...

    @property
    def key(self) -> Path:
        """What proves that it is ours."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """A node's two open ports.

    Attributes:
        console_url, peer_url: as reached on this machine.
        sessions: makes one-time links.
        accounts: how people sign in.
    """

    console_url: str
    peer_url: str
    sessions: Sessions
    accounts: Accounts

    def new_link(self) -> str:
        """An address that opens the console once, within ten minutes."""
        return f"{self.console_url}/open?code={self.sessions.new_link()}"


class TlsProtocol(HttpToolsProtocol):
    """Shows the application the certificate that the client proved to hold."""

    _tls: dict[str, Any] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            # Verified against the enrolled certificates before a byte of the request was read.
            leaf = tls.getpeercert(binary_form=True)
            chain = [ssl.DER_cert_to_PEM_cert(leaf)] if leaf else []
            self._tls = {"client_cert_chain": chain, "tls_version": tls.version()}

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._tls is not None:
            extensions: dict[str, Any] = {"tls": self._tls}
            self.scope["extensions"] = extensions


class _Server(uvicorn.Server):
    """Leaves signals to the program that it is part of, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(_GOODBYE_S, self._let_go)
        await super().shutdown(sockets)

    def _let_go(self) -> None:
        """A client that is not reading never answers TLS's goodbye; one with nothing under way is not waited for."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, TlsProtocol) and (connection.cycle is None or connection.cycle.response_complete):
                connection.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def console_context(port: Port) -> ssl.SSLContext:
    """TLS for browsers and programs of our own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["http/1.1"])
    _load(context, port)
    return context


class PeerContext:
    """TLS for peers: 1.3, a certificate required, and exactly those trusted that are enrolled now.

    A context cannot forget a certificate, so each change makes a new one, which every new handshake takes. Tickets are
    off: a resumed session would skip the check.
    """

    def __init__(self, port: Port, node: Node) -> None:
        self._port = port
        self._node = node
        self._current = self._make()
        self.context = self._make()
        self.context.sni_callback = self._choose

    def reload(self) -> None:
        """Trust what the picture says now."""
        self._current = self._make()

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _make(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        _load(context, self._port)
        picture = self._node.picture
        for party in picture.enrolled_peers():
            pem = picture.peers[party].enrolled.tls
            try:
                certificate_sha256(pem)
                context.load_verify_locations(cadata=pem)
            except (ssl.SSLError, Malformed):
                # One peer's unreadable certificate must not shut the door on the others.
                log.warning("certificate_unreadable peer=%s", party)
        return context


def _load(context: ssl.SSLContext, port: Port) -> None:
    try:
        context.load_cert_chain(port.certificate, port.key)
    except (OSError, ssl.SSLError) as problem:
        raise Unavailable(f"{port.certificate} and its key cannot be used: {problem}") from None


@contextlib.asynccontextmanager
async def open_doors(
    node: Node,
    *,
    console: Port,
    peers: Port,
    token: str,
    clock: Clock,
    entropy: Entropy,
    reference: bytes | None = None,
    own_places: Gazetteer | None = None,
    phrasebooks: Mapping[str, tuple[Phrasebook, str]] | None = None,
    account_store: AccountStore,
    passwords: Passwords,
    passkeys: Passkeys,
) -> AsyncIterator[Doors]:
    """Open both ports of a running node; they are shut when the context is left.

    Args:
        token: what programs of our own show at the API.
        reference: a reference view, JSON, or None.
        own_places: the party's own gazetteer, or None.
        phrasebooks: languages that entries are said in, each with who signed it.
        account_store, passwords, passkeys: how people of the party sign in.

    Raises:
        NotAllowed: the console is to listen elsewhere than on loopback.
        Unavailable: a port is taken, or a certificate cannot be used.
    """
    with contextlib.ExitStack() as sockets:
        if not _is_loopback(console.host):
            raise NotAllowed(f"the console listens on loopback only, not on {console.host}", at="console.host")
        console_socket = sockets.enter_context(_listen(console, "console.port"))
        peer_socket = sockets.enter_context(_listen(peers, "peers.port"))
        console_url, hosts = _names(console.host, console_socket.getsockname()[1])
        peer_url, _ = _names(peers.host, peer_socket.getsockname()[1])
        sessions = Sessions(node.party, clock, entropy)
        people = lambda: node.picture.watch.people  # noqa: E731 -- asked anew each time: the record names them
        accounts = Accounts(account_store, passwords, passkeys, people, clock, entropy)
        doorman = Doorman(node.party, hashlib.sha256(token.encode()).digest(), sessions, hosts, accounts)
        api = Api(node, doorman, console_url, reference, own_places, phrasebooks or {})
        http_app, stream = make_app(api, console_routes(doorman))
        peer_app, peer_context = PeerApp(node), PeerContext(peers, node)

        def trust_anew() -> None:
            # First the pins: they refuse a removed party even where the handshake still knew it.
            peer_app.pins.reload()
            try:
                peer_context.reload()
            except Unavailable as problem:
                log.error("peer_door_keeps_old_trust code=%s", problem.code)  # noqa: TRY400 -- its words name a path

        node.on_peers_changed.append(trust_anew)
        try:
            async with (
                _running(http_app, console_socket, console_context(console), stream),
                _running(peer_app, peer_socket, peer_context.context, None),
            ):
                log.info("doors_open console=%s peers=%s", console_url, peer_url)
                yield Doors(console_url, peer_url, sessions, accounts)
        finally:
            node.on_peers_changed.remove(trust_anew)


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: int
    certificate: Path
    key: Path


@contextlib.asynccontextmanager
async def open_plain_door(
    app: ASGIApp, host: str, port: int, certificate: Path | None = None, key: Path | None = None
) -> AsyncIterator[str]:
    """Open one port for an application that looks after its callers itself; gives its address. TLS with a certificate.

    Raises:
        Unavailable: the port is taken, or the certificate cannot be used.
    """
    place = _Place(host, port, certificate or Path(), key or Path())
    context = console_context(place) if certificate is not None else None
    with _listen(place, "listen") as listening:
        url, _ = _names(host, listening.getsockname()[1])
        async with _running(app, listening, context, None):
            yield url if context is not None else url.replace("https:", "http:", 1)


@contextlib.asynccontextmanager
async def _running(
    app: ASGIApp, listening: socket.socket, context: ssl.SSLContext | None, stream: StreamApp | None
) -> AsyncIterator[None]:
    server = _Server(
        uvicorn.Config(
            app,
            http=TlsProtocol,
            ws="none",
            loop="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            backlog=_HANDSHAKES_MAX,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_S,
            ssl_context_factory=(lambda _, __: context) if context is not None else None,
        )
    )
    task = asyncio.create_task(server.serve([listening]), name="server")
    begun = asyncio.create_task(server.begun.wait())
    try:
        await asyncio.wait({task, begun}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
            raise Unavailable("the server stopped before it began")
        yield
    finally:
        if stream is not None:
            stream.closing.set()
        server.should_exit = True
        begun.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.contextmanager
def _listen(port: Port, at: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A restart takes its port at once; two nodes on one port are refused all the same.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((port.host, port.port))
        except OSError as problem:
            raise Unavailable(f"{port.host} port {port.port} cannot be used: {problem.strerror}", at=at) from None
        listening.setblocking(False)
        yield listening
    finally:
        listening.close()


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith("127.")


def _names(host: str, port: int) -> tuple[str, frozenset[bytes]]:
    """The address of a port, and every name under which it may be called on this machine."""
    shown = f"[{host}]" if ":" in host else host
    hosts = {f"{name}:{port}".encode() for name in (shown, "localhost", "127.0.0.1", "[::1]")}
    return f"https://{shown}:{port}", frozenset(hosts)
