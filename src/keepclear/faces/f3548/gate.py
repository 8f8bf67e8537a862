"""Who asks, by the bearer token that is shown; and whether the token's scope reaches what is asked.

A token is checked once and then remembered by its SHA-256, for a minute at most: checking a signature costs twenty
times as much as all the rest of the gate.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from keepclear.dss.values import Caller
from keepclear.errors import KeepclearError, NotAllowed, NotKnown
from keepclear.formats.tokens import Claims, is_signed_by, read_token

log = logging.getLogger("keepclear.f3548")

#: Seconds that a checked token is remembered: for so long a key that was taken back still lets somebody in.
REMEMBERED_S: Final = 60
REMEMBERED_MAX: Final = 10_000
#: Seconds by which the authority's clock may differ from ours.
SKEW_S: Final = 60
#: Seconds that a token may hold at most: the standard's own figure.
LIFE_MAX_S: Final = 3_600
#: Seconds between two looks at a key set because of a key that it did not have.
LOOK_AGAIN_S: Final = 30
#: Characters of a manager's name; it stands in every reference.
SUB_MAX: Final = 200


class Clock(Protocol):
    """Time, given."""

    def now_us(self) -> int:
        """The wall clock, microseconds UTC."""
        ...


Keys = Mapping[str, RSAPublicKey]


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    until_us: int


class Gate:
    """Checks tokens.

    Args:
        keys: by their id; empty ids match any.
        audiences: names of this host, one of which a token must be for; no port.
        issuer: who must have issued it; empty: anyone who has the key.
        fetch_keys: asked for the keys anew when a token names one that is not there; None: they do not change.
    """

    def __init__(
        self,
        keys: Keys,
        audiences: Iterable[str],
        clock: Clock,
        *,
        issuer: str = "",
        fetch_keys: Callable[[], Awaitable[Keys]] | None = None,
    ) -> None:
        self._keys = dict(keys)
        self._audiences = frozenset(audiences)
        self._clock = clock
        self._issuer = issuer
        self._fetch_keys = fetch_keys
        self._looked_at_us = 0
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def trust(self, keys: Keys) -> None:
        """Take these keys from now on, and forget who was let in by others."""
        self._keys = dict(keys)
        self._known.clear()

    async def caller(self, authorization: bytes) -> Caller:
        """Who asks.

        Raises:
            NotKnown: no token, or one that is not valid here, or one without any scope.
        """
        scheme, _, text = authorization.partition(b" ")
        text = text.strip()
        if scheme.lower() != b"bearer" or not text:
            raise NotKnown("show an access token: Authorization: Bearer TOKEN")
        digest, now_us = hashlib.sha256(text).digest(), self._clock.now_us()
        known = self._known.get(digest)
        if known is not None and now_us < known.until_us:
            return known.caller
        claims = await self._checked(text)
        self._check_claims(claims, now_us / 1e6)
        caller = Caller(claims.sub, frozenset(claims.scope.split()))
        if not caller.scopes:
            raise NotKnown("the token has no scope")
        until_us = min(now_us + REMEMBERED_S * 1_000_000, int((claims.exp + SKEW_S) * 1e6))
        self._known[digest] = _Known(caller, until_us)
        self._known.move_to_end(digest)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return caller

    async def _checked(self, text: bytes) -> Claims:
        token = read_token(text)
        for may_look in (True, False):
            named = self._keys.get(token.key_id)
            # A key from a file has no id, and an authority need not name any.
            candidates = [named] if named is not None else list(self._keys.values())
            if any(is_signed_by(token, key) for key in candidates):
                return token.claims
            if not (may_look and named is None and await self._look_again()):
                break
        raise NotKnown("the token is not signed by a key that is trusted here")

    async def _look_again(self) -> bool:
        now_us = self._clock.now_us()
        if self._fetch_keys is None or 0 <= now_us - self._looked_at_us < LOOK_AGAIN_S * 1_000_000:
            return False
        self._looked_at_us = now_us
        try:
            self.trust(await self._fetch_keys())
        except KeepclearError as problem:
            log.warning("keys_not_fetched code=%s", problem.code)
            return False
        return True

    def _check_claims(self, claims: Claims, now_s: float) -> None:
        if not claims.exp >= now_s - SKEW_S:
            raise NotKnown("the token has expired: get another")
        if not claims.exp <= now_s + LIFE_MAX_S + SKEW_S:
            raise NotKnown(f"a token holds for {LIFE_MAX_S} seconds at most; this one for longer")
        if not claims.nbf <= now_s + SKEW_S:
            raise NotKnown("the token does not hold yet")
        audiences = {claims.aud} if isinstance(claims.aud, str) else set(claims.aud)
        if not audiences & self._audiences:
            raise NotKnown(
                f"the token is for {', '.join(sorted(audiences))[:100] or 'nobody'}, not for this service: ask for one"
                f" with the audience {' or '.join(sorted(self._audiences))}"
            )
        if self._issuer and claims.iss != self._issuer:
            raise NotKnown(f"the token must be issued by {self._issuer}")
        if not 0 < len(claims.sub) <= SUB_MAX or not claims.sub.isprintable():
            raise NotKnown(f"the token names nobody: sub has 1 to {SUB_MAX} printable characters")


def require_scope(caller: Caller, scopes: frozenset[str]) -> None:
    """Raise NotAllowed unless the caller has one of these scopes; any will do if there are none."""
    if scopes and not scopes & caller.scopes:
        raise NotAllowed(f"this needs the scope {' or '.join(sorted(scopes))}")
