"""How the picture takes up duties: opened, met, missed, waived."""

from __future__ import annotations

from typing import Any

from keepclear.node.entries import DutyChanged, DutyState
from keepclear.node.held import HeldDuty
from keepclear.node.logs import Read
from keepclear.node.state import Fold, State


def apply_duty(state: State, entry: Read, body: DutyChanged, sender: str, receiver: str) -> None:
    """Something is owed, or no longer."""
    held = HeldDuty(body.duty, body.owed_by, body.due_at, body.state, body.proof, entry.mode)
    if body.state is DutyState.OPEN:
        state.duties[body.duty] = held
        return
    state.duties.pop(body.duty, None)
    state.closed_duties.append(held)
    if body.state is DutyState.MISSED:
        alert = state.alerts.get(body.duty.split(" ")[1])
        if alert is not None and alert.state in ("open", "standby"):
            alert.state = "missed"


FOLDS: dict[Any, Fold] = {DutyChanged: apply_duty}
