"""A text with what every finder needs: its passages, quotations, names, and the day it is counted from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from keepclear.formats.intake import dates, names
from keepclear.formats.intake.passages import Passage, Quote, in_quote
from keepclear.formats.intake.values import Place, Span, Sure, When

#: A count before a noun: figures, or a word up to twenty.
COUNT: Final = r"(?:\d{1,4}|" + "|".join(word for word in dates.NUMBERS if word not in ("zero", "a", "an")) + ")"
_PLANNED: Final = re.compile(
    r"(?i)\b(?:will|would|shall|going to|due|scheduled|planned|plans?|expected|set to|is to|are to|was to|were to|upcoming|forthcoming"
    r"|next|invited|intends?|to (?:meet|discuss|visit|hold|host|speak|travel|take place|be held|convene|resume))\b"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """One text being read."""

    text: str
    passages: Sequence[Passage]
    quotes: Sequence[Quote]
    known: names.Known
    dated: date | None
    gazetteer: names.Gazetteer
    nights: Sequence[tuple[int, tuple[date, date]]] = field(default=())

    def times(self, within: Span, *, is_future: bool | None = None) -> list[When]:
        """Times named in a passage."""
        night = next((days for at, days in reversed(self.nights) if at <= within.start), None)
        found = dates.times(self.text, within, dates.Days(self.dated, night, is_future))
        return [self._same(when, within) for when in found]

    def _same(self, when: When, within: Span) -> When:
        """`The same day` and `the following day` are counted from the day that was named last before them."""
        word = re.search(r"(?i)\bthe (same|following|next|previous) ", when.span.of(self.text))
        if word is None:
            return when
        turn = timedelta({"same": 0, "previous": -1}.get(word[1].lower(), 1))
        before = [passage.span for passage in self.passages if passage.span.end <= within.start][-3:]
        earlier = [Span(within.start, when.span.start)] if when.span.start > within.start else []
        for span in reversed([*before, *earlier]):
            named = [t for t in dates.times(self.text, span, dates.Days(self.dated)) if len(t.first) == 10]
            if named:
                day = (date.fromisoformat(named[-1].last) + turn).isoformat()
                return When(when.span, day, day, is_counted=True)
        return When(when.span, is_counted=True)

    def people(self, within: Span) -> list[names.Person]:
        """People named in a passage."""
        return names.people(self.text, within, self.known)

    def places(self, within: Span) -> list[tuple[Place, str]]:
        """Places named in a passage, each with the small word before it."""
        return names.places(self.text, within, self.known, self.gazetteer)

    def is_quoted(self, span: Span) -> bool:
        """Whether it stands in a quotation that is a statement."""
        return in_quote(span, list(self.quotes))


def is_planned(words: str) -> bool:
    """Whether the words beside an event speak of what is to come."""
    return _PLANNED.search(words) is not None


def nearest(found: Sequence[When], span: Span) -> When | None:
    """The time that belongs to a word: the first after it, otherwise the last before it; resolved ones first."""
    after = [when for when in found if when.span.start >= span.start]
    before = [when for when in found if when.span.end <= span.start]
    ordered = [*after, *reversed(before)]
    # A day that is written out says more than a time of day whose day was only guessed at.
    firm = [when for when in ordered if len(when.first) >= 7 and not ("T" in when.first and when.is_counted)]
    return next(iter([*firm, *(when for when in ordered if len(when.first) >= 7), *ordered]), None)


def number(words: str) -> int | None:
    """A count in figures or words."""
    lowered = words.lower().strip()
    return int(lowered) if lowered.isdigit() else dates.NUMBERS.get(lowered)


def around(spans: Sequence[Span]) -> Span:
    """From the first to the last of some spans."""
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def surely(evidence: int, *, is_weakened: bool) -> Sure:
    """How sure a finding is: from how many things beside the word speak for it."""
    order = (Sure.POSSIBLE, Sure.LIKELY, Sure.CLEAR)
    return order[max(0, min(evidence, 2) - is_weakened)]
