"""Another party's node, over HTTPS with mutual TLS. Fulfils `PeerLink`.

Each peer has its own TLS context, which trusts one certificate: the one that was enrolled. Names in it are not
compared, since the whole certificate is; a proxy of the machine is never used and a redirect never followed.
What fails is said in words that name what to check.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from keepclear.errors import (
    Busy,
    KeepclearError,
    LimitReached,
    Malformed,
    NotAllowed,
    NotFound,
    PeerUnreachable,
    Refused,
    StoreFailed,
    Tampered,
    Unavailable,
)
from keepclear.formats import peer as wire
from keepclear.formats.enrolment import certificate_sha256
from keepclear.node.ports import Delivered, Delivery, Heartbeat

log = logging.getLogger("keepclear.link")

#: Seconds to reach the other machine, and for it to answer. A STOP waits behind at most one attempt.
CONNECT_S: Final = 3.0
ANSWER_S: Final = 10.0

_ERRORS: Final[dict[str, type[KeepclearError]]] = {
    each.code: each
    for each in (Malformed, NotAllowed, NotFound, LimitReached, Tampered, Busy, StoreFailed, Unavailable)
}


@dataclass(frozen=True, slots=True)
class PeerDoor:
    """Where a peer's node is, and the one certificate it may show (PEM)."""

    url: str
    certificate: str


class HttpsPeerLink:
    """Calls the nodes of the parties that are enrolled."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Calls as the holder of this certificate and key (PEM files)."""
        self._certificate, self._key = certificate, key
        self._doors: dict[str, PeerDoor] = {}
        self._clients: dict[str, httpx.AsyncClient] = {}
        #: Closed with the next call, since `trust` does not wait.
        self._let_go: list[httpx.AsyncClient] = []

    def trust(self, doors: Mapping[str, PeerDoor]) -> None:
        """Call these peers from now on, and no others. Connections to a peer that changed are let go."""
        for party in list(self._clients):
            if doors.get(party) != self._doors.get(party):
                self._let_go.append(self._clients.pop(party))
        self._doors = dict(doors)

    async def close(self) -> None:
        """Let go of every connection."""
        self._let_go += self._clients.values()
        self._clients = {}
        await self._close_old()

    async def _close_old(self) -> None:
        while self._let_go:
            await self._let_go.pop().aclose()

    async def deliver(self, party: str, delivery: Delivery) -> Delivered:
        """Hand over entries. Raises PeerUnreachable, or the error the peer answered."""
        message = wire.DeliveryMessage(delivery.first, delivery.entries, delivery.checkpoint)
        answer = await self._ask(party, "POST", "/entries", wire.encode(message), most=wire.HEARTBEAT_BYTES_MAX)
        delivered = wire.read_delivered(answer)
        return Delivered(delivered.size, delivered.cosigned)

    async def heartbeat(self, party: str, ours: Heartbeat) -> Heartbeat:
        """Exchange heartbeats. Raises PeerUnreachable, or the error the peer answered."""
        message = wire.HeartbeatMessage(
            ours.software, ours.now_us, ours.holds, ours.cosigned, ours.checkpoint, ours.store_ok
        )
        answer = await self._ask(party, "POST", "/heartbeat", wire.encode(message), most=wire.HEARTBEAT_BYTES_MAX)
        theirs = wire.read_heartbeat(answer)
        return Heartbeat(
            theirs.software, theirs.now_us, theirs.holds, theirs.cosigned, theirs.checkpoint, theirs.store_ok
        )

    async def fetch(self, party: str, first: int, count: int) -> list[bytes]:
        """Entries of our own channel as the peer holds them. Raises PeerUnreachable, or the error the peer answered."""
        path = f"/entries?first={first}&count={min(count, wire.ENTRIES_MAX)}"
        answer = await self._ask(party, "GET", path, b"", most=wire.MESSAGE_BYTES_MAX)
        return list(wire.read_entries(answer).entries)

    async def _ask(self, party: str, method: str, path: str, body: bytes, *, most: int) -> bytes:
        await self._close_old()
        door = self._doors.get(party)
        if door is None:
            raise PeerUnreachable(f"{party} is not enrolled here: there is no address to call")
        client = self._client(party, door)
        # Not compressed: a small answer must not unfold into a large one.
        headers = {"accept-encoding": "identity", "content-type": "application/json"}
        try:
            async with client.stream(method, wire.PREFIX + path, content=body, headers=headers) as response:
                _check_pin(party, door, response)
                data = await _read(response, most)
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise PeerUnreachable(explain(party, door.url, failed)) from None
        if response.status_code == 200:
            return data
        raise _error_of(party, response.status_code, data)

    def _client(self, party: str, door: PeerDoor) -> httpx.AsyncClient:
        client = self._clients.get(party)
        if client is None:
            client = self._clients[party] = httpx.AsyncClient(
                base_url=door.url,
                verify=self._context(party, door),
                timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
                limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=60),
                follow_redirects=False,
                trust_env=False,
            )
        return client

    def _context(self, party: str, door: PeerDoor) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=door.certificate)
            context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as failed:
            raise PeerUnreachable(f"the certificates for the line to {party} cannot be used: {failed}") from None
        return context


