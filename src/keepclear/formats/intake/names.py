"""People, parties and places in a passage, by titles, small words and capitals. No list of the world's names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from keepclear.formats.intake.dates import MONTHS, WEEKDAYS
from keepclear.formats.intake.values import Place, Span

_LETTER: Final = r"[A-ZÀ-ÖØ-ÞĀĂĄĆČĐĒĖĘĞĢĪĮİŁŃŌŐŒŘŚŞŠŪŮŹŻŽ]"
#: One capitalised word: Vladimir, al-Tanf, O'Neill, Nur-Sultan, Il-20.
_CAP: Final = rf"(?:(?:al|el|ar|as|at|ad|bin|ibn|de|van|von|da|di)[- ])?{_LETTER}(?:[\w’'.]*[\w])?(?:-[\w]+)*"
_TITLE: Final = (
    r"(?:(?:Prime|Foreign|Defen[cs]e|Interior|Deputy|Vice|First|External Affairs|US|U\.S\.|UN|Chief|Secretary)\s+)*"
    r"(?:Prime\s+Minister|Foreign\s+Minister|Defen[cs]e\s+Minister|Minister(?:\s+of\s+(?:Foreign\s+Affairs|Defen[cs]e|the\s+Interior))?|President"
    r"|Vice\s+President|Premier|Chancellor|King|Queen|Emir|Sheikh|Prince|Sultan|Secretary(?:[\s-]+General)?(?:\s+of\s+(?:State|Defen[cs]e|War))?"
    r"|Ambassador|Envoy|Special\s+Envoy|Commissioner|High\s+Representative|Senator|Governor|Mayor|Speaker|Judge|Professor"
    r"|(?:Lieutenant|Major|Brigadier|Colonel|Lt\.?|Maj\.?|Brig\.?|Vice|Rear|Air)[\s-]+(?:General|Gen\.?|Admiral|Adm\.?|Colonel|Col\.?|Commander|Cmdr\.?|Marshal)"
    r"|General|Gen\.|Admiral|Adm\.|Colonel|Col\.|Major|Maj\.|Captain|Capt\.|Commander|Cmdr\.|Cdr\.|Brigadier|Lieutenant|Lt\.|Sergeant|Sgt\.|Marshal"
    r"|Mr\.?|Mrs\.?|Ms\.?|Dr\.?|Prof\.?|Sir|Lord|Lady"
    r"|[Ss]pokes(?:man|woman|person)|[Mm]inister|[Pp]resident|[Aa]mbassador|[Cc]ommander|[Gg]eneral|[Aa]dmiral|[Cc]olonel|[Ee]nvoy|[Cc]oordinator|[Dd]irector|[Cc]hief)"
)
_PERSON: Final = re.compile(
    rf"\b(?P<title>{_TITLE}(?:\s+{_TITLE}){{0,2}}(?:\s+(?:of|for)\s+(?:the\s+)?{_CAP})?)\s+(?P<name>{_CAP}(?:\s+{_CAP}){{0,3}})"
)
_COUNTERPART: Final = re.compile(rf"\bcounterpart,?\s+(?P<name>{_CAP}(?:\s+{_CAP}){{1,3}})")
_PLAIN: Final = re.compile(
    rf"\b(?P<name>{_CAP}(?:\s+{_CAP}){{1,3}})(?=,?\s+(?:who|said|says|told|added|met|spoke|and|will|is|was|has|announced|stated)\b|’s|'s)"
    rf"|\b(?:with|told|by)\s+(?P<name2>{_CAP}(?:\s+{_CAP}){{1,2}})"
)

#: Words that end a name of something other than a person.
_NOT_LAST: Final = frozenset(
    (
        "accord agreement airport airspace airways area army assembly authority bank base bay board border "
        "bureau cabinet camp cape centre center channel city coast command commission committee company "
        "conference congress convention corps corridor council country court crossing delta department desert "
        "district document east embassy expanse federation field fleet force forces front government group "
        "guard gulf harbour headquarters heights hill hospital house institute island islands kremlin lake "
        "line memorandum military ministry mission mount mountain mountains nations navy north office "
        "organisation organization pact palace parliament party peninsula plain point police port post press "
        "protocol province range region republic reservoir ridge river sea senate service services south "
        "staff state states station strait straits strip summit talks times tower town treaty union valley "
        "village war water west wire zone statement emirates kingdom arabia affairs defence defense security "
        "update note briefing news agency ministers minister presidents generals leaders chiefs officers "
        "states'"
    ).split()
)
_NOT_FIRST: Final = frozenset(
    (
        "the a an this that these those it its he she they their his her we our i in on at by for from of to "
        "under over after before during since as while when where if but and or not no none both each every "
        "some any all last next later earlier according following despite because although however meanwhile "
        "background highlights coordination access another such there here united north south east west new "
        "asked let good nothing joint two three four five six state enquiries airspace press prime foreign "
        "defence defense"
    ).split()
)
_WHERE: Final = re.compile(
    rf"\b(?P<prep>in|at|near|over|off|around|surrounding|outside|above|towards?|to|from|visit(?:ed|s|ing)?|of|between|along|across|inside|through)\s+"
    r"(?:the\s+)?(?:(?:north(?:ern)?|south(?:ern)?|east(?:ern)?|west(?:ern)?|north-?east(?:ern)?|north-?west(?:ern)?|central)\s+(?:part\s+)?(?:of\s+)?(?:the\s+)?)?"
    r"(?P<head>(?:village|town|city|port|coast|capital|province|island|area|district|airport|base|region|neighbou?rhood)\s+of\s+(?:the\s+)?)?"
    rf"(?P<name>{_CAP}(?:\s+(?:of\s+(?:the\s+)?)?{_CAP}){{0,3}})(?!\s+(?:format|process|agreement|memorandum|accord|deal|time)\b)"
)
_EVENT_PLACE: Final = re.compile(rf"\b(?P<name>{_CAP})\s+(?P<what>[Ss]ummit|[Cc]onference|[Tt]alks|[Ff]orum)\b")
#: Prepositions that place something, before which a name is where it happened.
_LOCATIVE: Final = frozenset({"in", "at", "near", "over", "off", "around", "surrounding", "outside", "above", "inside", "visit", "visited", "visits", "visiting", "along", "across"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name, and where the name stands."""

    span: Span
    name: str


