"""What is in force now: a fold over the entries of all logs of this node.

`apply` takes one entry and never refuses: what may be recorded was decided before. Losing the picture costs a restart
and never a fact. The values, and questions about them, are in `state`; how each kind of entry changes them in `folds`.
"""

from __future__ import annotations

from keepclear.node.entries import Received
from keepclear.node.folds import FOLDS
from keepclear.node.folds.notices import forget
from keepclear.node.logs import Read, parties_of
from keepclear.node.state import State


class Picture(State):
    """All that is in force, for one party."""

    def apply(self, entry: Read) -> None:
        """Take up one recorded entry."""
        sender, receiver = parties_of(entry.log)
        if receiver and sender == self.party:
            self.written_at.setdefault(receiver, []).append(entry.at)
            self.asks.setdefault(receiver, bytearray()).append(not isinstance(entry.body, Received))
        if entry.body is None:  # from newer software: kept, cosigned, shown raw
            return
        FOLDS[type(entry.body)](self, entry, entry.body, sender, receiver)

    def forget(self, now_us: int) -> None:
        """Let go of what ended more than an hour ago; the record keeps it. The same at one instant, however often."""
        forget(self, now_us)
