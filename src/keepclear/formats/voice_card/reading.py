"""A card as it was typed in: every line checked as it comes, and the body it gives, with the hash of the sender's.

Each line is compared with its check letters; a line that is wrong is named, with what would be right where that can
be told. The last line counts the lines and covers all of them, so a missing one shows as well.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keepclear.core.readback import check_letters
from keepclear.errors import KeepclearError, LimitReached, Malformed
from keepclear.formats.voice_card import values as v
from keepclear.formats.voice_card.card import (
    BY_FILE,
    FROM,
    MESSAGE,
    SUM,
    Card,
    CardLine,
    card_digest,
    content_hash,
    make_card,
    sum_value,
)  # fmt: skip
from keepclear.formats.voice_card.kinds import KINDS, Body, CardKind, kind_of_head
from keepclear.formats.voice_card.spoken import LINES_MAX

TYPED_MAX: Final = 20_000
MODES: Final = ("OPER", "EXER", "TEST")
_NUMBER: Final = re.compile(r"([0-9]{1,2})(?:[.)]\s*|\s+)")
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-:"
GUESSES_MAX: Final = 3


class LineWrong(Malformed):
    """One line of a typed card is not what was said. `at` is `line 3 (START)`; `guesses` are values that would fit."""

    code = "line_wrong"

    def __init__(self, message: str, *, at: str, guesses: Sequence[str] = ()) -> None:
        super().__init__(message, at=at)
        self.guesses = tuple(guesses)


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line whose letters fit. `raw` is the value with the capitals that were typed."""

    number: int
    field: str
    value: str
    raw: str


def _all_fields() -> dict[str, list[v.Codec]]:
    fields: dict[str, list[v.Codec]] = {}
    for kind in KINDS.values():
        for field in kind.fields:
            if field.codec not in fields.setdefault(field.name, []):
                fields[field.name].append(field.codec)
    return fields


_FIELDS: Final = _all_fields()
_NAMES: Final = sorted((*_FIELDS, MESSAGE, FROM, SUM), key=len, reverse=True)


def read_line(text: str, *, expected: int = 0, guesses_max: int = GUESSES_MAX) -> TypedLine | None:
    """One line as it was typed, checked by its letters; None for a blank line or a remark (`#`).

    Args:
        expected: the number it should have, 0 for any. A line without a number is taken for that one.
        guesses_max: how many values that would fit are looked for, where it is wrong.

    Raises:
        LineWrong: no field of a card, a value of another form, or letters that do not fit.
    """
    typed = v.tidy(text)
    if not typed or typed.startswith("#"):
        return None
    where = f"line {expected}" if expected else "line"
    numbered = _NUMBER.match(typed)
    number = int(numbered[1]) if numbered else expected
    rest = typed[numbered.end() :] if numbered else typed
    name = next((each for each in _NAMES if rest.upper() == each or rest.upper().startswith(f"{each} ")), None)
    if name is None:
        raise LineWrong(f"{rest[:40]!r} begins with no field of a card, as in START or CORNER 1", at=where)
    where = f"line {number} ({name})" if number else f"line ({name})"
    if expected and number != expected:
        raise LineWrong(f"it is numbered {number}; line {expected} comes next", at=where)
    raw, _, letters = rest[len(name) :].strip().rpartition(" ")
    letters = letters.upper()
    if not raw or not re.fullmatch("[A-Z]{2}", letters):
        raise LineWrong("the two check letters stand at its end, after a blank", at=where)
    value = _canonical(name, raw, letters)
    if value is None:
        raise _wrong(name, raw, letters, where, guesses_max)
    return TypedLine(number, name, value, raw)


def read_card(typed: str, *, known_hashes: Collection[str] = ()) -> Card:
    """The card that was typed in, from its lines alone (V1). Lines may come in any order when they are numbered.

    Args:
        known_hashes: content hashes of notices that we sent: an answer names the first 12 digits of one of them.

    Raises:
        LineWrong: which line is wrong, and what would be right.
        Malformed: a line is missing, doubled, or belongs to another message.
    """
    if len(typed) > TYPED_MAX:
        raise LimitReached(f"a typed card has at most {TYPED_MAX} characters, not {len(typed)}")
    lines: dict[str, TypedLine] = {}
    place = 0
    for text in typed.splitlines():
        line = read_line(text)
        if line is None:
            continue
        place += 1
        line = line if line.number else TypedLine(place, line.field, line.value, line.raw)
        if line.field in lines:
            raise LineWrong("it stands there twice", at=f"line {line.number} ({line.field})")
        lines[line.field] = line
    return read_lines(lines, known_hashes=known_hashes)


