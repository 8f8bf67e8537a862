"""Tables of one-time secrets for voice: what the speaker keeps, what the hearer keeps, and the sheet for the desk (V2).

Who speaks makes the table. The speaker keeps the rows and never the words; the hearer keeps both, to tell them apart.
A table goes to the other party by hand, at enrolment or with the shift's papers, never over the line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Annotated, Final

import msgspec

from keepclear.core.challenge import ROWS_MAX, SECRET_LETTERS, grouped, make_secrets, read_letters
from keepclear.core.ids import check_party_id
from keepclear.core.notice import NOT_CERTIFIED_LINE, STANDING_LINE
from keepclear.core.timespan import LATEST_US, zulu
from keepclear.errors import Malformed

BYTES_MAX: Final = 10_000

Word = Annotated[str, msgspec.Meta(max_length=40)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=LATEST_US)]


class VoiceTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The secrets with which `speaker` says messages to `hearer`, until an instant.

    Attributes:
        rows: 16 letters each; row 1 comes first.
        until: microseconds; afterwards no token under it is taken.
        watch_word, duress_word: only in what the hearer keeps.
    """

    speaker: str
    hearer: str
    rows: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=ROWS_MAX)]
    until: Instant
    watch_word: Word = ""
    duress_word: Word = ""

    def __post_init__(self) -> None:
        check_party_id(self.speaker, at="speaker")
        check_party_id(self.hearer, at="hearer")
        for secret in self.rows:
            read_letters(secret, SECRET_LETTERS, at="rows")
        if self.watch_word and "".join(self.watch_word.split()).upper() == "".join(self.duress_word.split()).upper():
            raise Malformed("the duress word must differ from the watch word", at="duress_word")

    @property
    def id(self) -> str:
        """Names the table without telling a secret of it: 16 hexadecimal digits."""
        body = msgspec.json.encode([self.speaker, self.hearer, *self.rows])
        return hashlib.sha256(b"keepclear voice table 1\n" + body).hexdigest()[:16]

    def secret(self, row: int) -> str:
        """The secret of a row, from 1.

        Raises:
            Malformed: there is no such row.
        """
        if not 1 <= row <= len(self.rows):
            raise Malformed(f"the table has rows 1 to {len(self.rows)}, not {row}", at="row")
        return self.rows[row - 1]

    def for_speaker(self) -> VoiceTable:
        """The table as the speaker keeps it: who takes it by force learns no word from it."""
        return VoiceTable(self.speaker, self.hearer, self.rows, self.until)


def make_table(
    speaker: str, hearer: str, seed: bytes, *, rows: int, until: int, watch_word: str = "", duress_word: str = ""
) -> VoiceTable:
    """A new table from 32 random bytes."""
    if duress_word and not watch_word:
        raise Malformed("a duress word needs a watch word beside it: else its silence tells", at="watch_word")
    return VoiceTable(speaker, hearer, make_secrets(seed, rows), until, watch_word, duress_word)


def read_table(data: bytes) -> VoiceTable:
    """The table in a file, or Malformed."""
    if len(data) > BYTES_MAX:
        raise Malformed(f"a table has at most {BYTES_MAX} bytes", at="table")
    try:
        return msgspec.json.decode(data, type=VoiceTable)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"not a table of voice secrets: {problem}", at="table") from None


def table_text(table: VoiceTable, used: Collection[int] = ()) -> str:
    """The sheet for the desk, 80 columns. It names no word."""
    return "\n".join(_table_lines(table, used)) + "\n"


def _table_lines(table: VoiceTable, used: Collection[int]) -> Iterator[str]:
    yield f"VOICE TABLE {table.id}   {table.speaker.upper()} SPEAKS TO {table.hearer.upper()}"
    yield f"GOOD UNTIL {zulu(table.until)}. EACH ROW ONCE. DESTROY WHEN OVER."
    yield "NEVER READ A SECRET OUT: ONLY THE ROW'S NUMBER AND THE TOKEN."
    yield ""
    yield "ROW  SECRET                USED AT     CHALLENGE     TOKEN"
    for row, secret in enumerate(table.rows, 1):
        mark = "USED" if row in used else "______Z"
        yield f"{row:>3}  {grouped(secret)}   {mark:<9}   __________    ______________"
    yield ""
    yield STANDING_LINE
    yield NOT_CERTIFIED_LINE
