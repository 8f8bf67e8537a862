"""`keepclear serve`: assemble the node, open both ports, run until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from keepclear.cli.common import HERE, AsJson, Home, say

if TYPE_CHECKING:
    from keepclear.config import Config


def serve(
    home: Home = HERE,
    as_json: AsJson = False,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR; lines go to standard error.")] = "INFO",
    while_stdin: Annotated[bool, typer.Option("--while-stdin", hidden=True)] = False,
) -> None:
    """Run the node of a folder until Ctrl-C. Prints a link that opens the console once."""
    from keepclear import config
    from keepclear.links.diagnostics import start_diagnostics

    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise typer.BadParameter(f"{log_level!r} is no level: DEBUG, INFO, WARNING or ERROR")
    loaded = config.load(home)
    start_diagnostics(level=log_level)
    _run(loaded, as_json=as_json, while_stdin=while_stdin)


def _run(loaded: Config, *, as_json: bool, while_stdin: bool) -> None:
    if sys.platform == "win32":  # pragma: no cover
        asyncio.run(_serve(loaded, as_json=as_json, while_stdin=while_stdin))
        return
    import uvloop

    uvloop.run(_serve(loaded, as_json=as_json, while_stdin=while_stdin))


async def _serve(loaded: Config, *, as_json: bool, while_stdin: bool) -> None:
    from keepclear.assembly import open_node
    from keepclear.cli.standard import open_standard
    from keepclear.engine.standing import PACK_FROM
    from keepclear.faces.serving import open_doors
    from keepclear.links.kernels import Warming

    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop.set)
    if while_stdin:
        threading.Thread(target=_wait_for_end, args=(loop, told_to_stop), daemon=True).start()
    async with (
        open_node(loaded) as ready,
        open_doors(ready.node, **ready.for_doors()) as doors,
        open_standard(loaded, ready.node) as standard_url,
    ):
        if as_json:
            facts = {
                "party": ready.node.party, "console": doors.console_url, "peers": doors.peer_url,
                "link": doors.new_link(), "f3548": standard_url,
            }  # fmt: skip
            say(json.dumps(facts))
        else:
            say(f"{ready.node.name} ({ready.node.party}) runs. Its console opens once, within ten minutes:")
            say(f"  {doors.new_link()}")
            say(f"Peers come in at {doors.peer_url}. Ctrl-C stops it.")
            if standard_url:
                say(f"The standard face, ASTM F3548-21, answers at {standard_url}.")
            say("Not certified. Not the sole means of separation.")
        sys.stdout.flush()
        indexes = ready.node.picture.indexes
        warming = Warming(lambda: sum(len(index) for index in indexes.values()) >= PACK_FROM)
        try:
            await told_to_stop.wait()
        finally:
            warming.stop()


def _wait_for_end(loop: asyncio.AbstractEventLoop, told_to_stop: asyncio.Event) -> None:
    """Stop when standard input ends: whoever started us is gone, or wants us to be."""
    # Not through sys.stdin: its lock, held by a thread, would stand in the way of the interpreter's own end.
    while os.read(0, 4096):
        pass
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(told_to_stop.set)
