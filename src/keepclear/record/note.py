"""Signed notes: a text and the lines of those who signed it (c2sp.org/signed-note).

A signature line is `— <key name> <base64 of key id and signature>`. Lines by keys that a reader does not know are
ignored; a line by a known key that does not hold spoils the note.

Source: c2sp.org/signed-note v1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final

from keepclear.errors import Malformed, Tampered
from keepclear.record.signing import ED25519_KEY_BYTES, MLDSA44_KEY_BYTES, verify_ed25519

MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 64
KEY_ID_BYTES: Final = 4

_LINE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class KeyKind(IntEnum):
    """What a key signs, as the type byte of signed-note says it."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    MLDSA44_COSIGNATURE = 0x06


_KEY_BYTES: Final = {
    KeyKind.ED25519: ED25519_KEY_BYTES,
    KeyKind.ED25519_COSIGNATURE: ED25519_KEY_BYTES,
    KeyKind.MLDSA44_COSIGNATURE: MLDSA44_KEY_BYTES,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line.

    Attributes:
        name: of the key.
        key_id: four bytes.
        raw: what follows the key id: a signature, or a time and a signature.
    """

    name: str
    key_id: bytes
    raw: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.raw:
            raise Malformed("a signature line holds a key id of four bytes and a signature")

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.raw).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def by(self, key: VerifierKey) -> tuple[Signature, ...]:
        """The lines that claim to be by this key."""
        return tuple(each for each in self.signatures if each.name == key.name and each.key_id == key.key_id)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and what it signs, written `<name>+<key id in hex>+<base64>`."""

    name: str
    kind: KeyKind
    public: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public) != _KEY_BYTES[self.kind]:
            raise Malformed(f"a key of type {self.kind:#04x} has {_KEY_BYTES[self.kind]} bytes, not {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, type byte, public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def parse(cls, line: str) -> VerifierKey:
        """The key that a line shows.

        Raises:
            Malformed: not three parts, an unknown type, a key of the wrong length, or another key id.
        """
        # Base64 may hold a plus, so only the first two separate.
        parts = line.split("+", 2)
        if len(parts) != 3:
            raise Malformed("a verifier key is <name>+<key id>+<base64>")
        name, key_id, encoded = parts
        data = from_base64(encoded, "verifier key")
        if not data or data[0] not in set(KeyKind):
            raise Malformed("a verifier key of a type that is not known here")
        key = cls(name, KeyKind(data[0]), data[1:])
        if key_id != key.key_id.hex():
            raise Malformed(f"the key id is {key_id}, but that key has {key.key_id.hex()}")
        return key


def parse(data: str | bytes) -> Note:
    """The text and the signature lines of a signed note; no signature is checked.

    Raises:
        Malformed: not a signed note, over MAX_NOTE_BYTES, or over MAX_SIGNATURES.
    """
    whole = _checked_text(data)
    cut = whole.rfind("\n\n")
    if cut < 0 or not whole.endswith("\n"):
        raise Malformed("a signed note is a text, an empty line, and signature lines, and ends in a newline")
    text, lines = whole[: cut + 1], whole[cut + 2 :].split("\n")[:-1]
    if not lines or text == "\n":
        raise Malformed("a signed note has a text and at least one signature")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed(f"a note may have {MAX_SIGNATURES} signatures, not {len(lines)}")
    return Note(text, tuple(_signature(line) for line in lines))


def render(note: Note) -> str:
    """The note as it is stored and sent.

    Raises:
        Malformed: the text does not end in a newline, or a bound of `parse` is passed.
    """
    if not note.text.endswith("\n") or note.text == "\n":
        raise Malformed("a note's text ends in a newline")
    if not note.signatures or len(note.signatures) > MAX_SIGNATURES:
        raise Malformed(f"a note has 1 to {MAX_SIGNATURES} signatures, not {len(note.signatures)}")
    return _checked_text(note.text + "\n" + "".join(f"{each}\n" for each in note.signatures))


def add(data: str, signatures: Iterable[Signature]) -> str:
    """The note with further lines. A line by a key that has signed already is not added again.

    Raises:
        Malformed: not a signed note, or more signatures than a note may have.
    """
    note = parse(data)
    present = {(each.name, each.key_id) for each in note.signatures}
    added = []
    for each in signatures:
        if (each.name, each.key_id) not in present:
            present.add((each.name, each.key_id))
            added.append(each)
    return render(Note(note.text, (*note.signatures, *added)))


def verify_signature(note: Note, key: VerifierKey) -> None:
    """Return quietly if the note carries this Ed25519 key's signature, and all its lines by this key hold.

    Raises:
        Tampered: no line by this key, or one that does not hold.
        Malformed: the key is of another kind; a cosignature is checked in `cosign`.
    """
    if key.kind is not KeyKind.ED25519:
        raise Malformed(f"a note's own signature is of type 0x01, not {key.kind:#04x}")
    lines = note.by(key)
    if not lines:
        raise Tampered(f"no signature by {key.name} with key {key.key_id.hex()}")
    for line in lines:
        try:
            verify_ed25519(key.public, note.text.encode(), line.raw)
        except Tampered as error:
            raise Tampered(f"the signature by {key.name} does not hold: {error.message}") from error


def check_key_name(name: str) -> None:
    """Raise Malformed unless the name may stand in a signature line."""
    if not name or "+" in name or any(each.isspace() or each < " " for each in name):
        raise Malformed(f"a key name is not empty and has no space, control character or plus: {name!r}")


def from_base64(text: str, what: str) -> bytes:
    """The bytes of standard base64, in its one exact form.

    Raises:
        Malformed: other characters, missing padding, or bits set that say nothing.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"the {what} is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise Malformed(f"the {what} is not base64 in its exact form")
    return data


def _checked_text(data: str | bytes) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed(f"a note of over {MAX_NOTE_BYTES} bytes")
    try:
        encoded = data.encode() if isinstance(data, str) else data
        text = encoded.decode()
    except UnicodeError as error:
        raise Malformed("a note is UTF-8") from error
    if len(encoded) > MAX_NOTE_BYTES:
        raise Malformed(f"a note of {len(encoded)} bytes; {MAX_NOTE_BYTES} are allowed")
    if _CONTROL.search(text):
        raise Malformed("a note holds no control character but the newline")
    return text


def _signature(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    if not match:
        raise Malformed(f"not a signature line: {line[:60]!r}")
    data = from_base64(match[2], "signature line")
    return Signature(match[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])
