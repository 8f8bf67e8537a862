"""Refusals of the standard that carry more than a message, or have a status of their own."""

from __future__ import annotations

from collections.abc import Sequence

from keepclear.dss.values import Constraint, Intent
from keepclear.errors import LimitReached, Refused


class AirspaceConflict(Refused):
    """The key does not prove that the caller knows all that is there; what it lacks is named."""

    code, status = "airspace_conflict", 409

    def __init__(self, message: str, *, intents: Sequence[Intent] = (), constraints: Sequence[Constraint] = ()) -> None:
        super().__init__(message, at="key")
        self.intents = tuple(intents)
        self.constraints = tuple(constraints)


class MarkedDown(Refused):
    """An arbitrator has declared the caller's service down: it may not plan until that is taken back."""

    code, status = "marked_down", 412


class TooLarge(LimitReached):
    """A request, or what would be its answer, is too large for one message."""

    code, status = "too_large", 413
