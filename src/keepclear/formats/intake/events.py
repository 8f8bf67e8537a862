"""Meetings, calls and incidents: the word that tells of one, and who, where and when beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.formats.intake.names import _CAP, Person, is_locative, listed
from keepclear.formats.intake.passages import Passage
from keepclear.formats.intake.scene import COUNT, Scene, around, is_planned, nearest, surely
from keepclear.formats.intake.statements import TRAILING
from keepclear.formats.intake.values import Finding, Kind, Place, Span, When

_ADJ: Final = r"(?:[\w’'-]+\s+){0,5}?"
_TALKS: Final = r"(?:talks|meetings?|consultations|discussions|negotiations|summit|session|round|conference)\b"
_STRONG_MEETING: Final = re.compile(
    r"\b(?:met(?!\s+(?:the|its|their|all|these|those)\s+(?:conditions?|requirements?|criteria|targets?|deadlines?|demands?|obligations?))"
    r"(?!\s+(?:with\s+)?(?:resistance|criticism|approval|silence))"
    r"|(?:to|will|would|shall|they|leaders|ministers|presidents|chiefs|officers|delegations|officials|generals|sides)\s+meet"
    r"(?!\s+(?:the|its|their|all|these|those)\s+(?:conditions?|requirements?|criteria|targets?|deadlines?|demands?|obligations?))"
    rf"|(?:holds?|held|holding|have|had|concluded?|began|begin|opened|resumed?|attended|completed|wrapped up|finished)\s+{_ADJ}{_TALKS}"
    r"|hosted|(?:will|to)\s+host|(?:will|to|would)\s+(?:pay\s+a\s+)?visit|visited|sat\s+down\s+with|conferred|convened|gathered"
    r"|(?:travel(?:led|ed|s)?|flew|flies|go|went|arrived?)\s+(?:to|in)\s+(?=[A-Z])"
    r"|(?:received|receives|receive)\s+(?:a\s+|the\s+)?(?:delegation|(?=[A-Z]))"
    r"|(?:leaders|ministers|presidents|sides|officials|chiefs|delegations|generals|officers)\s+(?:to|will|would|are\s+to)\s+discuss)\b",
    re.IGNORECASE,
)
_HAPPENS: Final = (
    r"(?:(?:was|were|is|are|will\s+be|has\s+been|have\s+been|to\s+be|being)\s+(?:also\s+|then\s+)?(?:held|scheduled|planned|due|expected|set|to\s+take\s+place|convened|fixed)"
    r"|(?:will|would|to)\s+(?:take\s+place|be\s+held|begin|start|open)|(?:takes?|took)\s+place|held|goes\s+ahead|went\s+ahead)\b"
)
_MEETING_NOUN: Final = re.compile(
    rf"(?P<before>\b(?:[\w’'.-]+\s+){{0,4}})\b(?P<noun>[Mm]eetings?|[Ss]ummits?|[Rr]ounds?|[Ss]essions?|[Tt]alks|[Cc]onferences?|[Cc]onsultations|[Vv]isit|[Nn]egotiations|next\s+one)\b(?!-)"
    rf"(?P<tail>(?:\s+(?:of|between|with|on|in|at|to|under|for|chaired)\s[^.;]{{0,110}}?)?\s+{_HAPPENS})?"
)
_CALL: Final = re.compile(
    r"\b(?:(?:spoke|speak|speaks|spoken|talk(?:ed|s)?|conferred|conversed|discussed|consulted)\b[^.;]{0,70}?\b(?:by|on|over|via)\s+(?:the\s+)?(?:tele)?(?:phone|video(?:\s+link)?|hotline)"
    r"|(?:tele)?phoned(?=\s)|(?:held|hold|holds|had|have|received|receive|made|took|placed|got|resumed?)\s+(?:a|an|another|their|the|its|his|her)\s+"
    r"(?:[\w’'-]+\s+){0,3}?(?:(?:tele)?phone\s+|video\s+|conference\s+|hotline\s+)?(?:calls?|conversation)"
    r"|(?:(?:tele)?phone|video|hotline|conference)\s+(?:calls?|conversations?|conference|talks?)"
    r"|calls?\s+(?:goes|go|went)\s+ahead"
    r"|called\s+(?=(?:his|her|the|their)\s+(?:[\w’'-]+\s+){0,3}counterpart|(?:Prime|President|Foreign|Defen[cs]e|General|Admiral|Secretary)\b)"
    r"|(?:spoke|speak|speaks|spoken)\s+(?:with|to)\s+(?=(?:his|her|their)\s+(?:[\w’'-]+\s+){0,3}counterpart))",
    re.IGNORECASE,
)
_ANAPHORIC: Final = re.compile(
    r"(?i)\b(?:the|their|this|that|these|those|his|her|its|our|such|both|no|any)\s+(?:(?:same|two|latest)\s+)?$"
)
_NOT_MEANT: Final = re.compile(
    r"(?i)\b(?:prepared|ready|willing|offered|refus\w+|declin\w+|unable|able|not|never|wants?|wished?|hopes?|agree\w*\s+not)\s+(?:to\s+)?(?:\w+\s+)?$"
    r"|\b(?:was|were|been|be)\s+$"
)
_ACTIVE_PASSIVE: Final = re.compile(r"(?i)^(?:met|hosted|received)")

_STRONG_INCIDENT: Final = re.compile(
    r"\b(?:(?:was|were|been|be|had|has|have|being)\s+)?(?:shot\s+down|shoots?\s+down|shooting\s+down|brought\s+down|downed"
    r"|collided|crashed|rammed|capsized|exploded|detonated|sank|opened\s+fire|strayed\s+(?:into|across)|fired\s+(?:up)?on|shot\s+at"
    r"|intercepted|came\s+under\s+(?:\w+\s+)?(?:fire|attack)|came\s+within\s+[^.;]{0,30}?(?:met(?:re|er)s|km|feet|miles)\s+of"
    r"|lost\s+contact\s+with|contact\s+was\s+lost|contact\s+with\s+[^.;]{0,40}?\s+was\s+lost|violated\s+(?:the\s+|its\s+|their\s+)?(?:[\w’'-]+\s+){0,2}(?:airspace|waters|border|ceasefire|line)"
    r"|entered\s+[^.;]{0,30}?airspace|crossed\s+(?:into|the\s+(?:line|border|boundary|median|[Dd]emilitari[sz]ed|buffer)))\b"
    r"|\b(?:[Dd]owning|[Ss]hoot-?down|[Ss]hooting\s+down|[Cc]ollision|[Cc]rash|[Ll]oss|[Ii]nterception|[Nn]ear[- ]miss|[Ss]inking|[Rr]amming)(?=\s+(?:of|between|with)\b)"
)
_WEAK_INCIDENT: Final = re.compile(
    r"\b(?:(?:was|were|been|be)\s+(?:\w+\s+)?(?:struck|hit|damaged|attacked|shelled|bombed|targeted|killed|injured|wounded|destroyed|harassed|fired)"
    r"|struck|attacked|killed|wounded|[Aa]ir\s?strikes?|[Ss]helling|[Nn]ear[- ]miss(?:es)?|[Cc]ollision|[Cc]rash|[Ii]ncursions?|[Ii]nterceptions?"
    r"|[Ee]xplosions?|[Aa]ttacks?(?=\s+(?:on|by|in|at|near)\b)|[Ss]trikes?(?=\s+(?:on|by|in|at|near|against)\b)|[Vv]iolations?|[Bb]reaches|[Ii]ncidents?)\b"
)
_COUNTED: Final = re.compile(rf"(?i)\b{COUNT}\s+(?:[\w-]+\s+){{0,2}}$")
_GROUP: Final = re.compile(
    r"\b(?:[Tt]he\s+)?(?:(?:two|three|four|joint|military|naval|foreign|defen[cs]e|[A-Z][\w-]+)\s+(?:and\s+)?){0,4}"
    r"(?:[Ll]eaders|[Mm]inisters|[Pp]residents|[Cc]hiefs\s+of\s+(?:the\s+)?(?:General\s+Staffs?|[Ss]taff|[Dd]efen[cs]e)|[Dd]elegations?|[Oo]fficers|[Oo]fficials|[Dd]iplomats|[Ee]xperts|[Dd]irectors\s+general(?:\s+of\s+[a-z]+\s+[a-z]+)?"
    r"|[Ww]orking\s+[Gg]roup|[Rr]epresentatives|[Cc]ommanders|[Gg]enerals|(?:Prime|Foreign|Defen[cs]e)\s+[Mm]inister|[Nn]egotiators|[Ee]nvoys|[Ss]ervice|[Ww]atch|[Cc]entre|[Mm]ilitary\s+chiefs)\b"
)


@dataclass(frozen=True, slots=True)
class _Word:
    """The word that tells of an event."""

    kind: Kind
    span: Span
    is_strong: bool = True


def meetings(scene: Scene, passage: Passage, taken: Sequence[Span]) -> Iterator[Finding]:
    """Meetings and calls told of in one passage. In a quotation one counts only where it says when."""
    words = _merged(scene.text, [word for word in _meeting_words(scene, passage) if not _inside(word, taken)])
    for position, word in enumerate(words):
        start = (
            passage.span.start
            if position == 0
            else _break_before(scene.text, words[position - 1].span.end, word.span.start)
        )
        end = words[position + 1].span.start if position + 1 < len(words) else _told_end(scene.text, passage)
        if position + 1 < len(words):
            end = _break_before(scene.text, word.span.end, end)
        found = _meeting(scene, passage, word, Span(start, end), taken)
        if found:
            yield found


def _told_end(text: str, passage: Passage) -> int:
    """Where `..., the minister said` begins at a sentence's end: who tells of a meeting need not have been there."""
    trailing = TRAILING.search(passage.span.of(text))
    return passage.span.start + trailing.start() if trailing and trailing.start() > 12 else passage.span.end


