"""An entry said in a language: from its codes alone, so that every language says what one hash covers (T2).

Each id, time, coordinate and number is an isolate of its own, so that it reads from left to right inside a sentence
that runs from right to left. In text that is U+2066 to U+2069; in HTML it is `bdi`. Free text of a person is an
isolate whose direction follows from its first strong letter, and it is never translated.
"""

from __future__ import annotations

import enum
import hashlib
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.core.timespan import LATEST_US, zulu
from keepclear.errors import Malformed
from keepclear.formats.phrasebook.reading import BIDI_CONTROLS, Cut, Phrasebook
from keepclear.formats.phrasebook.table import FRAME, ROWS, Block, Form, Line
from keepclear.record import Envelope, canonical, parse_origin

LEFT_TO_RIGHT, FIRST_STRONG, END, RIGHT_MARK = "\u2066", "\u2068", "\u2069", "\u200f"
#: Said of an entry that this version does not know; its body, in characters, as far as it is shown.
RAW_MAX: Final = 2_000
#: A flight level is a hundred feet.
FLIGHT_LEVEL_MM: Final = 30_480
LINES_MAX: Final = 5_000


class Role(enum.StrEnum):
    """What a piece of a line is."""

    WORDS = "words"
    CODE = "code"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line: words of the language, or a value that is an isolate of its own."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """What there is to say: an entry, and what its envelope tells of it.

    Attributes:
        body: as JSON holds it.
        hash: the content hash, the same in every language.
        at_us: when the sender entered it; negative is "not known", as on a card.
    """

    kind: str
    mode: str
    sender: str
    receiver: str
    at_us: int
    body: Mapping[str, object]
    hash: str


def said_of(envelope: Envelope) -> Said:
    """What an entry of a channel says.

    Raises:
        Malformed: it is one of a private log, which is never said to anybody.
    """
    origin = parse_origin(envelope.log)
    if origin.reader is None:
        raise Malformed(f"{envelope.log} is a private log: its entries are said to nobody", at="log")
    content = hashlib.sha256(canonical.encode(dict(envelope.body))).hexdigest()
    return Said(envelope.kind, envelope.mode, origin.writer, origin.reader, envelope.at, envelope.body, content)


@dataclass(frozen=True, slots=True)
class Rendering:
    """An entry in a language.

    Attributes:
        is_draft: no named speaker has signed the phrase file as it is; each rendering says so in its first line.
        signer: who did, or empty.
    """

    language: str
    is_right_to_left: bool
    is_draft: bool
    signer: str
    hash: str
    lines: tuple[tuple[Part, ...], ...]

    def text(self) -> str:
        """As plain text, a line a sentence, with isolates."""
        mark = RIGHT_MARK if self.is_right_to_left else ""
        return "".join(f"{mark}{''.join(map(_isolated, line))}\n" for line in self.lines)

    def html(self) -> str:
        """As an element of HTML, for a page or for paper."""
        direction = "rtl" if self.is_right_to_left else "ltr"
        lines = "".join(f"<p>{''.join(map(_element, line))}</p>\n" for line in self.lines)
        return f'<section lang="{html.escape(self.language)}" dir="{direction}">\n{lines}</section>\n'


def render(said: Said, book: Phrasebook, *, signer: str = "") -> Rendering:
    """An entry in a language (T2, N8).

    Args:
        signer: the named speaker who signed the phrase file as it is; empty leaves every translation a DRAFT.

    Raises:
        Malformed: the body is not one of its kind.
    """
    is_draft = not signer and not book.is_source
    speaker = _Speaker(book, said, signer)
    row = ROWS.get(said.kind)
    frame = {line.phrase: line for line in FRAME}
    lines: list[tuple[Part, ...]] = []

    def add(*names: str) -> None:
        for name in names:
            lines.extend(speaker.say((frame[name],), said.body, {}))

    if not book.is_source:
        add("frame.draft" if is_draft else "frame.checked")
    if said.mode != "OPER":
        add("frame.mode")
    if said.at_us >= 0:
        add("frame.from_to")
    if row is None:
        add("frame.unknown", "frame.raw")
    else:
        lines.extend(speaker.say(row, said.body, {}))
    add("frame.hash", "frame.standing", "frame.not_certified")
    if len(lines) > LINES_MAX:
        raise Malformed(f"{len(lines)} lines are more than anybody reads; {LINES_MAX} are allowed")
    return Rendering(book.language, book.is_right_to_left, is_draft, signer, said.hash, tuple(lines))


class _Speaker:
    """Fills phrases with the values of one entry."""

    def __init__(self, book: Phrasebook, said: Said, signer: str) -> None:
        self._book = book
        self._envelope: dict[str, object] = {
            "@sender": said.sender, "@receiver": said.receiver, "@at": said.at_us, "@mode": said.mode,
            "@kind": said.kind, "@hash": said.hash, "@signer": signer, "@raw": f"{dict(said.body)}"[:RAW_MAX],
        }  # fmt: skip

    def say(
        self, row: Sequence[Line | Block], item: object, around: Mapping[str, object]
    ) -> Iterator[tuple[Part, ...]]:
        for line in row:
            if isinstance(line, Block):
                yield from self._say_block(line, item, around)
            elif self._is_given(line.given, item, around):
                yield tuple(self._line(line, item, around))

    def _say_block(self, block: Block, item: object, around: Mapping[str, object]) -> Iterator[tuple[Part, ...]]:
        found = self._at(block.each, item, around, default=())
        if not isinstance(found, list | tuple):
            raise Malformed("a list was expected", at=block.each)
        for index, each in enumerate(found, 1):
            inside = {"@index": index, "@of": len(found), "@several": len(found) > 1, "@item": each}
            yield from self.say(block.lines, each, inside)

    def _is_given(self, given: str, item: object, around: Mapping[str, object]) -> bool:
        if not given:
            return True
        path = given.removeprefix("not ")
        return bool(self._at(path, item, around, default=None)) is (path == given)

    def _line(self, line: Line, item: object, around: Mapping[str, object]) -> Iterator[Part]:
        name, number = line.phrase, None
        if line.word:
            name = f"{name}.{self._at(line.word, item, around)}"
        elif line.within:
            seconds = _whole(self._at(line.within, item, around), line.within)
            in_minutes = seconds % 60 == 0
            name, number = f"{name}_{'minutes' if in_minutes else 'seconds'}", seconds // 60 if in_minutes else seconds
        elif line.counted:
            value = self._at(line.counted, item, around)
            number = len(value) if isinstance(value, list | tuple | dict) else _whole(value, line.counted)
        cut = self._cut(name, number)
        for place, piece in enumerate(cut):
            if place % 2 == 0:
                if piece:
                    yield Part(Role.WORDS, piece)
            elif piece == "n":
                yield Part(Role.CODE, str(number))
            else:
                path, form = line.slots[piece]
                yield from self._value(self._at(path, item, around), form, path)

    def _cut(self, name: str, number: int | None) -> Cut:
        if number is not None:
            return self._book.counted[name][self._book.family.form_of(number)]
        cut = self._book.phrases.get(name)
        if cut is None:
            raise Malformed(f"no phrase says {name[:80]!r}")
        return cut

    def _at(self, path: str, item: object, around: Mapping[str, object], *, default: object = ...) -> object:
        if path.startswith("@"):
            return around[path] if path in around else self._envelope.get(path, default)
        value = item
        for step in path.split("."):
            if isinstance(value, Mapping) and step in value:
                value = value[step]
            elif isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
                value = value[int(step)]
            elif default is not ...:
                return default
            else:
                raise Malformed("it is not there", at=path)
        return value

    def _value(self, value: object, form: Form, at: str) -> Iterator[Part]:
        if form is Form.LIST:
            for place, each in enumerate(value if isinstance(value, list | tuple) else ()):
                if place:
                    yield Part(Role.WORDS, self._book.list_separator)
                yield Part(Role.CODE, _plain(str(each)))
        elif form is Form.FREE:
            yield Part(Role.FREE, _plain(str(value)))
        else:
            yield Part(Role.CODE, _written(value, form, at))


def _written(value: object, form: Form, at: str) -> str:
    match form:
        case Form.TIME:
            instant = _whole(value, at)
            if not 0 <= instant <= LATEST_US:
                raise Malformed(f"{instant} is not between 1970 and 2200", at=at)
            return zulu(instant)
        case Form.LENGTH:
            return f"{_thousandths(_whole(value, at))} m"
        case Form.DURATION:
            return f"{_thousandths(_whole(value, at))} s"
        case Form.BEARING:
            return f"{_thousandths(_whole(value, at))}°"
        case Form.POSITION:
            pair = _pair(value, at)
            return f"{_degrees(_whole(pair[0], at), 'NS')} {_degrees(_whole(pair[1], at), 'EW')}"
        case Form.HEIGHT:
            pair = _pair(value, at)
            height_mm, datum = _whole(pair[0], at), _plain(str(pair[1]))
            if datum == "FL" and height_mm % FLIGHT_LEVEL_MM == 0 and height_mm >= 0:
                return f"FL{height_mm // FLIGHT_LEVEL_MM:03d}"
            return f"{_thousandths(height_mm)} m {datum}"
        case Form.CODE | Form.LIST | Form.FREE:
            return _plain(str(value))


def _pair(value: object, at: str) -> Sequence[object]:
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise Malformed("two values were expected", at=at)
    return value


def _whole(value: object, at: str) -> int:
    if type(value) is not int:
        raise Malformed("a whole number was expected", at=at)
    return value


def _thousandths(value: int) -> str:
    whole, rest = divmod(abs(value), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if value < 0 else text


def _degrees(value: int, letters: str) -> str:
    whole, rest = divmod(abs(value), 10_000_000)
    return f"{whole}.{rest:07d}°{letters[value < 0]}"


def _plain(text: str) -> str:
    """A value without what would turn the line round it: direction marks and line ends are shown as unknown."""
    return "".join("\ufffd" if letter in BIDI_CONTROLS or not (letter.isprintable()) else letter for letter in text)


def _isolated(part: Part) -> str:
    match part.role:
        case Role.WORDS:
            return part.text
        case Role.CODE:
            return f"{LEFT_TO_RIGHT}{part.text}{END}"
        case Role.FREE:
            return f"{FIRST_STRONG}{part.text}{END}"


def _element(part: Part) -> str:
    text = html.escape(part.text)
    match part.role:
        case Role.WORDS:
            return text
        case Role.CODE:
            return f'<bdi dir="ltr">{text}</bdi>'
        case Role.FREE:
            return f'<bdi dir="auto" translate="no">{text}</bdi>'
