"""An authority's key set, fetched by its address: no redirect is followed, no proxy asked, and little is read."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from keepclear.errors import Malformed, NotAllowed, Unavailable
from keepclear.formats.tokens import KEYS_BYTES_MAX, read_jwks

PATIENCE_S: Final = 10.0


class KeySet:
    """The keys at an address.

    Raises:
        NotAllowed: neither https, nor http on this machine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname or "")):
            raise NotAllowed(
                f"keys are fetched by https, or by http from this machine alone, not from {url}", at="jwks"
            )
        self.url = url

    async def fetch(self) -> dict[str, RSAPublicKey]:
        """The keys as they are now.

        Raises:
            Unavailable: the authority does not answer, or not with a key set.
        """
        try:
            async with (
                httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False) as client,
                client.stream("GET", self.url) as answer,
            ):
                if answer.status_code != 200:
                    raise Unavailable(f"{self.url} answers {answer.status_code}, not with keys", at="jwks")
                data = b""
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > KEYS_BYTES_MAX:
                        raise Unavailable(f"{self.url} gives more than {KEYS_BYTES_MAX} bytes", at="jwks")
            return read_jwks(data)
        except httpx.HTTPError as problem:
            raise Unavailable(f"{self.url} cannot be reached: {type(problem).__name__}", at="jwks") from None
        except Malformed as problem:
            raise Unavailable(f"{self.url}: {problem.message}", at="jwks") from None


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
