"""What can be asked about notices and alerts."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.alert import Answer
from keepclear.core.notice import Action, Change, Mode, Movement, NoticeKind, NoticeState, ShortReason, Timing
from keepclear.core.volume import Volume4D
from keepclear.formats.seen_from import WireSeenFrom
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class FileNotice(Command):
    """File a new notice. `id` empty: the node gives the next serial."""

    volumes: tuple[Volume4D, ...]
    by: str
    kind: NoticeKind = NoticeKind.HAZARD
    action: Action = Action.KEEP_CLEAR
    id: str = ""
    state: NoticeState = NoticeState.ACCEPTED
    region: str = ""
    contact: str = ""
    remarks: str = ""
    activity: str = ""
    slowest_mps: int = 0
    reaction_s: int = 0
    mode: Mode = Mode.OPER
    #: The place said a second time, by a bearing and distance or a named area (P1).
    seen_from: WireSeenFrom | None = None
    #: A contradiction between the geometry and the region word or the second means was shown to a person, who sends it
    #: all the same.
    confirmed: bool = False
    timing: Timing = Timing.ROUTINE
    reason: ShortReason | None = None
    movement: Movement | None = None


@dataclass(frozen=True, slots=True)
class ChangeNotice(Command):
    """A new version of one of our notices. `version` is the one the caller has seen.

    `change` is AMEND, or DEVIATE for a movement that is not where or when it was to be.
    """

    id: str
    version: int
    changed: FileNotice
    change: Change = Change.AMEND


@dataclass(frozen=True, slots=True)
class ExtendNotice(Command):
    """One of our notices ends later than it said, all else as it is (N7)."""

    id: str
    version: int
    until_us: int
    by: str


@dataclass(frozen=True, slots=True)
class ShortenNotice(Command):
    """One of our notices ends earlier than it said, all else as it is (N7)."""

    id: str
    version: int
    until_us: int
    by: str


@dataclass(frozen=True, slots=True)
class MoveNotice(Command):
    """Activate or end one of our notices. `change` says how it ends; None: as the time of it says."""

    id: str
    version: int
    state: NoticeState
    by: str
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class AnswerAlert(Command):
    """A named person answers an alert. `again`: they were shown that our own figures contradict it."""

    alert: str
    version: int
    answer: Answer
    by: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class SilenceAlert(Command):
    """Stop the sound at this desk."""

    alert: str
    by: str
    seconds: int = 30
