"""A tiled log made by transparency-dev/tessera: checkpoints, tiles and bundles come out byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepclear.record import (
    TILE_WIDTH,
    Tree,
    VerifierKey,
    entry_bundle,
    hash_tile,
    leaf_hash,
    open_signed,
    parse_entry_bundle,
    parse_path,
    verify_consistency,
)

LOG = Path(__file__).parents[3] / "shared" / "vectors" / "tessera" / "log"
KEY = VerifierKey.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
pytestmark = pytest.mark.skipif(not LOG.is_dir(), reason="the published tiled log is not here")


def _entries() -> list[bytes]:
    return parse_entry_bundle((LOG / "tile/entries/000.p/15").read_bytes(), 15)


def test_every_checkpoint_is_signed_by_the_key_and_has_the_root_of_the_entries() -> None:
    tree = Tree(leaf_hash(entry) for entry in _entries())
    paths = sorted(LOG.glob("checkpoint*"))

    sizes = []
    for path in paths:
        checkpoint, _ = open_signed(path.read_bytes(), KEY.public)
        assert checkpoint.origin == KEY.name
        assert checkpoint.root == tree.root(checkpoint.size), path
        sizes.append(checkpoint.size)

    assert len(paths) == 17
    assert sorted(set(sizes)) == list(range(16))


def test_every_tile_and_bundle_is_made_again_byte_for_byte() -> None:
    entries = _entries()
    tree = Tree(leaf_hash(entry) for entry in entries)
    made = 0
    for path in sorted(each for each in (LOG / "tile").rglob("*") if each.is_file()):
        tile = parse_path(path.relative_to(LOG).as_posix())
        first = tile.index * TILE_WIDTH
        ours = entry_bundle(entries[first : first + tile.width]) if tile.level is None else hash_tile(tree, tile)
        assert ours == path.read_bytes(), path
        made += 1

    assert made == 30


def test_each_published_root_extends_those_before_it() -> None:
    tree = Tree(leaf_hash(entry) for entry in _entries())
    roots = {}
    for path in LOG.glob("checkpoint.*"):
        checkpoint, _ = open_signed(path.read_bytes(), KEY.public)
        roots[checkpoint.size] = checkpoint.root

    for new in range(1, 16):
        for old in range(1, new + 1):
            verify_consistency(old, new, roots[old], roots[new], tree.consistency_proof(old, new))
