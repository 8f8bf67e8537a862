"""/v1/record: entries, proofs, receipts, tiles, and the whole record as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from keepclear.core.ids import check_party_id, check_serial, make_key
from keepclear.errors import Malformed, NotFound
from keepclear.faces.http import render
from keepclear.faces.http.endpoint import Api, Asked, Endpoint, Raw
from keepclear.formats.api import answers
from keepclear.node.logs import channel
from keepclear.record import entry_bundle, hash_tile, parse_path

ENTRIES_MAX = 500
#: Lines of a record file gathered before they are sent: one write for each line would cost more than the line.
_LINES = 64


async def overview(api: Api, _: Asked) -> render.Shown:
    """Every log."""
    return render.record(api.node)


async def entries(api: Api, asked: Asked) -> answers.Entries:
    """A stretch of one log."""
    log = _log(api, asked)
    first, count = asked.number("first", 0), asked.number("count", 100, least=1, most=ENTRIES_MAX)
    stored = api.node.store.log_entries(log, first, count)
    return answers.Entries(tuple(answers.EntryText(entry.n, entry.leaf.hex(), entry.data.decode()) for entry in stored))


async def proof(api: Api, asked: Asked) -> answers.Proof:
    """That an entry stands in a log. The private log too: this is our own console, and no one else's."""
    log = _log(api, asked)
    if "n" not in asked.query:
        raise Malformed("say which entry: ?n=", at="n")
    made = api.node.proof(log, asked.number("n", 0))
    return answers.Proof(
        log=made.log,
        index=made.index,
        size=made.size,
        leaf=made.leaf.hex(),
        text=made.data.decode(),
        proof=tuple(each.hex() for each in made.path),
        root=made.root.hex(),
        checkpoint=made.checkpoint,
    )


async def given_receipt(api: Api, asked: Asked) -> Raw:
    """The file that nobody can argue with."""
    party = check_party_id(asked.query.get("party", api.node.party))
    if "id" not in asked.query or "version" not in asked.query or "to" not in asked.query:
        raise Malformed("say which notice, which version and to whom: ?id=&version=&to=", at="id")
    serial, to = check_serial(asked.query["id"]), check_party_id(asked.query["to"], at="to")
    if api.node.party not in (party, to):
        raise NotFound(f"only {party} and {to} can show what {party} gave {to}", at="party")
    version = asked.number("version", 1, least=1, most=100_000)
    data = api.node.given(make_key(party, serial), version, to)
    name = f"{party}-{serial}-v{version}-{to}.keepclear-given"
    return Raw(data, "application/json", [_attachment(name)])


async def export_record(api: Api, asked: Asked) -> Raw:
    """The record as a file, docs/reference/record.md section 5."""
    private = asked.flag("private") or False
    name = f"{api.node.party}.keepclear-record"
    return Raw(_lines(api, private=private), "application/x-ndjson", [_attachment(name)])


async def _lines(api: Api, *, private: bool) -> AsyncIterator[bytes]:
    gathered: list[bytes] = []
    for line in api.node.export(private=private):
        gathered.append(line)
        if len(gathered) >= _LINES:
            yield b"".join(gathered)
            gathered.clear()
            # Commands get their turn in between; a long record must not hold up a STOP.
            await asyncio.sleep(0)
    yield b"".join(gathered)


async def checkpoint(api: Api, asked: Asked) -> Raw:
    """The newest signed checkpoint of a channel."""
    log = _channel(api, asked)
    note = api.node.checkpoint_of(log)
    if not note:
        raise NotFound(f"no checkpoint of {log} has been signed yet", at="log")
    return Raw(note.encode(), "text/plain; charset=utf-8")


async def tile(api: Api, asked: Asked) -> Raw:
    """One tile of a channel (c2sp.org/tlog-tiles)."""
    log = _channel(api, asked)
    wanted = parse_path(f"tile/{asked.path['tile']}")
    tree = api.node.loop.logs.known_tree(log)
    if wanted.level is not None:
        return Raw(hash_tile(tree, wanted), "application/octet-stream")
    first = wanted.index * 256
    if first + wanted.width > tree.size:
        raise NotFound(f"{log} has {tree.size} entries", at="tile")
    stored = api.node.store.log_entries(log, first, wanted.width)
    return Raw(entry_bundle([entry.data for entry in stored]), "application/octet-stream")


def _channel(api: Api, asked: Asked) -> str:
    sender, receiver = check_party_id(asked.path["sender"]), check_party_id(asked.path["receiver"])
    log = channel(sender, receiver)
    api.node.loop.logs.known_tree(log)
    return log


def _log(api: Api, asked: Asked) -> str:
    log = asked.query.get("log", "")
    api.node.loop.logs.known_tree(log)
    return log


def _attachment(name: str) -> tuple[bytes, bytes]:
    return b"content-disposition", f'attachment; filename="{name}"'.encode()


ENDPOINTS = (
    Endpoint("GET", "/v1/record", "Every log, and how far it is signed and cosigned", overview, answer=answers.Record),
    Endpoint("GET", "/v1/record/entries", "Entries of one log, as they are hashed", entries, answer=answers.Entries,
             query={"log": "origin of the log", "first": "index, default 0", "count": "1 to 500, default 100"},
             errors=("not_found",)),
    Endpoint("GET", "/v1/record/proof", "That an entry stands in a log: to be recomputed", proof, answer=answers.Proof,
             query={"log": "origin of the log", "n": "index of the entry"}, errors=("not_found", "unavailable")),
    Endpoint("GET", "/v1/record/given", "The GivenReceipt of one version of our notice", given_receipt, answer=bytes,
             query={"party": "ours", "id": "serial", "version": "of the notice", "to": "the recipient"},
             errors=("not_found",)),
    Endpoint("GET", "/v1/record/export", "The record as a file", export_record, answer=bytes,
             media_type="application/x-ndjson", query={"private": "true: with our private log"}),
    Endpoint("GET", "/v1/record/tiles/{sender}/{receiver}/checkpoint", "Newest signed checkpoint of a channel",
             checkpoint, answer=bytes, media_type="text/plain", errors=("not_found",)),
    Endpoint("GET", "/v1/record/tiles/{sender}/{receiver}/tile/{tile:path}", "One tile of a channel", tile,
             answer=bytes, media_type="application/octet-stream", errors=("not_found", "malformed")),
)  # fmt: skip
