"""What can be asked about STOP (N5)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.alert import Answer
from keepclear.core.notice import Mode
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class SendStop(Command):
    """Ask anyone on duty to stop. `to` empty: every peer."""

    by: str
    to: tuple[str, ...] = ()
    remarks: str = ""
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class AnswerStop(Command):
    """Whoever is on duty answers a STOP that came in. `stop` is `party/serial`."""

    stop: str
    answer: Answer
    by: str


@dataclass(frozen=True, slots=True)
class RecordVoiceStop(Command):
    """A STOP came by voice, and a person on watch types its card: UNAUTHENTICATED until they have called back."""

    party: str
    text: str
    by: str
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class NoteCallBack(Command):
    """The enrolled number was called back. `result` is one of `CallBack`."""

    id: str
    result: str
    by: str
    spoke_to: str = ""


@dataclass(frozen=True, slots=True)
class Resume(Command):
    """We no longer ask to stop. `id` is the serial of our own STOP."""

    id: str
    by: str
