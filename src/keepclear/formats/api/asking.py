"""What the API takes and gives about requests, outcomes, read-back, the ladder, and STOP by voice."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from keepclear.core.notice import CONTACT_MAX, Action, Mode, NoticeKind
from keepclear.core.readback import LINE_MAX, LINES_MAX, ReadField
from keepclear.core.request import DenyReason, Outcome, Reply
from keepclear.formats.api.answers import Answer, Receipt
from keepclear.formats.api.requests import (
    AlertId,
    MovementJson,
    Party,
    Person,
    Remarks,
    Request,
    Serial,
    Version,
    Volumes,
)
from keepclear.formats.api.volumes import Time, Volume

Subject = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}/[A-Z]{1,3}-[0-9]{4,7}$")]
LeafHash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
About = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Name = Annotated[str, msgspec.Meta(max_length=60)]


class SpanRequest(Request, frozen=True):
    """One of our notices ends later or earlier than it said, all else as it is."""

    change: Literal["EXTEND", "SHORTEN"]
    version: Version
    until: Time
    by: Person


class AskRequestRequest(Request, frozen=True, kw_only=True):
    """Ask one party to agree to something. Silence is no answer."""

    to: Party
    volumes: Volumes
    by: Person
    kind: NoticeKind = NoticeKind.MOVEMENT
    action: Action = Action.KEEP_CLEAR
    contact: Annotated[str, msgspec.Meta(max_length=CONTACT_MAX)] = ""
    remarks: Remarks = ""
    movement: MovementJson | None = None
    mode: Mode = Mode.OPER


class ReplyRequestRequest(Request, frozen=True, kw_only=True):
    """Reply to a request that came in. DENY gives a reason, ALTERNATIVE gives volumes."""

    request: Subject
    reply: Reply
    by: Person
    reason: DenyReason | None = None
    volumes: Annotated[tuple[Volume, ...], msgspec.Meta(max_length=50)] = ()
    remarks: Remarks = ""


class AcceptRequest(Request, frozen=True):
    """Take the alternative that we saw; `reply` is its `hash`."""

    id: Serial
    reply: LeafHash
    by: Person


class WithdrawRequestRequest(Request, frozen=True):
    """We no longer ask."""

    id: Serial
    by: Person


class OutcomeRequest(Request, frozen=True, kw_only=True):
    """What came of a notice or request. `to` and `mode` count only for what is no longer in the picture."""

    about: Subject
    outcome: Outcome
    by: Person
    delay_min: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    remarks: Remarks = ""
    to: Annotated[str, msgspec.Meta(pattern="^([a-z][a-z0-9-]{0,31})?$")] = ""
    mode: Mode = Mode.OPER


class LineJson(Request, frozen=True):
    """One line as it was read back; `letters` may be left out."""

    field: ReadField
    number: Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]
    value: Annotated[str, msgspec.Meta(max_length=LINE_MAX)]
    letters: Annotated[str, msgspec.Meta(max_length=2)] = ""


class ReadBackRequest(Request, frozen=True, kw_only=True):
    """A person reads a notice back."""

    alert: AlertId
    version: Version
    lines: Annotated[tuple[LineJson, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    by: Person


class JudgeReadBackRequest(Request, frozen=True):
    """Confirm a read-back, or have it corrected; `read_back` is its `hash`."""

    alert: AlertId
    read_back: LeafHash
    verdict: Literal["CONFIRM", "CORRECT"]
    by: Person


class CallRequest(Request, frozen=True, kw_only=True):
    """A person called about something that nobody answers."""

    about: About
    result: Literal["answered", "refused", "no_answer", "busy", "technical"]
    by: Person
    number: Annotated[str, msgspec.Meta(max_length=40)] = ""
    spoke_to: Name = ""


class VoiceStopRequest(Request, frozen=True, kw_only=True):
    """A STOP came by voice: its card as it was read. It stays UNAUTHENTICATED until calling back confirms it."""

    party: Party
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000, description="not for targets")]
    by: Person
    mode: Mode = Mode.OPER


class CallBackRequest(Request, frozen=True, kw_only=True):
    """The enrolled number was called back."""

    id: Serial
    result: Literal["CONFIRMED", "NOT_CONFIRMED", "NO_ANSWER"]
    by: Person
    spoke_to: Name = ""


# ----------------------------------------------------------------------------------------------------------- answers


class ReplyShown(Answer, frozen=True):
    """A reply that counts. `hash` is what accepting it binds to."""

    reply: str
    by: str
    at: Time
    hash: str
    reason: str
    remarks: str
    volumes: tuple[Volume, ...]


class RequestShown(Answer, frozen=True):
    """A request: two instants of its own, and where it stands. `no_answer` is said by the clock, and is no consent."""

    key: str
    id: str
    party: str
    to: str
    own: bool
    mode: str
    kind: str
    action: str
    state: str
    by: str
    contact: str
    remarks: str
    volumes: tuple[Volume, ...]
    movement: MovementJson | None
    written_at: Time
    transmitted: Time
    received: Time
    due_at: Time
    reply: ReplyShown | None
    closed_by: str
    profile: str
    standing: str


class RequestAnswer(Answer, frozen=True):
    """It is recorded."""

    receipt: Receipt
    request: RequestShown | None


class OutcomeShown(Answer, frozen=True):
    """What one party says came of it."""

    party: str
    outcome: str
    delay_min: int
    by: str
    at: Time
    remarks: str
    mode: str


class OutcomesShown(Answer, frozen=True):
    """What each party says came of one notice or request, side by side and never merged."""

    about: str
    said: tuple[OutcomeShown, ...]


class LineShown(Answer, frozen=True):
    """One line of what is to be read back, with its letters."""

    field: str
    number: int
    value: str
    letters: str


class WrongShown(Answer, frozen=True):
    """One line that did not come back as it was sent."""

    field: str
    number: int
    fault: str
    sent: str
    heard: str


class ReadingShown(Answer, frozen=True):
    """One read-back. `wrong` is None where it was not compared here."""

    hash: str
    by: str
    at: Time
    lines: tuple[LineShown, ...]
    wrong: tuple[WrongShown, ...] | None
    verdict: str
    judged_by: str
    judged_at: Time


class ReadBacksShown(Answer, frozen=True):
    """What is to be read back of one alert's notice, and every read-back of it."""

    alert: str
    version: int
    lines: tuple[LineShown, ...]
    readings: tuple[ReadingShown, ...]


class TriedShown(Answer, frozen=True):
    """What came of one attempt on one path."""

    outcome: str
    path: str
    detail: str
    tried_at: Time


class StepShown(Answer, frozen=True):
    """One rung that was due."""

    rung: str
    due_at: Time
    tried: tuple[TriedShown, ...]


class CallShown(Answer, frozen=True):
    """A call that a person made."""

    result: str
    by: str
    at: Time
    number: str
    spoke_to: str


class LadderShown(Answer, frozen=True):
    """The ladder of one alert or STOP of ours. `closed` is why nothing more is climbed, or empty."""

    about: str
    party: str
    mode: str
    level: str
    since: Time
    closed: str
    next_rung: str
    next_at: Time
    steps: tuple[StepShown, ...]
    calls: tuple[CallShown, ...]


class VoiceStopShown(Answer, frozen=True):
    """A STOP that came by voice, and what calling back gave."""

    id: str
    party: str
    state: str
    by: str
    at: Time
    text: str
    card: str
    telephone: str
    mode: str
    calls: tuple[CallShown, ...]
