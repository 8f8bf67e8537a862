"""What can be asked about passing on (D1, D2)."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class SetGroup(Command):
    """A group of addressees, or without members: no longer one."""

    group: str
    name: str
    members: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class PassOn(Command):
    """Another party's notice went to these groups. `notice` is `party/serial`."""

    notice: str
    version: int
    groups: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class ConfirmGroup(Command):
    """A named person of a group has it."""

    notice: str
    version: int
    group: str
    person: str
    by: str


@dataclass(frozen=True, slots=True)
class TellDisseminated(Command):
    """Tell the other side how far it was passed on. `shows` empty: as agreed."""

    notice: str
    version: int
    by: str
    shows: str = ""


@dataclass(frozen=True, slots=True)
class RelayNotice(Command):
    """Tell a third party of a notice, citing where it stands.

    Attributes:
        source: `party/serial` of a notice that was told to us, or of a relay.
        entry: bytes of the entry that it stands in; proof: a tlog-proof of it, or empty. For a relay: empty, it has
            them.
    """

    source: str
    to: str
    by: str
    entry: bytes = b""
    proof: str = ""
