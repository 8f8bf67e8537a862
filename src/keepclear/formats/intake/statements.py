"""Who is said to have said what: quotations, reported speech, and headings of the form `Name: words`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from keepclear.formats.intake.names import _CAP, _NOT_FIRST
from keepclear.formats.intake.passages import QUOTE_WORDS_MIN, Passage, Quote
from keepclear.formats.intake.scene import Scene
from keepclear.formats.intake.values import Finding, Kind, Span, Sure

_SAY: Final = (
    r"(?:said|says|told|stated|states|added|adds|announced|announces|noted|notes|claimed|claims|confirmed|confirms|denied|denies|declared|argued|argues"
    r"|warned|warns|insisted|insists|explained|explains|reiterated|emphasi[sz]ed|stressed|stresses|underlined|underscored|urged|urges|acknowledged|admitted"
    r"|maintained|maintains|replied|responded|recalled|remarked|observed|commented|concluded|wrote|writes|pledged|promised|vowed|asserted|alleged|alleges"
    r"|reported|called\s+(?:on|for)|calls\s+(?:on|for)|released\s+(?:the|a)\s+statement|issued\s+(?:the|a)\s+statement|quoted\s+as\s+saying|tweeted|posted)"
)
_SAYING: Final = (
    rf"(?:{_SAY}|announcing|saying|adding|stating|claiming|noting|insisting|warning|stressing|arguing|state|say)"
)
#: These report without `that`; the others need it, or they would catch `confirmed the appointment`.
_BARE: Final = re.compile(r"(?:said|says|say|told|denied|denies|claims?|claimed|announced|announcing|saying|called\s+(?:on|for)|calls\s+(?:on|for)|urged|urges|stated|states|warned)$")  # fmt: skip
_VERB: Final = re.compile(rf"\b{_SAYING}\b")
_PRONOUN: Final = re.compile(r"(?:he|she|they|it|we)$", re.IGNORECASE)
_ACCORDING: Final = re.compile(r"\b[Aa]ccording to\s+(?P<np>[^,.;]{2,120}?)(?=,|[.;]|$)")
#: Words of saying at the end of a sentence.
TRAILING: Final = re.compile(
    rf",\s+(?:(?P<np>(?:(?!\b(?:who|which|that)\b)[^,.;:]){{2,90}}?)\s+{_SAY}|(?:said|says|added|announced|reported)\s+(?P<np2>(?:the\s+|an?\s+)?(?:[\w’'-]+\s+){{0,3}}?{_CAP}[^,.;:]{{0,60}}?|officials|(?:an?|the)\s+(?:official|spokes\w+)))"
    r"(?P<more>\s+(?:(?:on|in|late|early|at|through|via|yesterday|earlier|last|this)\b|(?:an?\s+|the\s+|his\s+|her\s+|its\s+)?"
    r"(?:briefing|press|news|reporters?|journalists?|parliament|lawmakers|state|Reuters|AFP|TASS|Interfax|Xinhua|Anadolu)\b)[^,.;]{0,60})?\s*[.]?$"
)
_LABEL: Final = re.compile(rf"^(?P<np>(?:{_CAP})(?:\s+(?:{_CAP}|of|the)){{0,4}}):\s+(?=\S)")
#: Anything within a sentence; the dot after a shortened title does not end it.
_WORDS: Final = r"(?:(?<=\b[A-Z])\.|(?<=\b(?:Mr|Ms|Dr|Lt))\.|(?<=\b(?:Mrs|Gen|Col|Adm|Maj|Sen|Rep|Gov))\.|(?<=\b(?:Capt|Prof|Brig))\.|[^.;:“\"])"
_AFTER: Final = re.compile(
    rf"^\s*,?\s*(?:(?P<verb>{_SAY})\s+(?P<np>{_WORDS}{{2,90}})|(?P<np2>{_WORDS}{{2,90}}?)\s+(?:also\s+|later\s+|then\s+|was\s+|were\s+|is\s+)?(?P<verb2>{_SAY})\b)"
)
_BEFORE: Final = re.compile(rf"^(?P<np>.{{1,160}}?)\s*\b(?P<verb>{_SAYING})\b(?P<rest>[^“\"]{{0,110}})$", re.DOTALL)
_ANONYMOUS: Final = re.compile(r"\s*(?:on|under|speaking on)\s+(?:the\s+)?condition of anonymity")


@dataclass(slots=True)
class Spoken:
    """The last speaker, for `he added` and for quotations that go on."""

    name: str = ""
    paragraph: Span | None = None


def statements(scene: Scene) -> Iterator[Finding]:
    """All statements of a text, in order: each with its speaker, as far as the text gives one."""
    spoken = Spoken()
    done: set[Span] = set()
    for passage in scene.passages:
        _remember_subject(scene, passage, spoken)
        opening = [q for q in scene.quotes if passage.span.start <= q.outer.start < passage.span.end]
        long = [q for q in opening if _is_said(scene.text, q)]
        for quote in long:
            done.add(passage.span)
            yield _quotation(scene, passage, quote, spoken)
        inside = any(
            q.words >= QUOTE_WORDS_MIN and q.outer.start < passage.span.start < q.outer.end for q in scene.quotes
        )
        if not long and not inside:
            found = _reported(scene, passage, spoken)
            if found:
                yield found


def _is_said(text: str, quote: Quote) -> bool:
    """Whether words in marks are somebody's words: long enough, or with the comma or stop of speech inside the marks."""
    return quote.words >= QUOTE_WORDS_MIN or (quote.words >= 2 and text[quote.span.end - 1] in ",?!")


