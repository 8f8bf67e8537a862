"""How the picture takes up ladders: begun, climbed, tried, closed (N4)."""

from __future__ import annotations

from typing import Any

from keepclear.core.escalation import Rung
from keepclear.node.entries import CallMade, LadderStep, LadderTried
from keepclear.node.heldladder import CALLS_KEPT, HeldStep
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_step(state: State, entry: Read, body: LadderStep, sender: str, receiver: str) -> None:
    """A rung is due. The last one closes the ladder: what was attempted stayed unanswered."""
    held = state.ladders.get(body.about)
    if held is None:
        return
    step = held.steps[body.rung] = HeldStep(body.rung, body.due_at, entry.at)
    if body.rung is Rung.UNANSWERED:
        step.tried_at = entry.at
        state.close_ladder(body.about, "unanswered")
    else:
        state.untried[(body.about, body.rung)] = None


def apply_tried(state: State, entry: Read, body: LadderTried, sender: str, receiver: str) -> None:
    """What came of an attempt."""
    held = state.ladders.get(body.about)
    step = held.steps.get(body.rung) if held is not None else None
    if step is not None:
        state.untried.pop((body.about, body.rung), None)
        step.tries.append(body)
        step.tried_at = entry.at


def apply_call(state: State, entry: Read, body: CallMade, sender: str, receiver: str) -> None:
    """Somebody called."""
    held = state.ladders.get(body.about)
    if held is not None:
        held.calls.append((entry.at, body))
        del held.calls[:-CALLS_KEPT]


FOLDS: dict[Any, Fold] = {LadderStep: apply_step, LadderTried: apply_tried, CallMade: apply_call}
