"""Zones, and point facilities such as observation posts. The two are never one, and neither is an agreement (P7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from keepclear.formats.intake.names import _CAP, _NOT_FIRST, is_locative
from keepclear.formats.intake.passages import Passage
from keepclear.formats.intake.scene import COUNT, Scene, around, is_planned, nearest, number, surely
from keepclear.formats.intake.values import Finding, Kind, Place, Span

_LENGTH: Final = (
    rf"(?:{COUNT}|\d[\d,.]*)(?:\s*(?:to|-|–|and)\s*\d[\d,.]*)?[\s-]*(?:km|kilomet(?:re|er)s?|nautical miles?|nm|miles?|m|met(?:re|er)s?)\b"
    r"(?:[\s-]+(?:deep|wide|long|radius|in radius|on (?:each|either) side))?"
)
_ZONE: Final = re.compile(
    rf"\b(?:(?P<count>{COUNT})\s+)?(?P<name>(?:(?:temporary|permanent|new|joint|special|{_LENGTH})\s+)*"
    r"(?:(?:[Dd]e-?escalation|[Tt]ension[- ]reduction|[Dd]e-?militari[sz]ed|[Bb]uffer|[Nn]o-?fly(?:ing)?|[Nn]o[- ]drone|[Nn]o-go|[Ee]xclusion|[Dd]anger"
    r"|[Rr]estricted|[Pp]rohibited|[Dd]e-?confliction|[Ss]ecurity|[Ss]afe(?:ty)?|[Pp]rotected|[Tt]raining|[Ss]pecial caution|[Hh]umanitarian|[Mm]ilitary"
    r"|[Ff]iring|[Ee]xercise|[Cc]losed|[Aa]ir [Dd]efen[cs]e [Ii]dentification|[Ww]eapons?-free|[Ff]ire traffic|[Cc]oordination|[Rr]eserved"
    r"|[Cc]ontrolled|[Ss]eparation|[Dd]isengagement|[Nn]eutral|[Ee]vacuation|[Dd]rone-free|[Aa]ir|[Gg]reen|[Tt]ransit|[Bb]order|[Ww]arning|[Hh]azard)\s+"
    r"(?:[Zz]ones?|[Aa]reas?|[Cc]orridors?|[Aa]irspace|[Bb]elts?|[Ss]trip|[Pp]erimeter)|(?:[Tt]emporary\s+)?[Ff]light\s+[Rr]estrictions?|DMZ|ADIZ|[Cc]orridors?(?=\s+(?:of\s+)?\d)))"
)
#: Words that these pairs also have in other senses: no zone unless a place or a size stands beside them.
_LOOSE: Final = re.compile(r"(?i)\b(?:security|safety|military|border|coordination|training|exercise|protected|air|controlled)\s+(?:area|airspace|strip|perimeter)|\b(?:air|green)\s+(?:zone|belt)")  # fmt: skip
_POST: Final = re.compile(
    rf"\b(?:(?P<count>{COUNT})\s+)?(?P<name>(?:(?:new|permanent|temporary|military|joint|fixed|Turkish|Russian|UN)\s+)*"
    r"(?:(?:[Oo]bservation|[Mm]onitoring|[Ww]atch|[Cc]ontrol|[Gg]uard|[Bb]order|[Cc]ommand|[Ll]ookout|[Ss]urveillance|[Ll]istening|[Pp]atrol|[Ll]iaison)\s+"
    r"(?:[Pp]osts?|[Pp]oints?|[Ss]tations?|[Tt]owers?|[Bb]ases?)|[Cc]heck-?points?|[Oo]utposts?|[Ww]atchtowers?))"
    r"(?:\s+(?:No\.?\s*|number\s+)?(?P<number>\d{1,3})\b)?"
)
_CHANGED: Final = re.compile(rf"\b(?:from\s+{COUNT}\s+to|to)\s+(?P<count>{COUNT})\b")
_NAME_BEFORE: Final = re.compile(rf"(?P<name>{_CAP}(?:\s+{_CAP}){{0,2}})(?:[’']s?)?\s+$")
_SIZE: Final = re.compile(rf"\s+(?:of\s+)?{_LENGTH}")
_REACH: Final = 70


def zones(scene: Scene, passage: Passage, taken: Sequence[Span]) -> Iterator[Finding]:
    """Zones that a passage names, with how many, where and when."""
    yield from _facilities(scene, passage, _ZONE, Kind.ZONE, taken)


def posts(scene: Scene, passage: Passage, taken: Sequence[Span]) -> Iterator[Finding]:
    """Point facilities that a passage names, with how many and where. A position is never guessed."""
    yield from _facilities(scene, passage, _POST, Kind.POST, taken)


def _facilities(
    scene: Scene, passage: Passage, pattern: re.Pattern[str], kind: Kind, taken: Sequence[Span]
) -> Iterator[Finding]:
    matches = [m for m in pattern.finditer(scene.text, passage.span.start, passage.span.end)
               if not any(span.holds(Span(*m.span("name"))) for span in taken)]  # fmt: skip
    for match in matches:
        # What stands after the next zone or post is where that one is.
        following = [
            m.start() for other in (_ZONE, _POST) if (m := other.search(scene.text, match.end(), passage.span.end))
        ]
        until = min([*following, passage.span.end])
        found = _facility(scene, passage, match, Span(match.end(), until), kind)
        if found:
            yield found


def _facility(scene: Scene, passage: Passage, match: re.Match[str], tail: Span, kind: Kind) -> Finding | None:
    text = scene.text
    parts = [Span(match.start(), match.end())]
    size = _SIZE.match(text, tail.start, tail.end) if kind is Kind.ZONE else None
    if size:
        parts.append(Span(size.start(), size.end()))
    before = _NAME_BEFORE.search(text, passage.span.start, match.start())
    where: list[Place] = []
    if before and before["name"].split()[0].lower() not in _NOT_FIRST and not re.search(r"\d", before["name"]):
        where.append(Place(Span(*before.span("name")), before["name"], scene.gazetteer(before["name"])))
        parts.append(Span(before.start(), match.end()))
    prep = ""
    for place, word in scene.places(Span(max(passage.span.start, tail.start - 1), tail.end)):
        if place.span.start - tail.start > _REACH or not (is_locative(word) or word in ("of", "between", "to")):
            break
        if not prep or word == prep or where:
            where.append(place)
            parts.append(place.span)
            prep = prep or word
            break
    # `Along the canal`, `on the line`: no name, and part of what is said all the same.
    nameless = re.match(
        r"\s+(?:along|around|near|south of|north of|east of|west of)\s+the\s+[\w-]+", text[tail.start : tail.end]
    )
    if nameless and len(parts) == 1:
        parts.append(Span(tail.start, tail.start + nameless.end()))
    count = number(match["count"]) if match["count"] else None
    changed = (
        _CHANGED.search(text, tail.start, min(tail.end, tail.start + 120))
        if kind is Kind.POST and count is None
        else None
    )
    if changed and re.search(
        r"(?i)number of|reduced|increased|raised|grew|fell", text[passage.span.start : changed.start()]
    ):
        count = number(changed["count"])
    plural = match["name"].rstrip().endswith("s")
    evidence = bool(where) + bool(size) + bool(count) + bool(nameless)
    if not evidence and ((kind is Kind.ZONE and _LOOSE.search(match["name"])) or plural):
        return None
    future = is_planned(passage.span.of(text))
    when = nearest([t for t in scene.times(passage.span, is_future=future) if t.span.start >= match.start()], parts[0])
    span = around(parts)
    notes: tuple[str, ...] = ()
    if kind is Kind.ZONE and (count or 0) > 1 and prep in ("around", "surrounding", "in", "near"):
        notes = (f"{count} zones {prep} one place: are zones meant, or posts in one zone?",)
    if kind is Kind.POST and where:
        notes = ("the name of a settlement is not the position of the post",)
    is_weak = scene.is_quoted(span)
    name = re.sub(r"\s+", " ", match["name"])
    return Finding(kind, span, span.of(text), surely(1 + evidence, is_weakened=is_weak), name=name, count=count,
                   where=tuple(where), when=when, notes=notes)  # fmt: skip
