"""Two hundred seeds keep every promise, and each fault of the list by itself, as a story that can be read."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from faults import Mischief
from officers import Officers, open_node
from world import Party, World, play

from given import a_notice, a_volume, an_agreement
from keepclear.core.agreement import Disclosure, DisclosureLevel
from keepclear.core.alert import Answer
from keepclear.errors import KeepclearError
from keepclear.node.commands import (
    AnswerAlert,
    AnswerStop,
    Command,
    ConfirmClock,
    FileNotice,
    ProposeAgreement,
    SendStop,
    SignAgreement,
)
from keepclear.node.logs import channel, private_log, read_entry
from keepclear.node.node import Node

SEEDS = 200


@pytest.mark.timeout(400)
def test_two_hundred_seeds_break_no_promise_and_leave_no_branch_untried() -> None:
    run = Path(__file__).with_name("run.py")
    command = [sys.executable, str(run), "--seeds", str(SEEDS), "--seed", "1", "--jobs", "2"]
    result = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": "0"})
    assert result.returncode == 0, result.stdout[-6_000:] + result.stderr[-2_000:]


def test_one_seed_plays_the_same_story_twice() -> None:
    one, other = play(7), play(7)
    assert one.story == other.story
    assert one.counts == other.counts
    assert len(one.story) > 50


# ------------------------------------------------------------------------------------- each fault as a story of its own


def answer_owed(node: Node) -> list[str]:
    """How the duties to acknowledge stand that are open: the line's own tests are owed beside them."""
    return [each.state for each in node.picture.open_duties() if each.duty.startswith("acknowledge_by ")]


def closed(node: Node) -> list[str]:
    """And those that are open no more."""
    return [each.state for each in node.picture.closed_duties if each.duty.startswith("acknowledge_by ")]


def a_line() -> World:
    """Amber and Birch on a network without faults, each showing the other everything but the kind of activity."""
    world = World(1, parties=2)
    world.network.chance = dict.fromkeys(world.network.chance, 0)
    world.shown = dict.fromkeys(world.shown, Disclosure(DisclosureLevel.CONTACT))
    for party in world.parties.values():
        party.clock.true_offset_us = party.clock.offset_us = 0
    return world


def tell(story: Callable[[World, Party, Party], Awaitable[None]], world: World | None = None) -> World:
    """Play a story between two nodes that are enrolled and agreed, in virtual time; every promise is checked."""
    world = world or a_line()
    asyncio.set_event_loop(world.loop)

    async def whole() -> None:
        amber, birch = world.parties["amber"], world.parties["birch"]
        for party in (amber, birch):
            await party.start()
        for party in (amber, birch):
            for other in world.others(party):
                await must(party, Officers(world)._enrolment(other))
        await asyncio.sleep(25)
        shown = Disclosure(DisclosureLevel.CONTACT)
        proposed = await must(amber, ProposeAgreement(an_agreement(one_shows=shown, other_shows=shown), "Imani"))
        await asyncio.sleep(2)
        await must(birch, SignAgreement(proposed, "Tomas"))
        await asyncio.sleep(2)
        await story(world, amber, birch)
        world.invariants.thorough()

    try:
        world.loop.run_until_complete(whole())
    finally:
        for task in asyncio.all_tasks(world.loop):
            task.cancel()
        for _ in range(3):
            world.loop.call_soon(world.loop.stop)
            world.loop.run_forever()
        asyncio.set_event_loop(None)
        world.loop.close()
    assert world.violations == []
    return world


async def must(party: Party, command: Command) -> str:
    """A command that is taken; gives what it was about."""
    result = await party.submit(command)
    assert not isinstance(result, KeepclearError), result
    return result.subject


def hazard(world: World, *, from_min: float = 60) -> FileNotice:
    now_us = open_node(world.parties["amber"]).now_us()
    return a_notice(a_volume(at_us=now_us, from_min=from_min, to_min=from_min + 30))


def kinds(party: Party, log: str) -> list[str]:
    return [read_entry(entry.data, entry.leaf).kind for entry in party.durable(log)]


def picture(party: Party) -> Node:
    return open_node(party)


def test_a_peer_that_is_down_for_an_hour_gets_everything_later_in_order_and_once() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        birch.die("killed")
        keys = [await must(amber, hazard(world, from_min=90 + n)) for n in range(3)]
        await must(amber, SendStop("Imani"))
        await asyncio.sleep(3_600)
        assert kinds(birch, channel("amber", "birch")).count("notice") == 0
        # when
        await birch.start()
        await asyncio.sleep(90)
        # then
        log = channel("amber", "birch")
        sent = [entry.data for entry in amber.durable(log)]
        assert [entry.data for entry in birch.durable(log)] == sent
        assert kinds(birch, log).count("notice") == 3
        assert list(open_node(birch).picture.notices) == keys
        assert "amber/SA-0001" in open_node(birch).picture.stops

    tell(story)


