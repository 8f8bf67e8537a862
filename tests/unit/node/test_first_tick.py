"""What a node that has just started waits for before it declares anything missed."""

from __future__ import annotations

from typing import Any

from given import SETTINGS, START_US, Desk, Hands, an_identity, enrolment
from keepclear.core.timespan import HOUR_US, SECOND_US
from keepclear.node.node import HEARTBEATS_TO_HEAR, Node


class Clock:
    """The wall clock is an hour ahead; elapsed time is a test's to move."""

    elapsed = 0

    def now_us(self) -> int:
        return START_US + HOUR_US + self.elapsed

    def elapsed_us(self) -> int:
        return self.elapsed


def a_node(clock: Clock) -> Node:
    desk = Desk("amber", Hands())
    desk.ask(enrolment(an_identity("birch")))
    nothing: Any = None
    return Node(desk.keys, desk.store, nothing, clock, nothing, software="test", settings=SETTINGS)


def test_nothing_is_missed_before_the_peers_could_tell_the_time() -> None:
    clock = Clock()
    node = a_node(clock)
    assert not node._may_judge()

    node.exchange.line("birch").last_heard = START_US

    assert node._may_judge()


def test_a_peer_that_is_silent_does_not_put_it_off_for_long() -> None:
    clock = Clock()
    node = a_node(clock)

    clock.elapsed = round(HEARTBEATS_TO_HEAR * SETTINGS.heartbeat_s * SECOND_US) - 1
    assert not node._may_judge()
    clock.elapsed += 1
    assert node._may_judge()
