"""Alarms as a webhook: a POST of JSON to an address that is on a list. Fulfils `AlarmPath` for `https:` and `http:`.

Only origins on the list are called, no redirect is followed, no private address unless it is allowed, little is read,
and each origin gets a token of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec

from keepclear.core.escalation import TryOutcome
from keepclear.errors import Malformed, NotAllowed, Unavailable
from keepclear.node.ports import Alarm, AlarmSaid

ANSWER_BYTES_MAX: Final = 4_096
PATIENCE_S: Final = 10.0


class AlarmWebhook:
    """Posts one JSON object for each alarm; a status of 2xx says that the other machine took it.

    Args:
        allowed: origins, `https://host:port`, that may be called; no others are.
        tokens: origin to the token that it is shown; an origin without one is shown none.
        allows_private: whether addresses of this machine or of private networks may be called.
    """

    def __init__(self, allowed: Sequence[str], tokens: Mapping[str, str], *, allows_private: bool = False) -> None:
        self._allowed = frozenset(origin_of(url) for url in allowed)
        self._tokens = {origin_of(url): token for url, token in tokens.items()}
        self._allows_private = allows_private

    async def raise_alarm(self, address: str, alarm: Alarm) -> AlarmSaid:
        """Post it once.

        Raises:
            NotAllowed: not on the list, or a private address.
            Unavailable: the other machine did not take it.
        """
        origin = origin_of(address)
        if origin not in self._allowed:
            raise NotAllowed(f"{origin} is not on the list of webhooks", at="webhooks.allow")
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        numeric = await self._resolve(host, port)
        # The address that was looked at is the one that is called: a name cannot point elsewhere in between.
        shown = f"[{numeric}]" if ":" in numeric else numeric
        url = f"{parts.scheme}://{shown}:{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
        headers = {
            "host": parts.netloc.rpartition("@")[2],
            "content-type": "application/json",
            "idempotency-key": alarm.key,
        }
        if origin in self._tokens:
            headers["authorization"] = f"Bearer {self._tokens[origin]}"
        body = {"key": alarm.key, "party": alarm.party, "subject": alarm.subject, "lines": alarm.lines}
        return await _post(url, host, headers, msgspec.json.encode(body))

    async def _resolve(self, host: str, port: int) -> str:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as failed:
            raise Unavailable(f"{host} has no address: {failed}", at="webhook") from None
        for *_, place in found:
            address = ipaddress.ip_address(str(place[0]).partition("%")[0])
            if address.is_global or self._allows_private:
                return str(address)
        raise NotAllowed(f"{host} is a private address, and none may be called", at="webhooks.allow_private")


async def _post(url: str, host: str, headers: Mapping[str, str], body: bytes) -> AlarmSaid:
    try:
        async with (
            httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": host}) as answer,
        ):
            size = 0
            async for part in answer.aiter_bytes():
                size += len(part)
                if size > ANSWER_BYTES_MAX:
                    break
            if not answer.is_success:
                raise Unavailable(f"it answered {answer.status_code}", at="webhook")
            return AlarmSaid(TryOutcome.SENT, f"it answered {answer.status_code}")
    except httpx.HTTPError as failed:
        raise Unavailable(f"it cannot be reached: {type(failed).__name__}", at="webhook") from None


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, or Malformed.

    >>> origin_of("https://hooks.example/alarm")
    'https://hooks.example:443'
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if not port or not parts.hostname or parts.username is not None:
        raise Malformed(f"{url[:80]!r} is not https:// or http:// and a host", at="webhook")
    return f"{parts.scheme}://{parts.hostname}:{port}"
