"""An opened commitment to a list of groups: a file that an inquiry checks without a node (D1).

It holds the entry in which the commitment was told, the proof that the writer signed it, and the list with its salt.

Source: docs/how-to/passing-on.md, "Opening a commitment".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from keepclear.errors import Malformed, Tampered
from keepclear.record import Envelope, Identity, leaf_hash
from keepclear.record.bundle import parse_bundle, verify_bundle
from keepclear.record.commitment import verify_opening
from keepclear.record.origin import parse_origin

FORMAT: Final = "keepclear-dissemination/1"
BYTES_MAX: Final = 1_000_000
Row = tuple[str, str, str, str, int]


@dataclass(frozen=True, slots=True)
class Opening:
    """What the file holds, nothing checked yet.

    Attributes:
        writer: identity of whoever committed, as it writes it itself.
        entry: the `disseminated` entry, byte for byte; proof: a tlog-proof of it.
        rows: [notice, group, name, person, microseconds].
        salt: 16 bytes in hexadecimal.
    """

    writer: Mapping[str, object]
    entry: str
    proof: str
    rows: list[Row]
    salt: str


@dataclass(frozen=True, slots=True)
class OpenedRow:
    """One group: who confirmed, and when; empty and 0 where nobody did."""

    group: str
    name: str
    person: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What was proved: who committed, in which entry, to which list."""

    writer: str
    log: str
    index: int
    at_us: int
    notice: str
    rows: tuple[OpenedRow, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    writer: dict[str, str | int]
    entry: Annotated[str, msgspec.Meta(max_length=65_535)]
    proof: Annotated[str, msgspec.Meta(max_length=200_000)]
    rows: Annotated[list[Row], msgspec.Meta(max_length=1_000)]
    salt: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


def write_opening(opening: Opening) -> bytes:
    """The file."""
    writer = {name: value if isinstance(value, int) else str(value) for name, value in opening.writer.items()}
    made = _File(FORMAT, writer, opening.entry, opening.proof, opening.rows, opening.salt)
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"


def read_opening(data: bytes) -> Opening:
    """The parts of such a file, or Malformed."""
    if len(data) > BYTES_MAX:
        raise Malformed(f"an opened commitment has at most {BYTES_MAX} bytes")
    try:
        made = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"not an opened commitment: {problem}") from None
    if made.format != FORMAT:
        raise Malformed(f"the format is {made.format!r}, and this version reads {FORMAT}")
    return Opening(made.writer, made.entry, made.proof, made.rows, made.salt)


def verify_opening_file(opening: Opening, trusted: Identity) -> Opened:
    """Whether the party with this identity committed to this very list, in an entry that it signed.

    Raises:
        Tampered: another party, another entry, another list or salt, or no signature of theirs.
        Malformed: the entry or the proof cannot be read.
    """
    if {name: str(value) for name, value in opening.writer.items()} != {
        name: str(value) for name, value in trusted.to_json().items()
    }:
        raise Tampered("the file is not the identity's that you trust", at="writer")
    data = opening.entry.encode()
    envelope = Envelope.from_bytes(data)
    if envelope.kind != "disseminated" or parse_origin(envelope.log).writer != trusted.party:
        raise Tampered(f"the entry is a {envelope.kind} of {envelope.log}, not what {trusted.party} told", at="entry")
    bundle = parse_bundle(opening.proof)
    checkpoint, _ = verify_bundle(bundle, leaf_hash(data), trusted.ed25519)
    if (checkpoint.origin, bundle.index) != (envelope.log, envelope.n):
        raise Tampered("the proof is of another entry", at="proof")
    body = dict(envelope.body)
    verify_opening(str(body.get("commitment", "")), [list(row) for row in opening.rows], bytes.fromhex(opening.salt))
    ref = body.get("notice")
    if not isinstance(ref, Mapping):
        raise Malformed("the entry names no notice", at="entry")
    key = f"{ref.get('party')}/{ref.get('id')}/v{ref.get('version')}"
    if any(row[0] != key for row in opening.rows):
        raise Tampered(f"the list is of another notice than {key}", at="rows")
    rows = tuple(OpenedRow(group, name, person, at_us) for _, group, name, person, at_us in opening.rows)
    return Opened(trusted.party, envelope.log, envelope.n, envelope.at, key, rows)
