"""What can be asked about the ladder (N4)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.escalation import Rung, TryOutcome
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt on one path, as it ended."""

    outcome: TryOutcome
    tried_at: int
    path: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NoteTried(Command):
    """A rung was tried on every path that this node was given for it."""

    about: str
    rung: Rung
    tries: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class NoteCall(Command):
    """A person called about an alert or a STOP. `result` is one of `CallResult`."""

    about: str
    result: str
    by: str
    number: str = ""
    spoke_to: str = ""
