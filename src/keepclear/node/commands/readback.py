"""What can be asked about reading back (P3)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.readback import Heard
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class ReadBack(Command):
    """A person reads a notice back, bound to the version that they saw."""

    alert: str
    version: int
    lines: tuple[Heard, ...]
    by: str


@dataclass(frozen=True, slots=True)
class JudgeReadBack(Command):
    """A person confirms a read-back, or has it corrected. `read_back` is the leaf hash of what they looked at."""

    alert: str
    read_back: str
    confirms: bool
    by: str
