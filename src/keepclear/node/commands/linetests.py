"""What can be asked about line tests and silence (V3, T3)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.line import MissCause, Path
from keepclear.core.notice import Mode
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class TestLine(Command):
    """Ask over the network whether anybody hears us."""

    __test__ = False

    to: str
    by: str
    asks_person: bool = True
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class AnswerLineTest(Command):
    """A person on watch answers a test that came in. `test` is `party/serial`."""

    test: str
    by: str
    language_ok: bool


@dataclass(frozen=True, slots=True)
class RecordLineTest(Command):
    """What came of a test by telephone or radio. `answered_by` empty: nobody answered."""

    to: str
    path: Path
    by: str
    answered_by: str = ""
    latency_ms: int = 0
    language_ok: bool = False
    cause: MissCause = MissCause.NOT_STATED
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class StateCause(Command):
    """Why a test was missed: ours, or one that was asked of us. `test` is `party/serial`."""

    test: str
    cause: MissCause
    by: str
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class NoteLine(Command):
    """A peer's node fell silent, is heard again, or runs another version."""

    party: str
    is_silent: bool
    last_heard: int
    software: str
