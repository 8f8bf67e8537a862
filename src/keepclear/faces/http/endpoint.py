"""One request: who asks, what, and the answer. Endpoints are values; the OpenAPI page is made from them.

An endpoint's handler gets checked values and gives a value back; everything about HTTP is here.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from keepclear.core.gazetteer import Gazetteer
from keepclear.errors import InvariantBroken, KeepclearError, LimitReached, Malformed, NotKnown
from keepclear.faces.caller import Doorman, read_body
from keepclear.faces.problem import Headers, problem_of, send_problem, send_whole
from keepclear.formats.phrasebook import Phrasebook
from keepclear.node.access import Caller, require_may_command
from keepclear.node.commands import Command
from keepclear.node.loop import Receipt
from keepclear.node.node import Node

#: An entry has at most 65,535 bytes in integers; 512 kB of JSON hold any notice that can be recorded.
BODY_MAX: Final = 512_000
#: Answers kept so that a repeated request gets the same bytes; after a restart it gets the same receipt.
KEPT_ANSWERS_MAX: Final = 1_000

_KEY = re.compile(rb"[\x21-\x7e]{1,128}")
_UNSAFE: Final = frozenset({"POST", "PUT", "DELETE"})

encode = msgspec.json.Encoder().encode


class Unsupported(Malformed):
    """A body in another format than JSON."""

    code, status = "unsupported_media_type", 415


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler gets.

    Attributes:
        path, query: names to text; a name that the endpoint does not list was refused.
        body: of the endpoint's type, or None.
        key, fingerprint: of a request that may be repeated; empty without an Idempotency-Key.
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    key: str = ""
    fingerprint: bytes = b""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    #: Who asks; None where an endpoint asks nobody who they are.
    caller: Caller | None = None

    def number(self, name: str, default: int, *, least: int = 0, most: int = 2**53 - 1) -> int:
        """A whole number of the query.

        Raises:
            Malformed: not a whole number, or not between `least` and `most`.
        """
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
            raise Malformed(f"{name} is a whole number from {least} to {most}, not {text[:40]!r}", at=name)
        return int(text)

    def flag(self, name: str) -> bool | None:
        """True or false of the query; None when it is not given."""
        text = self.query.get(name, "")
        if text not in ("", "true", "false"):
            raise Malformed(f"{name} is true or false, not {text[:40]!r}", at=name)
        return None if not text else text == "true"


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is not JSON of ours: bytes, or bytes that come by and by."""

    body: bytes | AsyncIterator[bytes]
    media_type: str
    headers: Headers = field(default_factory=list)


@dataclass(slots=True)
class Api:
    """What every handler stands on."""

    node: Node
    doorman: Doorman
    base_url: str
    reference: bytes | None = None
    #: The party's own places, beside the bundled ones.
    own_places: Gazetteer | None = None
    #: Languages that entries are said in, each with who signed it or an empty name.
    phrasebooks: Mapping[str, tuple[Phrasebook, str]] = field(default_factory=dict)
    kept: OrderedDict[str, tuple[bytes, int, bytes]] = field(default_factory=OrderedDict)

    async def submit(self, asked: Asked, command: Command) -> Receipt:
        """Ask the node to do one thing, once however often it is asked with the same key."""
        return await self.node.submit(command, key=asked.key, fingerprint=asked.fingerprint)


class Handler(Protocol):
    """Does what an endpoint says and gives a value to answer with."""

    def __call__(self, api: Api, asked: Asked, /) -> Awaitable[Any]: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path and method, what goes in and what comes out.

    Attributes:
        path: as Starlette writes it, `{name}` for a part that varies.
        summary: one line for the OpenAPI page.
        body, answer: types; None for none, `bytes` for an answer that is not JSON.
        query: names that may stand in the query, with a word on each.
        errors: codes besides those that any request may get.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    body: Any = None
    answer: Any = None
    status: int = 200
    query: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    needs_caller: bool = True
    errors: tuple[str, ...] = ()