@dataclass(slots=True)
class Known:
    """Names that the whole text gives: surnames of people with titles, and names of what are surely places."""

    surnames: dict[str, str] = field(default_factory=dict)


Gazetteer = Callable[[str], str]


def no_gazetteer(name: str) -> str:
    """Knows no place."""
    return ""


def _is_day_or_month(word: str) -> bool:
    return word.lower().strip(".") in MONTHS or word.lower() in WEEKDAYS


def _trimmed(text: str, start: int, end: int) -> Span:
    """A name without days and months at its end, and without a possessive."""
    words = list(re.finditer(r"\S+", text[start:end]))
    while words and (_is_day_or_month(words[-1].group().rstrip(",")) or words[-1].group() in ("UTC", "GMT")):
        words.pop()
    if not words:
        return Span(start, start)
    stop = start + words[-1].end()
    possessive = re.search(r"[’']s?$", text[start:stop])
    return Span(start, stop - (len(possessive.group()) if possessive else 0))


def know(text: str) -> Known:
    """The surnames that a text introduces with a title, so that they are people wherever they stand."""
    known = Known()
    for match in _PERSON.finditer(text):
        span = _name_span(text, match)
        full = span.of(text)
        if full and _may_be_person(full, has_title=True):
            surname = full.split()[-1]
            if len(known.surnames.get(surname, "")) < len(full):
                known.surnames[surname] = full
    for match in _COUNTERPART.finditer(text):
        span = _name_span(text, match)
        if span.of(text):
            known.surnames.setdefault(span.of(text).split()[-1], span.of(text))
    return known


def _name_span(text: str, match: re.Match[str]) -> Span:
    group = "name" if match["name"] else "name2"
    return _trimmed(text, match.start(group), match.end(group))


_SHORT_TITLES: Final = frozenset(
    ("Maj", "Gen", "Lt", "Col", "Adm", "Brig", "Capt", "Cmdr", "Sgt", "Rear", "Dr", "Mr", "Ms", "Mrs")
)


