"""A text in passages: sentences and headings with their places in the text, and what stands in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from keepclear.formats.intake.values import Span

_SHORTENED: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Lt|Col|Maj|Capt|Cdr|Cmdr|Adm|Brig|Sgt|Sen|Rep|Gov|St|No|Nos|Art|Fig|vs|approx|ca|cf|al"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|Mon|Tue|Tues|Wed|Thu|Thur|Thurs|Fri|Sat|Sun)|\b[A-Z]|\b[ap]\.m"
    r"|^\s*\d+)\.$"
)
_END: Final = re.compile(r"[.!?][\"”’»)\]]*(?=\s+[\"“‘«(\[]?[A-Z0-9“‘«\"])|;(?=\s)")
_QUOTES: Final = (("“", "”"), ("«", "»"), ("„", "“"), ('"', '"'))
#: No sentence is longer; what has no end mark for so long is read in pieces, so that time grows with length alone.
PASSAGE_CHARS_MAX: Final = 1_200
#: A line without an end mark and shorter than this is a heading or stands alone; a longer one was broken by width.
_HEADING_MAX: Final = 52
#: Fewer words in quotation marks are a name or a distance kept, not a statement.
QUOTE_WORDS_MIN: Final = 5


@dataclass(frozen=True, slots=True)
class Quote:
    """What stands between quotation marks, without them; `outer` is with them."""

    span: Span
    outer: Span
    words: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence, clause before a semicolon, or heading."""

    span: Span
    paragraph: Span
    is_heading: bool


def paragraphs(text: str) -> Iterator[Span]:
    """Stretches between blank lines, items of lists and headings that stand on lines of their own."""
    start = 0
    while start < len(text):
        end = start
        while True:
            line_end = text.find("\n", end)
            line_end = len(text) if line_end < 0 else line_end
            line = text[end:line_end]
            following = text[line_end + 1 : line_end + 400].split("\n", 1)[0]
            stands_alone = len(line.strip()) < _HEADING_MAX and not line.rstrip().endswith((",", "-"))
            is_item = re.match(r"\s*(?:[-*•]|\(?\w{1,3}[.)])\s", following) is not None
            if line_end >= len(text) or not following.strip() or stands_alone or is_item:
                break
            end = line_end + 1
        stripped = text[start:line_end].strip()
        if stripped:
            first = start + text[start:line_end].index(stripped)
            yield Span(first, first + len(stripped))
        start = line_end + 1


def passages(text: str) -> list[Passage]:
    """All sentences and headings of a text, in order. Their places are exact."""
    found: list[Passage] = []
    for number, paragraph in enumerate(paragraphs(text)):
        body = paragraph.of(text)
        is_heading = not re.search(r"[.!?:][\"”’)\]]*$", body) and (number == 0 or len(body) < 120)
        at = 0
        for mark in _END.finditer(body):
            if mark.group().startswith(".") and _SHORTENED.search(body[at : mark.start() + 1][-24:]):
                continue
            _add(found, text, Span(paragraph.start + at, paragraph.start + mark.end()), paragraph, is_heading)
            at = mark.end()
        _add(found, text, Span(paragraph.start + at, paragraph.end), paragraph, is_heading)
    return found


def _add(to: list[Passage], text: str, span: Span, paragraph: Span, is_heading: bool) -> None:
    body = span.of(text)
    item = re.match(r"\s*(?:[-*•–]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)", body)
    if item:  # the mark of a list is no part of what is said
        span = Span(span.start + item.end(), span.end)
        body = span.of(text)
    while body.strip():
        start = span.start + len(body) - len(body.lstrip())
        end = start + len(body.strip())
        if end - start > PASSAGE_CHARS_MAX:
            gap = text.rfind(" ", start + 1, start + PASSAGE_CHARS_MAX)
            end = gap if gap > 0 else start + PASSAGE_CHARS_MAX
        to.append(Passage(Span(start, end), paragraph, is_heading))
        span = Span(end, span.end)
        body = span.of(text)


def quotes(text: str) -> list[Quote]:
    """What stands in quotation marks, in order. A quotation that is not closed runs to the end of its paragraph."""
    found: list[Quote] = []
    for paragraph in paragraphs(text):
        if not any(mark in text[paragraph.start : paragraph.end] for mark, _ in _QUOTES):
            continue
        at = paragraph.start
        while at < paragraph.end:
            opened = next(((a, b) for a, b in _QUOTES if text.startswith(a, at)), None)
            if opened is None:
                at += 1
                continue
            end = text.find(opened[1], at + 1, paragraph.end)
            closed = paragraph.end if end < 0 else end
            inner = text[at + 1 : closed]
            if len(inner.split()) >= 1:
                outer = Span(at, min(closed + 1, paragraph.end))
                found.append(Quote(Span(at + 1, closed), outer, len(inner.split())))
            at = closed + 1
    return found


def in_quote(span: Span, quoted: list[Quote]) -> bool:
    """Whether it stands inside a quotation that is long enough to be a statement."""
    return any(quote.words >= QUOTE_WORDS_MIN and quote.outer.holds(span) for quote in quoted)
