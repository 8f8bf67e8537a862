"""What two nodes say when nothing connects them: lines in a file, on a stick or as QR codes, in any order (V4).

A line is what one node would have said over the line: how far it holds the other's channel, with its cosignature, and
perhaps a stretch of its own channel under a signed checkpoint. The entries are proved by that checkpoint, the
cosignature by its keys; the rest of the line is signed by the record key of whoever says it. A line that comes twice
changes nothing the second time.

Source: docs/reference/carried.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import msgspec

from keepclear.errors import LimitReached, Malformed, Tampered
from keepclear.record import verify_ed25519
from keepclear.record.signing import Signer

#: Bytes of entries in one line: with base64 twice over and the notes it stays below what the API takes in one request.
STRETCH_BYTES_MAX: Final = 150_000
STRETCH_ENTRIES_MAX: Final = 256
LINE_BYTES_MAX: Final = 400_000
LINES_MAX: Final = 1_000
ENTRY_BYTES_MAX: Final = 65_535
NOTE_MAX: Final = 20_000
#: Characters of data in one code: QR version 20 or so at 15 % correction, which a telephone reads from paper.
CODE_CHARACTERS: Final = 900
CODES_MAX: Final = 400

_CONTEXT: Final = b"keepclear carried 1\n"
_CODE: Final = re.compile(r"KC1:([0-9]{1,3}):([0-9]{1,3}):([A-Z2-7]{8}):([A-Z2-7]{1,2000})")

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Party = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_MAX)]
Mark = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{32})?$")]
EntryBytes = Annotated[bytes, msgspec.Meta(max_length=ENTRY_BYTES_MAX)]


class Stretch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of the sender's channel from `first` on, and the signed checkpoint they end in."""

    first: Count
    entries: Annotated[tuple[EntryBytes, ...], msgspec.Meta(max_length=STRETCH_ENTRIES_MAX)]
    checkpoint: Note


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line.

    Attributes:
        holds: how many entries of the receiver's channel the sender holds.
        cosigned: the newest checkpoint of it with the sender's cosignature, or empty.
        checkpoint: the newest signed checkpoint of the sender's own channel, or empty.
        mark: made at each start of the sender's node.
        answers: the mark that stood last in a line from the receiver: what proves that this line is newer than that.
        stretch: entries, or none.
    """

    sender: Party
    to: Party
    made_at: Count
    holds: Count
    cosigned: Note
    checkpoint: Note
    mark: Mark
    answers: Mark = ""
    stretch: Stretch | None = None


class _Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    body: Annotated[bytes, msgspec.Meta(max_length=LINE_BYTES_MAX)]
    ed25519: Annotated[bytes, msgspec.Meta(max_length=64)]


_encode = msgspec.json.Encoder().encode
_signed = msgspec.json.Decoder(_Signed)
_carried = msgspec.json.Decoder(Carried)


def write_line(carried: Carried, signer: Signer) -> bytes:
    """A line, signed, with its end of line."""
    body = _encode(carried)
    return _encode(_Signed(body, signer.sign_ed25519(_CONTEXT + body))) + b"\n"


def read_line(data: bytes) -> tuple[Carried, bytes, bytes]:
    """What a line says, the bytes that are signed and the signature. Nothing is verified yet: see `check_line`.

    Raises:
        Malformed: not a line of ours.
        LimitReached: longer than 400,000 bytes.
    """
    if len(data) > LINE_BYTES_MAX:
        raise LimitReached(f"a carried line has at most {LINE_BYTES_MAX} bytes, not {len(data)}", at="line")
    try:
        signed = _signed.decode(data)
        return _carried.decode(signed.body), signed.body, signed.ed25519
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(f"not a line of a carried file: {problem}", at="line") from None


def check_line(body: bytes, signature: bytes, *, ed25519: bytes, sender: str) -> None:
    """Raise Tampered unless the sender's record key signed these bytes."""
    try:
        verify_ed25519(ed25519, _CONTEXT + body, signature)
    except (Tampered, Malformed):
        raise Tampered(f"{sender} did not sign this line with the key that is enrolled", at="line") from None