def _inside(word: _Word, taken: Sequence[Span]) -> bool:
    return any(span.holds(word.span) for span in taken)


def _break_before(text: str, start: int, end: int) -> int:
    """Where the next clause begins, between two words."""
    breaks = list(re.finditer(r"[,;]\s+|\s+(?:and|but|while|after|before|that)\s+", text[start:end]))
    return start + breaks[-1].start() if breaks else end


def _meeting_words(scene: Scene, passage: Passage) -> Iterator[_Word]:
    text, (start, end) = scene.text, (passage.span.start, passage.span.end)
    calls = [Span(*match.span()) for match in _CALL.finditer(text, start, end)]
    for span in calls:
        unanswered = re.search(
            r"(?i)\b(?:not|never|n['’]t|failed to|refus\w+ to)\s+(?:answer\w*|respond\w*|pick\w*|take|return\w*)\b",
            text[max(start, span.start - 60) : span.start],
        )
        if not unanswered and not _NOT_MEANT.search(text[max(start, span.start - 30) : span.start]):
            yield _Word(Kind.CALL, span)
    for match in _STRONG_MEETING.finditer(text, start, end):
        span = Span(*match.span())
        refused = _NOT_MEANT.search(text[max(start, span.start - 30) : span.start])
        if not refused and not any(span.meets(call) for call in calls):
            yield _Word(Kind.MEETING, span)
    for match in _MEETING_NOUN.finditer(text, start, end):
        span = Span(match.start("noun"), match.end() if match["tail"] else match.end("noun"))
        is_for_press = re.search(r"(?i)\b(?:press|news)\s+$", text[max(start, span.start - 8) : span.start]) is not None
        if is_for_press or any(span.meets(call) for call in calls):
            continue
        if match["noun"].lower().startswith("round") and not _is_round_of_talks(text, start, span, end):
            continue
        is_named = re.search(rf"{_CAP}\s+$", text[max(start, span.start - 30) : span.start]) is not None
        is_back = _ANAPHORIC.search(text[max(start, span.start - 24) : span.start]) is not None
        if match["tail"] or (is_named and match["noun"][0] != "t"):
            yield _Word(Kind.MEETING, span, is_strong=not is_back or bool(match["tail"]))
        elif not is_back:
            yield _Word(Kind.MEETING, span, is_strong=False)


