"""The application of this face: the path, the token and its scope, the body, and the answer. No framework between.

Whatever goes wrong is answered as the interface says, with a message that says what would be right; a fault of our own
says so and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.types import Receive, Scope, Send

from keepclear.dss.refusals import TooLarge
from keepclear.dss.registry import Registry
from keepclear.dss.values import Caller
from keepclear.errors import KeepclearError, LimitReached, Malformed
from keepclear.faces.caller import read_body
from keepclear.faces.f3548.answers import encode, error_answer
from keepclear.faces.f3548.gate import Gate, require_scope
from keepclear.faces.problem import Headers, send_whole
from keepclear.formats.f3548.messages import ErrorResponse

log = logging.getLogger("keepclear.f3548")

#: Bytes of a body: a key of 50,000 OVNs, and room for the rest.
BODY_MAX: Final = 4_000_000
#: Parts of a path at most.
_PARTS_MAX: Final = 8

_OUR_FAULT: Final = encode(ErrorResponse("this is our fault, and it is logged"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler gets: who asks, the parts of the path that vary, the query, and the body."""

    caller: Caller
    names: tuple[str, ...]
    query: bytes
    body: Any
    raw: bytes


#: Gives a status and something to be written as JSON, bytes that are JSON already, or None for no body.
Handler = Callable[[Asked], Awaitable[tuple[int, Any]]]

#: Of a request that needs no token.
NOBODY: Final = Caller("", frozenset())


@dataclass(frozen=True, slots=True)
class Route:
    """One way of asking.

    Attributes:
        path: `{}` for a part that varies.
        scopes: one of them must be in the token; none: any token will do.
        body: the type of the body, or None.
    """

    method: str
    path: str
    handler: Handler
    scopes: frozenset[str] = frozenset()
    body: Any = None
    needs_token: bool = True


@dataclass(frozen=True, slots=True)
class _Way:
    route: Route
    decode: Callable[[bytes], Any] | None


class F3548App:
    """Routes behind a gate, as an ASGI application."""

    def __init__(self, routes: Iterable[Route], gate: Gate, *, registry: Callable[[], Registry] | None = None) -> None:
        """Answers these routes.

        Args:
            registry: what there is, to name what a key lacks.
        """
        self.gate = gate
        self._registry = registry
        self._by_path: dict[tuple[str, ...], dict[str, _Way]] = {}
        self._by_shape: dict[int, list[tuple[tuple[str, ...], dict[str, _Way]]]] = {}
        for route in routes:
            parts = tuple(route.path.split("/"))
            known = parts in self._by_path
            ways = self._by_path.setdefault(parts, {})
            ways[route.method] = _Way(
                route, msgspec.json.Decoder(route.body).decode if route.body is not None else None
            )
            if "{}" in parts and not known:
                self._by_shape.setdefault(len(parts), []).append((parts, ways))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        caller: Caller | None = None
        headers: Headers = []
        try:
            way, names = self._way(scope)
            if way is None:
                status = 405 if names else 404
                await send_whole(send, status, encode(ErrorResponse(_NOT_HERE[status])))
                return
            caller = await self._caller(way.route, scope)
            raw = await _whole_body(scope, receive) if way.decode is not None else b""
            body = _read(way.decode, raw) if way.decode is not None else None
            status, given = await way.route.handler(Asked(caller, names, scope["query_string"], body, raw))
            answer = given if isinstance(given, bytes) else encode(given) if given is not None else b""
        except KeepclearError as refused:
            status, answer, headers = self._refusal(refused, caller)
        except Exception:
            log.exception("f3548_request_failed method=%s", scope["method"])
            status, answer = 500, _OUR_FAULT
        await send_whole(send, status, answer, headers=headers)

    def _way(self, scope: Scope) -> tuple[_Way | None, tuple[str, ...]]:
        """The way of asking and the parts that vary; None and something when only the method is wrong."""
        parts = tuple(scope["path"].split("/", _PARTS_MAX))
        method, ways = scope["method"], self._by_path.get(parts)
        if ways is not None and method in ways:
            return ways[method], ()
        wrong = ("method",) if ways is not None else ()
        for shape, shaped in self._by_shape.get(len(parts), ()):
            if all(wanted in ("{}", part) for wanted, part in zip(shape, parts, strict=True)):
                if method in shaped:
                    names = tuple(part for wanted, part in zip(shape, parts, strict=True) if wanted == "{}")
                    return shaped[method], names
                wrong = ("method",)
        return None, wrong

    async def _caller(self, route: Route, scope: Scope) -> Caller:
        if not route.needs_token:
            return NOBODY
        shown = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                shown = value
        caller = await self.gate.caller(shown)
        require_scope(caller, route.scopes)
        return caller

    def _refusal(self, refused: KeepclearError, caller: Caller | None) -> tuple[int, bytes, Headers]:
        try:
            registry = self._registry() if self._registry is not None else None
        except KeepclearError:
            registry = None
        return error_answer(refused, caller, registry)


_NOT_HERE: Final = {404: "there is nothing under this path", 405: "this path is not asked in this way"}


async def _whole_body(scope: Scope, receive: Receive) -> bytes:
    try:
        return await read_body(scope, receive, BODY_MAX)
    except LimitReached as problem:
        raise TooLarge(problem.message, at=problem.at) from None


def _read(decode: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return decode(data)
    except msgspec.ValidationError as problem:
        message, _, at = str(problem).partition(" - at `$")
        raise Malformed(message, at=at.rstrip("`").lstrip(".")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Malformed(f"the body is not JSON: {problem}", at="body") from None
    except RecursionError:
        raise Malformed("the body is nested too deep", at="body") from None
