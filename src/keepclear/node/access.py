"""Who is asking, and what they may ask."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from keepclear.errors import NotAllowed


class Role(enum.StrEnum):
    """What a caller is to this node."""

    OFFICER = "officer"
    OBSERVER = "observer"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or program of our own party, as a credential showed."""

    party: str
    role: Role = Role.OFFICER


def require_may_command(caller: Caller, party: str) -> None:
    """Raise NotAllowed unless the caller may ask this party's node to do something."""
    if caller.party != party:
        raise NotAllowed(f"{caller.party} does not command {party}")
    if caller.role is not Role.OFFICER:
        raise NotAllowed("an observer looks and does not act")