@pytest.mark.parametrize("fault", ["doubled", "late", "truncated", "answer lost", "lost", "slow"])
def test_whatever_the_network_does_to_messages_each_entry_arrives_once_and_in_order(fault: str) -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        world.network.chance[fault] = 0.5
        # when
        for number in range(12):
            await must(amber if number % 2 else birch, hazard(world, from_min=60 + number))
            await asyncio.sleep(30)
        assert world.counts[f"fault:{fault}"] > 3
        world.network.chance[fault] = 0
        await asyncio.sleep(200)
        # then
        for one, other, log in world.pairs():
            assert [entry.data for entry in one.durable(log)] == [entry.data for entry in other.durable(log)]
            assert kinds(other, log).count("notice") == 6

    tell(story)


def test_old_deliveries_and_heartbeats_replayed_change_nothing() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        for number in range(4):
            await must(amber, hazard(world, from_min=60 + number))
            await asyncio.sleep(15)
        logs = (channel("amber", "birch"), channel("birch", "amber"))
        before = [len(birch.durable(log)) for log in logs]
        # when
        deliveries = [carried for carried in world.network.archive if carried.kind == "delivery"]
        for carried in [*deliveries, *reversed(deliveries)]:
            world.network.inject(carried, after_s=0.01)
        await asyncio.sleep(5)
        # then
        assert len(deliveries) > 5
        assert [len(birch.durable(log)) for log in logs] == before
        assert not open_node(birch).picture.peers["amber"].has_split

    tell(story)


def test_with_full_disks_a_stop_goes_out_and_comes_in_and_is_answered_and_nothing_else_is_taken() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        for party in (amber, birch):
            party.disk_full = True
            assert party.store is not None
            party.store.disk_full = True
        refused = await amber.submit(hazard(world))
        assert isinstance(refused, KeepclearError)
        assert refused.code == "store_failed"
        # when
        stop = await must(amber, SendStop("Imani"))
        await asyncio.sleep(30)
        # then
        assert stop in open_node(birch).picture.stops
        await must(birch, AnswerStop(stop, Answer.WILCO, "Tomas"))
        await asyncio.sleep(30)
        assert [each.answer for each in open_node(amber).picture.stops[stop].answers] == ["WILCO"]
        for party in (amber, birch):
            party.disk_full = False
            assert party.store is not None
            party.store.disk_full = False
        await asyncio.sleep(30)
        await must(amber, hazard(world))

    tell(story)


def test_with_a_clock_an_hour_off_nothing_is_missed_until_a_person_confirms() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        await must(amber, hazard(world))
        world.network.cut[frozenset(("amber", "birch"))] = 1e9
        duty = next(iter(open_node(amber).picture.duties.values()))
        # when
        amber.clock.set(3_600_000_000)
        await asyncio.sleep(5)
        # then
        node = open_node(amber)
        assert node.picture.is_clock_suspect
        await asyncio.sleep((duty.due_at - node.now_us()) / 1e6 + 120)
        assert answer_owed(node) == ["open"]
        assert not node.picture.closed_duties
        # when
        amber.clock.set(0)
        await must(amber, ConfirmClock("Imani"))
        await asyncio.sleep(5)
        # then
        assert closed(node) == ["missed"]

    tell(story)


def test_a_deadline_is_as_long_by_a_clock_that_was_set_as_by_one_that_was_not() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given: an answer owed within 900 s, and nobody who answers
        await must(amber, hazard(world))
        world.network.cut[frozenset(("amber", "birch"))] = 1e9
        # when: the wall clock moves by less than anybody notices
        amber.clock.set(4_900_000)
        opened_s = world.loop.time()
        # then
        await asyncio.sleep(897)
        assert answer_owed(open_node(amber)) == ["open"]
        await asyncio.sleep(8)
        assert closed(open_node(amber)) == ["missed"]
        assert world.loop.time() - opened_s < 906

    tell(story)


