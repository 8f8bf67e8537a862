"""The standard face of a node: put together as its configuration says, and opened beside its other doors."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import keepclear
from keepclear.assembly import open_dss, standard_keys, standard_link
from keepclear.faces.f3548.auxiliary import AuxiliaryFace
from keepclear.faces.f3548.dss import DssFace
from keepclear.faces.f3548.flight_planning import FlightPlanningFace
from keepclear.faces.f3548.gate import Gate
from keepclear.faces.f3548.routing import F3548App, Route
from keepclear.faces.f3548.uss import UssFace
from keepclear.faces.serving import open_plain_door
from keepclear.links.system import SystemClock, SystemEntropy
from keepclear.uss.constraints import ConstraintDesk
from keepclear.uss.notices import NoticePublisher
from keepclear.uss.service import Uss
from keepclear.uss.zones import ZonePublisher

if TYPE_CHECKING:
    from keepclear.config import Config, Standard
    from keepclear.node.node import Node


@contextlib.asynccontextmanager
async def open_standard(config: Config, node: Node) -> AsyncIterator[str]:
    """Open the standard face of a node; gives its address, empty when it has none."""
    standard = config.standard
    if standard is None:
        yield ""
        return
    public_keys = (standard.public_key,) if standard.public_key is not None else ()
    keys, fetch = await standard_keys(public_keys=public_keys, jwks=standard.jwks)
    gate = Gate(keys, standard.audiences, SystemClock(), issuer=standard.issuer, fetch_keys=fetch)
    async with contextlib.AsyncExitStack() as opened:
        auxiliary = AuxiliaryFace(version=keepclear.__version__, pool=config.party, url=standard.url)
        routes, registry = auxiliary.routes(), None
        if standard.serves_dss:
            service = opened.enter_context(open_dss(f"sqlite:{config.folder / 'dss.sqlite'}"))
            routes += DssFace(service, allows_http=standard.allows_http).routes()
            registry = lambda: service.current  # noqa: E731
        if standard.url:
            routes += await opened.enter_async_context(_open_uss(standard, node))
        app = F3548App(routes, gate, registry=registry)
        door = open_plain_door(app, standard.host, standard.port, standard.certificate, standard.key)
        yield await opened.enter_async_context(door)


@contextlib.asynccontextmanager
async def _open_uss(standard: Standard, node: Node) -> AsyncIterator[list[Route]]:
    """A service of our own, keeping step with the node's notices; gives its ways of asking."""
    clock, entropy = SystemClock(), SystemEntropy()
    scheme = "https" if standard.certificate is not None else "http"
    dss_url = standard.dss_url or f"{scheme}://{standard.host}:{standard.port}"
    async with standard_link(standard) as link:
        uss = Uss(
            link,
            clock,
            name=standard.name,
            url=standard.url,
            dss_url=dss_url,
            refuses_conflicts=standard.refuses_conflicts,
        )
        desk = ConstraintDesk(link, name=standard.name, url=standard.url, dss_url=dss_url)
        planning = FlightPlanningFace(uss, clock, entropy)
        face = UssFace(uss, entropy, on_told=planning.told, desk=desk)
        zones = ZonePublisher(node, desk).look if standard.zones else None
        publisher = asyncio.create_task(NoticePublisher(node, uss, standard.shows, also=zones).run(), name="intents")
        try:
            yield [*face.routes(), *(planning.routes() if standard.flight_planning else [])]
        finally:
            publisher.cancel()
            await asyncio.gather(publisher, return_exceptions=True)
