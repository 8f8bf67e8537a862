"""What intake finds in a text, as values. A finding is a draft for a person to confirm; it is never an entry."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Kind(enum.StrEnum):
    """What a finding is about. A point facility, a zone and an agreement are three things and never one (P7)."""

    MEETING = "meeting"
    CALL = "call"
    AGREEMENT = "agreement"
    ZONE = "zone"
    POST = "post"
    INCIDENT = "incident"
    STATEMENT = "statement"


class Sure(enum.StrEnum):
    """How sure the rules are. Never sure enough to do without a person."""

    CLEAR = "clear"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters of the text, from `start` up to but not including `end`."""

    start: int
    end: int

    def holds(self, other: Span) -> bool:
        """Whether the other lies inside this one."""
        return self.start <= other.start and other.end <= self.end

    def meets(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end

    def of(self, text: str) -> str:
        """The characters themselves."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class When:
    """A time as the text says it and, where it can be told, the days it means.

    Attributes:
        span: where it was read.
        first, last: ISO 8601 as far as it is known: `2019-02-21`, `2018-11`, `1998`, `2032-08-17T19:14Z`. Empty: not
            resolved; it is relative to a day that was not given.
        is_counted: it was counted from another day (`--dated`, or a day read earlier in the text), not written out.
    """

    span: Span
    first: str = ""
    last: str = ""
    is_counted: bool = False

    @property
    def iso(self) -> str:
        """One day, month or year, or `first/last`; empty when it stays relative."""
        return self.first if self.first == self.last else f"{self.first}/{self.last}"


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the text names it. A gazetteer may know it; its position is then a settlement's, never a post's.

    Attributes:
        known_as: the gazetteer's name and region, empty when it knows none.
    """

    span: Span
    name: str
    known_as: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a text says, where it says it, and how sure the rules are.

    Attributes:
        span: the words it was read from; `text` is exactly that slice of the source.
        who: those who met or called, or whom an agreement binds.
        speaker: of a statement; or who is said to have said what another finding tells.
        is_quoted: the words are a quotation. A quotation is attributed and never becomes a term.
        name: of an agreement; the type of a zone or post (`de-escalation zone`).
        count: how many zones or posts the text gives; None when it gives no number.
        tense: `past` or `planned`, of meetings and calls.
        notes: what a person should look at before confirming.
    """

    kind: Kind
    span: Span
    text: str
    sure: Sure
    who: tuple[str, ...] = ()
    speaker: str = ""
    is_quoted: bool = False
    name: str = ""
    count: int | None = None
    where: tuple[Place, ...] = ()
    when: When | None = None
    tense: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """All findings of one text, in the order of the text.

    Attributes:
        dated: the day that relative dates were counted from, ISO, empty when none was given.
        dateline: a day that the text itself seems to bear; a suggestion for `--dated`, never used by itself.
    """

    findings: tuple[Finding, ...]
    dated: str = ""
    dateline: str = ""
    sha256: str = field(default="")
