"""What our service of ASTM F3548 asks to be recorded."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.conflict import Verdict
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class NoteIntent(Command):
    """What came of showing a version of our notice as an operational intent. `outcome` is of `IntentOutcome`."""

    id: str
    version: int
    entity: str
    outcome: str
    there: int = 0
    why: str = ""
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteIntentConflict(Command):
    """Our notice meets an operational intent of another service, or, with CLEAR, no longer does."""

    id: str
    version: int
    entity: str
    manager: str
    there: int
    verdict: Verdict
    start_us: int = 0
    end_us: int = 0
