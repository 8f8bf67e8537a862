"""The Merkle tree of a log: append, roots and proofs at any size it ever had (RFC 6962, section 2.1).

The hash of every complete subtree is kept, packed, one row for each height. An append hashes once on average,
and a root or proof looks up O(log n) hashes. 64 bytes are held for each entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from keepclear.errors import Malformed, NotFound

HASH_BYTES: Final = 32
#: Root of the tree that holds nothing: SHA-256 of nothing.
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of an entry: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The leaf hashes of one log, in order, and what is computed from them."""

    __slots__ = ("_levels", "_size")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        #: _levels[h] holds, 32 bytes each, the hashes of the complete subtrees of 2^h leaves, from the left.
        self._levels: list[bytearray] = [bytearray()]
        self._size = 0
        for each in leaf_hashes:
            self.append(each)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash at the right; gives its index.

        Raises:
            Malformed: it is not 32 bytes.
        """
        if len(leaf) != HASH_BYTES:
            raise Malformed(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf)}")
        index = self._size
        level = self._levels[0]
        level += leaf
        self._size = count = index + 1
        height = 0
        while count & 1 == 0:
            complete = sha256(b"\x01" + level[-2 * HASH_BYTES :]).digest()
            height += 1
            count >>= 1
            if height == len(self._levels):
                self._levels.append(bytearray())
            level = self._levels[height]
            level += complete
        return index

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index. Raises NotFound beyond the end."""
        return self.node(0, index)

    def node(self, height: int, index: int) -> bytes:
        """Hash of the `index`-th complete subtree of 2^height leaves.

        Raises:
            NotFound: the tree has no such complete subtree.
        """
        start = index * HASH_BYTES
        if height < 0 or index < 0 or height >= len(self._levels) or start >= len(self._levels[height]):
            raise NotFound(f"a tree of {self._size} leaves has no complete subtree {index} of height {height}")
        return bytes(self._levels[height][start : start + HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """The root when the tree had `size` leaves; now, if no size is given.

        Raises:
            NotFound: the tree never had that size.
        """
        wanted = self._check_size(self._size if size is None else size)
        return self._range(0, wanted) if wanted else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes that lead from a leaf to the root at `size`, from the leaf upward (RFC 6962, 2.1.1).

        Raises:
            NotFound: the tree never had that size, or the index is not below it.
        """
        self._check_size(size)
        if not 0 <= index < size:
            raise NotFound(f"a tree of {size} leaves has no leaf {index}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        path.reverse()
        return path

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The hashes that show the tree of `new` leaves to extend the tree of `old` leaves (RFC 6962, 2.1.2).

        Empty if the sizes are the same, or if `old` is 0: every tree extends the empty one.

        Raises:
            NotFound: the tree never had one of those sizes, or `old` is above `new`.
        """
        self._check_size(new)
        if not 0 <= old <= new:
            raise NotFound(f"a tree of {new} leaves never had {old}")
        if old in (0, new):
            return []
        path: list[bytes] = []
        start, end = 0, new
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        # A subtree that begins at 0 is the whole old tree, whose root the checker has already.
        if start:
            path.append(self._range(start, end))
        path.reverse()
        return path

    def mark(self) -> int:
        """The size to go back to if what is added next does not become durable."""
        return self._size

    def rewind(self, size: int) -> None:
        """Forget every leaf from `size` on, as if it had never been added.

        Raises:
            NotFound: the tree never had that size.
        """
        self._size = self._check_size(size)
        for height, level in enumerate(self._levels):
            del level[(size >> height) * HASH_BYTES :]
        while len(self._levels) > 1 and not self._levels[-1]:
            self._levels.pop()

    def copy(self) -> Tree:
        """Another tree with the same leaves; 64 bytes a leaf are copied in blocks."""
        twin = Tree()
        twin._levels = [bytearray(level) for level in self._levels]
        twin._size = self._size
        return twin

    def _check_size(self, size: int) -> int:
        if not 0 <= size <= self._size:
            raise NotFound(f"a tree of {self._size} leaves never had {size}")
        return size

    def _range(self, start: int, end: int) -> bytes:
        """Root over the leaves from `start` to `end`, where `start` is a multiple of a power of two >= end - start."""
        # Complete subtrees from the left, tall to short, then joined from the right.
        parts: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            parts.append(self.node(height, start >> height))
            start += 1 << height
        joined = parts.pop()
        while parts:
            joined = node_hash(parts.pop(), joined)
        return joined


def _split(count: int) -> int:
    """The largest power of two below `count`, for a count above 1."""
    return 1 << ((count - 1).bit_length() - 1)
