"""The envelope of an entry: which log, where in it, when, what kind, and what the writer had seen of the other side.

What an entry says is its body, which this package does not read, except for `received`.

Source: docs/reference/record.md, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from keepclear.errors import Malformed
from keepclear.record import canonical
from keepclear.record.canonical import MAX_ENTRY_BYTES, MAX_INTEGER
from keepclear.record.origin import parse_origin
from keepclear.record.tree import EMPTY_ROOT, HASH_BYTES, leaf_hash

VERSION: Final = 1
MODES: Final = frozenset({"OPER", "EXER", "TEST"})
RECEIVED: Final = "received"

_HEX_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ALWAYS: Final = frozenset({"v", "log", "n", "at", "kind", "mode", "stated", "body"})
_CHANNEL: Final = _ALWAYS | {"seen"}
_UNDER: Final = _CHANNEL | {"profile"}


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest state of the opposite channel that a writer had recorded.

    Attributes:
        root: 32 bytes.
        size: how many entries that channel had then.
    """

    root: bytes = EMPTY_ROOT
    size: int = 0

    def __post_init__(self) -> None:
        if len(self.root) != HASH_BYTES:
            raise Malformed(f"a root has {HASH_BYTES} bytes, not {len(self.root)}", at="seen.root")
        if not 0 <= self.size <= MAX_INTEGER:
            raise Malformed(f"no log has {self.size} entries", at="seen.size")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise Malformed("at size 0 the root is that of the empty tree", at="seen.root")


@dataclass(frozen=True, slots=True)
class Received:
    """The body of a `received` entry.

    Attributes:
        hash: leaf hash of the entry that arrived, 32 bytes.
        index: where it stands in the opposite channel.
        received_at_us: the receiver's clock, microseconds since 1970.
    """

    hash: bytes
    index: int
    received_at_us: int

    def to_body(self) -> dict[str, object]:
        """The body as it is recorded."""
        return {"hash": self.hash.hex(), "index": self.index, "received_at": self.received_at_us}

    @classmethod
    def from_body(cls, body: Mapping[str, object]) -> Self:
        """What a `received` entry says.

        Raises:
            Malformed: not exactly a hash, an index and a time.
        """
        if body.keys() != {"hash", "index", "received_at"}:
            raise Malformed("a received entry says hash, index and received_at, and nothing else", at="body")
        return cls(
            hash=hash_from_hex(body["hash"], "body.hash"),
            index=_count(body["index"], "body.index"),
            received_at_us=_count(body["received_at"], "body.received_at"),
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """One entry of a log.

    Attributes:
        log: the origin line of the log it stands in.
        n: its index there, from 0.
        at: when it was recorded, microseconds since 1970, by the writer's clock.
        kind: what it says.
        mode: OPER, EXER or TEST.
        stated: a person or a peer said it; otherwise a rule derived it.
        seen: for a channel, what the writer had of the opposite one; None in a private log.
        body: what the kind says.
        v: version of the envelope.
        profile: for a channel, hash of the agreement in force when it was written; empty where there was none.
    """

    log: str
    n: int
    at: int
    kind: str
    mode: str
    stated: bool
    seen: Seen | None
    body: Mapping[str, object]
    v: int = VERSION
    profile: str = ""

    def __post_init__(self) -> None:
        if self.v != VERSION:
            raise Malformed(f"envelope version {self.v}; this checker knows {VERSION}", at="v")
        origin = parse_origin(self.log)
        _count(self.n, "n")
        _count(self.at, "at")
        if not self.kind:
            raise Malformed("an entry says what kind it is", at="kind")
        if self.mode not in MODES:
            raise Malformed(f"mode is OPER, EXER or TEST, not {self.mode[:20]!r}", at="mode")
        if (self.seen is None) != (origin.reader is None):
            raise Malformed("an entry has `seen` in a channel, and only there", at="seen")
        if self.profile and origin.reader is None:
            raise Malformed("an entry names its agreement in a channel, and only there", at="profile")
        if self.profile:
            hash_from_hex(self.profile, "profile")

    def to_bytes(self) -> bytes:
        """The canonical bytes, which are hashed, stored and sent.

        Raises:
            Malformed: the body holds what the record does not, or it is over 65,535 bytes.
        """
        value: dict[str, object] = {
            "v": self.v,
            "log": self.log,
            "n": self.n,
            "at": self.at,
            "kind": self.kind,
            "mode": self.mode,
            "stated": self.stated,
            "body": dict(self.body),
        }
        if self.seen is not None:
            value["seen"] = {"root": self.seen.root.hex(), "size": self.seen.size}
        if self.profile:
            value["profile"] = self.profile
        data = canonical.encode(value)
        if len(data) > MAX_ENTRY_BYTES:
            raise Malformed(f"an entry of {len(data)} bytes; {MAX_ENTRY_BYTES} are allowed")
        return data

    def leaf_hash(self) -> bytes:
        """The entry's leaf hash, 32 bytes."""
        return leaf_hash(self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The entry that these bytes are.

        Raises:
            Malformed: not canonical, a key missing or unknown, or a value of the wrong type or range; `at` says which.
        """
        value = canonical.decode_object(data)
        keys = value.keys()
        if keys not in (_CHANNEL, _ALWAYS, _UNDER):
            wrong = sorted((keys - _UNDER) | (_ALWAYS - keys))
            raise Malformed(f"an envelope has {', '.join(sorted(_UNDER))}; wrong or missing: {', '.join(wrong)[:200]}")
        body, stated = value["body"], value["stated"]
        if not isinstance(body, dict):
            raise Malformed("the body is an object", at="body")
        if not isinstance(stated, bool):
            raise Malformed("stated is true or false", at="stated")
        return cls(
            log=_string(value["log"], "log"),
            n=_count(value["n"], "n"),
            at=_count(value["at"], "at"),
            kind=_string(value["kind"], "kind"),
            mode=_string(value["mode"], "mode"),
            stated=stated,
            seen=_seen(value["seen"]) if "seen" in value else None,
            body=body,
            v=_count(value["v"], "v"),
            profile=hash_from_hex(value["profile"], "profile").hex() if "profile" in value else "",
        )


def hash_from_hex(value: object, at: str) -> bytes:
    """A hash written as 64 lower-case hexadecimal digits. Raises Malformed if it is written otherwise."""
    if not isinstance(value, str) or not _HEX_HASH.fullmatch(value):
        raise Malformed("a hash is 64 lower-case hexadecimal digits", at=at)
    return bytes.fromhex(value)


def _seen(value: object) -> Seen:
    if not isinstance(value, dict) or value.keys() != {"root", "size"}:
        raise Malformed("`seen` has a root and a size", at="seen")
    return Seen(hash_from_hex(value["root"], "seen.root"), _count(value["size"], "seen.size"))


def _string(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise Malformed("a string was expected", at=at)
    return value


def _count(value: object, at: str) -> int:
    # bool is an int to Python, and true is no count.
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise Malformed("an integer from 0 to 2^53-1 was expected", at=at)
    return value
