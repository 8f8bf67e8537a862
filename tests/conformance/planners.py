"""Planners that race for one place and write down what they asked and what came of it."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.conformance.linear import Done
from tests.conformance.service import INTENTS, Turned, a_volume, an_intent, new_id

LOST = (httpx.TransportError, httpx.TimeoutException)


@dataclass
class Board:
    """What planners tell each other of their OVNs, as services do over /uss/v1."""

    ovns: dict[str, str] = field(default_factory=dict)
    history: list[Done] = field(default_factory=list)
    #: Longest run of refusals of one planner before it got through.
    refused_most: int = 0


@dataclass
class Planner:
    """One planner.

    Attributes:
        send: asks a service: method, path, body; raises one of LOST when there is no answer.
        moment: a clock that never goes back.
    """

    name: str
    send: Callable[..., Any]
    board: Board
    chance: random.Random
    clock: Turned
    moment: Callable[[], float]
    mine: dict[str, str] = field(default_factory=dict)
    refused: int = 0

    async def go(self, requests: int) -> None:
        """So many requests."""
        for _ in range(requests):
            await self.step()
            await asyncio.sleep(0)

    async def step(self) -> None:
        doubtful = [key for key, ovn in self.mine.items() if not ovn]
        if doubtful:
            await self.look(doubtful[0])
        elif not self.mine or (len(self.mine) < 2 and self.chance.random() < 0.3):
            await self.put(new_id(), "")
        else:
            key = self.chance.choice(sorted(self.mine))
            what = self.chance.random()
            if what < 0.4:
                await self.put(key, self.mine[key])
            elif what < 0.6:
                await self.delete(key)
            elif what < 0.8:
                await self.query()
            else:
                await self.look(key)

    async def put(self, key: str, ovn: str) -> None:
        known = frozenset(self.board.ovns.values())
        body = an_intent(self.clock, key=sorted(known))
        path = f"{INTENTS}/{key}/{ovn}" if ovn else f"{INTENTS}/{key}"
        kind: Any = "update" if ovn else "create"
        asked = self.moment()
        try:
            answer = await self.send(self.name, "PUT", path, body)
        except LOST:
            self.mine[key] = ""
            self.note(Done(kind, asked, math.inf, key, ovn, known))
            return
        result: Any = None
        if answer.status_code in (200, 201):
            made = answer.json()["operational_intent_reference"]
            result = (made["version"], made["ovn"])
            self.mine[key] = self.board.ovns[key] = made["ovn"]
            self.board.refused_most, self.refused = max(self.board.refused_most, self.refused), 0
        elif "missing_operational_intents" in answer.json():
            result = frozenset(each["id"] for each in answer.json()["missing_operational_intents"])
            self.refused += 1
        self.note(Done(kind, asked, self.moment(), key, ovn, known, answer.status_code, result))

    async def delete(self, key: str) -> None:
        ovn, asked = self.mine[key], self.moment()
        try:
            answer = await self.send(self.name, "DELETE", f"{INTENTS}/{key}/{ovn}", None)
        except LOST:
            self.mine[key] = ""
            self.note(Done("delete", asked, math.inf, key, ovn))
            return
        if answer.status_code == 200:
            del self.mine[key]
            self.board.ovns.pop(key, None)
        self.note(Done("delete", asked, self.moment(), key, ovn, status=answer.status_code))

    async def look(self, key: str) -> None:
        asked = self.moment()
        try:
            answer = await self.send(self.name, "GET", f"{INTENTS}/{key}", None)
        except LOST:
            return
        result = None
        if answer.status_code == 200:
            held = answer.json()["operational_intent_reference"]
            result = (held["version"], held["ovn"])
            self.mine[key] = self.board.ovns[key] = held["ovn"]
        else:
            self.mine.pop(key, None)
            self.board.ovns.pop(key, None)
        self.note(Done("get", asked, self.moment(), key, status=answer.status_code, result=result))

    async def query(self) -> None:
        asked = self.moment()
        try:
            body = {"area_of_interest": a_volume(self.clock)}
            answer = await self.send(self.name, "POST", f"{INTENTS}/query", body)
        except LOST:
            return
        found = answer.json()["operational_intent_references"]
        pairs = frozenset((each["id"], each["version"]) for each in found)
        self.note(Done("query", asked, self.moment(), status=answer.status_code, result=pairs))

    def note(self, done: Done) -> None:
        self.board.history.append(done)
