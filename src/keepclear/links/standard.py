"""Other services of ASTM F3548 and the discovery service, over HTTPS. Fulfils `StandardLink`.

Only hosts that are allowed are called, or where none are listed those with public addresses. No redirect is followed,
no proxy of the machine used, and no more read than a message may hold. Each audience and scope has a token of its own,
which is kept until shortly before its end.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx
import msgspec

from keepclear.errors import NotAllowed, Unavailable

log = logging.getLogger("keepclear.standard")

#: Seconds for one answer, and tries before a service counts as not answering.
PATIENCE_S: Final = 10.0
TRIES: Final = 3
#: Seconds before the second try; twice as long before the third.
PAUSE_S: Final = 0.2
ANSWER_BYTES_MAX: Final = 8_000_000
TOKENS_MAX: Final = 1_000
#: Seconds before its end that a token is no longer used.
TOKEN_MARGIN_S: Final = 60
#: The same request may be made again after these: nothing was done, or doing it twice is doing it once.
_AGAIN: Final = frozenset({429, 502, 503, 504})


class Clock(Protocol):
    """Time, given."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Authority:
    """Where tokens come from: asked for with these fields beside scope and audience."""

    url: str
    fields: Mapping[str, str]


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 3_600.0


class HttpsStandardLink:
    """Calls other services.

    Args:
        allowed: host names that may be called, `*` for a part of one; empty: any with a public address.
        allows_http: whether plain http and addresses of this machine may be called; for trying it out alone.
        transports: to use for addresses that begin so, in place of the network.
    """

    def __init__(
        self,
        authority: Authority,
        clock: Clock,
        *,
        allowed: Iterable[str] = (),
        allows_http: bool = False,
        transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._authority = authority
        self._clock = clock
        self._allowed = tuple(allowed)
        self._allows_http = allows_http
        self._tokens: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()
        self._client = httpx.AsyncClient(
            timeout=PATIENCE_S, trust_env=False, follow_redirects=False, mounts=dict(transports or {})
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._client.aclose()

    async def ask(self, method: str, base_url: str, path: str, *, scope: str, body: object = None) -> tuple[int, bytes]:
        """Ask another service for one thing. Raises NotAllowed or Unavailable."""
        host = await self._check(base_url)
        content = msgspec.json.encode(body) if body is not None else None
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE_S * 2 ** (attempt - 1))
            headers = {"authorization": f"Bearer {await self._token(host, scope)}"}
            if content is not None:
                headers["content-type"] = "application/json"
            try:
                status, data = await self._once(method, base_url + path, headers, content)
            except httpx.HTTPError as problem:
                log.info("no_answer kind=%s", type(problem).__name__)
                continue
            if status == 401:
                self._tokens.pop((host, scope), None)
            if status not in _AGAIN and (status != 401 or attempt):
                return status, data
        raise Unavailable(f"{host} does not answer", at="base_url")

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None
    ) -> tuple[int, bytes]:
        async with self._client.stream(method, url, headers=headers, content=content) as answer:
            data = b""
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > ANSWER_BYTES_MAX:
                    raise Unavailable(f"{url} gives more than {ANSWER_BYTES_MAX} bytes", at="base_url")
            return answer.status_code, data

    async def _token(self, host: str, scope: str) -> str:
        now_s = self._clock.now_us() / 1e6
        kept = self._tokens.get((host, scope))
        if kept is not None and now_s < kept[1]:
            return kept[0]
        asked = {"grant_type": "client_credentials", **self._authority.fields}
        asked |= {"scope": scope, "intended_audience": host}
        try:
            answer = await self._client.get(self._authority.url, params=asked)
            token = msgspec.json.decode(answer.content[:ANSWER_BYTES_MAX], type=_Token)
        except (httpx.HTTPError, msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise Unavailable(f"the authority gives no token: {type(problem).__name__}", at="authority") from None
        self._tokens[(host, scope)] = (token.access_token, now_s + token.expires_in - TOKEN_MARGIN_S)
        while len(self._tokens) > TOKENS_MAX:
            self._tokens.popitem(last=False)
        return token.access_token

    async def _check(self, base_url: str) -> str:
        """The host of an address that may be called. Raises NotAllowed."""
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if not host or parts.scheme not in (("https", "http") if self._allows_http else ("https",)):
            raise NotAllowed(f"{base_url[:100]!r} may not be called: https only", at="base_url")
        if self._allowed:
            if not any(fnmatchcase(host, pattern) for pattern in self._allowed):
                raise NotAllowed(f"{host} is not among the hosts that may be called", at="base_url")
        elif not self._allows_http and not await _is_public(host, port or 443):
            raise NotAllowed(f"{host} has no public address, and is no host that is listed as allowed", at="base_url")
        return host


async def _is_public(host: str, port: int) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise Unavailable(f"{host} cannot be found", at="base_url") from None
    return bool(found) and all(ipaddress.ip_address(each[4][0]).is_global for each in found)
