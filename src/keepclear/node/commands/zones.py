"""What can be asked about zones."""

from __future__ import annotations

from dataclasses import dataclass

from keepclear.core.timespan import TimeSpan
from keepclear.core.zone import Zone
from keepclear.node.commands.base import Command


@dataclass(frozen=True, slots=True)
class AnnounceZone(Command):
    """Announce a zone of our own to every party with whom something is agreed, or to those named in `to`."""

    zone: Zone
    by: str
    to: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChangeZone(Command):
    """State a zone of our own anew. `version` is the one that the caller has seen."""

    zone: Zone
    version: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LiftZone(Command):
    """A zone of our own is no more."""

    id: str
    version: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GiveBackZone(Command):
    """What is left of a zone of our own is not needed: others may plan there from `at_us`; and when it was used."""

    id: str
    version: int
    by: str
    at_us: int = 0
    used: tuple[TimeSpan, ...] = ()
    reason: str = ""
