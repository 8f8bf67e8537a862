"""Envelopes, commitments, origins, tiles, seeds: the small parts, at their bounds and one past."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.record.records import START_US

from keepclear.errors import Malformed, NotFound, Tampered
from keepclear.record import (
    Envelope,
    Received,
    RecordSigner,
    Seen,
    Tile,
    Tree,
    canonical,
    channel_origin,
    commit,
    entry_bundle,
    hash_tile,
    leaf_hash,
    node_hash,
    parse_entry_bundle,
    parse_origin,
    parse_path,
    private_origin,
    tiles_of,
    verify_opening,
)
from keepclear.record.tiles import parse_hash_tile

ENTRY = Envelope(
    channel_origin("amber", "birch"), 3, START_US, "notice", "OPER", True, Seen(leaf_hash(b""), 2), {"a": 1}
)


def test_an_entry_reads_back_as_it_was_written() -> None:
    assert Envelope.from_bytes(ENTRY.to_bytes()) == ENTRY
    own = Envelope(private_origin("amber"), 0, 0, "draft", "EXER", False, None, {})
    assert Envelope.from_bytes(own.to_bytes()) == own
    assert ENTRY.leaf_hash() == leaf_hash(ENTRY.to_bytes())


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"log": "keepclear/amber"},
        {"log": "keepclear/amber/private"},
        {"log": 1},
        {"n": -1},
        {"n": "3"},
        {"at": -1},
        {"at": True},
        {"kind": ""},
        {"kind": 1},
        {"mode": "REAL"},
        {"stated": 1},
        {"seen": {"root": "ab" * 32}},
        {"seen": {"root": "AB" * 32, "size": 1}},
        {"seen": {"root": "ab" * 32, "size": 0}},
        {"seen": {"root": "ab" * 32, "size": -1}},
        {"seen": []},
        {"body": []},
        {"more": 1},
    ],
)
def test_an_envelope_with_anything_wrong_is_refused(change: dict[str, Any]) -> None:
    value = json.loads(ENTRY.to_bytes()) | change

    with pytest.raises(Malformed):
        Envelope.from_bytes(canonical.encode(value))


@pytest.mark.parametrize("key", ["v", "log", "n", "at", "kind", "mode", "stated", "seen", "body"])
def test_an_envelope_that_lacks_a_key_is_refused(key: str) -> None:
    value = json.loads(ENTRY.to_bytes())
    del value[key]

    with pytest.raises(Malformed):
        Envelope.from_bytes(canonical.encode(value))


def test_an_unknown_kind_is_an_entry_like_any_other() -> None:
    value = json.loads(ENTRY.to_bytes()) | {"kind": "from newer software"}

    assert Envelope.from_bytes(canonical.encode(value)).kind == "from newer software"


def test_an_entry_fits_into_65535_bytes_and_not_into_one_more() -> None:
    spare = 65_535 - len(Envelope(**{**_fields(), "body": {"x": ""}}).to_bytes())

    assert len(Envelope(**{**_fields(), "body": {"x": "y" * spare}}).to_bytes()) == 65_535
    with pytest.raises(Malformed, match="65536"):
        Envelope(**{**_fields(), "body": {"x": "y" * (spare + 1)}}).to_bytes()


def _fields() -> dict[str, Any]:
    return {name: getattr(ENTRY, name) for name in ("log", "n", "at", "kind", "mode", "stated", "seen", "body")}


@pytest.mark.parametrize(
    "change", [{"hash": "AB" * 32}, {"hash": "ab"}, {"index": -1}, {"received_at": "x"}, {"more": 1}]
)
def test_a_received_says_exactly_three_things(change: dict[str, object]) -> None:
    body = Received(leaf_hash(b"x"), 4, START_US).to_body()

    assert Received.from_body(body) == Received(leaf_hash(b"x"), 4, START_US)
    with pytest.raises(Malformed):
        Received.from_body(body | change)


def test_a_commitment_opens_to_its_value_and_salt_and_to_nothing_else() -> None:
    salt = bytes(range(16))
    hidden = commit({"callsign": "A1"}, salt)

    verify_opening(hidden, {"callsign": "A1"}, salt)
    for value, other in (({"callsign": "A2"}, salt), ({"callsign": "A1"}, bytes(16))):
        with pytest.raises(Tampered):
            verify_opening(hidden, value, other)
    for short in (b"", bytes(15), bytes(17)):
        with pytest.raises(Malformed):
            commit(1, short)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "keepclear",
        "keepclear/a/to/a",
        "keepclear/A/private",
        "keepclear/a/to/",
        "keepclear//private",
        "x/a/private",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_origin(text)


def test_an_origin_reads_back_and_names_the_channel_back() -> None:
    assert str(parse_origin("keepclear/amber/to/birch").opposite) == "keepclear/birch/to/amber"
    assert parse_origin("keepclear/amber/private").opposite is None
    assert str(parse_origin("keepclear/" + "a" * 32 + "/private")) == "keepclear/" + "a" * 32 + "/private"


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 999, 1), "tile/0/999.p/1"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(None, 1234067), "tile/entries/x001/x234/067"),
    ],
)
def test_tiles_are_named_as_their_spec_says(tile: Tile, path: str) -> None:
    assert tile.path == path and parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/../000",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/x/000",
        "tile/0/" + "x001/" * 9 + "000",
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        parse_path(path)


def test_a_log_of_70000_has_the_tiles_that_the_spec_counts() -> None:
    tiles = list(tiles_of(70_000))

    assert [tile.width for tile in tiles if tile.level == 0][-2:] == [256, 112]
    assert sum(tile.level == 0 for tile in tiles) == 274 and sum(tile.level is None for tile in tiles) == 274
    assert [tile.width for tile in tiles if tile.level == 1] == [256, 17]
    assert [tile.width for tile in tiles if tile.level == 2] == [1]
    assert [(tile.level, tile.width) for tile in tiles_of(256)] == [(None, 256), (0, 256), (1, 1)]


def test_a_tile_above_is_made_of_the_roots_of_full_tiles_below() -> None:
    tree = Tree(leaf_hash(b"%d" % n) for n in range(600))

    above = parse_hash_tile(hash_tile(tree, Tile(1, 0, 2)), 2)

    for position, root in enumerate(above):
        row = parse_hash_tile(hash_tile(tree, Tile(0, position)))
        while len(row) > 1:
            row = [node_hash(row[n], row[n + 1]) for n in range(0, len(row), 2)]
        assert row == [root]
    with pytest.raises(NotFound):
        hash_tile(tree, Tile(0, 2, 89))
    with pytest.raises(Malformed):
        hash_tile(tree, Tile(None, 0))
    with pytest.raises(Malformed):
        parse_hash_tile(b"x" * 33, 1)


def test_a_bundle_reads_back_and_a_cut_or_padded_one_is_refused() -> None:
    entries = [b"", b"one", b"x" * 65_535]
    data = entry_bundle(entries)

    assert parse_entry_bundle(data, 3) == entries
    for wrong, width in ((data[:-1], 3), (data + b"\0", 3), (data, 2), (data, 4), (data + b"\0\0", 3)):
        with pytest.raises(Malformed):
            parse_entry_bundle(wrong, width)
    for refused in ([], [b"x"] * 257, [b"x" * 65_536]):
        with pytest.raises(Malformed):
            entry_bundle(refused)


@pytest.mark.parametrize("seeds", [(bytes(31), bytes(32)), (bytes(32), bytes(33)), (bytes(32), bytes(32))])
def test_keys_need_two_different_seeds_of_32_bytes(seeds: tuple[bytes, bytes]) -> None:
    with pytest.raises(Malformed):
        RecordSigner(*seeds)


def test_a_leaf_hash_of_another_length_is_refused() -> None:
    for leaf in (b"", bytes(31), bytes(33)):
        with pytest.raises(Malformed):
            Tree().append(leaf)
