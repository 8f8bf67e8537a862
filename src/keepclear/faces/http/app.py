"""Our API under /v1: every endpoint, the stream, the description, and problems for whatever else is asked."""

from __future__ import annotations

import logging

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from keepclear.faces.http import (
    agreements,
    airspace,
    alerts,
    asking,
    cards,
    carry,
    general,
    line,
    notices,
    passing,
    record,
    session,
    watch,
    zones,
)
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, EndpointApp, Raw, encode
from keepclear.faces.http.openapi import docs_page, openapi
from keepclear.faces.http.stream import StreamApp
from keepclear.faces.problem import MEDIA_TYPE, OUR_FAULT, SECURITY_HEADERS, framework_problem

log = logging.getLogger("keepclear.http")

#: Most asked first: the router tries them in order.
ENDPOINTS: tuple[Endpoint, ...] = (
    *notices.ENDPOINTS,
    *general.ENDPOINTS,
    *alerts.ENDPOINTS,
    *agreements.ENDPOINTS,
    *zones.ENDPOINTS,
    *record.ENDPOINTS,
    *line.ENDPOINTS,
    *passing.ENDPOINTS,
    *watch.ENDPOINTS,
    *airspace.ENDPOINTS,
    *carry.ENDPOINTS,
    *cards.ENDPOINTS,
    *asking.ENDPOINTS,
    *session.ENDPOINTS,
)
#: The documentation page has no script and no style; nothing may load, nothing may be framed.
_PAGE_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'")


def make_app(api: Api, others: list[Route]) -> tuple[Starlette, StreamApp]:
    """The application of the console's port, and its stream, which must be told when the server stops.

    Args:
        others: routes of the console's own pages.
    """
    described = openapi(ENDPOINTS, version=api.node.software)
    stream = StreamApp(api)
    pages = (_fixed("/v1/openapi.json", "application/json", encode(described)), _docs(docs_page(described)))
    routes = [
        *(_route(api, endpoint) for endpoint in (*ENDPOINTS, *pages)),
        Route("/v1/stream", stream, methods=["GET"]),
        *others,
    ]
    app = Starlette(routes=_merged(routes), exception_handlers={HTTPException: _not_ours, Exception: _our_fault})
    # A path is right or it is not there; a redirect would lose the body of a request.
    app.router.redirect_slashes = False
    return app, stream


def _route(api: Api, endpoint: Endpoint) -> Route:
    return Route(endpoint.path, EndpointApp(api, endpoint), methods=[endpoint.method])


def _merged(routes: list[Route]) -> list[Route]:
    """One route for each path, so that a wrong method is told which ones are right."""
    by_path: dict[str, dict[str, ASGIApp]] = {}
    for route in routes:
        for method in route.methods or ():
            by_path.setdefault(route.path, {})[method] = route.app
    return [Route(path, _ByMethod(apps), methods=sorted(apps)) for path, apps in by_path.items()]


class _ByMethod:
    """Hands a request to the application of its method."""

    __slots__ = ("_apps",)

    def __init__(self, apps: dict[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apps[scope["method"]](scope, receive, send)


def _fixed(path: str, media_type: str, body: bytes) -> Endpoint:
    async def give(_: Api, __: Asked) -> Raw:
        return Raw(body, media_type)

    return Endpoint("GET", path, "", give)


def _docs(page: bytes) -> Endpoint:
    async def give(_: Api, __: Asked) -> Raw:
        return Raw(page, "text/html; charset=utf-8", [_PAGE_POLICY])

    return Endpoint("GET", "/v1/docs", "", give)


async def _not_ours(_: Request, error: Exception) -> Response:
    """What the framework refused: no such path, a wrong method."""
    if not isinstance(error, HTTPException):
        raise error
    detail = {404: "there is nothing under this path", 405: "this path is not asked in this way"}
    problem = framework_problem(error.status_code, detail.get(error.status_code, error.detail))
    return _response(msgspec.json.encode(problem), error.status_code, dict(error.headers or {}))


async def _our_fault(request: Request, error: Exception) -> Response:
    """Our own mistake: told as such, with nothing of what it was; that stands in the diagnostic log."""
    log.error("request_failed path=%s kind=%s", request.scope.get("path", ""), type(error).__name__)
    return _response(msgspec.json.encode(OUR_FAULT), 500, {})


def _response(body: bytes, status: int, headers: dict[str, str]) -> Response:
    common = {name.decode(): value.decode() for name, value in SECURITY_HEADERS}
    return Response(body, status, {**common, **headers}, MEDIA_TYPE)
