"""`keepclear train`: an exercise against a scripted other side, in one process, that reaches no live party (V6)."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from keepclear.cli.common import say
from keepclear.cli.scenario import Play, load_play
from keepclear.errors import NotFound

LOUD: Final = "*** EXERCISE  EXERCISE  EXERCISE ***"
#: Seconds that an exercise stays up after its last step, with --once.
AFTER_S: Final = 1.0


def train(
    script: Annotated[
        str, typer.Argument(metavar="SCRIPT", help="two_parties, short_notice, or the path of a scenario file.")
    ] = "short_notice",
    as_: Annotated[str, typer.Option("--as", metavar="PARTY", help="Whom you play; the first when not given.")] = "",
    speed: Annotated[float, typer.Option(min=0.1, max=1_000, help="How many times faster than written.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="End when the script ends.")] = False,
) -> None:
    """Train at a console of your own against a scripted other side. Nothing is meant, and no live party is reached."""
    play = load_play(script)
    ids = [player.id for player in play.scenario.parties]
    if as_ and as_ not in ids:
        raise NotFound(f"{as_} is not of this script: {' or '.join(ids)}", at="as")
    asyncio.run(_train(play, as_ or ids[0], speed=speed, once=once))


async def _train(play: Play, me: str, *, speed: float, once: bool) -> None:
    from keepclear.assembly import open_training
    from keepclear.cli.training import OtherSide
    from keepclear.faces.serving import open_doors

    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    ours, theirs = play.scenario.player(me), play.scenario.other(me)
    with tempfile.TemporaryDirectory(prefix="keepclear-exercise-") as folder:
        ports = (_free_port(), _free_port())
        async with (
            open_training(Path(folder), ours, theirs, play.agreement, ports=ports) as training,
            open_doors(training.ready.node, **training.ready.for_doors()) as doors,
        ):
            say(LOUD)
            say(f"You are {ours.name}. {play.scenario.title}")
            say(f"Your console opens once, within ten minutes:  {doors.new_link()}")
            say(f"{theirs.name} is played by this program. Nothing here is meant, and no live party is reached.")
            side = OtherSide(play.scenario, training.other, ours, lambda line: say(f"EXERCISE  {line}"))
            playing = asyncio.create_task(side.play(speed=speed))
            stopping = asyncio.create_task(told_to_stop.wait())
            await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
                say("EXERCISE  the script is over")
                if once:
                    await asyncio.sleep(AFTER_S)
                else:
                    say("EXERCISE  go on as you like; Ctrl-C ends it")
                    await stopping
            playing.cancel()
            stopping.cancel()
            await asyncio.gather(playing, stopping, return_exceptions=True)
            say(LOUD)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
