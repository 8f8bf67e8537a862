"""What has fallen due: duties that nobody met."""

from __future__ import annotations

from keepclear.node.decision import Draft
from keepclear.node.entries import DutyChanged, DutyState
from keepclear.node.picture import Picture
from keepclear.node.settings import Settings

#: Declared missed in one turn; the others a second later.
MISSED_AT_ONCE = 1_000


def missed(picture: Picture, now_us: int, settings: Settings) -> list[Draft]:
    """Duties past their instant are missed, judged by the node that is owed, by its own clock.

    A node that was down finds it now, with the true due time.
    """
    late = [duty for duty in picture.open_duties() if duty.due_at <= now_us]
    late.sort(key=lambda duty: (duty.due_at, duty.duty))
    return [
        Draft(DutyChanged(duty.duty, duty.owed_by, duty.due_at, DutyState.MISSED), mode=duty.mode)
        for duty in late[:MISSED_AT_ONCE]
    ]
