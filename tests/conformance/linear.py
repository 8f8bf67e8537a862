"""Whether a history of concurrent requests could have come from one service that does one thing at a time.

A search after Wing and Gong: some order of all requests, each placed between its asking and its answer, in which a
plain model of the rules gives exactly the answers that were given. A request whose answer was lost (its service was
killed) may have happened at any later moment, or never.

The model: all intents are in one place, so each must know of all the others. State: id to (version, OVN).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["create", "update", "delete", "get", "query"]

#: id, version, OVN
State = tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Done:
    """One request.

    Attributes:
        asked, answered: moments; infinity when the answer was lost.
        entity, ovn, key: what was asked with.
        status: of the answer, or 0.
        result: create and update: (version, OVN), or for a conflict the ids that the key lacked;
            get: (version, OVN); query: pairs of id and version.
    """

    kind: Kind
    asked: float
    answered: float
    entity: str = ""
    ovn: str = ""
    key: frozenset[str] = frozenset()
    status: int = 0
    result: Any = None

    @property
    def is_lost(self) -> bool:
        return math.isinf(self.answered)


def is_linearizable(history: Iterable[Done]) -> bool:
    """Whether there is such an order."""
    done = sorted(history, key=lambda each: each.asked)
    known = _known_ovns(done)
    definite = sum(1 << number for number, each in enumerate(done) if not each.is_lost)
    seen: set[tuple[int, State]] = set()
    stack: list[tuple[int, State]] = [(0, ())]
    while stack:
        placed, state = stack.pop()
        if placed & definite == definite:
            return True
        if (placed, state) in seen:
            continue
        seen.add((placed, state))
        # Whatever was answered before another was asked comes first.
        waits = min(each.answered for number, each in enumerate(done) if not placed >> number & 1)
        for number, each in enumerate(done):
            if each.asked > waits:
                break
            if not placed >> number & 1:
                stack += [(placed | 1 << number, after) for after in _after(state, each, number, known)]
    return False


def _known_ovns(done: list[Done]) -> dict[tuple[str, int], str]:
    """The OVN of each version that anybody was ever told."""
    known = {}
    for each in done:
        if each.kind in ("create", "update", "get") and each.status in (200, 201):
            version, ovn = each.result
            known[(each.entity, version)] = ovn
    return known


def _after(state: State, each: Done, number: int, known: dict[tuple[str, int], str]) -> list[State]:
    """States that the model may be in afterwards; none if it would have answered otherwise."""
    held = {entity: (version, ovn) for entity, version, ovn in state}
    current = held.get(each.entity)
    match each.kind:
        case "query":
            return [state] if frozenset((key, version) for key, version, _ in state) == each.result else []
        case "get":
            wanted = (200, current) if current is not None else (404, None)
            return [state] if (each.status, each.result) == wanted else []
        case "delete":
            return _deleted(state, each, current)
        case _:
            return _put(state, each, number, known, current)


def _deleted(state: State, each: Done, current: tuple[int, str] | None) -> list[State]:
    without = tuple(entry for entry in state if entry[0] != each.entity)
    matches = current is not None and current[1] == each.ovn
    if each.is_lost:
        return [without] if matches else []
    wanted = 404 if current is None else 200 if matches else 409
    return [without if matches else state] if each.status == wanted else []


def _put(
    state: State, each: Done, number: int, known: dict[tuple[str, int], str], current: tuple[int, str] | None
) -> list[State]:
    fits = current is None if each.kind == "create" else current is not None and current[1] == each.ovn
    missing = frozenset(key for key, _, ovn in state if key != each.entity and ovn not in each.key)
    version = current[0] + 1 if current is not None else 1
    others = tuple(entry for entry in state if entry[0] != each.entity)
    if not fits or missing:
        if each.is_lost:
            return []
        lacking = missing if fits else None
        return [state] if (each.status, each.result) == (409, lacking) else []
    if each.is_lost:
        # Nobody was told, unless its manager asked later; then it is the same one.
        ovn = known.get((each.entity, version), f"unknown {number}")
    elif each.status in (200, 201) and each.result[0] == version:
        ovn = each.result[1]
    else:
        return []
    return [tuple(sorted((*others, (each.entity, version, ovn))))]
