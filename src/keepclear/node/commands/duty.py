"""What can be asked about the watch (D3, D5)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.duty import Role
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class SetPerson(Command):
    """A person of our party; without roles: no longer one of it."""

    login: str
    name: str
    roles: tuple[Role, ...]
    by: str
    desk: str = ""
    telephone: str = ""


@dataclass(frozen=True, slots=True)
class TakeWatch(Command):
    """Begin the watch, or assume it without a handover, for a reason."""

    by: str
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class OfferHandover(Command):
    """Whoever holds the watch will hand it over."""

    to: str
    by: str


@dataclass(frozen=True, slots=True)
class TickItems(Command):
    """The next shift has looked at these items."""

    items: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class SignHandover(Command):
    """Sign the list as it stands; `digest` is the one that was seen."""

    digest: str
    by: str


@dataclass(frozen=True, slots=True)
class WithdrawHandover(Command):
    """It does not take place."""

    by: str


@dataclass(frozen=True, slots=True)
class AddLog(Command):
    """A line of the duty log."""

    text: str
    by: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class SetNumber(Command):
    """A line of the telephone directory."""

    name: str
    number: str
    by: str
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class AttachRecording(Command):
    """A recording, by its hash."""

    sha256: str
    size: int
    name: str
    by: str
    about: str = ""
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class SendDraft(Command):
    """A second person sends what waits."""

    id: str
    by: str


@dataclass(frozen=True, slots=True)
class DropDraft(Command):
    """What waits is not sent."""

    id: str
    by: str
    remarks: str = ""
