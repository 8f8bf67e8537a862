"""The phrase files: those that come with keepclear, a party's own, and the signatures of speakers beside them.

A party's own lie in its folder under `phrasebook/`: `uk.toml` adds a language or replaces one, `ru.signature` is a
speaker's word for the Russian file as it is. Whoever may write there decides for the party which signature counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from keepclear.errors import KeepclearError, LimitReached, Malformed, NotFound, Tampered
from keepclear.formats.phrasebook import Phrasebook, PhraseSignature, read_phrasebook, read_signature, signer_of

FOLDER: Final = "phrasebook"
#: Languages that one node speaks.
LANGUAGES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class HeldPhrasebook:
    """A language, where it is from, and who vouches for it.

    Attributes:
        signature: the one that lies beside it, for this file or an earlier one; None for none.
        signer: whose it is when it is for the file as it is; empty is DRAFT.
        fault: why the signature does not count, or empty.
    """

    book: Phrasebook
    is_own: bool
    signature: PhraseSignature | None = None
    signer: str = ""
    fault: str = ""

    @property
    def state(self) -> str:
        """source, signed or DRAFT."""
        if self.book.is_source:
            return "source"
        return "signed" if self.signer else "DRAFT"


def load_phrasebooks(folder: Path | None = None) -> dict[str, HeldPhrasebook]:
    """Every language that can be spoken, by its name in BCP 47.

    Args:
        folder: the party's; None for what comes with keepclear alone, where every translation is a DRAFT.

    Raises:
        Malformed: a phrase file that cannot be read; the message names it.
        LimitReached: more than 100 languages.
    """
    held: dict[str, HeldPhrasebook] = {}
    for name, data in _shipped():
        _add(held, name, data, None)
    own = folder / FOLDER if folder is not None else None
    if own is not None and own.is_dir():
        for path in sorted(own.glob("*.toml")):
            _add(held, path.name, path.read_bytes(), own)
    if len(held) > LANGUAGES_MAX:
        raise LimitReached(f"{len(held)} languages; {LANGUAGES_MAX} are allowed", at=FOLDER)
    return {language: _with_signature(each, own) for language, each in sorted(held.items())}


def phrasebook_of(language: str, folder: Path | None = None) -> HeldPhrasebook:
    """One language. Raises NotFound with those there are."""
    held = load_phrasebooks(folder)
    if language not in held:
        raise NotFound(f"no phrase file says {language[:40]!r}; there are {', '.join(held)}", at="language")
    return held[language]


def signature_file(folder: Path, language: str) -> Path:
    """Where the signature to a language lies."""
    return folder / FOLDER / f"{language}.signature"


def _shipped() -> Iterator[tuple[str, bytes]]:
    for each in sorted(resources.files("keepclear.formats.phrasebook").iterdir(), key=lambda item: item.name):
        if each.name.endswith(".toml"):
            yield each.name, each.read_bytes()


def _add(held: dict[str, HeldPhrasebook], name: str, data: bytes, own: Path | None) -> None:
    try:
        book = read_phrasebook(data)
    except KeepclearError as problem:
        raise Malformed(problem.message, at=f"{name}: {problem.at}".rstrip(": ")) from None
    if name != f"{book.language}.toml":
        raise Malformed(f"it is called {name} and says that it is {book.language}", at=name)
    held[book.language] = HeldPhrasebook(book, own is not None)


def _with_signature(each: HeldPhrasebook, own: Path | None) -> HeldPhrasebook:
    path = own / f"{each.book.language}.signature" if own is not None else None
    if path is None or not path.is_file():
        return each
    try:
        signature = read_signature(path.read_bytes())
        signer = signer_of(each.book, signature)
    except (Malformed, Tampered) as problem:
        return HeldPhrasebook(each.book, each.is_own, fault=problem.message)
    fault = "" if signer else f"the file was changed since {signature.name} signed it"
    return HeldPhrasebook(each.book, each.is_own, signature, signer, fault)