def _is_round_of_talks(text: str, start: int, span: Span, end: int) -> bool:
    """`The next round`, `a round of technical talks`; not what is fired."""
    before, after = text[max(start, span.start - 14) : span.start], text[span.start : min(end, span.start + 60)]
    return (
        re.search(
            r"(?i)\b(?:next|first|second|third|fourth|fifth|last|latest|new|another|final|\d+(?:st|nd|rd|th))\s+$",
            before,
        )
        is not None
        or re.match(
            r"(?i)rounds?\s+of\s+(?:the\s+)?(?:[\w-]+\s+){0,3}(?:talks|meetings?|negotiations|consultations|discussions)",
            after,
        )
        is not None
    )


def _merged(text: str, words: list[_Word]) -> list[_Word]:
    """Words of one event become one: those of a kind with no clause between them."""
    merged: list[_Word] = []
    for word in sorted(words, key=lambda word: word.span):
        last = merged[-1] if merged else None
        if last and last.kind is word.kind:
            between = text[last.span.end : word.span.start]
            is_apart = re.search(r";|,\s+(?:and|but|while|with)\s|\b(?:after|that)\b", between) is not None
            if not is_apart or not word.is_strong:
                first = last if last.is_strong or not word.is_strong else word
                merged[-1] = _Word(last.kind, first.span, last.is_strong or word.is_strong)
                continue
        merged.append(word)
    return merged