class EndpointApp:
    """An endpoint as an ASGI application, without layers between it and the server."""

    __slots__ = ("_api", "_decode", "_endpoint")

    def __init__(self, api: Api, endpoint: Endpoint) -> None:
        self._api = api
        self._endpoint = endpoint
        self._decode: Callable[[bytes], Any] | None = (
            msgspec.json.Decoder(endpoint.body).decode if endpoint.body is not None else None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body, media_type, headers = await self._answer(scope, receive)
        except KeepclearError as refused:
            headers = [(b"www-authenticate", b"Bearer")] if isinstance(refused, NotKnown) else []
            await send_problem(send, problem_of(refused), headers)
            return
        if isinstance(body, bytes):
            await send_whole(send, status, body, media_type, headers)
        else:
            await _send_streamed(send, body, media_type, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes | AsyncIterator[bytes], str, Headers]:
        endpoint, kept = self._endpoint, self._api.kept
        asked = await self._asked(scope, receive)
        if asked.key and (before := kept.get(asked.key)) is not None and before[0] == asked.fingerprint:
            return before[1], before[2], "application/json", []
        given = await endpoint.handler(self._api, asked)
        if isinstance(given, Raw):
            return endpoint.status, given.body, given.media_type, given.headers
        body = encode(given)
        if asked.key:
            kept[asked.key] = (asked.fingerprint, endpoint.status, body)
            if len(kept) > KEPT_ANSWERS_MAX:
                kept.popitem(last=False)
        return endpoint.status, body, "application/json", []

    async def _asked(self, scope: Scope, receive: Receive) -> Asked:
        endpoint = self._endpoint
        method: str = scope["method"]
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if endpoint.needs_caller:
            caller = self._api.doorman.caller(method, headers)
            require_may_command(caller, self._api.node.party, method, endpoint.path)
        else:
            caller = None
            self._api.doorman.check_stranger(headers)
        query = read_query(scope["query_string"], endpoint.query) if scope["query_string"] else {}
        if caller is not None and caller.name and "by" in endpoint.query:
            query["by"] = caller.name
        path: dict[str, str] = scope.get("path_params", {})
        if method not in _UNSAFE:
            return Asked(path, query, headers=headers, caller=caller)
        data = await read_body(scope, receive, BODY_MAX)
        key = headers.get(b"idempotency-key", b"")
        if key and not _KEY.fullmatch(key):
            raise Malformed("an Idempotency-Key is 1 to 128 visible ASCII characters", at="idempotency-key")
        body = None
        if self._decode is not None:
            _check_type(headers.get(b"content-type", b""))
            body = _signed(_read_json(self._decode, data), caller)
        fingerprint = b""
        if key:
            login = caller.login.encode() if caller else b""
            line = b"\n".join((method.encode(), scope["path"].encode(), scope["query_string"], login, data))
            fingerprint = hashlib.sha256(line).digest()
        return Asked(path, query, body, key.decode("ascii"), fingerprint, headers, caller)


def _signed(body: Any, caller: Caller | None) -> Any:
    """A body whose `by` is who signed in, whatever it says; as it is where nobody did."""
    if caller is None or not caller.name or not isinstance(body, msgspec.Struct) or not hasattr(body, "by"):
        return body
    return msgspec.structs.replace(body, by=caller.name)


def _read_json(decode: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return decode(data)
    except msgspec.ValidationError as problem:
        message, _, at = str(problem).partition(" - at `$")
        raise Malformed(message, at=at.rstrip("`").lstrip(".")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Malformed(f"the body is not JSON: {problem}", at="body") from None
    except RecursionError:
        raise LimitReached("the body is nested too deep", at="body") from None


def read_query(data: bytes, known: Mapping[str, str]) -> dict[str, str]:
    """Names and values of a query.

    Raises:
        Malformed: a name that is not known here, or twice, or not ASCII.
        LimitReached: more than 2,000 bytes.
    """
    if len(data) > 2_000:
        raise LimitReached("a query has at most 2000 bytes", at="query")
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Malformed("the query cannot be read", at="query") from None
    query: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            names = ", ".join(known) or "none"
            raise Malformed(f"{name[:40]!r} is no parameter here; known: {names}", at=name[:40])
        if name in query:
            raise Malformed(f"{name} is given twice", at=name)
        query[name] = value
    return query


def _check_type(content_type: bytes) -> None:
    if content_type.partition(b";")[0].strip().lower() != b"application/json":
        shown = content_type[:80].decode("latin-1")
        raise Unsupported(f"Content-Type: application/json was expected, not {shown!r}", at="content-type")


async def _send_streamed(send: Send, parts: AsyncIterator[bytes], media_type: str, headers: Headers) -> None:
    """Bytes as they come. What goes wrong before the first of them can still be told; after that the answer is cut off,
    without its end, so that nobody takes it for whole.
    """
    try:
        first = await anext(parts, b"")
    except KeepclearError as refused:
        await send_problem(send, problem_of(refused))
        return
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", media_type.encode()), (b"cache-control", b"no-store"), *headers],
        }
    )
    await send({"type": "http.response.body", "body": first, "more_body": True})
    try:
        async for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
    except KeepclearError as failed:
        raise InvariantBroken(f"an answer was cut off: {failed.code}: {failed}") from failed
    await send({"type": "http.response.body", "body": b""})