def in_order(lines: Iterable[bytes]) -> list[bytes]:
    """Lines as they are best taken in: each once, those without entries first, then by sender and first entry.

    Raises:
        LimitReached: more than 1,000 lines.
        Malformed: one of them is no line of ours.
    """
    once = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(once) > LINES_MAX:
        raise LimitReached(f"at most {LINES_MAX} carried lines are taken in at once, not {len(once)}", at="lines")
    read = [(read_line(line)[0], line) for line in once]
    read.sort(key=lambda each: (each[0].sender, each[0].stretch.first if each[0].stretch else -1, each[0].made_at))
    return [line for _, line in read]


# -------------------------------------------------------------------------------------------------------------- codes


def to_codes(data: bytes) -> list[str]:
    """A carried file as the texts of QR codes: `KC1:n:m:checksum:data`, in characters that QR packs tightly.

    Raises:
        LimitReached: more than 400 codes; a stick carries more.
    """
    packed = base64.b32encode(zlib.compress(data, 9)).decode().rstrip("=")
    parts = [packed[place : place + CODE_CHARACTERS] for place in range(0, len(packed), CODE_CHARACTERS)]
    if len(parts) > CODES_MAX:
        raise LimitReached(f"{len(parts)} codes are more than {CODES_MAX}: take a file or a stick", at="codes")
    checksum = _checksum(packed)
    return [f"KC1:{number}:{len(parts)}:{checksum}:{part}" for number, part in enumerate(parts, 1)]


def is_code(text: str) -> bool:
    """Whether a text was scanned from one of our codes."""
    return text.lstrip().upper().startswith("KC1:")


def from_codes(texts: Iterable[str]) -> list[bytes]:
    """The carried files that were scanned, from codes in any order, each as often as it was scanned.

    Raises:
        Malformed: a text is no code of ours, or codes are missing; the message says which.
        Tampered: the codes of one file do not have its checksum.
    """
    files: dict[tuple[str, int], dict[int, str]] = {}
    for text in texts:
        scanned = _CODE.fullmatch("".join(text.split()).upper())
        if scanned is None:
            raise Malformed(f"{text[:40]!r} is no code such as KC1:2:7:ABCDEFGH:...", at="codes")
        number, count = int(scanned[1]), int(scanned[2])
        if not 1 <= number <= count <= CODES_MAX:
            raise Malformed(f"code {number} of {count} cannot be", at="codes")
        parts = files.setdefault((scanned[3], count), {})
        if parts.setdefault(number, scanned[4]) != scanned[4]:
            raise Tampered(f"code {number} of {count} was scanned twice, and differs", at="codes")
    return [_whole(checksum, count, parts) for (checksum, count), parts in files.items()]


def _whole(checksum: str, count: int, parts: dict[int, str]) -> bytes:
    missing = [str(number) for number in range(1, count + 1) if number not in parts]
    if missing:
        raise Malformed(f"of {count} codes these are missing: {', '.join(missing)}", at="codes")
    packed = "".join(parts[number] for number in range(1, count + 1))
    if _checksum(packed) != checksum:
        raise Tampered(f"the {count} codes do not have the checksum {checksum}: scan them again", at="codes")
    unpack = zlib.decompressobj()
    most = LINE_BYTES_MAX * 20
    try:
        data = unpack.decompress(base64.b32decode(packed + "=" * (-len(packed) % 8)), most)
    except (binascii.Error, zlib.error) as problem:
        raise Malformed(f"the codes cannot be unpacked: {problem}", at="codes") from None
    if not unpack.eof:
        raise LimitReached(f"the codes unpack to more than {most} bytes, or not to an end", at="codes")
    return data


def _checksum(packed: str) -> str:
    return base64.b32encode(hashlib.sha256(packed.encode()).digest()).decode()[:8]


def lines_of(files: Sequence[bytes]) -> list[bytes]:
    """The lines of carried files, and of texts that were scanned from codes, in the order to take them in."""
    lines: list[bytes] = []
    codes: list[str] = []
    for data in files:
        for line in data.splitlines():
            text = line.decode("ascii", "replace")
            if is_code(text):
                codes.append(text)
            elif line.strip():
                lines.append(line)
    for whole in from_codes(codes):
        lines += whole.splitlines()
    return in_order(lines)