def read_lines(lines: Mapping[str, TypedLine], *, known_hashes: Collection[str] = ()) -> Card:
    """The card of lines that were each read and fit their letters. Raises as `read_card`."""
    for name in (MESSAGE, FROM, SUM):
        if name not in lines:
            raise Malformed(f"the line {name} is missing", at=name)
    mode, head, is_whole = _message(lines[MESSAGE].value)
    kind, says = kind_of_head(head)
    sender, to = _parties(lines[FROM].value)
    row = KINDS[kind]
    _same_fields(row, lines, kind)
    fields = {field.name: _read_as(field.codec, lines[field.name]) for field in row.fields if field.name in lines}
    count = int(lines[SUM].value.split(" ", 1)[0])
    if count != len(lines):
        raise Malformed(f"there are {len(lines)} lines, and the last one counts {count}", at=SUM)
    _in_order(row, lines)
    said = Said(kind, mode, sender, to, count)
    body = said.body_of(row.put_together(fields, says, sender, to), row, fields, says, lines, known_hashes)
    return make_card(kind, mode, sender, to, body, is_whole=is_whole)


@dataclass(frozen=True, slots=True)
class Said:
    """What the first lines say, while the body is looked for."""

    kind: str
    mode: str
    sender: str
    to: str
    count: int

    def body_of(
        self,
        body: dict[str, Any],
        row: CardKind,
        fields: Mapping[str, Any],
        says: Body,
        lines: Mapping[str, TypedLine],
        known_hashes: Collection[str],
    ) -> dict[str, Any]:
        """The one body that the last line covers, among those with other capitals and with the hashes we know."""
        texts = [field.name for field in row.fields if field.codec.is_text and field.name in lines]
        for capitals in itertools.product(*(_capitals(lines[name].raw) for name in texts)):
            guess = row.put_together({**fields, **dict(zip(texts, capitals, strict=True))}, says, self.sender, self.to)
            for whole in _with_hash(guess, known_hashes):
                if self._sum(whole) == lines[SUM].value:
                    return whole
        if not any(True for _ in _with_hash(body, known_hashes)):
            start = v.HASH_START.write(body["notice"]["hash"])
            raise Malformed(f"no notice of ours begins with the hash {start}: which one is meant?", at="SAYS")
        advice = f"; capitals matter in {', '.join(texts)}: type them as the card prints them" if texts else ""
        raise Malformed(f"each line fits its letters, and the last does not fit them all{advice}", at=SUM)

    def _sum(self, body: Body) -> str:
        return sum_value(self.count, card_digest(self.kind, self.mode, self.sender, self.to, content_hash(body)))


# ------------------------------------------------------------------------------------------------------ one line


def _canonical(name: str, raw: str, letters: str) -> str | None:
    """The value in its one form, where it fits the letters; the first codec of the name that makes it fit counts."""
    for value in _forms(name, raw):
        if check_letters(name, value) == letters:
            return value
    return None


def _forms(name: str, raw: str) -> Iterator[str]:
    upper = raw.upper()
    if name in (MESSAGE, FROM):
        yield upper
        return
    if name == SUM:
        match = re.fullmatch(r"([0-9]{1,2}) LINES ([A-Z]{4}) ?([A-Z]{4})", upper)
        if match:
            yield f"{int(match[1])} LINES {match[2]} {match[3]}"
        return
    for codec in _FIELDS[name]:
        if codec.is_text:
            if v.is_speakable(raw):
                yield raw
            continue
        try:
            yield codec.write(codec.read(upper))
        except KeepclearError:
            continue


def _wrong(name: str, raw: str, letters: str, where: str, guesses_max: int) -> LineWrong:
    why = f"{raw[:60]!r} and the letters {letters} do not belong together"
    if next(_forms(name, raw), None) is None:
        why = _why_not(name, raw)
    guesses = list(itertools.islice(_guesses(name, raw.upper(), letters), guesses_max))
    right = f"; {' or '.join(guesses)} would fit" if guesses else ""
    return LineWrong(f"{why}{right}: have it said again", at=where, guesses=guesses)


