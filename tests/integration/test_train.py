"""An exercise in one process: all of it is EXER, the other side plays its part, and nobody live is reached (V6)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.integration.nodes import free_port

from given import a_notice, an_identity, enrolment
from keepclear.assembly import open_training
from keepclear.cli.scenario import load_play
from keepclear.cli.training import OtherSide
from keepclear.core.notice import Mode
from keepclear.errors import PeerUnreachable, Refused
from keepclear.links.rehearsal import LocalLink
from keepclear.node.commands import SendStop
from keepclear.node.commands import TestLine as AskLine


def is_there(node, test: str) -> bool:
    """The other side answered our test, and told a notice of its own."""
    is_answered = bool(node.picture.lines["birch"].tests[test].results)
    return is_answered and any(not held.is_own for held in node.picture.notices.values())


async def test_an_exercise_is_one_in_every_entry_of_both_and_ends_where_it_began(tmp_path):
    play = load_play("short_notice")
    ours, theirs = play.scenario.player("amber"), play.scenario.player("birch")
    told: list[str] = []
    ports = (free_port(), free_port())
    async with open_training(tmp_path, ours, theirs, play.agreement, ports=ports) as training:
        node, other = training.ready.node, training.other
        side = OtherSide(play.scenario, other, ours, told.append)
        playing = asyncio.create_task(side.play(speed=200))
        # We forget that it is an exercise: it is one all the same.
        await node.submit(a_notice(mode=Mode.OPER))
        stop = (await node.submit(SendStop("I. Maro"))).subject
        test = (await node.submit(AskLine("birch", "I. Maro"))).subject
        await playing
        answering = asyncio.create_task(side.play(speed=5))
        async with asyncio.timeout(20):
            while not is_there(node, test):  # noqa: ASYNC110 -- what is waited for tells nobody
                await asyncio.sleep(0.05)
        answering.cancel()
        assert stop in other.picture.stops
        for each in (node, other):
            modes = {json.loads(entry.data)["mode"] for entry in each.store.entries()}
            assert modes == {"EXER"}, each.party
        assert node.name.endswith("EXERCISE")
        # No live party gets in, and none is reached.
        with pytest.raises(Refused, match="only trains"):
            await node.submit(replace(enrolment(an_identity("cedar")), persons=("I. Maro", "S. Venn")))
    assert any(line.startswith("YOUR PART") for line in told)
    assert any("NORTH" in line for line in told)


async def test_its_link_reaches_nobody_who_is_not_part_of_it():
    with pytest.raises(PeerUnreachable, match="reaches nobody else"):
        await LocalLink("amber").fetch("cedar", 0, 1)


def test_the_program_says_loudly_what_it_is():
    command = [sys.executable, "-m", "keepclear", "train", "short_notice", "--as", "birch", "--speed", "500", "--once"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == lines[-1] == "*** EXERCISE  EXERCISE  EXERCISE ***"
    assert all(line.startswith("EXERCISE  ") for line in lines[4:-1])
