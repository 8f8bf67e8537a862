"""A voice card: an entry as at most 14 numbered lines, each with two check letters, to be read out or laid on paper."""

from __future__ import annotations

import hashlib
import html
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from keepclear.core.notice import NOT_CERTIFIED_LINE, STANDING_LINE
from keepclear.core.readback import LETTERS, check_letters
from keepclear.errors import Malformed
from keepclear.formats.voice_card.kinds import KINDS, Body
from keepclear.formats.voice_card.phonetic import say
from keepclear.formats.voice_card.spoken import LINES_MAX, spoken_form
from keepclear.formats.voice_card.values import VALUE_MAX, is_speakable
from keepclear.record import canonical

MESSAGE: Final = "MESSAGE"
FROM: Final = "FROM"
SUM: Final = "SUM"
BY_FILE: Final = " DETAIL BY FILE"
WIDTH: Final = 80
_SUM_LETTERS: Final = 8


@dataclass(frozen=True, slots=True)
class CardLine:
    """One line: its number from 1, the field, the value as it is typed, and its two check letters."""

    number: int
    field: str
    value: str

    @property
    def letters(self) -> str:
        """Its check letters, over the field's name and the value."""
        return check_letters(self.field, self.value)

    def typed(self) -> str:
        """The line as it is typed in at the far side."""
        return f"{self.number} {self.field} {self.value} {self.letters}"


@dataclass(frozen=True, slots=True)
class Card:
    """What is said by voice of one entry.

    Attributes:
        body: what the lines say; the entry's own where `is_whole`.
        hash: content hash of `body`, 64 hexadecimal digits.
        is_whole: nothing was left out or made coarser but what is hidden by agreement; else "detail by file".
    """

    kind: str
    mode: str
    sender: str
    to: str
    body: dict[str, Any]
    hash: str
    is_whole: bool
    lines: tuple[CardLine, ...]

    def typed(self) -> str:
        """What is typed in at the far side, line by line."""
        return "".join(f"{line.typed()}\n" for line in self.lines)

    def text(self) -> str:
        """For a printer of 80 columns: lines, how each is said, and room for the token. `read_card` takes it back."""
        return "\n".join(self._text_lines()) + "\n"

    def _text_lines(self) -> Iterator[str]:
        yield f"# VOICE CARD {self.mode}  {self.sender.upper()} TO {self.to.upper()}"
        yield f"# {len(self.lines)} LINES. SAY EACH WITH NUMBER AND LETTERS; HEAR IT READ BACK; THEN THE NEXT."
        yield "#"
        for line in self.lines:
            head = f"{line.number:>2} {line.field:<9} "
            room = WIDTH - len(head) - 4
            if len(line.value) <= room:
                yield f"{head}{line.value:<{room}}  {line.letters}"
            else:
                yield f"{head}{line.value}  {line.letters}"
            spoken = f"{say(line.value)}. CHECK {say(line.letters)}."
            yield from textwrap.wrap(spoken, WIDTH - 7, initial_indent="#      ", subsequent_indent="#      ")
        yield "#"
        yield "# CHALLENGE ______________   ROW ____   TOKEN ______________   TIME ________Z"
        yield f"# HASH {self.hash}"
        yield f"# {STANDING_LINE}"
        yield f"# {NOT_CERTIFIED_LINE}"

    def html(self) -> str:
        """For paper: one page that needs nothing else."""
        rows = "".join(
            f"<tr><th>{line.number}</th><td>{html.escape(line.field)}</td><td class=v>{html.escape(line.value)}</td>"
            f"<td class=c>{line.letters}</td></tr>\n<tr><td></td><td></td><td class=s colspan=2>"
            f"{html.escape(say(line.value))}</td></tr>\n"
            for line in self.lines
        )
        title = f"Voice card {self.mode} {self.sender.upper()} to {self.to.upper()}"
        return _PAGE.format(
            title=html.escape(title), rows=rows, hash=self.hash, standing=STANDING_LINE, certified=NOT_CERTIFIED_LINE
        )


_PAGE: Final = """<!doctype html>
<html lang="en" dir="ltr"><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4; margin: 14mm }}
body {{ font: 12pt/1.35 monospace; color: #000; background: #fff }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: 1mm 2mm; vertical-align: top }}
tr:nth-child(odd) {{ border-top: 1px solid #000; break-after: avoid }}
.v, .c {{ font-weight: bold }} .s {{ font-size: 9pt }}
</style>
<h1>{title}</h1>
<table>
{rows}</table>
<p>Challenge ______________ Row ____ Token ______________ Time ________Z</p>
<p>Hash {hash}</p>
<p>{standing} {certified}</p>
</html>
"""


def card_of(kind: str, mode: str, sender: str, to: str, body: Body) -> Card:
    """The voice card of an entry (V1).

    Args:
        body: as JSON holds it.

    Raises:
        Malformed: a kind that is not said by voice.
    """
    form = spoken_form(kind, body)
    return make_card(kind, mode, sender, to, form.body, is_whole=form.is_whole)


def make_card(kind: str, mode: str, sender: str, to: str, body: dict[str, Any], *, is_whole: bool) -> Card:
    """The card that says just this body, which has to be speakable as it is."""
    row = KINDS[kind]
    fields = row.take_apart(body)
    pairs = [
        (MESSAGE, f"{mode} {row.head_of(body)}{'' if is_whole else BY_FILE}"),
        (FROM, f"{sender.upper()} TO {to.upper()}"),
        *((field.name, field.codec.write(fields[field.name])) for field in row.fields if field.name in fields),
    ]
    for name, value in pairs:
        if not is_speakable(value, at_most=VALUE_MAX):
            raise Malformed(f"{value[:60]!r} cannot be said letter by letter", at=name)
    content = content_hash(body)
    count = len(pairs) + 1
    if count > LINES_MAX:
        raise Malformed(f"a card has at most {LINES_MAX} lines, not {count}", at="lines")
    pairs.append((SUM, sum_value(count, card_digest(kind, mode, sender, to, content))))
    lines = tuple(CardLine(number, name, value) for number, (name, value) in enumerate(pairs, 1))
    return Card(kind, mode, sender, to, body, content, is_whole, lines)


def content_hash(body: Body) -> str:
    """The content hash of a body: SHA-256 of its RFC 8785 form, as of every entry."""
    return hashlib.sha256(canonical.encode(dict(body))).hexdigest()


def card_digest(kind: str, mode: str, sender: str, to: str, content: str) -> bytes:
    """32 bytes over all that a card says: its full content hash, what kind it is, and from whom to whom."""
    said = {"from": sender, "hash": content, "kind": kind, "mode": mode, "to": to}
    return hashlib.sha256(b"keepclear card 1\n" + canonical.encode(said)).digest()


def sum_value(count: int, digest: bytes) -> str:
    """The last line: how many lines there are, and eight letters over all of them."""
    number = int.from_bytes(digest, "big")
    letters = ""
    for _ in range(_SUM_LETTERS):
        number, rest = divmod(number, len(LETTERS))
        letters += LETTERS[rest]
    return f"{count} LINES {letters[:4]} {letters[4:]}"
