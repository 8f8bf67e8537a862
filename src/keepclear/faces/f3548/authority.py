"""An authority for trying things out: it gives anybody any token that is asked for. Never outside one machine.

| Path | Gives |
|---|---|
| `GET` or `POST /token?grant_type=client_credentials&scope=&intended_audience=&sub=[&issuer=][&expire=]` | a token |
| `GET /.well-known/jwks.json`, `GET /public.pem` | the key that checks it |
| `GET /healthy` | `"ok"` |
"""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.types import Receive, Scope, Send

from keepclear.errors import KeepclearError, Malformed
from keepclear.faces.caller import read_body
from keepclear.faces.f3548.gate import LIFE_MAX_S, Clock
from keepclear.faces.problem import send_whole
from keepclear.formats.f3548.messages import ErrorResponse
from keepclear.formats.tokens import write_jwks, write_token
from keepclear.node.ports import Entropy

log = logging.getLogger("keepclear.authority")

KEY_ID: Final = "keepclear-dev"
_FIELDS_MAX: Final = 40
_BODY_MAX: Final = 10_000

_encode = msgspec.json.Encoder().encode


class AuthorityApp:
    """Answers token requests with a key."""

    def __init__(self, key: RSAPrivateKey, clock: Clock, entropy: Entropy) -> None:
        self._key = key
        self._clock = clock
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            media_type, body = await self._answer(scope, receive)
        except KeepclearError as refused:
            await send_whole(send, 404 if refused.at == "path" else 400, _encode(ErrorResponse(str(refused))))
            return
        await send_whole(send, 200, body, media_type)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[str, bytes]:
        match scope["method"], scope["path"]:
            case "GET" | "POST", "/token":
                sent = await read_body(scope, receive, _BODY_MAX) if scope["method"] == "POST" else b""
                return "application/json", _encode(self.token(_fields(scope["query_string"]) | _fields(sent)))
            case "GET", "/.well-known/jwks.json":
                return "application/json", write_jwks({KEY_ID: self._key.public_key()})
            case "GET", "/public.pem":
                pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                return "application/x-pem-file", pem
            case "GET", "/healthy":
                return "application/json", b'"ok"'
            case _:
                raise Malformed("there is nothing under this path: ask /token", at="path")

    def token(self, asked: dict[str, str]) -> dict[str, Any]:
        """A token response for these fields. An empty scope is given too: whoever tests a gate needs one.

        Raises:
            Malformed: `scope` or `intended_audience` is missing, or `expire` is no number.
        """
        for name in ("scope", "intended_audience"):
            if name not in asked:
                raise Malformed("is missing", at=name)
        now_s = self._clock.now_us() // 1_000_000
        expires = asked.get("expire", str(now_s + LIFE_MAX_S))
        if not (expires.isascii() and expires.isdigit() and len(expires) < 14):
            raise Malformed(f"{expires[:40]!r} is not a whole number of seconds since 1970", at="expire")
        sub = asked.get("sub", "somebody")
        claims = {
            "aud": asked["intended_audience"],
            "scope": asked["scope"],
            "iss": asked.get("issuer", "keepclear-dev-authority"),
            "sub": sub,
            "client_id": sub,
            "iat": now_s,
            "nbf": now_s - 1,
            "exp": int(expires),
            "jti": self._entropy.draw(16).hex(),
        }
        log.info("token_issued scopes=%d", len(asked["scope"].split()))
        return {
            "access_token": write_token(claims, self._key, KEY_ID),
            "token_type": "Bearer",
            "expires_in": int(expires) - now_s,
        }


def _fields(data: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(data.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError:
        raise Malformed("the fields cannot be read: send them as a form", at="query") from None
