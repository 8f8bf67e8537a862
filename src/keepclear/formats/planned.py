"""What a reader of foreign files gives: planned activities, and a named fault for everything it could not take.

Readers are liberal in the spelling of a name and strict where a guess could hide a conflict. One bad feature never
hides the others, and nothing is left out without a line that says so: a `Fault` where something was not read, a note
on the `Planned` where it was read on the safe side. Every parser of foreign JSON keeps to the bounds below.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from keepclear.core.volume import Volume4D
from keepclear.errors import LimitReached, Malformed

#: Largest file, in bytes: some hundred thousand plain notices.
FILE_BYTES_MAX = 64 * 1024 * 1024
#: Objects and lists inside one another, the whole being the first. GeoJSON needs 9, F3548 needs 9.
NESTING_MAX = 32
#: Features, operational intents, constraints or volumes in one file.
FEATURES_MAX = 100_000
#: Corners of all outlines of one file together.
VERTICES_MAX = 2_000_000
#: Volumes of one notice.
VOLUMES_MAX = 1_000
#: Characters of an id or a title; longer ones are cut and marked with an ellipsis.
TEXT_MAX = 120

#: A text, or what is left when it does not end. It gives nothing back and never fails, so that each byte is seen once:
#: a file of quotes that do not end would otherwise be read again from each of them.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.?+)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned activity as a file states it.

    Attributes:
        id: what the file calls it, or its place in the file; one line of printable text.
        title: for people; may be empty.
        volumes: at least one.
        source: file and feature, as in `harbour.geojson features[3]`.
        file: the file's name.
        feature: the path of the feature in the file; empty when the whole file is one.
        paths: for each volume, the field that it was read from.
        notes: what was read on the safe side, or not read because it changes no volume.
    """

    id: str
    title: str
    volumes: tuple[Volume4D, ...]
    source: str
    file: str = ""
    feature: str = ""
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was not read: where it stands, what is wrong and what would be right."""

    file: str
    feature: str
    field: str
    wrong: str
    right: str

    def line(self) -> str:
        """One line for people."""
        place = ": ".join(part for part in (self.file, self.feature, self.field) if part)
        return f"{place}: {self.wrong}" + (f"; {self.right}" if self.right else "")


class Reading(NamedTuple):
    """What one file gave."""

    planned: tuple[Planned, ...]
    faults: tuple[Fault, ...]


@dataclass(slots=True)
class Faults:
    """Gathers the faults of one file; `feature` is where the reader stands."""

    file: str
    feature: str = ""
    items: list[Fault] = field(default_factory=list)

    def add(self, path: str, wrong: str, right: str = "") -> None:
        """Note one fault of the feature being read."""
        self.items.append(Fault(self.file, self.feature, path, clean(wrong, most=400), clean(right, most=400)))

    def add_error(self, path: str, error: Malformed | LimitReached, right: str = "") -> None:
        """Note a refusal of the core as a fault."""
        self.add(path, error.message, right)


class Doubled(dict[str, object]):
    """A JSON object that gives a name twice with different values; `doubled` lists such names."""

    doubled: tuple[str, ...] = ()


def clean(text: str, *, most: int = TEXT_MAX) -> str:
    r"""Foreign text made safe for a terminal and a page: one line, printable, bounded.

    >>> clean("a\x1b[31mred")
    'a�[31mred'
    """
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: most + 1])
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def shown(value: object) -> str:
    """A foreign value as a message names it: short, on one line."""
    if value is None or isinstance(value, (bool, dict, list)):
        return str(value).lower() if isinstance(value, bool) else type_name(value)
    try:
        return clean(repr(value), most=60)
    except ValueError:  # an integer of more digits than Python will print
        return "a number too long to print"


def type_name(value: object) -> str:
    """How JSON calls the type of a value."""
    names = {dict: "an object", Doubled: "an object", list: "a list", str: "a text", bool: "true or false"}
    return "null" if value is None else names.get(type(value), "a number")


def number(value: object) -> float | None:
    """The value as a finite float, or None when it is not a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def load_json(data: bytes) -> object:
    """The value of a JSON text, within the bounds of this module.

    Objects that give a name twice with different values come as `Doubled`.

    Raises:
        Malformed: not UTF-8, not JSON, or NaN or Infinity, which JSON does not have.
        LimitReached: longer than FILE_BYTES_MAX or nested deeper than NESTING_MAX.
    """
    if len(data) > FILE_BYTES_MAX:
        raise LimitReached(f"a file has at most {FILE_BYTES_MAX:,} bytes (FILE_BYTES_MAX), not {len(data):,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Malformed(f"byte {problem.start} is not UTF-8: save it as UTF-8") from None
    if "\0" in text[:4]:  # JSON holds no such character; every second byte of UTF-16 is one
        raise Malformed("it is not UTF-8 but perhaps UTF-16: save it as UTF-8")
    if not text.strip():
        raise Malformed("it is empty")
    if _nesting(data) > NESTING_MAX:
        raise LimitReached(_TOO_DEEP)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as problem:
        # One feature a line is a format of its own, which many tools write under the same name.
        more = ": put all features into one FeatureCollection" if problem.msg == "Extra data" else ""
        raise Malformed(f"not JSON at line {problem.lineno}, column {problem.colno}: {problem.msg}{more}") from None
    except RecursionError:
        raise LimitReached(_TOO_DEEP) from None
    except ValueError:
        raise Malformed("it holds a number with too many digits") from None


_TOO_DEEP = f"nested deeper than {NESTING_MAX} objects and lists (NESTING_MAX)"


def _nesting(data: bytes) -> int:
    """How deep the brackets of a JSON text stand in one another; a text that is not JSON may give less.

    Taking out all innermost pairs shortens the depth by one, so the number of rounds is the depth.
    """
    brackets = _STRING.sub(b"", data).translate(None, _NOT_BRACKETS)
    depth = 0
    while brackets and depth <= NESTING_MAX:
        # Marking first keeps pairs that only meet once an inner pair is gone for the next round.
        fewer = brackets.replace(b"[]", b" ").replace(b"{}", b" ").replace(b" ", b"")
        if len(fewer) == len(brackets):
            break
        brackets, depth = fewer, depth + 1
    return depth


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    doubled = Doubled(made)
    doubled.doubled = tuple(sorted({name for name, value in pairs if made[name] != value}))
    return doubled if doubled.doubled else made


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"it holds {name}, which is not a JSON number")
