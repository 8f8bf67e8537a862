"""A node's process, put together as `keepclear serve` does it: assembly, both doors, uvloop. Ends with SIGTERM.

With KEEPCLEAR_PROFILE in the environment it writes a profile of its loop to that file when it ends.
"""

from __future__ import annotations

import asyncio
import cProfile
import logging
import os
import signal
import sys
from pathlib import Path

import uvloop

from keepclear import config
from keepclear.assembly import open_node
from keepclear.faces.serving import open_doors


async def main(folder: Path) -> None:
    """Serve until told to stop."""
    logging.basicConfig(level=logging.WARNING)
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    profile_file = os.environ.get("KEEPCLEAR_PROFILE")
    async with open_node(config.load(folder)) as ready, open_doors(ready.node, **ready.for_doors()):
        if not profile_file:
            await told_to_stop.wait()
            return
        # From SIGUSR1 on, so that what comes before the measured part stays out of it.
        profile = cProfile.Profile()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, profile.enable)
        await told_to_stop.wait()
        profile.disable()
        profile.dump_stats(profile_file)


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