_BESIDE: Final = re.compile(
    r"\s+(?:with|of|on|between|by|from|near|at|over|to)\s+(?:(?:the|a|an|our|his|her|its|their|two|three|one)\s+)?(?:[\w’'-]+\s+){0,2}[\w’'-]+"
)


def _beside(text: str, word: Span, end: int) -> list[Span]:
    """The first words after an event: with whom, on what, of which."""
    follows = _BESIDE.match(text, word.end, end)
    return [Span(word.start, follows.end())] if follows else []


def _times(scene: Scene, window: Span, word: Span, taken: Sequence[Span], *, is_future: bool) -> list[When]:
    """Times of a clause, without those that belong to the name of an agreement or to another event."""
    return [
        when
        for when in scene.times(window, is_future=is_future)
        if not any(span.meets(when.span) for span in taken)
        # `The first visit since the downing in September`: that is when the other thing was.
        and not re.search(r"\b(?:since|after|before|until)\b", scene.text[word.end : max(word.end, when.span.start)])
        and (not scene.is_quoted(when.span) or scene.is_quoted(word))
    ]


def _meeting(scene: Scene, passage: Passage, word: _Word, window: Span, taken: Sequence[Span]) -> Finding | None:
    text = scene.text
    planned = _is_to_come(text, window, word.span)
    when = nearest(_times(scene, window, word.span, taken, is_future=planned), word.span)
    where = _where(scene, window, word.span)
    who, who_spans = _who(scene, passage, window, word.span)
    evidence = bool(when) + bool(where) + bool(who)
    quoted = scene.is_quoted(word.span)
    if (not word.is_strong or quoted) and (not (when or where) or (quoted and not when)):
        return None
    beside = [place.span for place in where] + ([when.span] if when else [])
    if not word.is_strong and evidence < 2 and not any(0 <= span.start - word.span.end < 40 for span in beside):
        return None
    near = [
        s for s in who_spans if s.start >= window.start and (s.end <= word.span.start or s.start - word.span.end < 120)
    ]
    parts = [word.span, *near, *(place.span for place in where), *([when.span] if when else [])]
    parts += _beside(text, word.span, window.end)
    span = around(parts)
    sure = surely(evidence - (not word.is_strong), is_weakened=quoted or passage.is_heading)
    return Finding(
        word.kind, span, span.of(text), sure, who=who, where=where, when=when, tense="planned" if planned else "past"
    )