def test_two_histories_are_refused_both_are_kept_and_both_liaisons_are_told() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        await must(amber, hazard(world))
        await asyncio.sleep(30)
        mischief = Mischief(world)
        amber.is_evil, birch.is_evil = True, False
        held = [entry.data for entry in birch.durable(channel("amber", "birch"))]
        # when
        assert mischief.fork()
        await asyncio.sleep(60)
        # then: refused
        assert [entry.data for entry in birch.durable(channel("amber", "birch"))][: len(held)] == held
        assert world.counts["peer refused:split_view"] == 1
        # then: both kept, in Birch's own record
        assert kinds(birch, private_log("birch")).count("history_refused") == 1
        # then: both told
        assert kinds(amber, channel("birch", "amber")).count("split_view") == 1
        assert open_node(birch).picture.peers["amber"].has_split
        assert open_node(amber).picture.peers["birch"].has_split
        # then: coordination goes on
        await must(amber, hazard(world))
        await asyncio.sleep(30)
        assert len(open_node(birch).picture.notices) == 2

    tell(story)


def test_what_another_key_signed_is_refused_and_set_aside() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        mischief = Mischief(world)
        amber.is_evil, birch.is_evil = True, False
        before = birch.size(channel("amber", "birch"))
        # when
        assert mischief.wrong_key()
        await asyncio.sleep(5)
        # then
        assert world.counts["peer refused:tampered"] == 1
        assert birch.size(channel("amber", "birch")) == before
        assert kinds(birch, private_log("birch")).count("quarantined") == 1
        assert any("tampered" in line and "no signature" in line for line in world.story)

    tell(story)


def test_a_party_that_is_not_enrolled_is_refused() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        assert Mischief(world).stranger()
        await asyncio.sleep(5)
        assert world.counts["peer refused:not_allowed"] == 1

    tell(story)


def test_a_node_killed_at_any_write_answers_the_same_when_asked_again_and_files_once() -> None:
    from world import CRASH_POINTS

    async def story(world: World, amber: Party, birch: Party) -> None:
        for number, point in enumerate(CRASH_POINTS[:4]):
            # given
            command = hazard(world, from_min=60 + number)
            assert amber.store is not None
            amber.store.crash_at = point
            # when
            asking = amber.spawn(amber.submit(command, f"key {number}"))
            await asyncio.sleep(30)
            assert amber.node is None, f"it did not die {point}"
            assert asking.cancelled() or asking.done()
            await amber.start()
            result = await amber.submit(command, f"key {number}")
            # then
            assert not isinstance(result, KeepclearError), result
            again = await amber.submit(command, f"key {number}")
            assert again == result
            await asyncio.sleep(60)
        assert kinds(amber, private_log("amber")).count("notice_filed") == 4
        assert kinds(birch, channel("amber", "birch")).count("notice") == 4

    tell(story)


def test_a_node_restored_from_an_old_backup_does_not_fork_its_history_and_gets_back_what_it_lost() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given
        mischief = Mischief(world)
        assert amber.store is not None
        amber.backups.append(amber.store.snapshot())
        mine = await must(amber, hazard(world))
        theirs = await must(birch, hazard(world, from_min=70))
        await asyncio.sleep(30)
        roots = dict(world.invariants._roots)
        # when
        amber.die("its disk is gone")
        amber.disk = amber.backups[0]
        world.invariants.restored(amber)
        await amber.start()
        await asyncio.sleep(100)
        # then
        assert mischief is not None
        assert {key: world.invariants._roots[key] for key in roots} == roots
        notices = open_node(amber).picture.notices
        assert mine in notices
        assert theirs in notices
        assert await must(amber, hazard(world, from_min=80)) == "amber/A-0002"

    tell(story)


def test_a_lost_answer_costs_no_receipt() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        # given: Birch takes what Amber sends, and its answers do not come back
        world.network.chance["answer lost"] = 1
        key = await must(amber, hazard(world))
        await asyncio.sleep(4)
        world.network.chance["answer lost"] = 0
        # when
        await asyncio.sleep(90)
        # then
        node = open_node(amber)
        log = channel("amber", "birch")
        assert node.exchange.cosigned_size[log] == amber.size(log)
        assert node.picture.notice(key).sent[("birch", 1)].transmitted_at

    tell(story)


def test_an_answer_meets_the_duty_on_both_sides() -> None:
    async def story(world: World, amber: Party, birch: Party) -> None:
        await must(amber, hazard(world))
        await asyncio.sleep(10)
        await must(birch, AnswerAlert("amber/A-0001/v1/birch", 1, Answer.ROGER, "Tomas"))
        await asyncio.sleep(10)
        assert [each.state for each in open_node(amber).picture.closed_duties] == ["met"]
        assert open_node(amber).picture.alerts["amber/A-0001/v1/birch"].answer == "ROGER"

    tell(story)
