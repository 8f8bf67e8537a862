"""The lines of a record file: how they are written, and how each is read.

Source: docs/reference/record.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from keepclear.errors import Malformed
from keepclear.record import canonical
from keepclear.record.bundle import check_trust
from keepclear.record.identity import Identity
from keepclear.record.origin import Origin, parse_origin
from keepclear.record.tree import leaf_hash

FORMAT: Final = "keepclear-record/1"
MAX_LINE_BYTES: Final = 2_000_000
MAX_LINES: Final = 20_000_000
MAX_PEERS: Final = 100


class EntryLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One entry of one log."""

    log: str
    n: int
    hash: str
    entry: str


class CheckpointLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One checkpoint of one log, with its signatures."""

    log: str
    checkpoint: str


class FootLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The last line, by which a cut file is known."""

    end: bool
    lines: int


Line = EntryLine | CheckpointLine | FootLine


@dataclass(frozen=True, slots=True)
class Header:
    """Who made a record file, with whom, and which logs it holds."""

    party: Identity
    peers: tuple[Identity, ...]
    logs: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.peers) > MAX_PEERS:
            raise Malformed(f"a record file has at most {MAX_PEERS} peers, not {len(self.peers)}", at="peers")
        check_trust(self.identities, ())
        if len(set(self.logs)) != len(self.logs):
            raise Malformed("a log is named twice", at="logs")
        peers = {each.party for each in self.peers}
        for log in self.logs:
            origin = parse_origin(log)
            others = {origin.writer, origin.reader or origin.writer} - {self.party.party}
            # A private log, or a channel between two others, is nothing this party could have.
            if not others <= peers or (origin.reader is None) != (not others):
                raise Malformed(f"{log} is not a log that {self.party.party} holds", at="logs")
            if origin.opposite and str(origin.opposite) not in self.logs:
                raise Malformed(f"{log} is there without the channel back, {origin.opposite}", at="logs")

    @property
    def identities(self) -> tuple[Identity, ...]:
        """The maker first, then its peers."""
        return (self.party, *self.peers)

    def identity(self, party: str) -> Identity:
        """The identity of a party of this file."""
        return next(each for each in self.identities if each.party == party)

    def origins(self) -> tuple[Origin, ...]:
        """The logs, read."""
        return tuple(parse_origin(log) for log in self.logs)

    def to_bytes(self) -> bytes:
        """The header line, without its newline."""
        return canonical.encode(
            {
                "format": FORMAT,
                "party": self.party.to_json(),
                "peers": [each.to_json() for each in self.peers],
                "logs": list(self.logs),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Header:
        """The header that a line is.

        Raises:
            Malformed, Tampered: it is none, or it contradicts itself.
        """
        value = canonical.decode_object(data, max_bytes=MAX_LINE_BYTES)
        if value.keys() != {"format", "party", "peers", "logs"} or value["format"] != FORMAT:
            raise Malformed(f"a record file begins with format {FORMAT}, party, peers and logs")
        peers, logs = value["peers"], value["logs"]
        if not isinstance(peers, list) or not isinstance(logs, list) or not all(isinstance(log, str) for log in logs):
            raise Malformed("peers is a list of identities, and logs a list of origins")
        return cls(Identity.from_json(value["party"]), tuple(Identity.from_json(each) for each in peers), tuple(logs))


@dataclass(frozen=True, slots=True)
class LogContent:
    """What a record file is to hold of one log. Both may be read once only, entries of all logs before checkpoints.

    Attributes:
        entries: their bytes, from index 0.
        checkpoints: signed notes, by rising size.
    """

    origin: str
    entries: Iterable[bytes]
    checkpoints: Iterable[str]


def write_record(party: Identity, peers: Sequence[Identity], logs: Sequence[LogContent]) -> Iterator[bytes]:
    """The lines of a record file, each with its newline, made as they are asked for.

    Nothing is verified: `verify_record` is for that.

    Raises:
        Malformed: the logs are not ones that this party holds, or an entry is not UTF-8.
    """
    yield Header(party, tuple(peers), tuple(log.origin for log in logs)).to_bytes() + b"\n"
    count = 1
    for log in logs:
        for n, data in enumerate(log.entries):
            try:
                text = data.decode()
            except UnicodeDecodeError as error:
                raise Malformed(f"entry {n} of {log.origin} is not UTF-8") from error
            yield _encode(EntryLine(log.origin, n, leaf_hash(data).hex(), text)) + b"\n"
            count += 1
    for log in logs:
        for note in log.checkpoints:
            yield _encode(CheckpointLine(log.origin, note)) + b"\n"
            count += 1
    yield _encode(FootLine(True, count)) + b"\n"


def read_line(data: bytes) -> Line:
    """What a line after the header says.

    Raises:
        Malformed: none of the three kinds, or not in RFC 8785 form.
    """
    decoder = next((each for first_key, each in _DECODERS if data.startswith(first_key)), None)
    if decoder is None:
        raise Malformed("a line is an entry, a checkpoint or the foot, in RFC 8785 form")
    try:
        line: Line = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(f"the line cannot be read: {error}") from error
    # Doubled keys would let two readers see two things; written again, they are gone.
    if _encode(line) != data:
        raise Malformed("the line is not in RFC 8785 form")
    return line


_encode = msgspec.json.Encoder(order="sorted").encode
# In RFC 8785 form the first key tells the kinds apart.
_DECODERS: Final[tuple[tuple[bytes, msgspec.json.Decoder[Any]], ...]] = (
    (b'{"entry":', msgspec.json.Decoder(EntryLine)),
    (b'{"checkpoint":', msgspec.json.Decoder(CheckpointLine)),
    (b'{"end":', msgspec.json.Decoder(FootLine)),
)
