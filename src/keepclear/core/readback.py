"""Read-back: check letters that catch every misheard character, and which fields came back wrong (P3).

A line is a field's name and its value. Its two letters are one symbol of the field of 529 = 23 x 23 elements, written
with 23 letters. docs/explanation/check-letters.md proves what they catch: every single wrong character and every swap
of two neighbours, in lines of up to LINE_MAX characters.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from keepclear.core.footprint import Circle, Footprint
from keepclear.core.timespan import SECOND_US, zulu
from keepclear.core.units import FLIGHT_LEVEL_M
from keepclear.core.volume import Altitude, AltitudeDatum, Volume4D
from keepclear.errors import LimitReached, Malformed

#: Without I, O and S, which look like 1, 0 and 5, and without digits, so that they are never taken for a value's.
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
PRIME = len(LETTERS)
#: Name, one space and value together. Far below 528, where the weights begin again.
LINE_MAX = 160
LINES_MAX = 40
CORNERS_READ_MAX = 6

# The field of 529 elements: pairs (a, b) for a + b t, where t t = 5, which is no square modulo 23.
_SQUARE_OF_T = 5
# 1 + t is a generator: its powers run through all 528 elements other than zero before they repeat.
_GENERATOR = (1, 1)
#: Printable ASCII in upper case stands for 1 to 95, so no character is worth nothing and a lost last one shows.
_FIRST, _LAST = " ", "~"

_Element = tuple[int, int]


def _times(one: _Element, other: _Element) -> _Element:
    (a, b), (c, d) = one, other
    return (a * c + _SQUARE_OF_T * b * d) % PRIME, (a * d + b * c) % PRIME


def _weights(count: int) -> list[_Element]:
    weights = [(1, 0)]
    while len(weights) < count:
        weights.append(_times(weights[-1], _GENERATOR))
    return weights


_WEIGHTS = _weights(LINE_MAX)


def spoken(text: str) -> str:
    """A text as it is compared: upper case, single spaces, none at the ends. A voice has no case.

    >>> spoken("36.5 n  035.7 e ")
    '36.5 N 035.7 E'
    """
    return " ".join(text.split()).upper()


def check_letters(field: str, value: str) -> str:
    """The two check letters of a line, over its field's name and its value (P3).

    Raises:
        Malformed: a character other than printable ASCII, which a voice could not carry.
        LimitReached: the line is longer than LINE_MAX.

    >>> check_letters("PLACE", "36.5 N 035.7 E") == check_letters("PLACE", "36.5 N 035.1 E")
    False
    """
    line = f"{spoken(field)} {spoken(value)}"
    if len(line) > LINE_MAX:
        raise LimitReached(f"a line of a read-back has at most {LINE_MAX} characters, not {len(line)}", at=field)
    first = second = 0
    for character, weight in zip(line, _WEIGHTS, strict=False):
        if not _FIRST <= character <= _LAST:
            raise Malformed(f"{character!r} cannot be read back: letters, digits and signs of ASCII alone", at=field)
        worth = ord(character) - ord(_FIRST) + 1
        a, b = _times((worth % PRIME, worth // PRIME), weight)
        first, second = (first + a) % PRIME, (second + b) % PRIME
    return LETTERS[first] + LETTERS[second]


class ReadField(enum.StrEnum):
    """What is read back. Nothing is correct before all four are."""

    PLACE = "PLACE"
    TIME = "TIME"
    HEIGHT = "HEIGHT"
    ACTION = "ACTION"


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is spoken: the field, its number among the lines of that field, and the value."""

    field: ReadField
    number: int
    value: str

    @property
    def name(self) -> str:
        """What the letters are computed over, before the value: `PLACE 2`."""
        return f"{self.field} {self.number}"

    @property
    def letters(self) -> str:
        """Its two check letters."""
        return check_letters(self.name, self.value)