def _why_not(name: str, raw: str) -> str:
    try:
        for codec in _FIELDS.get(name, ()):
            codec.read(raw.upper())
    except KeepclearError as problem:
        return problem.message
    return f"{raw[:60]!r} is not a value of {name}"


def _guesses(name: str, upper: str, letters: str) -> Iterator[str]:
    """Values with one other character, or two neighbours changed round, that fit the letters and their form."""
    seen = set()
    swaps = (upper[:n] + upper[n + 1] + upper[n] + upper[n + 2 :] for n in range(len(upper) - 1))
    changes = (
        upper[:n] + letter + upper[n + 1 :] for n in range(len(upper)) for letter in _ALPHABET if letter != upper[n]
    )
    for guess in itertools.chain(swaps, changes):
        if guess.strip() != guess or not guess.isascii():
            continue
        value = _canonical(name, guess, letters)
        if value is not None and value not in seen and value != upper:
            seen.add(value)
            yield value


# ------------------------------------------------------------------------------------------------------ all lines


def _message(value: str) -> tuple[str, str, bool]:
    mode, _, head = value.partition(" ")
    if mode not in MODES:
        raise Malformed(f"a message is {', '.join(MODES)}, not {mode[:20]!r}", at=MESSAGE)
    is_whole = not head.endswith(BY_FILE)
    return mode, head.removesuffix(BY_FILE), is_whole


def _parties(value: str) -> tuple[str, str]:
    sender, word, to = value.partition(" TO ")
    if not word:
        raise Malformed(f"{value[:60]!r} is not written as AMBER TO BIRCH", at=FROM)
    return v.read_party(sender.strip()), v.read_party(to.strip())


def _same_fields(row: CardKind, lines: Mapping[str, TypedLine], kind: str) -> None:
    allowed = {MESSAGE, FROM, SUM, *(field.name for field in row.fields)}
    foreign = [name for name in lines if name not in allowed]
    if foreign:
        raise Malformed(f"a card of this kind ({kind}) has no such line", at=foreign[0])
    missing = [field.name for field in row.fields if field.is_needed and field.name not in lines]
    if missing:
        raise Malformed(f"lines are missing: {', '.join(missing)}", at=missing[0])


def _in_order(row: CardKind, lines: Mapping[str, TypedLine]) -> None:
    order = [MESSAGE, FROM, *(field.name for field in row.fields if field.name in lines), SUM]
    for number, name in enumerate(order, 1):
        if lines[name].number != number:
            raise LineWrong(f"{name} is line {number} of this card", at=f"line {lines[name].number} ({name})")


def _read_as(codec: v.Codec, line: TypedLine) -> Any:
    return line.raw if codec.is_text else codec.read(line.value)


def _capitals(raw: str) -> list[str]:
    """What a voice does not carry: as typed, Names Like These, Sentences like this, CAPITALS, small."""
    titled = re.sub(r"[A-Za-z]+", lambda word: word[0][0].upper() + word[0][1:].lower(), raw)
    forms = (raw, titled, raw[:1].upper() + raw[1:].lower(), raw.upper(), raw.lower())
    return list(dict.fromkeys(forms))


def _with_hash(body: dict[str, Any], known_hashes: Collection[str]) -> Iterator[dict[str, Any]]:
    ref = body.get("notice")
    if not isinstance(ref, dict) or "hash" not in ref:
        yield body
        return
    for known in known_hashes:
        if known.startswith(ref["hash"]):
            yield {**body, "notice": {**ref, "hash": known}}


def lines_wanted(lines: Sequence[TypedLine]) -> int:
    """The number of the line that is typed next, or 0 when the last one is there: for typing in, line by line."""
    if lines and lines[-1].field == SUM:
        return 0
    if len(lines) >= LINES_MAX:
        raise Malformed(f"a card has at most {LINES_MAX} lines, and the last of them is SUM", at=SUM)
    return len(lines) + 1


__all__ = ["CardLine", "LineWrong", "TypedLine", "lines_wanted", "read_card", "read_line", "read_lines"]
