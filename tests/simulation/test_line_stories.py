"""The line as whole nodes keep it: silence, a kill, a clock an hour off (V3, T3), each a story in virtual time."""

from __future__ import annotations

import asyncio

from officers import open_node
from test_simulation import must, tell
from world import SETTINGS, Party, World

from keepclear.core.line import ChannelName, ChannelState
from keepclear.core.line import TestResult as Result
from keepclear.node.commands import SendStop, SetChannel
from keepclear.node.commands import TestLine as AskLine
from keepclear.node.entries.linetests import LineChanged, MessageSkew
from keepclear.node.logs import private_log, read_entry

BEAT_S = SETTINGS.heartbeat_s


def said(party: Party, kind: type) -> list:
    bodies = (read_entry(entry.data, entry.leaf).body for entry in party.durable(private_log(party.name)))
    return [body for body in bodies if isinstance(body, kind)]


def test_a_cut_line_is_degraded_then_alarms_and_says_when_it_is_heard_again() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        node = open_node(amber)
        assert node.exchange.line_word("birch", node.now_us()) == "open"
        # when
        world.network.cut[frozenset(("amber", "birch"))] = 1e9
        await asyncio.sleep(3 * BEAT_S)
        assert node.exchange.line_word("birch", node.now_us()) == "degraded"
        assert not node.picture.lines["birch"].is_silent
        await asyncio.sleep(5 * BEAT_S)
        # then
        assert node.exchange.line_word("birch", node.now_us()) == "down"
        assert node.picture.lines["birch"].is_silent
        # when
        world.network.cut.clear()
        await asyncio.sleep(3 * SETTINGS.retry_last_s)
        # then
        assert not node.picture.lines["birch"].is_silent
        assert [each.is_silent for each in said(amber, LineChanged)][-2:] == [True, False]
        assert node.picture.lines["birch"].software == "keepclear sim"

    tell(story)


def test_a_killed_peer_misses_its_test_and_is_tested_again_by_the_schedule() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        birch.die("killed")
        test = await must(amber, AskLine("birch", "Imani", asks_person=False))
        await asyncio.sleep(SETTINGS.line_test_within_s + 10)
        line = open_node(amber).picture.lines["birch"]
        assert line.tests[test].results == [Result.MISSED]
        # when
        await birch.start()
        await asyncio.sleep(100)
        # then: what came late is told as late, and the miss stays
        line = open_node(amber).picture.lines["birch"]
        assert line.tests[test].results == [Result.MISSED, Result.LATE]
        # when
        await asyncio.sleep(SETTINGS.line_test_every_s)
        # then
        tests = open_node(amber).picture.lines["birch"].tests.values()
        assert len([each for each in tests if each.party == "amber" and not each.by]) == 1

    tell(story)


def test_a_node_that_starts_with_its_clock_an_hour_off_is_measured_and_noted_beside_each_message() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        birch.die("killed")
        birch.clock.set(3_600_000_000)
        await birch.start()
        await asyncio.sleep(30)
        # when
        await must(amber, AskLine("birch", "Imani", asks_person=False))
        await asyncio.sleep(60)
        await must(birch, SendStop("Tomas"))
        await asyncio.sleep(60)
        # then
        noted = said(amber, MessageSkew)
        assert noted
        assert all(3_598_000 < each.skew_ms < 3_602_000 for each in noted)

    tell(story)


def test_a_suspension_that_crosses_a_kill_on_both_sides_loses_nothing() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        from dataclasses import replace

        from test_simulation import hazard

        from keepclear.core.notice import NoticeKind

        await must(birch, SetChannel("amber", ChannelName.SAFETY, ChannelState.SUSPENDED, "Tomas"))
        await asyncio.sleep(30)
        keys = [await must(amber, replace(hazard(world), kind=NoticeKind.MOVEMENT)) for _ in range(4)]
        stop = await must(amber, SendStop("Imani"))
        await asyncio.sleep(30)
        assert stop in open_node(birch).picture.stops
        assert not open_node(birch).picture.notices
        # when
        for party in (amber, birch):
            party.die("killed")
            await party.start()
        await asyncio.sleep(90)
        await must(birch, SetChannel("amber", ChannelName.SAFETY, ChannelState.OPEN, "Tomas"))
        await asyncio.sleep(90)
        # then
        assert list(open_node(birch).picture.notices) == keys
        assert not open_node(amber).picture.lines["birch"].waiting

    tell(story)
