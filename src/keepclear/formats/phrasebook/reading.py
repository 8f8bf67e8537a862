"""A language file: its phrases, checked to be just those that can be said.

```toml
language = "ru"             # BCP 47, and the name of the file
name = "Русский"            # as its speakers call it
direction = "ltr"           # or "rtl"
plural = "east-slavic"      # family of plural forms, of `plural.py`
list_separator = ", "

[phrases]
"stop" = "СТОП {id}: ..."

[counted."alert.answer_within_minutes"]
one = "..."
few = "..."
many = "..."
```
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keepclear.errors import LimitReached, Malformed
from keepclear.formats.phrasebook.plural import Family, family_named
from keepclear.formats.phrasebook.table import required_phrases

BYTES_MAX: Final = 100_000
PHRASE_MAX: Final = 400
#: The language in which the phrases are first written; it is no translation, so it is never DRAFT.
SOURCE_LANGUAGE: Final = "en"
#: Turns the direction of what follows: never in a phrase, where the rendering sets isolates, and never in free text.
BIDI_CONTROLS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

_SLOT = re.compile(r"\{([a-z_]+)\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)
_HEAD: Final = frozenset({"language", "name", "direction", "plural", "list_separator", "phrases", "counted"})

#: A phrase, cut at its slots: words and slot names in turn, beginning and ending with words.
Cut = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """A language, ready to be spoken. `sha256` is of the file's bytes: what a speaker signs."""

    language: str
    name: str
    is_right_to_left: bool
    family: Family
    list_separator: str
    phrases: Mapping[str, Cut]
    counted: Mapping[str, Mapping[str, Cut]]
    sha256: str

    @property
    def is_source(self) -> bool:
        """Whether this is the language that the others are translated from."""
        return self.language == SOURCE_LANGUAGE


def read_phrasebook(data: bytes) -> Phrasebook:
    """The language that a file holds (T2).

    Raises:
        LimitReached: more than 100,000 bytes.
        Malformed: not TOML; a phrase is missing, unknown, too long, or has other slots than what is said with it.
    """
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a phrase file has at most {BYTES_MAX} bytes, not {len(data)}")
    try:
        read = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Malformed(f"not a phrase file: {problem}") from None
    if read.keys() != _HEAD:
        wrong = sorted(read.keys() ^ _HEAD)
        raise Malformed(f"a phrase file has {', '.join(sorted(_HEAD))}; wrong or missing: {', '.join(wrong)[:200]}")
    language = _text(read, "language")
    if not _LANGUAGE.fullmatch(language):
        raise Malformed(f"{language!r} is no language such as ru or zh-Hant", at="language")
    direction = _text(read, "direction")
    if direction not in ("ltr", "rtl"):
        raise Malformed(f"a language runs ltr or rtl, not {direction!r}", at="direction")
    family = family_named(_text(read, "plural"))
    plain, counted = required_phrases()
    phrases, forms = _table(read, "phrases"), _table(read, "counted")
    _same_names(phrases, plain, "phrases")
    _same_names(forms, counted, "counted")
    return Phrasebook(
        language=language,
        name=_text(read, "name"),
        is_right_to_left=direction == "rtl",
        family=family,
        list_separator=_text(read, "list_separator"),
        phrases={name: _cut(phrases[name], slots, f"phrases.{name}") for name, slots in plain.items()},
        counted={name: _forms(forms[name], family, slots, f"counted.{name}") for name, slots in counted.items()},
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _forms(value: object, family: Family, slots: frozenset[str], at: str) -> dict[str, Cut]:
    if not isinstance(value, dict) or value.keys() != set(family.forms):
        raise Malformed(f"this language counts with {', '.join(family.forms)}, and needs each of them", at=at)
    # "One minute" may say its number in words: a form for a single number need not have the slot.
    return {
        form: _cut(value[form], slots, f"{at}.{form}", may_lack=frozenset({"n"} if form in _NAMES_ITS_NUMBER else ()))
        for form in family.forms
    }


#: Forms that stand for one number alone in the families that have them.
_NAMES_ITS_NUMBER: Final = frozenset({"zero", "one", "two"})


def _cut(value: object, slots: frozenset[str], at: str, *, may_lack: frozenset[str] = frozenset()) -> Cut:
    if not isinstance(value, str) or not value.strip() or len(value) > PHRASE_MAX:
        raise Malformed(f"a phrase is 1 to {PHRASE_MAX} characters", at=at)
    if any(letter in BIDI_CONTROLS or (letter < " ") for letter in value):
        raise Malformed("a phrase holds no direction marks and no line ends: the rendering sets them", at=at)
    parts = tuple(_SLOT.split(value))
    if "{" in "".join(parts[::2]) or "}" in "".join(parts[::2]):
        raise Malformed("a slot is a name in braces, as in {id}", at=at)
    found = parts[1::2]
    if set(found) | may_lack != slots | may_lack or len(set(found)) != len(found):
        right = ", ".join(f"{{{slot}}}" for slot in sorted(slots)) or "no slots"
        raise Malformed(f"this phrase is said with {right}, each once; it has {', '.join(found) or 'none'}", at=at)
    return parts


def _same_names(there: Mapping[str, object], needed: Mapping[str, object], at: str) -> None:
    missing, over = sorted(needed.keys() - there.keys()), sorted(there.keys() - needed.keys())
    if missing or over:
        said = [*(["not there: " + ", ".join(missing)] if missing else []),
                *(["never said: " + ", ".join(over)] if over else [])]  # fmt: skip
        raise Malformed("; ".join(said)[:2_000], at=at)


def _text(read: Mapping[str, Any], name: str) -> str:
    value = read[name]
    if not isinstance(value, str) or not value or len(value) > 60:
        raise Malformed("1 to 60 characters are needed", at=name)
    return value


def _table(read: Mapping[str, Any], name: str) -> Mapping[str, object]:
    value = read[name]
    if not isinstance(value, dict):
        raise Malformed("a table is needed", at=name)
    return value
