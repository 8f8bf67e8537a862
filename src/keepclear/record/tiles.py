"""A log as static files: tiles of 256 hashes, and bundles of 256 entries.

Source: c2sp.org/tlog-tiles; docs/reference/record.md, section 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from keepclear.errors import Malformed
from keepclear.record.canonical import MAX_ENTRY_BYTES
from keepclear.record.tree import HASH_BYTES, Tree

TILE_WIDTH: Final = 256
_TILE_HEIGHT: Final = 8
MAX_LEVEL: Final = 63
#: 18 digits, far above any log: a longer path is not a tile of ours.
_MAX_INDEX: Final = 10**18 - 1

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One file: which hashes, or which entries.

    Attributes:
        level: 0 holds leaf hashes; each higher one the roots of full tiles below it. None for a bundle of entries.
        index: counted from the left.
        width: 256, or fewer for the newest, which is not full yet.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= MAX_LEVEL:
            raise Malformed(f"a tile's level is 0 to {MAX_LEVEL}, not {self.level}")
        if not 0 <= self.index <= _MAX_INDEX:
            raise Malformed(f"no tile has index {self.index}")
        if not 1 <= self.width <= TILE_WIDTH:
            raise Malformed(f"a tile holds 1 to {TILE_WIDTH}, not {self.width}")

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix.

        >>> Tile(0, 1234067).path, Tile(None, 0, 3).path
        ('tile/0/x001/x234/067', 'tile/entries/000.p/3')
        """
        groups = [f"{self.index % 1000:03}"]
        rest = self.index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> Tile:
    """The tile that a path names.

    Raises:
        Malformed: not the one path of a tile; also `x000/067`, which is `067` written longer.
    """
    match = _PATH.fullmatch(path)
    if not match:
        raise Malformed(f"not the path of a tile: {path[:80]!r}")
    index = int(match["index"].replace("x", "").replace("/", ""))
    level = None if match["level"] == "entries" else int(match["level"])
    tile = Tile(level, index, int(match["width"]) if match["width"] else TILE_WIDTH)
    if tile.path != path:
        raise Malformed(f"not the path of a tile: {path[:80]!r}; it would be {tile.path}")
    return tile


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile and bundle of a log of this size, bundles first, then hashes by level."""
    yield from _row(None, size)
    level, count = 0, size
    while count:
        yield from _row(level, count)
        level, count = level + 1, count >> _TILE_HEIGHT


def hash_tile(tree: Tree, tile: Tile) -> bytes:
    """The bytes of a hash tile, 32 for each hash.

    Raises:
        Malformed: it is a bundle of entries.
        NotFound: the tree does not reach that far.
    """
    if tile.level is None:
        raise Malformed("a bundle of entries is not in the tree")
    first, height = tile.index * TILE_WIDTH, tile.level * _TILE_HEIGHT
    return b"".join(tree.node(height, first + each) for each in range(tile.width))


def parse_hash_tile(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        Malformed: not `width` hashes long.
    """
    if len(data) != width * HASH_BYTES:
        raise Malformed(f"a tile of {width} hashes has {width * HASH_BYTES} bytes, not {len(data)}")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle: each entry behind its length in two bytes, big end first.

    Raises:
        Malformed: not 1 to 256 entries, or one is over 65,535 bytes.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise Malformed(f"a bundle holds 1 to {TILE_WIDTH} entries, not {len(entries)}")
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise Malformed(f"an entry of {len(entry)} bytes; {MAX_ENTRY_BYTES} are allowed")
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def parse_entry_bundle(data: bytes, width: int = TILE_WIDTH) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        Malformed: cut short, or not exactly `width` entries.
    """
    entries: list[bytes] = []
    start = 0
    while start < len(data):
        begin = start + 2
        end = begin + int.from_bytes(data[start:begin], "big")
        if begin > len(data) or end > len(data):
            raise Malformed(f"the bundle is cut short in entry {len(entries)}")
        if len(entries) == width:
            raise Malformed(f"the bundle holds more than {width} entries")
        entries.append(data[begin:end])
        start = end
    if len(entries) != width:
        raise Malformed(f"the bundle holds {len(entries)} entries, not {width}")
    return entries


def _row(level: int | None, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, TILE_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)
