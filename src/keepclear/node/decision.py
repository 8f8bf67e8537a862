"""What a decision gives: entries to record, in order, and what is to be done once they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from keepclear.core.notice import Mode
from keepclear.node.effects import Effect
from keepclear.node.entries import DERIVED, KIND_OF, Entry


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry on its way into a log: the channel to the peer `to`, or our private log when that is empty."""

    body: Entry
    to: str = ""
    mode: Mode = Mode.OPER

    @property
    def is_stated(self) -> bool:
        """Whether a person or a peer said it, rather than a rule."""
        return KIND_OF[type(self.body)] not in DERIVED


@dataclass(frozen=True, slots=True)
class Decision:
    """Entries in order and effects. `subject` names what the command was about: a notice key, an alert, a hash."""

    drafts: tuple[Draft, ...] = ()
    effects: tuple[Effect, ...] = ()
    subject: str = ""

    @staticmethod
    def of(drafts: list[Draft], subject: str = "", *effects: Effect) -> Decision:
        """A decision with the deliveries that its drafts call for."""
        return Decision(tuple(drafts), effects, subject)


@dataclass(slots=True)
class Told:
    """Drafts being gathered, for decisions that have several parts."""

    drafts: list[Draft] = field(default_factory=list)

    def add(self, body: Entry, *, to: str = "", mode: Mode = Mode.OPER) -> None:
        """One more entry."""
        self.drafts.append(Draft(body, to, mode))
