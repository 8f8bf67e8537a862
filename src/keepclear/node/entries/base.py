"""What all entries share: their types and bounds, the reference to one version of a notice, and the content hash."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from keepclear.core.notice import REMARKS_MAX

Hash = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
PartyId = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
Serial = Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,3}-[0-9]{4,7}$")]
Person = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Text = Annotated[str, msgspec.Meta(max_length=REMARKS_MAX)]
Note = Annotated[str, msgspec.Meta(max_length=20_000)]
Instant = Annotated[int, msgspec.Meta(ge=0, le=7_258_118_400_000_000)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=30 * 86_400)]
RegionWord = Annotated[str, msgspec.Meta(pattern="^(|N|NE|E|SE|S|SW|W|NW|C)$")]
Version = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What every body shares: it is a value, and a field it does not know is refused."""


class NoticeRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one notice, bound to what it said: `hash` is the content hash of what was sent (N3)."""

    party: PartyId
    id: Serial
    version: Version
    hash: Hash


_canonical = msgspec.json.Encoder(order="sorted").encode


def content_hash(body: Entry) -> str:
    """What a body says, in one value: SHA-256 of its RFC 8785 form, in hexadecimal."""
    return hashlib.sha256(_canonical(body)).hexdigest()
