"""Throttling by a clock that is given, and what each role may ask."""

from __future__ import annotations

import pytest

from keepclear.core.duty import Role
from keepclear.core.timespan import SECOND_US
from keepclear.errors import NotAllowed
from keepclear.faces.accounts import COUNTED_MAX, FREE_TRIES, WAIT_MAX_S, Throttle, TooManyTries
from keepclear.faces.http.app import ENDPOINTS
from keepclear.node.access import RIGHTS, Caller, Right, needed, require_may_command


class Clock:
    at_us = 0

    def now_us(self) -> int:
        return self.at_us

    def elapsed_us(self) -> int:
        return self.at_us


def test_each_failure_beyond_the_free_ones_doubles_the_wait_up_to_five_minutes():
    clock = Clock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(FREE_TRIES + 12):
        started_us = clock.at_us
        while True:
            try:
                throttle.check("imaro")
                break
            except TooManyTries:
                clock.at_us += SECOND_US
        waits.append((clock.at_us - started_us) // SECOND_US)
        throttle.failed("imaro")

    assert waits[: FREE_TRIES + 5] == [0] * FREE_TRIES + [1, 2, 4, 8, 16]
    assert max(waits) == WAIT_MAX_S
    throttle.passed("imaro")
    throttle.check("imaro")


def test_no_more_names_are_counted_than_the_bound():
    throttle = Throttle(Clock())
    for number in range(COUNTED_MAX + 10):
        throttle.failed(f"p{number}")

    assert len(throttle._failed) == COUNTED_MAX


def test_what_nobody_thought_of_is_not_open_to_those_who_only_look():
    assert needed("POST", "/v1/brand/new") is Right.ACT
    assert Right.ACT not in RIGHTS[Role.OBSERVER] | RIGHTS[Role.PLANNER] | RIGHTS[Role.ADMIN]


def test_anyone_may_ask_to_stop_and_only_those_on_watch_answer():
    for role in Role:
        caller = Caller("amber", "x", "X", (role,))
        require_may_command(caller, "amber", "POST", "/v1/stops")
        answers = role in (Role.DUTY_OFFICER, Role.SUPERVISOR)
        if answers:
            require_may_command(caller, "amber", "POST", "/v1/stops/answer")
        else:
            with pytest.raises(NotAllowed, match="may not act"):
                require_may_command(caller, "amber", "POST", "/v1/stops/answer")


def test_whoever_reads_changes_nothing_by_it():
    assert all(needed(each.method, each.path) is Right.LOOK for each in ENDPOINTS if each.method == "GET")
    writes = [each for each in ENDPOINTS if each.method != "GET" and needed(each.method, each.path) is Right.LOOK]
    assert [each.path for each in writes if each.path != "/v1/check" and not each.path.startswith("/v1/places")] == []


def test_another_party_asks_nothing_here():
    with pytest.raises(NotAllowed, match="does not command"):
        require_may_command(Caller("birch"), "amber")
