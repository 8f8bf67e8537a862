"""How the picture takes up our acts in the field of ASTM F3548, and what our notices meet there."""

from __future__ import annotations

from typing import Any

from keepclear.core.conflict import Verdict
from keepclear.node.entries.airspace import IntentConflict, IntentOutcome, IntentPlanned
from keepclear.node.heldairspace import HeldIntent
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_planned(state: State, entry: Read, body: IntentPlanned, sender: str, receiver: str) -> None:
    """What came of showing a notice as an intent. What was planned before still stands where this one did not."""
    before = state.intents.pop(body.id, None)
    if body.outcome is IntentOutcome.ENDED:
        return
    is_planned = body.outcome is IntentOutcome.PLANNED or (before is not None and before.is_planned)
    state.intents[body.id] = HeldIntent(
        body.version, body.entity, body.outcome, body.there, body.why, body.conflicts, entry.at, is_planned
    )


def apply_conflict(state: State, entry: Read, body: IntentConflict, sender: str, receiver: str) -> None:
    """A conflict with another service's intent came, changed or went."""
    if body.verdict is Verdict.CLEAR:
        state.intent_conflicts.pop((body.id, body.entity), None)
    else:
        state.intent_conflicts[(body.id, body.entity)] = body


FOLDS: dict[Any, Fold] = {IntentPlanned: apply_planned, IntentConflict: apply_conflict}