def lines_of(volumes: Sequence[Volume4D], action: str) -> tuple[Line, ...]:
    """The lines to be read back of a notice: place, time window, height band and action (P3).

    Positions are degrees with five decimals, about a metre. An outline of more corners than can be spoken is read back
    as its first CORNERS_READ_MAX corners and their number; the rest is checked by file.

    Raises:
        LimitReached: more than LINES_MAX lines.
    """
    values: dict[ReadField, list[str]] = {field: [] for field in ReadField}
    for volume in volumes:
        values[ReadField.PLACE] += _place_values(volume.footprint)
        values[ReadField.TIME] += [f"FROM {_second(volume.span.start_us)}", f"UNTIL {_second(volume.span.end_us)}"]
        values[ReadField.HEIGHT] += [
            f"LOWER {_height(volume.band.lower)}",
            f"UPPER {_height(volume.band.upper)}",
        ]
    values[ReadField.ACTION] = [action.replace("_", " ")]
    lines = tuple(
        Line(field, number, spoken(value))
        for field, listed in values.items()
        for number, value in enumerate(listed, start=1)
    )
    if len(lines) > LINES_MAX:
        raise LimitReached(f"at most {LINES_MAX} lines are read back, not {len(lines)}: send it by file", at="readback")
    return lines


@dataclass(frozen=True, slots=True)
class Heard:
    """One line as the other side read it back. `letters` are empty where they gave none."""

    field: ReadField
    number: int
    value: str
    letters: str = ""


class Fault(enum.StrEnum):
    """What is wrong with a line that came back."""

    MISSING = "missing"
    """It was not read back."""
    EXTRA = "extra"
    """There is no such line in the notice."""
    MISHEARD = "misheard"
    """Value and letters do not belong together: something was lost between mouth and paper. Say it again."""
    DIFFERS = "differs"
    """Value and letters belong together, and it is another value: the other side holds something else."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that did not come back as it was sent."""

    field: ReadField
    number: int
    fault: Fault
    sent: str
    heard: str


def differences(sent: Sequence[Line], heard: Iterable[Heard]) -> tuple[Difference, ...]:
    """Every line that did not come back as it was sent, in the order sent; empty means read back correct (P3).

    A line without letters is compared by its value alone.

    Raises:
        Malformed: a line was read back twice.
    """
    wanted = {(line.field, line.number): line for line in sent}
    given: dict[tuple[ReadField, int], Heard] = {}
    for line in heard:
        place = (line.field, line.number)
        if place in given:
            raise Malformed(f"{line.field} {line.number} was read back twice: which one holds?", at="readback")
        given[place] = line
    found = [
        difference for place, line in wanted.items() if (difference := _difference(line, given.get(place))) is not None
    ]
    return tuple(found) + tuple(
        Difference(line.field, line.number, Fault.EXTRA, "", spoken(line.value))
        for place, line in given.items()
        if place not in wanted
    )


def _difference(sent: Line, heard: Heard | None) -> Difference | None:
    if heard is None:
        return Difference(sent.field, sent.number, Fault.MISSING, sent.value, "")
    value = spoken(heard.value)
    letters = spoken(heard.letters)
    if letters and letters != check_letters(sent.name, value):
        return Difference(sent.field, sent.number, Fault.MISHEARD, sent.value, value)
    if value != sent.value:
        return Difference(sent.field, sent.number, Fault.DIFFERS, sent.value, value)
    return None


def _place_values(footprint: Footprint) -> list[str]:
    if isinstance(footprint, Circle):
        return [_position(footprint.lat_deg, footprint.lon_deg), f"RADIUS {footprint.radius_m:.0f} M"]
    corners = footprint.outline
    spoken_corners = [_position(*corner) for corner in corners[:CORNERS_READ_MAX]]
    return [f"{len(corners)} CORNERS", *spoken_corners]


def _position(lat_deg: float, lon_deg: float) -> str:
    north = "N" if lat_deg >= 0 else "S"
    east = "E" if lon_deg >= 0 else "W"
    return f"{abs(lat_deg):08.5f} {north} {abs(lon_deg):09.5f} {east}"


def _second(instant_us: int) -> str:
    # Down to the second for a start and an end alike: both sides cut the same way, and the hash holds the rest.
    return zulu(instant_us - instant_us % SECOND_US)


def _height(altitude: Altitude) -> str:
    if altitude.datum is AltitudeDatum.FL:
        return f"FL {altitude.value_m / FLIGHT_LEVEL_M:.6g}"
    return f"{altitude.value_m:.10g} M {altitude.datum}"