def explain(party: str, url: str, failed: Exception) -> str:
    """What to check when a peer's node was not reached, in one sentence for the person on watch."""
    text = _whole_text(failed)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        if "expired" in text or "not yet valid" in text:
            return f"{party}'s certificate at {url} is out of its time: check both clocks, or ask {party} to renew it"
        return (
            f"the node at {url} shows another certificate than the one enrolled for {party}: check the address, and"
            f" whether {party} renewed its keys; if so, enrol it again"
        )
    if "ALERT_UNKNOWN_CA" in text or "CERTIFICATE_REQUIRED" in text or "ALERT_BAD_CERTIFICATE" in text:
        return f"{party}'s node does not accept our certificate: ask {party} whether it has enrolled us, and with which"
    if "ALERT_CERTIFICATE_EXPIRED" in text:
        return f"{party}'s node says that our certificate is out of its time: check both clocks, or renew it"
    if isinstance(failed, httpx.ConnectTimeout) or "timed out" in text:
        return f"{party}'s node at {url} does not answer within {CONNECT_S:.0f} s: check the network and the address"
    if isinstance(failed, httpx.TimeoutException):
        return f"{party}'s node at {url} took our call and did not answer within {ANSWER_S:.0f} s"
    if "refused" in text.lower() or f"[Errno {errno.ECONNREFUSED}]" in text:
        return f"nothing listens at {url}: {party}'s node is down, or the address is wrong"
    if isinstance(failed, httpx.ConnectError) and ("SSL" in text or "TLS" in text):
        return f"no secure connection to {party} at {url}: is it the peer door of a keepclear node? ({_short(text)})"
    if isinstance(failed, httpx.ConnectError):
        return f"{party}'s node at {url} cannot be reached: check the network and the address ({_short(text)})"
    # In TLS 1.3 a refusal of our certificate comes after our first words, and the reset often overtakes it.
    return (
        f"{party}'s node at {url} broke off without an answer: it was stopped just then, or it does not accept our"
        f" certificate; ask {party} whether it has enrolled us, and with which"
    )


def _whole_text(failed: BaseException) -> str:
    parts: list[str] = []
    seen: BaseException | None = failed
    while seen is not None and len(parts) < 10:
        parts.append(str(seen))
        seen = seen.__cause__ or seen.__context__
    return " ".join(parts)


def _short(text: str) -> str:
    return text[:120]


def _check_pin(party: str, door: PeerDoor, response: httpx.Response) -> None:
    """TLS has trusted the one certificate already; this says so once more, should that ever be loosened."""
    stream: Any = response.extensions.get("network_stream")
    connection = stream.get_extra_info("ssl_object") if stream is not None else None
    shown = connection.getpeercert(binary_form=True) if connection is not None else None
    if shown is None or hashlib.sha256(shown).hexdigest() != certificate_sha256(door.certificate):
        raise PeerUnreachable(
            f"the node at {door.url} is not {party}: it shows another certificate than the one enrolled"
        )


async def _read(response: httpx.Response, most: int) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Malformed("the answer is compressed, which was not asked for", at="answer")
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > most:
            raise Malformed(f"the answer is longer than {most} bytes", at="answer")
        parts.append(part)
    return b"".join(parts)


def _error_of(party: str, status: int, data: bytes) -> KeepclearError:
    problem = wire.read_problem(data)
    detail = problem.detail or f"HTTP {status}"
    kind = _ERRORS.get(problem.code, Unavailable if status >= 500 else Refused)
    return kind(f"{party} answers: {detail}")
