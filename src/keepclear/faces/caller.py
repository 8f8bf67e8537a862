"""Who is asking: a token or a session to a Caller of our own party, a certificate to another party.

Until there are accounts, whoever holds the API token or opens a one-time link is the officer on duty; the name under
which they act is theirs to give (`by`), and is recorded. Once anybody can sign in, a browser has to, and acts under the
name that signed in; what each may do is in `node.access`. The API token stays: it lies in the node's folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.types import Receive, Scope

from keepclear.core.timespan import MINUTE_US, SECOND_US
from keepclear.errors import LimitReached, NotAllowed, NotKnown, Unavailable
from keepclear.faces.accounts import Accounts
from keepclear.node.access import Caller
from keepclear.node.ports import Clock, Entropy

LINK_BYTES: Final = 32
LINK_LIFE_US: Final = 10 * MINUTE_US
SESSION_LIFE_US: Final = 12 * 60 * MINUTE_US
LINKS_MAX: Final = 16
SESSIONS_MAX: Final = 64
#: A body that trickles in holds a connection; after this it is given up.
BODY_PATIENCE_S: Final = 20.0
_UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True)
class _Kept:
    """When a link or session is void, and whose it is; empty for nobody's."""

    until_us: int
    login: str
    by_link: bool = False


class Sessions:
    """One-time links and the sessions they opened. In memory: a restart closes every session.

    Codes and session ids are kept as SHA-256, so that neither a dump nor a slow comparison shows one.
    """

    def __init__(self, party: str, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        # Browsers do not part cookies by port, and two parties' consoles may stand on one machine.
        self.cookie_name = f"__Host-keepclear-{party}"
        self._links: dict[bytes, _Kept] = {}
        self._sessions: dict[bytes, _Kept] = {}

    def new_link(self, login: str = "") -> str:
        """A code that opens one session within ten minutes. The oldest unused one beyond 16 is void.

        Args:
            login: whose session it opens; empty for nobody's.
        """
        self._forget_old()
        while len(self._links) >= LINKS_MAX:
            del self._links[next(iter(self._links))]
        code = self._entropy.draw(LINK_BYTES).hex()
        self._links[_digest(code)] = _Kept(self._clock.elapsed_us() + LINK_LIFE_US, login)
        return code

    def open(self, code: str) -> str:
        """The session that a link opens, for the cookie.

        Raises:
            NotKnown: no such link, or used, or too old.
        """
        self._forget_old()
        held = self._links.pop(_digest(code), None)
        if held is None:
            raise NotKnown("this link was used already, or is older than ten minutes: ask for another")
        return self.begin(held.login, by_link=True)

    def begin(self, login: str = "", *, by_link: bool = False) -> str:
        """A new session, always under a new name: one that somebody planted before signing in is worth nothing."""
        self._forget_old()
        while len(self._sessions) >= SESSIONS_MAX:
            del self._sessions[next(iter(self._sessions))]
        session = self._entropy.draw(LINK_BYTES).hex()
        self._sessions[_digest(session)] = _Kept(self._clock.elapsed_us() + SESSION_LIFE_US, login, by_link)
        return session

    def end(self, session: str) -> None:
        """Close a session."""
        self._sessions.pop(_digest(session), None)

    def end_all(self, login: str) -> None:
        """Close every session and void every link of a person."""
        for kept in (self._links, self._sessions):
            for digest in [digest for digest, each in kept.items() if each.login == login]:
                del kept[digest]

    def whose(self, session: str) -> str | None:
        """Whose session a cookie is: a login, empty for nobody's, None where it is no open session."""
        held = self._sessions.get(_digest(session))
        return held.login if held is not None and self._clock.elapsed_us() < held.until_us else None

    def was_opened_by_link(self, session: str) -> bool:
        """Whether it began with a one-time link, and not with a password or a passkey."""
        held = self._sessions.get(_digest(session))
        return held is not None and held.by_link

    def is_open(self, session: str) -> bool:
        """Whether a cookie is that of an open session."""
        return self.whose(session) is not None

    def cookie(self, session: str) -> bytes:
        """The `Set-Cookie` line of a session."""
        life_s = SESSION_LIFE_US // SECOND_US
        return f"{self.cookie_name}={session}; Path=/; Max-Age={life_s}; Secure; HttpOnly; SameSite=Strict".encode()

    def no_cookie(self) -> bytes:
        """The `Set-Cookie` line that takes it back."""
        return f"{self.cookie_name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict".encode()

    def _forget_old(self) -> None:
        now = self._clock.elapsed_us()
        for kept in (self._links, self._sessions):
            for digest in [digest for digest, each in kept.items() if each.until_us <= now]:
                del kept[digest]


@dataclass(frozen=True, slots=True)
class Doorman:
    """Tells who asks at the console's port.

    Attributes:
        party: ours; whoever is let in acts for it.
        token_sha256: of the API token.
        hosts: what `Host` may say; anything else is a page of somebody else's that was pointed at us.
        accounts: how people sign in; None where nobody can.
    """

    party: str
    token_sha256: bytes
    sessions: Sessions
    hosts: frozenset[bytes]
    accounts: Accounts | None = None

    def check_host(self, headers: Mapping[bytes, bytes]) -> None:
        """Raise NotAllowed unless the request was meant for us by name."""
        host = headers.get(b"host", b"")
        if host not in self.hosts:
            raise NotAllowed(f"this node does not answer as {host[:100]!r}", at="host")

    def caller(self, method: str, headers: Mapping[bytes, bytes]) -> Caller:
        """Who asks.

        Raises:
            NotKnown: neither a token nor an open session.
            NotAllowed: a session, but the request came from a page of another site.
        """
        self.check_host(headers)
        shown = headers.get(b"authorization")
        if shown is not None:
            scheme, _, token = shown.partition(b" ")
            digest = hashlib.sha256(token.strip()).digest()
            if scheme.lower() != b"bearer" or not hmac.compare_digest(digest, self.token_sha256):
                raise NotKnown("this is not the token of this node: it lies in the file api-token of its folder")
            return Caller(self.party)
        login = self._login(headers)
        if login is None:
            raise NotKnown("open the console by its one-time link, or show the API token")
        self.check_own_page(method, headers)
        if self.accounts is None or not (login or self.accounts.exist()):
            return Caller(self.party)
        if not login:
            raise NotKnown("sign in: this node has accounts")
        person = self.accounts.person(login)
        return Caller(self.party, person.login, person.name, person.roles)

    def check_own_page(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Raise NotAllowed for what a page of another site asks in our user's name (cross-site request forgery).

        Cookies do not part ports: a page of another program on this machine is of the same site. It could not read our
        answers, and still take the few places of the stream.
        """
        is_own = self._is_own_page(headers) if method in _UNSAFE else _is_not_from_elsewhere(headers)
        if not is_own:
            raise NotAllowed("this came from a page that is not ours", at="origin")

    def check_stranger(self, headers: Mapping[bytes, bytes]) -> None:
        """The same for whoever signs in: a browser says where it comes from, a program of our own says nothing."""
        self.check_host(headers)
        if b"origin" in headers or b"sec-fetch-site" in headers:
            self.check_own_page("POST", headers)

    def must_sign_in(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether this browser has to sign in before it sees anything."""
        return self.accounts is not None and self.accounts.exist() and not self._login(headers)

    def session_of(self, headers: Mapping[bytes, bytes]) -> str:
        """The session that the request carries, open or not; empty where it carries none."""
        text = headers.get(b"cookie", b"")
        if len(text) > 8_000:
            return ""
        # Taken apart by hand: an odd cookie of another program on this machine must not hide ours.
        pairs = [part.strip().partition("=") for part in text.decode("latin-1").split(";")]
        shown = [value for name, _, value in pairs if name == self.sessions.cookie_name]
        return next((value for value in shown if self.sessions.is_open(value)), shown[0] if shown else "")

    def _login(self, headers: Mapping[bytes, bytes]) -> str | None:
        return self.sessions.whose(self.session_of(headers))

    def has_session(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request carries the cookie of an open session."""
        return self._login(headers) is not None

    def _is_own_page(self, headers: Mapping[bytes, bytes]) -> bool:
        fetched = headers.get(b"sec-fetch-site")
        if fetched is not None and fetched != b"same-origin":
            return False
        origin = headers.get(b"origin")
        if origin is None:
            return fetched == b"same-origin"
        return origin == b"https://" + headers.get(b"host", b"")


def _is_not_from_elsewhere(headers: Mapping[bytes, bytes]) -> bool:
    """Our own page, an address that somebody typed, or a program that says nothing."""
    return headers.get(b"sec-fetch-site", b"none") in (b"none", b"same-origin")


def peer_certificate_sha256(scope: Scope) -> str:
    """SHA-256 of the certificate that the other end of a connection proved to hold.

    Raises:
        NotKnown: the connection carries none.
    """
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or []
    if not chain:
        raise NotKnown("a node shows its certificate: this connection has none")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(chain[0])).hexdigest()


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes:
    """The whole body of a request, within a bound on size and on patience.

    Raises:
        LimitReached: longer than `most` bytes; known from its header when there is one, so nothing is read in vain.
        Unavailable: the caller went away, or took too long.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and (not value.isdigit() or int(value) > most):
            raise LimitReached(f"a body has at most {most} bytes here", at="body")
    parts: list[bytes] = []
    size, more = 0, True
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Unavailable("the caller went away", at="body")
                part: bytes = message.get("body", b"")
                parts.append(part)
                size += len(part)
                if size > most:
                    raise LimitReached(f"a body has at most {most} bytes here", at="body")
                more = message.get("more_body", False)
    except TimeoutError:
        raise Unavailable(f"the body did not arrive within {BODY_PATIENCE_S:.0f} s", at="body") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