def _remember_subject(scene: Scene, passage: Passage, spoken: Spoken) -> None:
    """At a new paragraph `he` may mean somebody that a sentence without speech named."""
    if not spoken.name:
        named = scene.people(passage.span)
        spoken.name = named[0].name if named else ""


def _quotation(scene: Scene, passage: Passage, quote: Quote, spoken: Spoken) -> Finding:
    text = scene.text
    end = next(
        (p.span.end for p in scene.passages if p.span.start <= quote.outer.end - 1 < p.span.end), passage.span.end
    )
    before, after = text[passage.span.start : quote.outer.start], text[quote.outer.end : end]
    speaker, sure, start = "", Sure.POSSIBLE, quote.span.start
    follows = _AFTER.match(after)
    leads = _BEFORE.match(before)
    if follows and (text[quote.outer.end - 2 : quote.outer.end - 1] in ",?!—" or after.lstrip().startswith(",")):
        speaker, sure = _named(scene, follows["np"] or follows["np2"], Span(quote.outer.end, end), spoken), Sure.CLEAR
    elif leads:
        speaker = _subject(scene, Span(passage.span.start, passage.span.start + leads.end("np")), spoken)
        sure = Sure.CLEAR
        that = re.search(r"\bthat\s+", leads["rest"])
        # `Said that the line works only "if ...": what is said begins outside the marks.
        start = passage.span.start + leads.start("rest") + that.end() if that else start
    elif follows:
        speaker, sure = _named(scene, follows["np"] or follows["np2"], Span(quote.outer.end, end), spoken), Sure.LIKELY
    elif label := _LABEL.match(before):
        speaker, sure = _named(scene, label["np"], passage.span, spoken), Sure.LIKELY
    elif before.strip() and len(before.split()) <= 6:
        speaker, sure = _named(scene, before.strip(" ,:"), passage.span, spoken), Sure.LIKELY
    elif before.strip():
        # No word of saying: the quotation is part of the sentence, and the sentence's subject is the best guess.
        speaker = _leading(scene, Span(passage.span.start, quote.outer.start), spoken)
    elif passage.paragraph == spoken.paragraph or not after.strip():
        speaker, sure = spoken.name, Sure.LIKELY if passage.paragraph == spoken.paragraph else Sure.POSSIBLE
    notes = () if speaker else ("no speaker is named beside it",)
    spoken.name, spoken.paragraph = speaker or spoken.name, passage.paragraph
    span = _tight(text, Span(start, quote.span.end))
    return Finding(Kind.STATEMENT, span, span.of(text), sure, speaker=speaker, is_quoted=True, notes=notes)


def _reported(scene: Scene, passage: Passage, spoken: Spoken) -> Finding | None:
    text, body = scene.text, passage.span.of(scene.text)
    speaker, inner, sure = "", (0, 0), Sure.LIKELY
    if according := _ACCORDING.search(body):
        at = Span(passage.span.start + according.start("np"), passage.span.start + according.end("np"))
        speaker = _named(scene, according["np"], at, spoken)
        inner = (
            (_past_apposition(body, according.end()), len(body)) if according.start() < 4 else (0, according.start())
        )
    elif (label := _LABEL.match(body)) and (
        passage.is_heading or scene.people(Span(passage.span.start, passage.span.start + label.end()))
    ):
        speaker, inner = _named(scene, label["np"], passage.span, spoken), (label.end(), len(body))
    elif (trailing := TRAILING.search(body)) and trailing.start() > 12:
        phrase = trailing["np"] or trailing["np2"]
        speaker, inner = (
            _named(scene, phrase, Span(passage.span.start + trailing.start(), passage.span.end), spoken),
            (0, trailing.start()),
        )
        sure = Sure.POSSIBLE
    else:
        found = _main_verb(body)
        if found is None:
            return None
        speaker = _subject(scene, Span(passage.span.start, passage.span.start + found.start()), spoken)
        inner = (_clause_start(body, found.end()), len(body))
    span = _tight(text, Span(passage.span.start + inner[0], passage.span.start + inner[1]))
    if len(span.of(text).split()) < 3 or not speaker:
        return None
    spoken.name, spoken.paragraph = speaker, passage.paragraph
    return Finding(Kind.STATEMENT, span, span.of(text), sure, speaker=speaker)


