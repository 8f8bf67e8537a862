"""What can be asked about the watch over HTTP, and what is answered: people, handover, log, numbers, drafts."""

from __future__ import annotations

from typing import Annotated

import msgspec

from keepclear.core.duty import Role
from keepclear.formats.api.answers import Answer, Notice, Receipt
from keepclear.formats.api.requests import Person, Remarks, Request
from keepclear.formats.api.volumes import Time, Volume

Login = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9._-]{0,31}$", description="the name to sign in with")]
Short = Annotated[str, msgspec.Meta(max_length=40)]
About = Annotated[str, msgspec.Meta(max_length=100, description="what it is about: a notice, a line test, a party")]


class SetPersonRequest(Request, frozen=True, kw_only=True):
    """A person of our party. Without roles: no longer one."""

    login: Login
    name: Person
    roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=5)]
    by: Person
    desk: Short = ""
    telephone: Short = ""


class TakeWatchRequest(Request, frozen=True, kw_only=True):
    """Begin the watch, or assume it without a handover, for a reason."""

    by: Person
    remarks: Remarks = ""


class OfferHandoverRequest(Request, frozen=True, kw_only=True):
    """Whoever holds the watch will hand it over."""

    to: Person
    by: Person


class TickItemsRequest(Request, frozen=True, kw_only=True):
    """The next shift has looked at these items."""

    items: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=500)]
    by: Person


class SignHandoverRequest(Request, frozen=True, kw_only=True):
    """Sign the list as it stands; `digest` is the one that was seen."""

    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    by: Person


class ByRequest(Request, frozen=True, kw_only=True):
    """Who does this."""

    by: Person
    remarks: Remarks = ""


class LogRequest(Request, frozen=True, kw_only=True):
    """A line of the duty log; free words, private, not for targets."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2_000)]
    by: Person
    about: About = ""


class NumberRequest(Request, frozen=True, kw_only=True):
    """A line of the telephone directory. Without a number it is taken out."""

    name: Person
    number: Short
    by: Person
    remarks: Remarks = ""


class RecordingRequest(Request, frozen=True, kw_only=True):
    """The recording of a call, by its hash. The file itself stays where it is."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    by: Person
    about: About = ""
    remarks: Remarks = ""


class PersonShown(Answer, frozen=True):
    """A person of our party. `has_password` and `passkeys`: how they may sign in."""

    login: str
    name: str
    roles: tuple[str, ...]
    desk: str
    telephone: str
    has_password: bool = False
    passkeys: int = 0


class PeriodShown(Answer, frozen=True):
    """Who held the watch from an instant on."""

    person: str
    since: Time


class ItemShown(Answer, frozen=True):
    """One item of the handover list. What was ticked is what it said: when that changes it is ticked no longer."""

    key: str
    section: str
    words: str
    digest: str
    ticked: bool


class HandoverShown(Answer, frozen=True):
    """A handover under way, with the list as it stands now."""

    to: str
    by: str
    at: Time
    signed: tuple[str, ...]


class DraftShown(Answer, frozen=True):
    """A notice that waits for a second person."""

    draft: str
    drafted_by: str
    at: Time
    why: tuple[str, ...]
    changes: str
    version: int
    volumes: tuple[Volume, ...]


class LogLine(Answer, frozen=True):
    """A line of the duty log."""

    at: Time
    by: str
    text: str
    about: str


class NumberShown(Answer, frozen=True):
    """A line of the telephone directory."""

    name: str
    number: str
    remarks: str


class RecordingShown(Answer, frozen=True):
    """A recording, by its hash."""

    at: Time
    sha256: str
    size: int
    name: str
    by: str
    about: str
    remarks: str


class WatchShown(Answer, frozen=True):
    """The watch: who holds it, what would be handed over now, and what waits."""

    holder: str
    since: Time
    periods: tuple[PeriodShown, ...]
    handover: HandoverShown | None
    items: tuple[ItemShown, ...]
    digest: str
    drafts: tuple[DraftShown, ...]
    numbers: tuple[NumberShown, ...]
    recordings: tuple[RecordingShown, ...]


class WatchAnswer(Answer, frozen=True):
    """It is recorded."""

    receipt: Receipt
    subject: str
    holder: str


class DraftSentAnswer(Answer, frozen=True):
    """What waited is a notice now."""

    receipt: Receipt
    subject: str
    notice: Notice | None
