"""Tick: what has fallen due."""

from __future__ import annotations

from keepclear.node.commands import Tick
from keepclear.node.decision import Decision, Draft
from keepclear.node.entries import DutyChanged, DutyState
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Declared missed in one turn; the others a second later.
MISSED_AT_ONCE = 1_000


def tick(picture: Picture, command: Tick, now_us: int, settings: Settings) -> Decision:
    """Duties past their instant are missed, judged by the node that is owed, by its own clock.

    Nothing is declared missed while that clock is suspect. A node that was down finds it now, with the true due time.
    """
    if picture.is_clock_suspect:
        return Decision()
    missed = [duty for duty in picture.open_duties() if duty.due_at <= now_us]
    missed.sort(key=lambda duty: (duty.due_at, duty.duty))
    return Decision(
        tuple(
            Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MISSED), mode=duty.mode)
            for duty in missed[:MISSED_AT_ONCE]
        )
    )
