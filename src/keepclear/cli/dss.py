"""`keepclear dss`: a discovery and synchronisation service alone, without a node."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from keepclear.cli.common import say

if TYPE_CHECKING:
    from keepclear.dss.service import Dss

LISTEN: Final = "127.0.0.1:8082"


@dataclass(frozen=True, slots=True)
class _Asked:
    host: str
    port: int
    public_keys: tuple[Path, ...]
    jwks: str
    audiences: tuple[str, ...]
    issuer: str
    store: str
    allows_http: bool
    certificate: Path | None
    key: Path | None
    pool: str


def dss(
    listen: Annotated[str, typer.Option(help="HOST:PORT; port 0 takes any that is free.")] = LISTEN,
    public_key: Annotated[list[Path] | None, typer.Option(help="PEM file that checks tokens; may be repeated.")] = None,
    jwks: Annotated[str, typer.Option(help="Address of a key set that checks tokens, in place of a file.")] = "",
    audience: Annotated[str, typer.Option(help="Host names that tokens are for, with commas between.")] = "",
    issuer: Annotated[str, typer.Option(help="Who must have issued tokens; empty: whoever has the key.")] = "",
    store: Annotated[str, typer.Option(help="sqlite:FILE, or memory: what is held is lost at the end.")] = "memory",
    allow_http_base_urls: Annotated[
        bool, typer.Option("--allow-http-base-urls", help="Take plain http from other services. For trying it out.")
    ] = False,
    certificate: Annotated[Path | None, typer.Option(help="PEM file; with --key, TLS is spoken.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM file with the key of the certificate.")] = None,
    pool: Annotated[str, typer.Option(help="What this service is called in /aux/v1/pool.")] = "keepclear",
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR; lines go to standard error.")] = (
        "WARNING"
    ),
) -> None:
    """Run a discovery and synchronisation service of ASTM F3548-21 until Ctrl-C."""
    from keepclear.links.diagnostics import start_diagnostics

    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter(f"{log_level!r} is no level: DEBUG, INFO, WARNING or ERROR")
    if not public_key and not jwks:
        raise typer.BadParameter("without a key nobody could be let in: give --public-key FILE or --jwks URL")
    if public_key and jwks:
        raise typer.BadParameter("give --public-key or --jwks, not both")
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key belong together")
    host, port = host_and_port(listen)
    start_diagnostics(level=log_level)
    asked = _Asked(
        host,
        port,
        tuple(public_key or ()),
        jwks,
        tuple(name.strip() for name in audience.split(",") if name.strip()) or (host,),
        issuer,
        store,
        allow_http_base_urls,
        certificate,
        key,
        pool,
    )
    run_to_end(_serve(asked))


def host_and_port(text: str) -> tuple[str, int]:
    """The two parts of HOST:PORT. Raises typer.BadParameter."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise typer.BadParameter(f"{text!r} is not HOST:PORT, as in {LISTEN}")
    return host, int(port)


def run_to_end(main: object) -> None:
    """Run a program of the event loop, on the quick loop where there is one."""
    if sys.platform == "win32":  # pragma: no cover
        asyncio.run(main)  # type: ignore[arg-type]
        return
    import uvloop

    uvloop.run(main)  # type: ignore[arg-type]


async def until_told() -> None:
    """Wait for Ctrl-C, or for the end of the process to be asked for."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def _serve(asked: _Asked) -> None:
    import keepclear
    from keepclear.assembly import open_dss, standard_keys
    from keepclear.faces.f3548.auxiliary import AuxiliaryFace
    from keepclear.faces.f3548.dss import DssFace
    from keepclear.faces.f3548.gate import Gate
    from keepclear.faces.f3548.routing import F3548App
    from keepclear.faces.serving import open_plain_door
    from keepclear.links.kernels import Warming
    from keepclear.links.system import SystemClock

    keys, fetch = await standard_keys(public_keys=asked.public_keys, jwks=asked.jwks)
    gate = Gate(keys, asked.audiences, SystemClock(), issuer=asked.issuer, fetch_keys=fetch)
    async with contextlib.AsyncExitStack() as opened:
        service = opened.enter_context(open_dss(asked.store))
        _make_ready(service)
        opened.callback(Warming(lambda: service.seen.is_large).stop)
        routes = [
            *DssFace(service, allows_http=asked.allows_http).routes(),
            *AuxiliaryFace(version=keepclear.__version__, pool=asked.pool).routes(),
        ]
        app = F3548App(routes, gate, registry=lambda: service.current)
        door = open_plain_door(app, asked.host, asked.port, asked.certificate, asked.key)
        url = await opened.enter_async_context(door)
        say(f"A discovery and synchronisation service of ASTM F3548-21 answers at {url}. Ctrl-C stops it.")
        if asked.certificate is None and not url.startswith(("http://127.", "http://[::1]")):
            say("It speaks plain HTTP: put a proxy that speaks TLS before it, or give --certificate and --key.")
        say("Not certified. Not the sole means of separation.")
        sys.stdout.flush()
        await until_told()


def _make_ready(service: Dss) -> None:
    """Have the indexes as they are to be before the first question comes."""
    from keepclear.engine.warm import make_ready
    from keepclear.links.kernels import use_kept_kernels

    if service.seen.is_large and use_kept_kernels():
        make_ready()
    service.seen.settle()