_PAST: Final = re.compile(
    r"(?i)(?:met|held|had|hosted|visited|sat|spoke|spoken|discussed|talked|consulted|conferred|convened|gathered|received|travel(?:l)?ed|flew|went|arrived"
    r"|began|opened|resumed|attended|concluded|completed|finished|wrapped|(?:tele)?phoned|called|took|made|placed|got)\b"
)


def _is_to_come(text: str, window: Span, word: Span) -> bool:
    """Whether an event is planned: by its own verb first, and only then by the words around it."""
    happens = re.search(_HAPPENS, word.of(text))
    if happens:
        return is_planned(happens.group())
    if _PAST.match(text, word.start):
        return False
    return is_planned(text[max(window.start, word.start - 60) : min(window.end, word.end + 60)])


def _where(scene: Scene, window: Span, word: Span) -> tuple[Place, ...]:
    """The place after the word, otherwise the one before it."""
    found = [
        (place, prep)
        for place, prep in scene.places(window)
        if (is_locative(prep) or prep in ("to", "towards"))
        and (not scene.is_quoted(place.span) or scene.is_quoted(word))
    ]
    after = [entry for entry in found if entry[0].span.start >= word.start]
    # `At NATO headquarters in Brussels`: of two, the one after `in` is the town.
    inner = [place for place, prep in after if prep in ("in", "to", "visit", "visited", "near", "over", "off")]
    if inner or after:
        return (inner[0] if inner else after[0][0],)
    before = [place for place, prep in found if place.span.end <= word.start and is_locative(prep)]
    return tuple(before[-1:])


def _who(scene: Scene, passage: Passage, window: Span, word: Span) -> tuple[tuple[str, ...], list[Span]]:
    """People in the clause, groups and listed parties; the sentence's subject when the clause has none."""
    found = scene.people(window)
    subject = Span(passage.span.start, word.start)
    if not any(person.span.start < word.start for person in found) and window.start > passage.span.start:
        found = [*scene.people(subject)[:1], *found]
    groups = [Span(*match.span()) for match in _GROUP.finditer(scene.text, window.start, window.end)]
    # `Prime Minister` just before a name is that person's title, not somebody else.
    groups = [
        span for span in groups if not any(span.meets(p.span) or 0 <= p.span.start - span.end <= 2 for p in found)
    ]
    if not any(span.start < word.start for span in [*groups, *(person.span for person in found)]):
        found = [*_meant(scene, passage, subject), *found]
    if not found and not groups and window.start > passage.span.start:
        groups = [Span(*match.span()) for match in _GROUP.finditer(scene.text, subject.start, subject.end)][:1]
    parties = [
        span
        for match in re.finditer(r"\b(?:between|with|from|of|by)\s+", scene.text[window.start : window.end])
        for span in listed(scene.text, window.start + match.end(), window.end)
    ]
    if not parties and not found:
        parties = list(listed(scene.text, passage.span.start, word.start))
    spans = [*(person.span for person in found), *groups, *parties]
    names = [*(person.name for person in found), *(span.of(scene.text) for span in [*groups, *parties])]
    return tuple(dict.fromkeys(name for name in names if name)), spans


def _meant(scene: Scene, passage: Passage, subject: Span) -> list[Person]:
    """Whom `he` or `they` at the head of a sentence means: the people of the sentence before it."""
    pronoun = re.match(r"\s*(He|She|They|The (?:two|leaders|ministers|presidents))\b", subject.of(scene.text))
    before = [p.span for p in scene.passages if p.span.end <= passage.span.start][-1:]
    if pronoun is None or not before:
        return []
    named = scene.people(before[0])
    return named[:1] if pronoun[1] in ("He", "She") else named[:4]


# -------------------------------------------------------------------------------------------------------- incidents


