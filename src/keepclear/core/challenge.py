"""Voice authentication: whoever says a message answers a fresh challenge with a token over the whole of it (V2).

The receiver first says a challenge. The sender answers with eight letters: an HMAC under a one-time secret of the
shift's table, over the challenge and the digest of the card, which covers its full content hash. A secret serves once.

Each watch agrees on two words. The token under the watch word says that all is well; the one under the duress word is
accepted just the same, by the same steps, and only the receiver's own people learn of it.

Pure: chance is given. Eight letters are 36 bits, for one try at each challenge; a digest of the content alone, without
a secret, can be searched for by anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from keepclear.core.readback import LETTERS
from keepclear.errors import Malformed

CHALLENGE_LETTERS: Final = 6
TOKEN_LETTERS: Final = 8
#: 16 letters of 23 are 72 bits.
SECRET_LETTERS: Final = 16
ROWS_MAX: Final = 99
WORD_MAX: Final = 40
SEED_BYTES: Final = 32

_CONTEXT: Final = b"keepclear voice 1\n"
#: Stands for a word that was not agreed: nobody can type it, and the same steps are done.
_NO_WORD: Final = "\0"
#: What people hear and write for letters that a code does not have.
_SLIPS: Final = str.maketrans("", "", " -./,\t")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a token says. `is_duress` is for the receiver's own people and nobody else."""

    is_good: bool
    is_duress: bool


def make_challenge(seed: bytes) -> str:
    """Six letters to be said, from 32 random bytes.

    >>> len(make_challenge(bytes(32)))
    6
    """
    return _letters(seed, b"challenge", CHALLENGE_LETTERS)


def make_secrets(seed: bytes, count: int) -> tuple[str, ...]:
    """The one-time secrets of a table, from 32 random bytes: `count` times 16 letters.

    Raises:
        Malformed: fewer than 1 or more than 99.
    """
    if not 1 <= count <= ROWS_MAX:
        raise Malformed(f"a table has 1 to {ROWS_MAX} rows, not {count}", at="rows")
    return tuple(_letters(seed, b"secret %d" % row, SECRET_LETTERS) for row in range(1, count + 1))


def read_letters(said: str, count: int, *, at: str) -> str:
    """A code as it was typed, with blanks and dashes anywhere.

    Raises:
        Malformed: not so many of the 23 letters.

    >>> read_letters("kxqw-btra", 8, at="token")
    'KXQWBTRA'
    """
    code = said.translate(_SLIPS).upper()
    if len(code) != count or any(letter not in LETTERS for letter in code):
        raise Malformed(f"{said[:40]!r} is not {count} letters out of {LETTERS}", at=at)
    return code


def grouped(code: str) -> str:
    """A code as it is said and printed, four letters at a time.

    >>> grouped("KXQWBTRA")
    'KXQW BTRA'
    """
    return " ".join(code[place : place + 4] for place in range(0, len(code), 4))


def token(secret: str, word: str, challenge: str, digest: bytes) -> str:
    """The eight letters that answer a challenge for one card.

    Args:
        secret: of an unused row of the table, 16 letters.
        word: the watch word, or the duress word; nothing here can tell one from the other.
        challenge: as the receiver said it.
        digest: of the whole card, 32 bytes.
    """
    key = hmac.digest(secret.encode(), _CONTEXT + b"word\n" + _folded(word).encode(), "sha256")
    return _letters(key, b"token\n" + challenge.encode() + b"\n" + digest, TOKEN_LETTERS)


def judge(secret: str, watch_word: str, duress_word: str, challenge: str, digest: bytes, said: str) -> Verdict:
    """Whether a token is good, and under which word. Both words are tried whatever comes of the first.

    An empty duress word was not agreed: nothing is ever said under it.
    """
    well = hmac.compare_digest(token(secret, watch_word, challenge, digest), said)
    forced = hmac.compare_digest(token(secret, duress_word or _NO_WORD, challenge, digest), said)
    return Verdict(well | forced, forced & (not well))


def _folded(word: str) -> str:
    if len(word) > WORD_MAX:
        raise Malformed(f"a watch word has at most {WORD_MAX} characters", at="word")
    return "".join(word.split()).upper()


def _letters(key: bytes, purpose: bytes, count: int) -> str:
    # 32 bytes for at most 16 letters: what the remainder favours is less than one part in 2^180.
    number = int.from_bytes(hmac.digest(key, _CONTEXT + purpose, hashlib.sha256), "big")
    letters = []
    for _ in range(count):
        number, rest = divmod(number, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)
