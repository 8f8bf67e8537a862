"""Checkpoints: what a log was at one size, signed by the log (c2sp.org/tlog-checkpoint).

Three lines: origin, size, root. Extension lines are not written and not accepted: an ML-DSA-44 cosignature does not
cover them, so they would be said by one signature and not by the other.

Source: c2sp.org/tlog-checkpoint v1.0.0; docs/reference/record.md, section 4.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from keepclear.errors import Malformed, Tampered
from keepclear.record import note as notes
from keepclear.record.note import KeyKind, Note, Signature, VerifierKey
from keepclear.record.signing import Signer
from keepclear.record.tree import EMPTY_ROOT, HASH_BYTES

MAX_SIZE: Final = 2**53 - 1
MAX_ORIGIN_BYTES: Final = 255

_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, how many entries it had, and its root then."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        notes.check_key_name(self.origin)
        if len(self.origin.encode()) > MAX_ORIGIN_BYTES:
            raise Malformed(f"an origin has at most {MAX_ORIGIN_BYTES} bytes")
        if not 0 <= self.size <= MAX_SIZE:
            raise Malformed(f"a log's size is 0 to 2^53-1, not {self.size}")
        if len(self.root) != HASH_BYTES:
            raise Malformed(f"a root has {HASH_BYTES} bytes, not {len(self.root)}")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("a log without entries has the root of the empty tree")


def body(checkpoint: Checkpoint) -> str:
    """The three lines that are signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def parse_body(text: str) -> Checkpoint:
    """The checkpoint of a note's text.

    Raises:
        Malformed: not exactly the three lines.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("a checkpoint is three lines: origin, size, root")
    origin, size, root = lines[:3]
    if not _SIZE.fullmatch(size):
        raise Malformed(f"a checkpoint's size is a decimal number without leading zeros: {size[:30]!r}")
    return Checkpoint(origin, int(size), notes.from_base64(root, "root of a checkpoint"))


def parse(data: str | bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint of a signed note, and the note; no signature is checked.

    Raises:
        Malformed: not a signed note, or its text is not a checkpoint.
    """
    note = notes.parse(data)
    return parse_body(note.text), note


def log_key(origin: str, ed25519_public: bytes) -> VerifierKey:
    """The key that signs the checkpoints of the log with this origin; its name is the origin."""
    return VerifierKey(origin, KeyKind.ED25519, ed25519_public)


def signed(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint as a note, signed by its log."""
    text = body(checkpoint)
    key = log_key(checkpoint.origin, signer.ed25519_public)
    return notes.render(Note(text, (Signature(key.name, key.key_id, signer.sign_ed25519(text.encode())),)))


def open_signed(data: str | bytes, ed25519_public: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint of a note that its log signed with this key.

    Raises:
        Malformed: not a signed note, or not a checkpoint.
        Tampered: not signed by the log with this key.
    """
    checkpoint, note = parse(data)
    try:
        notes.verify_signature(note, log_key(checkpoint.origin, ed25519_public))
    except Tampered as error:
        raise Tampered(f"checkpoint of {checkpoint.origin} at {checkpoint.size}: {error.message}") from error
    return checkpoint, note
