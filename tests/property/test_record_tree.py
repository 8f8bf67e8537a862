"""The tree against two others: the RFC's own recursive definition, and pymerkle."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from keepclear.errors import NotFound, Tampered
from keepclear.record import EMPTY_ROOT, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

MOST = 70
LEAVES = [leaf_hash(b"%d" % n) for n in range(MOST)]
FULL = Tree(LEAVES)


def _split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


@cache
def _mth(start: int, end: int) -> bytes:
    if end - start == 0:
        return EMPTY_ROOT
    if end - start == 1:
        return LEAVES[start]
    middle = start + _split(end - start)
    return node_hash(_mth(start, middle), _mth(middle, end))


def _path(m: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if m < middle:
        return [*_path(m, start, middle), _mth(middle, end)]
    return [*_path(m, middle, end), _mth(start, middle)]


def _subproof(m: int, start: int, end: int, known: bool) -> list[bytes]:
    if m == end:
        return [] if known else [_mth(start, end)]
    middle = start + _split(end - start)
    if m <= middle:
        return [*_subproof(m, start, middle, known), _mth(middle, end)]
    return [*_subproof(m, middle, end, False), _mth(start, middle)]


def test_every_root_and_proof_up_to_seventy_is_as_the_rfc_defines_it() -> None:
    for size in range(MOST + 1):
        assert FULL.root(size) == _mth(0, size)
        for index in range(size):
            proof = FULL.inclusion_proof(index, size)
            assert proof == _path(index, 0, size)
            verify_inclusion(index, size, LEAVES[index], proof, _mth(0, size))
        for old in range(1, size + 1):
            proof = FULL.consistency_proof(old, size)
            assert proof == _subproof(old, 0, size, True)
            verify_consistency(old, size, _mth(0, old), _mth(0, size), proof)


def test_roots_and_inclusion_proofs_are_those_of_pymerkle() -> None:
    other = InmemoryTree(algorithm="sha256")
    for n in range(MOST):
        other.append_entry(b"%d" % n)

    for size in range(1, MOST + 1):
        assert FULL.root(size) == other.get_root(size)
        for index in range(0, size, 3):
            # Its path begins with the leaf itself, and it counts from 1.
            path = other.prove_inclusion(index + 1, size).serialize()["path"]
            assert [LEAVES[index].hex(), *(each.hex() for each in FULL.inclusion_proof(index, size))] == path


sizes = st.integers(1, MOST)


@given(sizes, st.data())
def test_no_other_leaf_index_size_or_root_passes_an_inclusion_proof(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = FULL.inclusion_proof(index, size), FULL.root(size)
    other = data.draw(st.integers(0, MOST - 1).filter(lambda n: n != index))
    wrong = [
        (index, size, LEAVES[other], proof, root),
        (index, size, LEAVES[index], [*proof, root], root),
        (index, size, LEAVES[index], proof, leaf_hash(root)),
        (other, size, LEAVES[index], proof, root),
        (index, size, root, [], root) if size > 1 else (1, 1, root, [], root),
    ]
    if proof:
        wrong.append((index, size, LEAVES[index], proof[:-1], root))
        spoilt = data.draw(st.integers(0, len(proof) - 1))
        wrong.append((index, size, LEAVES[index], [*proof[:spoilt], root, *proof[spoilt + 1 :]], root))

    for each in wrong:
        with pytest.raises(Tampered):
            verify_inclusion(*each)


@given(sizes, st.data())
def test_no_changed_history_passes_a_consistency_proof(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    changed = data.draw(st.integers(0, old - 1))
    other = Tree([*LEAVES[:changed], leaf_hash(b"another"), *LEAVES[changed + 1 :]])

    for forged in (other, FULL):
        proof = forged.consistency_proof(old, new)
        with pytest.raises(Tampered):
            verify_consistency(old, new, FULL.root(old), other.root(new), proof)
        with pytest.raises(Tampered):
            verify_consistency(old, new, FULL.root(old), FULL.root(new), [*proof, leaf_hash(b"more")])


@given(st.lists(st.one_of(st.integers(1, 9), st.integers(-9, -1)), max_size=12))
def test_a_tree_that_went_back_is_as_if_it_had_never_gone_on(steps: list[int]) -> None:
    tree, kept = Tree(), 0
    for step in steps:
        if step > 0:
            for n in range(step):
                tree.append(LEAVES[(kept + n) % MOST])
            kept += step
        else:
            mark = max(0, kept + step)
            tree.rewind(mark)
            kept = mark

        plain = Tree(LEAVES[n % MOST] for n in range(kept))
        assert tree.size == tree.mark() == kept
        assert [tree.root(size) for size in range(kept + 1)] == [plain.root(size) for size in range(kept + 1)]


def test_a_copy_goes_its_own_way() -> None:
    tree = Tree(LEAVES[:5])

    twin = tree.copy()
    twin.append(LEAVES[9])

    assert (tree.size, tree.root()) == (5, _mth(0, 5))
    assert twin.size == 6 and twin.root(5) == tree.root()


@pytest.mark.parametrize(
    "ask",
    [
        lambda: FULL.root(MOST + 1),
        lambda: FULL.root(-1),
        lambda: FULL.leaf(MOST),
        lambda: FULL.leaf(-1),
        lambda: FULL.inclusion_proof(5, 5),
        lambda: FULL.inclusion_proof(0, MOST + 1),
        lambda: FULL.consistency_proof(6, 5),
        lambda: FULL.consistency_proof(1, MOST + 1),
        lambda: FULL.copy().rewind(MOST + 1),
        lambda: FULL.node(3, MOST >> 3),
    ],
)
def test_what_the_tree_never_had_is_not_found(ask: object) -> None:
    with pytest.raises(NotFound):
        ask()  # type: ignore[operator]
