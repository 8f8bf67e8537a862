"""How each value of an entry stands on a voice card, and how it is read back from what a person typed.

What is written is the one form of a value; what is read may be looser (blanks, lower case, O for 0). A value that was
read is written again before its check letters are compared, so that looseness costs nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from keepclear.core.timespan import SECOND_US, parse_instant
from keepclear.errors import Malformed

FLIGHT_LEVEL_MM: Final = 30_480
#: A person's words on one line: more than that is not said letter by letter, it goes by file.
TEXT_MAX: Final = 60
#: Any value: two party ids of 32 characters and what stands between them.
VALUE_MAX: Final = 68
SERIALS_MAX: Final = 5
#: Kinds of transports on one line.
TRANSPORTS_SAID_MAX: Final = 4
_DATUMS: Final = ("AMSL", "AGL", "WGS84")

#: Letters of other scripts that look like ours, and signs that keyboards and copying change.
_LOOKS_LIKE: Final = str.maketrans(
    "АВЕКМНОРСТУХІЅЈԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧ‐‑‒–—−﹣－’‘“”·•٫",
    "ABEKMHOPCTYXISJQWABEZHIKMNOPTYX--------''\"\"...",
)
_DIGIT_SLIPS: Final = str.maketrans("OILQ", "0110")


@dataclass(frozen=True, slots=True)
class Codec:
    """One kind of value.

    Attributes:
        write: the value in the one form it has on a card.
        read: the value that was typed, as `tidy` gives it; raises Malformed with what would be right.
        is_text: a person's words, whose capitals a voice does not carry.
    """

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    is_text: bool = False


def tidy(text: str) -> str:
    """What was typed, in our letters and 0-9, with single blanks; capitals as they were typed.

    >>> tidy(" А-О４12   v2 ")
    'A-O412 v2'
    """
    folded = unicodedata.normalize("NFKC", text)
    lower = folded.lower()
    letters = []
    for place, letter in enumerate(folded):
        swapped = letter.upper().translate(_LOOKS_LIKE) if len(letter.upper()) == 1 else letter
        if letter.isascii():
            letters.append(letter)
        elif swapped.isascii():
            letters.append(swapped.lower() if len(lower) == len(folded) and lower[place] == letter else swapped)
        elif letter.isdigit():
            letters.append(str(unicodedata.digit(letter)))
        else:
            letters.append(letter)
    return " ".join("".join(letters).split())


def _number(text: str, pattern: str, what: str) -> re.Match[str]:
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None:
        match = re.fullmatch(pattern, text.translate(_DIGIT_SLIPS), re.ASCII)
    if match is None:
        raise Malformed(f"{text[:60]!r} is not {what}")
    return match


# ------------------------------------------------------------------------------------------------- numbers and places


def _thousandths(value: int) -> str:
    whole, rest = divmod(abs(value), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
    return f"-{text}" if value < 0 else text


def _to_thousandths(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    whole, _, part = text.lstrip("-").partition(".")
    return sign * (int(whole) * 1000 + int((part or "0").ljust(3, "0")))


def write_length(value: int) -> str:
    """Millimetres as metres.

    >>> write_length(4_000_500)
    '4000.5 M'
    """
    return f"{_thousandths(value)} M"


def read_length(text: str) -> int:
    """Millimetres of metres."""
    match = _number(text.removesuffix("M").rstrip(), r"[0-9]{1,7}(?:\.[0-9]{1,3})?", "a length such as 4000 M")
    return _to_thousandths(match[0])


def write_height(value: tuple[int, str]) -> str:
    """Millimetres above a datum.

    >>> write_height((1_500_000, "AMSL")), write_height((3_048_000, "FL"))
    ('1500 M AMSL', 'FL100')
    """
    height_mm, datum = value
    if datum == "FL":
        level, rest = divmod(height_mm, FLIGHT_LEVEL_MM)
        return f"FL{level:03d}" if not rest and level >= 0 else f"{_thousandths(height_mm)} M FL"
    return f"{_thousandths(height_mm)} M {datum}"


def read_height(text: str) -> tuple[int, str]:
    """Millimetres and datum."""
    if text.startswith("FL"):
        return int(_number(text[2:].strip(), r"[0-9]{1,4}", "a flight level such as FL100")[0]) * FLIGHT_LEVEL_MM, "FL"
    value, _, datum = text.rpartition(" ")
    if datum not in (*_DATUMS, "FL"):
        raise Malformed(f"{text[:60]!r} has no datum: as in 1500 M AMSL, 120 M AGL or FL100")
    number = value.removesuffix("M").rstrip()
    return _to_thousandths(_number(number, r"-?[0-9]{1,6}(?:\.[0-9]{1,3})?", "a height such as 1500 M AMSL")[0]), datum


def write_position(value: tuple[int, int]) -> str:
    """Latitude and longitude in 1e-7 degree.

    >>> write_position((105_000_000, -1_523_456_789))
    '10.5000N 152.3456789W'
    """
    return f"{_degrees(value[0], 2, 'NS')} {_degrees(value[1], 3, 'EW')}"


def _degrees(value: int, width: int, letters: str) -> str:
    whole, rest = divmod(abs(value), 10_000_000)
    part = f"{rest:07d}".rstrip("0").ljust(4, "0")
    return f"{whole:0{width}d}.{part}{letters[value < 0]}"


_POSITION: Final = r"([0-9]{1,2})\.?([0-9]{0,7}) ?([NS]) ?([0-9]{1,3})\.?([0-9]{0,7}) ?([EW])"


def read_position(text: str) -> tuple[int, int]:
    """Latitude and longitude in 1e-7 degree."""
    match = _number(text.replace(",", " ").replace("  ", " "), _POSITION, "a place such as 38.5000S 152.2500W")
    lat = int(match[1]) * 10_000_000 + int(match[2].ljust(7, "0"))
    lon = int(match[4]) * 10_000_000 + int(match[5].ljust(7, "0"))
    if lat > 900_000_000 or lon > 1_800_000_000:
        raise Malformed(f"{text[:60]!r} lies beyond 90 degrees of latitude or 180 of longitude")
    return lat * (-1 if match[3] == "S" else 1), lon * (-1 if match[6] == "W" else 1)


# ------------------------------------------------------------------------------------------------------------- times


def write_time(value: int) -> str:
    """A whole second, Zulu.

    >>> write_time(1_800_000_000_000_000)
    '2027-01-15 08:00:00Z'
    """
    return f"{datetime.fromtimestamp(value // SECOND_US, UTC):%Y-%m-%d %H:%M:%S}Z"


def read_time(text: str) -> int:
    """Microseconds of a whole second."""
    pattern = r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})? ?Z"
    year, month, day, hour, minute, second = _number(text, pattern, "a time such as 2027-03-14 02:17:40Z").groups()
    return parse_instant(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}Z")


# ------------------------------------------------------------------------------------------------------ ids and words


def read_serial(text: str) -> str:
    """A serial such as A-0412."""
    letters, dash, digits = text.replace(" ", "").partition("-")
    return _checked(f"{letters}{dash}{digits.translate(_DIGIT_SLIPS)}", r"[A-Z]{1,3}-[0-9]{4,7}", "A-0412")


def _checked(text: str, pattern: str, example: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise Malformed(f"{text[:60]!r} is not written as {example}")
    return text


def read_party(text: str) -> str:
    """A party id, in lower case as the record has it."""
    return _checked(text.lower(), r"[a-z][a-z0-9-]{0,31}", "AMBER")


def _read_serials(text: str) -> list[str]:
    return [read_serial(each) for each in text.split()]


def words(*allowed: str) -> Codec:
    """One of a few words of the record; `_` is said as a blank."""

    def read(text: str) -> str:
        word = text.replace(" ", "_")
        if word not in allowed:
            raise Malformed(f"{text[:40]!r} is none of {', '.join(each.replace('_', ' ') for each in allowed)}")
        return word

    return Codec(lambda value: str(value).replace("_", " "), read)


def small_words(*allowed: str) -> Codec:
    """One of a few words that the record writes small."""
    known = words(*(each.upper() for each in allowed))
    return Codec(lambda value: known.write(str(value).upper()), lambda text: str(known.read(text)).lower())


def _read_yes_no(text: str) -> bool:
    if text not in ("YES", "NO"):
        raise Malformed(f"{text[:40]!r} is neither YES nor NO")
    return text == "YES"


def read_count(text: str) -> int:
    """A whole number of things, at least one."""
    count = int(_number(text, r"[0-9]{1,5}", "a number of things")[0])
    if not count:
        raise Malformed("there is none of it")
    return count


def _write_seconds(value: int) -> str:
    return f"{value} SECONDS"


def _read_seconds(text: str) -> int:
    return int(_number(text.removesuffix("SECONDS").strip(), r"[0-9]{1,7}", "a time such as 120 SECONDS")[0])


def _read_hash_start(text: str) -> str:
    return _number(text.replace(" ", "").lower(), r"[0-9a-f]{12}", "twelve digits of a hash, as in 3F9C 2A1B 8D04")[0]


def _write_hash_start(value: str) -> str:
    return " ".join(value[place : place + 4] for place in (0, 4, 8)).upper()


LENGTH: Final = Codec(write_length, read_length)
HEIGHT: Final = Codec(write_height, read_height)
POSITION: Final = Codec(write_position, read_position)
TIME: Final = Codec(write_time, read_time)
SERIAL: Final = Codec(str, read_serial)
SERIALS: Final = Codec(" ".join, _read_serials)
SECONDS: Final = Codec(_write_seconds, _read_seconds)
YES_NO: Final = Codec(lambda value: "YES" if value else "NO", _read_yes_no)
HASH_START: Final = Codec(_write_hash_start, _read_hash_start)
TEXT: Final = Codec(str, lambda text: text, is_text=True)


def is_speakable(text: str, *, at_most: int = TEXT_MAX) -> bool:
    """Whether a voice can carry these words to the letter: short, ASCII, single blanks."""
    return text.isascii() and text.isprintable() and len(text) <= at_most and text == " ".join(text.split())


def to_speakable(text: str) -> str:
    """A person's name in letters that can be spelled; what has none becomes `?`.

    >>> to_speakable("Zoë Müller")
    'Zoe Muller'
    """
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(letter if letter.isascii() else "?" for letter in plain if not unicodedata.combining(letter))
    return " ".join(kept.split())[:TEXT_MAX] or "?"