def incidents(scene: Scene, passage: Passage, taken: Sequence[Span]) -> Iterator[Finding]:
    """Incidents told of in one passage. Words that may mean one count only with a time, a place or a number."""
    text = scene.text
    words = [
        _Word(Kind.INCIDENT, Span(*match.span()))
        for match in _STRONG_INCIDENT.finditer(text, passage.span.start, passage.span.end)
    ]
    for match in _WEAK_INCIDENT.finditer(text, passage.span.start, passage.span.end):
        span = Span(*match.span())
        if not any(span.meets(word.span) for word in words):
            words.append(_Word(Kind.INCIDENT, span, is_strong=False))
    words = [word for word in words if not _inside(word, taken) and not _is_denied(text, passage, word)]
    merged = _merged(text, words)
    for position, word in enumerate(merged):
        start = (
            passage.span.start if position == 0 else _break_before(text, merged[position - 1].span.end, word.span.start)
        )
        end = (
            _break_before(text, word.span.end, merged[position + 1].span.start)
            if position + 1 < len(merged)
            else passage.span.end
        )
        found = _incident(scene, passage, word, Span(start, end), taken)
        if found:
            yield found


def _is_denied(text: str, passage: Passage, word: _Word) -> bool:
    before = text[max(passage.span.start, word.span.start - 40) : word.span.start]
    clause = re.split(r"[,;:“\"]|\bthat\b", text[passage.span.start : word.span.start])[-1]
    if re.match(r"\s*(?:No|None|Neither|no|none|neither)\b", clause):
        return True
    return (
        re.search(
            r"(?i)\b(?:no|not|never|none|prevent(?:ing|ion of)?|avoid(?:ing|ance of)?|further|future|possible|any|if)\s+(?:[\w-]+\s+){0,2}$",
            before,
        )
        is not None
    )


def _incident(scene: Scene, passage: Passage, word: _Word, window: Span, taken: Sequence[Span]) -> Finding | None:
    text = scene.text
    quote = next((quote.span for quote in scene.quotes if quote.span.holds(word.span)), None)
    window = Span(max(window.start, quote.start), min(window.end, quote.end)) if quote else window
    when = nearest(_times(scene, window, word.span, taken, is_future=False), word.span)
    where = _where(scene, window, word.span)
    counted = _COUNTED.search(text[passage.span.start : word.span.start])
    is_back = re.search(r"(?i)\b(?:the|this|that)\s+$", text[max(0, word.span.start - 6) : word.span.start]) is not None
    quoted = scene.is_quoted(word.span)
    if quoted and not (when and word.is_strong):
        return None
    is_hurt = re.search(r"(?:killed|injured|wounded)$", word.span.of(text)) is not None
    if not word.is_strong and (is_back or not ((when is not None) or where or (counted and not is_hurt))):
        return None
    parts = [word.span, *(place.span for place in where), *([when.span] if when else [])]
    if counted:
        parts.append(Span(passage.span.start + counted.start(), word.span.end))
    subject = _subject(text, window, word.span)
    if subject:
        parts.append(subject)
    parts += _beside(text, word.span, window.end)
    span = around(parts)
    evidence = word.is_strong + bool(when) + bool(where)
    return Finding(Kind.INCIDENT, span, span.of(text), surely(evidence - 1 if evidence < 3 else 2, is_weakened=quoted),
                   where=where, when=when, name=word.span.of(text))  # fmt: skip


def _subject(text: str, window: Span, word: Span) -> Span | None:
    """What it happened to, when that stands before the word: from the last comma or the clause's beginning."""
    if not re.match(
        r"(?i)(?:was|were|been|be|had|has|have|came|collided|crashed|strayed|struck|contact|lost|brought|shot|sank|exploded)",
        word.of(text),
    ):
        return None
    before = text[window.start : word.start]
    cut = [m.end() for m in re.finditer(r"[,:;—–]\s+|\b(?:that|after|when|but|said|says)\s+", before)]
    start = window.start + (cut[-1] if cut else 0)
    return Span(start, word.start) if text[start : word.start].strip() else None
