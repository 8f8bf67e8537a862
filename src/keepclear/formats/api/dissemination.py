"""What can be asked about passing on over HTTP, and what is answered: groups, receipts by name, relays."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from keepclear.formats.api.answers import Answer, Receipt
from keepclear.formats.api.requests import Party, Person, Request, Version
from keepclear.formats.api.volumes import Time

GroupId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
NoticeKey = Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="party/serial, as in amber/A-0412")]


class SetGroupRequest(Request, frozen=True, kw_only=True):
    """A group of addressees of our own. Without members: no longer one."""

    group: GroupId
    name: Annotated[str, msgspec.Meta(max_length=60)]
    members: Annotated[tuple[Person, ...], msgspec.Meta(max_length=50)]
    by: Person


class PassOnRequest(Request, frozen=True, kw_only=True):
    """Another party's notice went to these groups."""

    notice: NoticeKey
    version: Version
    groups: Annotated[tuple[GroupId, ...], msgspec.Meta(min_length=1, max_length=100)]
    by: Person


class ConfirmGroupRequest(Request, frozen=True, kw_only=True):
    """A named person of a group has it."""

    notice: NoticeKey
    version: Version
    group: GroupId
    person: Person
    by: Person


class TellDisseminatedRequest(Request, frozen=True, kw_only=True):
    """Tell the other side how far it was passed on. `shows` empty: as agreed."""

    notice: NoticeKey
    version: Version
    by: Person
    shows: Literal["", "counts", "commitment"] = ""


class RelayRequest(Request, frozen=True, kw_only=True):
    """Tell a third party of a notice that was told to us, or of a relay, citing where the first one stands."""

    source: NoticeKey
    to: Party
    by: Person


class Group(Answer, frozen=True):
    """Addressees of our own."""

    group: str
    name: str
    members: tuple[str, ...]


class GroupReceipt(Answer, frozen=True):
    """One group of a notice: who confirmed, and when; empty where nobody did."""

    group: str
    name: str
    person: str
    at: Time


class PassedNotice(Answer, frozen=True):
    """A version of another party's notice, on its way to our groups, and what its party was told of that."""

    notice: str
    version: int
    at: Time
    receipts: tuple[GroupReceipt, ...]
    reached: int
    groups: int
    told: Time
    told_counts: tuple[int, int] | None
    commitment: str
    reminders: int


class ToldDisseminated(Answer, frozen=True):
    """What a party said of passing on a notice of ours. Counts of 0 of 0: a commitment alone, once all confirmed."""

    notice: str
    version: int
    party: str
    reached: int
    groups: int
    commitment: str
    at: Time
    by: str


class RelayShown(Answer, frozen=True):
    """A relay, ours or of a peer's. `word` is what its receiver says of it; empty is not yet."""

    relay: str
    party: str
    to: str
    mode: str
    at: Time
    by: str
    origin: str
    notice: str
    version: int
    state: str
    log: str
    index: int
    leaf: str
    content: str
    trail: tuple[str, ...]
    word: str
    proved: bool


class Dissemination(Answer, frozen=True):
    """All of passing on."""

    groups: tuple[Group, ...]
    passed: tuple[PassedNotice, ...]
    told_us: tuple[ToldDisseminated, ...]
    relays: tuple[RelayShown, ...]


class PassingAnswer(Answer, frozen=True):
    """It is recorded."""

    receipt: Receipt
    subject: str
    passed: PassedNotice | None = None
