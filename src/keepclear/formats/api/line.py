"""What can be asked about the line over HTTP, and what is answered: tests, channels, what waits."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.line import ChannelName, ChannelState, MissCause, Path
from keepclear.core.notice import Mode
from keepclear.formats.api.answers import Answer, Receipt
from keepclear.formats.api.requests import Party, Person, Remarks, Request
from keepclear.formats.api.volumes import Time

TestId = Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="party/serial, as in amber/LA-0001")]


class TestLineRequest(Request, frozen=True, kw_only=True):
    """Ask over the network whether anybody hears us."""

    __test__ = False

    to: Party
    by: Person
    asks_person: bool = True
    mode: Mode = Mode.OPER


class AnswerLineTestRequest(Request, frozen=True, kw_only=True):
    """A person on watch answers a test that came in."""

    test: TestId
    by: Person
    language_ok: bool


class EnterLineTestRequest(Request, frozen=True, kw_only=True):
    """What came of a test by telephone or radio. `answered_by` empty: nobody answered."""

    to: Party
    path: Path
    by: Person
    answered_by: Annotated[str, msgspec.Meta(max_length=60)] = ""
    latency_s: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 0
    language_ok: bool = False
    cause: MissCause = MissCause.NOT_STATED
    mode: Mode = Mode.OPER


class StateCauseRequest(Request, frozen=True, kw_only=True):
    """Why a test was missed. The miss stays."""

    test: TestId
    cause: MissCause
    by: Person
    remarks: Remarks = ""


class SetChannelRequest(Request, frozen=True, kw_only=True):
    """Say how a channel to a party stands from now on."""

    to: Party
    channel: ChannelName
    state: ChannelState
    by: Person
    remarks: Remarks = ""
    mode: Mode = Mode.OPER


class StatedCause(Answer, frozen=True):
    """Why a test was missed, as one side states it."""

    party: str
    cause: str
    by: str
    remarks: str


class LineTest(Answer, frozen=True):
    """A test of a path. `asks_us`: a person here is to answer it. Skew is null where it was not measured."""

    __test__ = False

    test: str
    party: str
    path: str
    mode: str
    at: Time
    by: str
    due_at: Time
    results: tuple[str, ...]
    latency_s: float
    answered_by: str
    language_ok: bool
    skew_s: float | None
    skew_uncertain_s: float | None
    causes: tuple[StatedCause, ...]
    asks_us: bool


class ChannelStated(Answer, frozen=True):
    """What one party said last of a channel."""

    party: str
    channel: str
    state: str
    at: Time
    by: str
    remarks: str


class NextTest(Answer, frozen=True):
    """When a path is to be tested next."""

    path: str
    due_at: Time
    due_in_s: float


class WaitingMessage(Answer, frozen=True):
    """Not delivered while suspended."""

    number: int
    kind: str
    since: Time


class LineAlarm(Answer, frozen=True):
    """What is wrong with a line, for a person to look at. It ends when it is so no longer, or a cause is stated."""

    party: str
    what: str
    about: str
    level: str
    since: Time


class Line(Answer, frozen=True):
    """The line to one party."""

    party: str
    line: str
    last_heard: Time
    silent_for_s: float | None
    heard_within_s: float
    alarm_after_s: float
    software: str
    skew_s: float | None
    skew_uncertain_s: float | None
    suspended: bool
    stays_open: tuple[str, ...]
    channels: tuple[ChannelStated, ...]
    waiting: tuple[WaitingMessage, ...]
    next_tests: tuple[NextTest, ...]
    tests: tuple[LineTest, ...]
    alarms: tuple[LineAlarm, ...]


class LineAnswer(Answer, frozen=True):
    """It is recorded; the line as it now stands."""

    receipt: Receipt
    subject: str
    line: Line | None