def _may_be_person(name: str, *, has_title: bool) -> bool:
    words = name.split()
    if any(re.sub(r"[’']s?$", "", word.lower()).strip(".") in _NOT_LAST or _is_day_or_month(word) for word in words):
        return False
    if (
        words[-1].rstrip(".") in _SHORT_TITLES
        or words[0].lower() in _NOT_FIRST
        or any(word.isupper() and len(word) > 1 for word in words)
    ):
        return False
    return has_title or len(words) >= 2


def people(text: str, within: Span, known: Known) -> list[Person]:
    """People named in a passage, in order, each by the fullest name that the text gives."""
    found: list[Person] = []

    def add(span: Span) -> None:
        if span.end > span.start and not any(span.meets(other.span) for other in found):
            name = span.of(text)
            full = known.surnames.get(name.split()[-1], name)
            found.append(Person(span, full if full.endswith(name) or len(full) > len(name) else name))

    for match in _PERSON.finditer(text, within.start, within.end):
        span = _name_span(text, match)
        if span.of(text) and _may_be_person(span.of(text), has_title=True):
            add(span)
    for pattern in (_COUNTERPART, _PLAIN):
        for match in pattern.finditer(text, within.start, within.end):
            span = _name_span(text, match)
            before = text[max(0, match.start() - 14) : match.start()]
            placed = re.search(r"\b(?:in|at|near|over|the|of|to|from)\s+$", before)
            if not placed and span.of(text) and _may_be_person(span.of(text), has_title=False):
                add(span)
    for surname in known.surnames:
        for match in re.finditer(
            rf"(?<![\w-]){re.escape(surname)}\b(?!\.\s+[A-Z]|-\w)", text[within.start : within.end]
        ):
            add(Span(within.start + match.start(), within.start + match.end()))
    return sorted(found, key=lambda person: person.span)


def places(text: str, within: Span, known: Known, gazetteer: Gazetteer) -> list[tuple[Place, str]]:
    """Places named in a passage, in order, each with the small word before it."""
    found: list[tuple[Place, str]] = []
    taken = [person.span for person in people(text, within, known)]
    for match in _EVENT_PLACE.finditer(text, within.start, within.end):
        _add_place(found, text, _name_span(text, match), "at", taken, gazetteer)
    for match in _overlapping(_WHERE, text, within):
        prep = "near" if match["head"] and match["prep"] == "from" else match["prep"].lower()
        _add_place(found, text, _name_span(text, match), prep, taken, gazetteer)
    return sorted(found, key=lambda entry: entry[0].span)


def _overlapping(pattern: re.Pattern[str], text: str, within: Span) -> Iterator[re.Match[str]]:
    at = within.start
    while match := pattern.search(text, at, within.end):
        yield match
        at = match.end("prep") + 1


def _add_place(
    to: list[tuple[Place, str]], text: str, span: Span, prep: str, taken: list[Span], gazetteer: Gazetteer
) -> None:
    name = span.of(text)
    if not name or any(span.meets(other) for other in taken) or any(span.meets(p.span) for p, _ in to):
        return
    words = name.split()
    if words[0].lower() in _NOT_FIRST - {"new", "north", "south", "east", "west", "united"} or name.lower() in (
        "utc",
        "gmt",
        "world",
    ):
        return
    to.append((Place(span, name, gazetteer(name)), prep))


def is_locative(prep: str) -> bool:
    """Whether a name after this word says where something was."""
    return prep in _LOCATIVE


_LIST: Final = re.compile(
    rf"(?:the\s+)?(?P<one>{_CAP}(?:\s+{_CAP})?)(?:,\s+(?P<two>{_CAP}(?:\s+{_CAP})?))?,?\s+(?:and|&)\s+(?:the\s+)?(?P<last>{_CAP}(?:\s+{_CAP})?)"
)


def listed(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Names in `Amber, Birch and Cedar` or `Syria and Turkey`, each where it stands; empty when there is no list."""
    match = _LIST.match(text, start, end)
    if match is None:
        return ()
    return tuple(_trimmed(text, *match.span(part)) for part in ("one", "two", "last") if match[part])
