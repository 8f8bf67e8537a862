"""Checking proofs: that a leaf stands in a tree, and that a tree extends another.

The proofs are those of RFC 6962, sections 2.1.1 and 2.1.2; they are checked as RFC 9162, sections 2.1.3.2 and
2.1.4.2, describes. `tree.Tree` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from hmac import compare_digest
from typing import Final

from keepclear.errors import Tampered
from keepclear.record.tree import EMPTY_ROOT, HASH_BYTES, node_hash

#: No tree of fewer than 2^64 leaves needs more hashes than this in either kind of proof.
MAX_PROOF_HASHES: Final = 65


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return quietly if the leaf is the `index`-th of the tree with this size and root.

    Args:
        proof: the hashes from the leaf's neighbour up to the root's child.

    Raises:
        Tampered: it is not, or the proof does not show it; the message says why.
    """
    if not 0 <= index < size:
        raise Tampered(f"leaf {index} cannot stand in a tree of {size}")
    _check_hashes((leaf_hash, *proof))
    position, last = index, size - 1
    running = leaf_hash
    for sibling in proof:
        if last == 0:
            raise Tampered(f"the inclusion proof of leaf {index} in a tree of {size} has too many hashes")
        if position & 1 or position == last:
            running = node_hash(sibling, running)
            # The last node of a level with no neighbour rises until it has one.
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            running = node_hash(running, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise Tampered(f"the inclusion proof of leaf {index} in a tree of {size} has too few hashes")
    if not compare_digest(running, root):
        raise Tampered(f"leaf {index} is not in the tree of {size} with that root")


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Return quietly if the new tree holds all of the old one, in the same order.

    A proof from an empty tree to a larger one shows nothing, and is refused: see `cosign.may_cosign` for that case.

    Raises:
        Tampered: it does not, or the proof does not show it; the message says why.
    """
    _check_hashes(proof)
    if not 0 <= old_size <= new_size:
        raise Tampered(f"a log cannot go from {old_size} entries to {new_size}")
    if old_size == new_size:
        if proof:
            raise Tampered("a consistency proof between equal sizes must be empty")
        if not compare_digest(old_root, new_root):
            raise Tampered(f"two different roots at the same size {old_size}")
        if old_size == 0 and not compare_digest(old_root, EMPTY_ROOT):
            raise Tampered("the empty tree has another root")
        return
    if old_size == 0:
        raise Tampered("a consistency proof from the empty tree shows nothing")
    if not proof:
        raise Tampered(f"the consistency proof from {old_size} to {new_size} is empty")
    from_old, from_new = _climb(old_size, new_size, old_root, proof)
    if not compare_digest(from_old, old_root):
        raise Tampered(f"the tree of {new_size} does not hold the tree of {old_size} with that root")
    if not compare_digest(from_new, new_root):
        raise Tampered(f"the proof does not lead to that root at {new_size}")


def _climb(old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The two roots that a consistency proof leads to, for 0 < old_size < new_size."""
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        # The old tree is one complete subtree of the new, so its root is where the climb starts.
        hashes.insert(0, old_root)
        _check_hashes((old_root,))
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    from_old = from_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise Tampered(f"the consistency proof from {old_size} to {new_size} has too many hashes")
        if position & 1 or position == last:
            from_old = node_hash(sibling, from_old)
            from_new = node_hash(sibling, from_new)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            from_new = node_hash(from_new, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise Tampered(f"the consistency proof from {old_size} to {new_size} has too few hashes")
    return from_old, from_new


def _check_hashes(hashes: Sequence[bytes]) -> None:
    """Bound a proof and its hashes. A root needs no such check: it is only ever compared, or hashed in `_climb`."""
    if len(hashes) > MAX_PROOF_HASHES:
        raise Tampered(f"a proof has at most {MAX_PROOF_HASHES} hashes, not {len(hashes)}")
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise Tampered(f"a hash has {HASH_BYTES} bytes, not {len(each)}")
