"""What can be asked about requests and outcomes (N9, N10)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.notice import Action, Mode, Movement, NoticeKind
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.core.volume import Volume4D
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class AskRequest(Command):
    """Ask one party to agree to something."""

    to: str
    volumes: tuple[Volume4D, ...]
    by: str
    kind: NoticeKind = NoticeKind.MOVEMENT
    action: Action = Action.KEEP_CLEAR
    contact: str = ""
    remarks: str = ""
    movement: Movement | None = None
    mode: Mode = Mode.OPER


@dataclass(frozen=True, slots=True)
class ReplyRequest(Command):
    """Reply to a request that came in. `request` is `party/serial`; `volumes` is the alternative."""

    request: str
    reply: Reply
    by: str
    reason: DenyReason | None = None
    volumes: tuple[Volume4D, ...] = ()
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class AcceptAlternative(Command):
    """Take the alternative that we were offered. `reply` is the leaf hash of the reply that the caller has seen."""

    id: str
    reply: str
    by: str


@dataclass(frozen=True, slots=True)
class WithdrawRequest(Command):
    """We no longer ask. `id` is the serial of our own request."""

    id: str
    by: str


@dataclass(frozen=True, slots=True)
class ReportOutcome(Command):
    """What came of a notice or request. `to` and `mode` count only for what the picture has let go."""

    about: str
    outcome: Outcome
    by: str
    delay_min: int = 0
    remarks: str = ""
    to: str = ""
    mode: Mode = Mode.OPER