def _main_verb(body: str) -> re.Match[str] | None:
    """The verb of saying that reports the rest of the sentence."""
    for verb in _VERB.finditer(body):
        rest = body[verb.end() :]
        if _ANONYMOUS.match(rest) or re.match(r"\s*(?:[.,]|$)", rest):
            continue
        if re.search(r"\b(?:is|are|was|were|be|been|as|which|the|a|to|of|not)\s+$", body[: verb.start()]):
            continue
        has_that = re.match(r"(?:\s+[\w’'.-]+){0,7}?\s+that\b", rest) is not None or rest.startswith(":")
        if has_that or _BARE.search(verb.group()):
            return verb
    return None


def _clause_start(body: str, at: int) -> int:
    if colon := re.match(r"[^,.;:]{0,60}:\s+", body[at:]):
        return at + colon.end()
    told = re.search(r"(?:told|informed|assured|warned)$", body[:at]) is not None
    that = re.match(rf"(?:\s+[\w’'.-]+){{0,{7 if told else 2}}}?\s+that\s+", body[at:])
    return at + (that.end() if that else 0)


def _past_apposition(body: str, at: int) -> int:
    """`According to X, head of Y, the notice was sent`: past the words about X."""
    apposition = re.match(r",\s+(?:(?:the|a|an)\s+)?[a-z][^,.;]{2,80},\s+", body[at:])
    return at + (
        apposition.end() if apposition and not re.match(r",\s+the\s+\w+\s+(?:was|were|is|had|has)\b", body[at:]) else 0
    )


def _subject(scene: Scene, before: Span, spoken: Spoken) -> str:
    """Who the verb belongs to: the words just before it, or the sentence's first words when a clause stands between."""
    words = before.of(scene.text)
    parts = [m.span() for m in re.finditer(r"[^,;:]+", words)]
    if parts:
        start, end = parts[-1]
        phrase = words[start:end].strip()
        begins = re.match(
            r"(?i)(?:who|which|writing|speaking|adding|whose|while|as|in|on|at|after|during|for|head|chief|commander)\b",
            phrase,
        )
        if phrase and not begins:
            return _named(scene, phrase, Span(before.start + start, before.start + end), spoken)
    return _leading(scene, before, spoken)


def _leading(scene: Scene, before: Span, spoken: Spoken) -> str:
    """The first person, group or party of some words."""
    people = scene.people(before)
    words = before.of(scene.text)
    lead = re.match(
        rf"(?:The|A|An)\s+(?:[a-z’'-]+\s+){{0,3}}[a-z’'-]+(?=,)|(?:The|A|An)\s+(?:{_CAP}\s+)*[a-z’'-]+|{_CAP}(?:\s+{_CAP})*",
        words,
    )
    if people and (lead is None or people[0].span.start - before.start <= lead.end() + 24):
        return people[0].name
    if lead and lead.group().lower() not in _NOT_FIRST:
        return lead.group()
    return spoken.name if lead and _PRONOUN.fullmatch(lead.group()) else ""


def _named(scene: Scene, phrase: str, within: Span, spoken: Spoken) -> str:
    """A speaker's name: in full when the text gives it, the last speaker for a pronoun, otherwise the words."""
    whole = phrase.strip()
    offset = scene.text.find(whole, within.start, within.end)
    if "," in whole and offset >= 0 and (people := scene.people(Span(offset, offset + len(whole)))):
        # `The army's spokesman, General X`: the name says more than the words before it.
        return people[0].name
    phrase = re.split(r",| who\b| which\b| told\b", phrase.strip())[0].strip(" ,")
    phrase = re.sub(r"^(?i:and|but|while|that|when|after|as|where|because)\s+", "", phrase)
    phrase = re.sub(
        r"^(?:The\s+(?:following|next|same|previous)\s+day|Later|Earlier|Meanwhile|Separately|Yesterday|Today)\s+",
        "",
        phrase,
    )
    phrase = re.sub(
        r"\s+(?:in|on|at)\s+(?:a|an|the|his|her|their|its)?\s*(?:statement|briefing|interview|closing|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b.*$",
        "",
        phrase,
    )
    if _PRONOUN.fullmatch(phrase):
        # `They` is no one person, whoever spoke last.
        is_one = phrase.lower() in ("he", "she", "it")
        return spoken.name if spoken.name and (is_one or spoken.name not in scene.known.surnames.values()) else phrase
    offset = scene.text.find(phrase, within.start, within.end)
    if phrase and offset >= 0:
        people = scene.people(Span(offset, offset + len(phrase)))
        if people and not re.match(r"[’']s?\s+\w", scene.text[people[0].span.end : offset + len(phrase)]):
            return people[0].name
    words = phrase.split()
    return " ".join(words[-9:])


def _tight(text: str, span: Span) -> Span:
    body = span.of(text)
    start = span.start + len(body) - len(body.lstrip(' ,:\n\t“"'))
    return Span(start, max(start, span.start + len(body.rstrip(' ,\n\t”"'))))
