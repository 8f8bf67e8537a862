"""What two nodes say over the peer door: JSON, with entries in base64 because their bytes are what counts.

Source: docs/reference/peer-api.md.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from keepclear.errors import Malformed

#: Version of this protocol; it stands in the path of every request.
PREFIX: Final = "/peer/v1"
#: Entries in one message, and what one entry may weigh. docs/reference/record.md, section 2.
ENTRIES_MAX: Final = 256
ENTRY_BYTES_MAX: Final = 65_535
NOTE_CHARACTERS_MAX: Final = 20_000
#: Bytes of one message: four million bytes of entries in base64, their commas, and a checkpoint.
MESSAGE_BYTES_MAX: Final = 5_500_000
#: Bytes of a heartbeat: two signed notes with cosignatures, and small change.
HEARTBEAT_BYTES_MAX: Final = 64_000

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
NoteText = Annotated[str, msgspec.Meta(max_length=NOTE_CHARACTERS_MAX)]
EntryBytes = Annotated[bytes, msgspec.Meta(max_length=ENTRY_BYTES_MAX)]


class DeliveryMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of the sender's channel to the receiver, from `first` on, and the signed checkpoint they end in."""

    first: Count
    entries: Annotated[tuple[EntryBytes, ...], msgspec.Meta(max_length=ENTRIES_MAX)]
    checkpoint: NoteText


class DeliveredMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the receiver holds the channel, and the sender's checkpoint with its cosignatures, or empty."""

    size: Count
    cosigned: NoteText


class HeartbeatMessage(msgspec.Struct, frozen=True):
    """What two nodes tell each other every few seconds. Fields of later versions are passed over: none is recorded."""

    software: Annotated[str, msgspec.Meta(max_length=80)]
    now_us: Count
    holds: Count
    cosigned: NoteText
    checkpoint: NoteText
    store_ok: bool


class EntriesMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries of the caller's own channel, as the answering node holds them."""

    entries: Annotated[tuple[EntryBytes, ...], msgspec.Meta(max_length=ENTRIES_MAX)]


class ProblemMessage(msgspec.Struct, frozen=True):
    """What the other node answered instead (RFC 9457); only what we use of it."""

    code: Annotated[str, msgspec.Meta(max_length=64)] = "error"
    detail: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


Message = DeliveryMessage | DeliveredMessage | HeartbeatMessage | EntriesMessage | ProblemMessage

encode = msgspec.json.Encoder().encode

_delivery = msgspec.json.Decoder(DeliveryMessage)
_delivered = msgspec.json.Decoder(DeliveredMessage)
_heartbeat = msgspec.json.Decoder(HeartbeatMessage)
_entries = msgspec.json.Decoder(EntriesMessage)
_problem = msgspec.json.Decoder(ProblemMessage)


def read_delivery(data: bytes) -> DeliveryMessage:
    """The delivery in a request body, or Malformed."""
    try:
        return _delivery.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(str(problem), at="delivery") from None


def read_delivered(data: bytes) -> DeliveredMessage:
    """The answer to a delivery, or Malformed."""
    try:
        return _delivered.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(str(problem), at="delivered") from None


def read_heartbeat(data: bytes) -> HeartbeatMessage:
    """A heartbeat, or Malformed."""
    try:
        return _heartbeat.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(str(problem), at="heartbeat") from None


def read_entries(data: bytes) -> EntriesMessage:
    """Entries, or Malformed."""
    try:
        return _entries.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Malformed(str(problem), at="entries") from None


def read_problem(data: bytes) -> ProblemMessage:
    """The problem, as well as it can be read; an empty one when it is not a problem at all."""
    try:
        return _problem.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ProblemMessage()
