"""What the picture holds of ladders: what waits for an answer, which rungs were climbed, and what came of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from keepclear.core.alert import AlertLevel
from keepclear.core.escalation import Rung
from keepclear.core.notice import Mode
from keepclear.node.entries import CallMade, LadderTried

#: Calls about one thing that stay in the picture: the newest.
CALLS_KEPT = 50


@dataclass(slots=True)
class HeldStep:
    """One rung that was due, and what came of it on each path; `tried_at` is 0 until that is recorded."""

    rung: Rung
    due_at: int
    at: int
    tried_at: int = 0
    tries: list[LadderTried] = field(default_factory=list)


@dataclass(slots=True)
class HeldLadder:
    """The ladder of one alert or STOP of ours at one recipient.

    Attributes:
        about: the alert, or the STOP as `party/serial/recipient`.
        level: of the alert; None for a STOP, which has a ladder and a clock of its own.
        since_us: by our own clock: when the other machine took it, or when it was written while it has not.
        closed: why nothing more is climbed, or empty.
    """

    about: str
    party: str
    mode: Mode
    level: AlertLevel | None
    since_us: int
    is_handed_over: bool = False
    steps: dict[Rung, HeldStep] = field(default_factory=dict)
    calls: list[tuple[int, CallMade]] = field(default_factory=list)
    closed: str = ""

    @property
    def tried_at_us(self) -> dict[Rung, int]:
        """Rungs that were climbed, to when what came of them was recorded; 0 while it is not."""
        return {rung: step.tried_at for rung, step in self.steps.items()}
