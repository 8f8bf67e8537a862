"""Two parties, Amber and Birch, who write to each other: builders for the tests of the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from keepclear.record import (
    Checkpoint,
    Envelope,
    Identity,
    LogContent,
    Received,
    RecordSigner,
    Seen,
    Tree,
    canonical,
    channel_origin,
    cosign,
    leaf_hash,
    make_bundle,
    note,
    private_origin,
    signed,
    write_record,
)

START_US = 1_767_225_600_000_000
START_S = START_US // 1_000_000


def signer_of(party: str) -> RecordSigner:
    return RecordSigner(leaf_hash(f"{party} ed25519".encode()), leaf_hash(f"{party} ml-dsa".encode()))


def identity_of(party: str, keys_of: str | None = None) -> Identity:
    return Identity.of(party, party.title(), signer_of(keys_of or party))


class Log:
    def __init__(self, writer: str, reader: str | None) -> None:
        self.writer, self.reader = writer, reader
        self.origin = channel_origin(writer, reader) if reader else private_origin(writer)
        self.tree = Tree()
        self.entries: list[bytes] = []
        self.checkpoints: list[str] = []
        self.answered = 0


class Exchange:
    """Every entry arrives at once; nothing is signed or answered until a test says so."""

    def __init__(self) -> None:
        self.forth, self.back = Log("amber", "birch"), Log("birch", "amber")
        self.own = Log("amber", None)
        self.at_us = START_US

    def say(self, log: Log, kind: str, body: dict[str, object]) -> int:
        self.at_us += 1_000
        opposite = self.back if log is self.forth else self.forth
        seen = None if log.reader is None else Seen(opposite.tree.root(), opposite.tree.size)
        n = log.tree.size
        data = Envelope(log.origin, n, self.at_us, kind, "TEST", True, seen, body).to_bytes()
        log.entries.append(data)
        return log.tree.append(leaf_hash(data))

    def answer(self, log: Log) -> None:
        """The reader of `log` writes a `received` for each entry that has none yet."""
        opposite = self.back if log is self.forth else self.forth
        while log.answered < log.tree.size:
            n = log.answered
            log.answered += 1
            if Envelope.from_bytes(log.entries[n]).kind != "received":
                self.say(opposite, "received", Received(log.tree.leaf(n), n, self.at_us).to_body())

    def sign(self, log: Log, *, cosigned: bool = True) -> str:
        checkpoint = Checkpoint(log.origin, log.tree.size, log.tree.root())
        text = signed(checkpoint, signer_of(log.writer))
        if cosigned and log.reader:
            at_s = self.at_us // 1_000_000 + 1
            text = note.add(text, cosign(text, identity_of(log.reader), signer_of(log.reader), at_s))
        log.checkpoints.append(text)
        return text

    def file(self) -> list[bytes]:
        logs = [LogContent(log.origin, log.entries, log.checkpoints) for log in (self.forth, self.back, self.own)]
        return list(write_record(identity_of("amber"), [identity_of("birch")], logs))

    def bundle(self, log: Log, n: int, checkpoint: str) -> str:
        size = int(checkpoint.split("\n")[1])
        return make_bundle(n, log.tree.inclusion_proof(n, size), checkpoint)


def talk(notices: int = 5) -> Exchange:
    """Amber files notices and Birch answers; two checkpoints of each channel, the newest with entries above it."""
    exchange = Exchange()
    for each in range(notices):
        exchange.say(exchange.own, "draft", {"serial": f"A-{each}"})
        exchange.say(exchange.forth, "notice", {"serial": f"A-{each}", "floor_mm": 100_000 * each})
        exchange.answer(exchange.forth)
        if each == 1:
            exchange.say(exchange.back, "alert", {"notice": "A-1", "words": "überall ≤ 300 m"})
            exchange.answer(exchange.back)
            exchange.sign(exchange.forth)
            exchange.sign(exchange.back)
    exchange.sign(exchange.forth)
    exchange.sign(exchange.back)
    exchange.sign(exchange.own)
    exchange.say(exchange.forth, "notice", {"serial": "A-last"})
    return exchange


def change(line: bytes, how: Callable[[dict[str, Any]], None]) -> bytes:
    """The line with its JSON changed, in canonical form again."""
    value = json.loads(line)
    how(value)
    return canonical.encode(value) + b"\n"


def change_entry(line: bytes, how: Callable[[dict[str, Any]], None], *, rehash: bool) -> bytes:
    """An entry line with its entry changed, and its hash made to fit if `rehash`."""

    def inner(value: dict[str, Any]) -> None:
        data = change(value["entry"].encode(), how)[:-1]
        value["entry"] = data.decode()
        if rehash:
            value["hash"] = leaf_hash(data).hex()

    return change(line, inner)


def place_of(lines: list[bytes], log: str, n: int) -> int:
    """Which line holds this entry."""
    return next(
        position
        for position, line in enumerate(lines)
        if line.startswith(b'{"entry":') and (json.loads(line)["log"], json.loads(line)["n"]) == (log, n)
    )


def checkpoints_of(lines: list[bytes], log: str) -> list[int]:
    """Which lines hold checkpoints of this log."""
    return [
        position
        for position, line in enumerate(lines)
        if line.startswith(b'{"checkpoint":') and json.loads(line)["log"] == log
    ]
