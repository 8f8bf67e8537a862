"""Concurrent requests could have come one at a time: no planner gets through without knowing what is there."""

from __future__ import annotations

import asyncio
import itertools
import random
from typing import Any

import httpx
import pytest
from tests.conformance.linear import Done, is_linearizable
from tests.conformance.planners import Board, Planner
from tests.conformance.service import INTENTS, Service, a_service, an_intent, new_id


def made(entity: str, asked: float, answered: float, ovn: str, *key: str) -> Done:
    return Done("create", asked, answered, entity, key=frozenset(key), status=201, result=(1, ovn))


def found(asked: float, answered: float, *pairs: tuple[str, int]) -> Done:
    return Done("query", asked, answered, status=200, result=frozenset(pairs))


@pytest.mark.parametrize(
    ("history", "holds"),
    [
        ([made("a", 0, 1, "oa"), made("b", 2, 3, "ob", "oa"), found(4, 5, ("a", 1), ("b", 1))], True),
        # Two that raced, and neither knew of the other.
        ([made("a", 0, 3, "oa"), made("b", 1, 2, "ob")], False),
        ([made("a", 0, 3, "oa", "ob"), made("b", 1, 2, "ob")], True),
        # A read after an answer that does not show it.
        ([made("a", 0, 1, "oa"), found(2, 3)], False),
        ([made("a", 0, 4, "oa"), found(2, 3)], True),
        # Seen, and then not seen.
        ([made("a", 0, 9, "oa"), found(1, 2, ("a", 1)), found(3, 4)], False),
        # A lost answer: it may have happened, late, or not at all.
        ([Done("create", 0, float("inf"), "a"), found(1, 2), found(3, 4, ("a", 1))], True),
        ([Done("create", 0, float("inf"), "a"), found(1, 2)], True),
        ([Done("create", 0, float("inf"), "a"), found(1, 2, ("a", 1)), found(3, 4)], False),
        # ... and once it did, nobody gets through without its OVN.
        ([Done("create", 0, float("inf"), "a"), found(1, 2, ("a", 1)), made("b", 3, 4, "ob")], False),
        # A refusal that names what is missing, and one that names something else.
        (
            [
                made("a", 0, 1, "oa"),
                Done("create", 2, 3, "b", status=409, result=frozenset({"a"})),
            ],
            True,
        ),
        ([made("a", 0, 1, "oa"), Done("create", 2, 3, "b", status=409, result=frozenset({"c"}))], False),
        ([Done("get", 0, 1, "a", status=404), Done("delete", 2, 3, "a", "oa", status=404)], True),
        ([made("a", 0, 1, "oa"), Done("delete", 2, 3, "a", "oa", status=200), found(4, 5)], True),
        ([made("a", 0, 1, "oa"), Done("delete", 2, 3, "a", "oa", status=200), found(4, 5, ("a", 1))], False),
    ],
)
def test_the_checker_tells_a_possible_history_from_an_impossible_one(history: list[Done], holds: bool) -> None:
    assert is_linearizable(history) is holds


def sender(service: Service, chance: random.Random) -> Any:
    async def send(name: str, method: str, path: str, body: Any) -> httpx.Response:
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        answer = await service.uss(name).ask(method, path, body)
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        return answer

    return send


@pytest.mark.parametrize("seed", [1, 2])
async def test_planners_of_one_process(service: Service, seed: int) -> None:
    chance, board, moments = random.Random(seed), Board(), itertools.count()
    send = sender(service, chance)
    planners = [
        Planner(f"uss{number}", send, board, chance, service.clock, lambda: next(moments)) for number in range(6)
    ]

    await asyncio.gather(*(planner.go(25) for planner in planners))

    assert len(board.history) == 150
    statuses = {each.status for each in board.history}
    assert {200, 201, 409} <= statuses, "they raced"
    assert is_linearizable(board.history)


async def test_a_service_that_forgets_a_key_check_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker is no use if it lets a broken service pass."""
    monkeypatch.setattr("keepclear.dss.intents._check_key", lambda *_, **__: None)
    async with a_service() as service:
        chance, board, moments = random.Random(1), Board(), itertools.count()
        send = sender(service, chance)
        planners = [
            Planner(f"uss{number}", send, board, chance, service.clock, lambda: next(moments)) for number in range(6)
        ]

        await asyncio.gather(*(planner.go(25) for planner in planners))

        assert not is_linearizable(board.history)


async def test_planners_who_race_for_one_place_all_get_through(service: Service) -> None:
    """Each round at least one gets through, so nobody needs more tries than there are planners."""
    ovns: dict[str, str] = {}
    tries: list[int] = []

    async def plan(number: int) -> None:
        uss, key = service.uss(f"uss{number}"), new_id()
        for attempt in range(1, 102):
            answer = await uss.put(f"{INTENTS}/{key}", an_intent(service.clock, key=sorted(ovns.values())))
            if answer.status_code == 201:
                ovns[key] = answer.json()["operational_intent_reference"]["ovn"]
                tries.append(attempt)
                return
            assert answer.status_code == 409
        raise AssertionError("more tries than planners")

    await asyncio.gather(*(plan(number) for number in range(25)))

    assert len(tries) == 25
    assert max(tries) <= 25
    assert len(service.dss.current.intents) == 25
