"""Agreements that a text names: by a name, a year, a date, the parties, or what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from keepclear.formats.intake.names import _CAP, _NOT_FIRST, listed
from keepclear.formats.intake.passages import Passage
from keepclear.formats.intake.scene import Scene, surely
from keepclear.formats.intake.values import Finding, Kind, Place, Span, When

_NOUN: Final = re.compile(
    r"\b(?:(?:Letters?|letters?)\s+of\s+(?:Agreement|agreement)|(?:Memorandum|memorandum|Memoranda|memoranda)\s+of\s+(?:Understanding|understanding)"
    r"|Agreements?|agreements?|Accords?|accords?|Memorandum|memorandum|Memoranda|memoranda|MoU|MOU|Protocols?|protocols?|Treaty|treaty|Treaties"
    r"|Pact|pact|Convention|convention|Arrangement|arrangement|Document|document|Deal|deal|Declaration|declaration)\b"
)
_YEAR: Final = re.compile(r"(?:1[89]\d\d|20\d\d|21\d\d)")
_BEFORE: Final = re.compile(
    rf"(?:(?P<year>{_YEAR.pattern})\s+)?(?P<caps>(?:{_CAP}(?:\s+of\s+(?:the\s+)?|[\s–-]+(?:and\s+)?)){{0,4}})"
    r"(?P<about>(?:(?:cease-?fire|disengagement|de-?confliction|de-?escalation|peace|security|border|flight|air|safety|withdrawal|separation|armistice|military|bilateral|trilateral)\s+){0,3})$"
)
_ABOUT: Final = re.compile(r"\s+(?:on|concerning|regarding|for|about)\s+(?:the\s+)?(?P<about>(?:[\w’'-]+\s+){0,11}?[\w’'-]+?)(?=\s+(?:of|from|dated|in)\s+(?:[A-Z]\w+\s+)?\d|\s+(?:signed|between|provides?|has|have|was|were|is|are|remains?|expires?|to the|and to|and the)\b|[,.;:)]|$)")  # fmt: skip
_BETWEEN: Final = re.compile(r",?\s+(?:between|signed by|concluded by|by|among)\s+(?=(?:the\s+)?[A-Z])")
_TO_DATE: Final = re.compile(
    r",?\s*(?:(?:which|that)\s+)?(?:was\s+|were\s+)?(?:signed|concluded|reached|adopted|agreed|made|struck|dated|initialled)?"
    rf"(?:\s+(?:in|at)\s+(?P<place>{_CAP}(?:\s+{_CAP})?))?(?:\s+(?:on|of|in|from|later))?\s*"
)
_SIGNING: Final = re.compile(
    r"\b(?:sign(?:ed|s|ing)?|conclud(?:e|ed|es)|initialled|adopted)\s+(?:a|an|the)?\s*$", re.IGNORECASE
)
_GENERIC: Final = frozenset({"document", "declaration", "deal", "convention", "arrangement"})


def agreements(scene: Scene, passage: Passage) -> Iterator[Finding]:
    """Agreements named in one passage.

    A bare `the agreement` names none. `Document`, `deal` and the like count only with a name before them.
    """
    at = passage.span.start
    while match := _NOUN.search(scene.text, at, passage.span.end):
        found = _agreement(scene, passage, match)
        at = max(match.end(), found.span.end if found else 0)
        if found:
            yield found


def _agreement(scene: Scene, passage: Passage, match: re.Match[str]) -> Finding | None:
    text, end = scene.text, match.end()
    before = _BEFORE.search(text, passage.span.start, match.start())
    start, year, caps = match.start(), "", ""
    if before is not None:
        caps, year = _without_small_words(before["caps"] or ""), before["year"] or ""
        start = match.start() - len(before["about"]) - len(caps)
        if year and (not caps.strip() or len(caps) == len(before["caps"])):
            start = before.start("year")
    about = _ABOUT.match(text, end, passage.span.end)
    end = about.end() if about else end
    parties, end = _parties(text, end, passage.span.end)
    when, where, end = _signed(scene, passage, end)
    if not parties:
        parties, end = _parties(text, end, passage.span.end)
    if not parties and re.search(r"\w[–-]\w", caps):
        parties = tuple(re.split(r"[–-]", caps.strip()))
    if when is None and year:
        when = When(Span(before.start("year"), before.end("year")) if before else Span(start, end), year, year)
    is_signing = _SIGNING.search(text[:start][-24:]) is not None
    if is_signing and not parties:
        parties = tuple(span.of(text) for span in listed(text, passage.span.start, start))
    if is_signing and when is None:
        when = next(iter(scene.times(Span(passage.span.start, start), is_future=False)), None)
    evidence = (
        (2 if caps.strip() else 0)
        + bool(when)
        + bool(parties)
        + (1 if about and (match[0][0].isupper() or is_signing) else 0)
    )
    evidence += bool(before and before["about"] and not match[0].endswith("s"))
    if not evidence or (match[0].lower() in _GENERIC and not caps.strip()):
        return None
    span = Span(start, end)
    name = re.sub(r"\s+", " ", text[start : about.end() if about else match.end()])
    return Finding(
        Kind.AGREEMENT, span, span.of(text), surely(evidence, is_weakened=False),
        who=parties, name=name, when=when, where=where,
    )  # fmt: skip


def _without_small_words(caps: str) -> str:
    """The name before the noun, without `The`, `Under` and other words that a sentence begins with."""
    words = re.findall(r"\S+\s*", caps)
    while words and words[0].lower().strip().rstrip(",.") in _NOT_FIRST | {"both"}:
        words.pop(0)
    return "".join(words)


def _parties(text: str, at: int, end: int) -> tuple[tuple[str, ...], int]:
    between = _BETWEEN.match(text, at, end)
    if between is None:
        return (), at
    spans = listed(text, between.end(), end)
    return (tuple(span.of(text) for span in spans), spans[-1].end) if spans else ((), at)


def _signed(scene: Scene, passage: Passage, at: int) -> tuple[When | None, tuple[Place, ...], int]:
    """The date of an agreement and where it was signed, when they follow it at once."""
    for when in scene.times(passage.span, is_future=False):
        if at <= when.span.start <= at + 60:
            joined = _TO_DATE.fullmatch(scene.text, at, when.span.start)
            if joined is None and scene.text[at : when.span.start].strip() != "":
                return None, (), at
            where: tuple[Place, ...] = ()
            if joined and joined["place"]:
                span = Span(*joined.span("place"))
                where = (Place(span, joined["place"], scene.gazetteer(joined["place"])),)
            return when, where, when.span.end
    return None, (), at
