"""Cosignatures bind who, when and what; and no party cosigns two histories."""

from __future__ import annotations

import pytest
from tests.unit.record.records import START_S, identity_of, signer_of

from keepclear.errors import Malformed, Refused, Stale, Tampered
from keepclear.record import (
    Checkpoint,
    Ed25519Signer,
    Tree,
    cosign,
    leaf_hash,
    may_cosign,
    note,
    signed,
    verify_cosignatures,
)
from keepclear.record.cosign import EARLIEST_S, mldsa44_message

ORIGIN = "keepclear/amber/to/birch"
TREE = Tree(leaf_hash(b"%d" % n) for n in range(8))
FORKED = Tree(leaf_hash(b"%d" % (n if n < 5 else n + 1)) for n in range(8))
BIRCH = identity_of("birch")


def at(size: int, tree: Tree = TREE) -> Checkpoint:
    return Checkpoint(ORIGIN, size, tree.root(size))


def cosigned(at_s: int = START_S, size: int = 8) -> str:
    text = signed(at(size), signer_of("amber"))
    return note.add(text, cosign(text, BIRCH, signer_of("birch"), at_s))


def test_both_cosignatures_hold_and_give_the_time() -> None:
    found = verify_cosignatures(cosigned(), BIRCH)

    assert (found.at_s, found.ed25519, found.mldsa44, found.by_both_keys) == (START_S, True, True, True)


def test_a_party_that_did_not_cosign_has_no_time() -> None:
    found = verify_cosignatures(cosigned(), identity_of("cedar"))

    assert (found.at_s, found.ed25519, found.mldsa44, found.by_both_keys) == (None, False, False, False)


def test_a_signer_without_ml_dsa_leaves_one_line_that_is_the_same_each_time() -> None:
    weak = Ed25519Signer(leaf_hash(b"birch ed25519"), leaf_hash(b"birch ml-dsa"))
    text = signed(at(8), signer_of("amber"))

    lines = cosign(text, BIRCH, weak, START_S)

    assert len(lines) == 1 and lines == cosign(text, BIRCH, weak, START_S)
    assert verify_cosignatures(note.add(text, lines), BIRCH).by_both_keys is False


def test_the_ml_dsa_message_is_laid_out_as_its_spec_says() -> None:
    message = mldsa44_message(at(8), "keepclear/birch", 1)

    name, origin = b"keepclear/birch", ORIGIN.encode()
    assert message == (
        b"subtree/v1\n\x00"
        + bytes([len(name)])
        + name
        + b"\0\0\0\0\0\0\0\1"
        + bytes([len(origin)])
        + origin
        + b"\0" * 8
        + b"\0\0\0\0\0\0\0\x08"
        + TREE.root(8)
    )


@pytest.mark.parametrize("line", [1, 2])
@pytest.mark.parametrize("byte", [0, 7, 8, -1])
def test_any_changed_byte_of_a_cosignature_is_found(line: int, byte: int) -> None:
    parsed = note.parse(cosigned())
    signatures = list(parsed.signatures)
    raw = bytearray(signatures[line].raw)
    raw[byte] ^= 1
    signatures[line] = note.Signature(signatures[line].name, signatures[line].key_id, bytes(raw))

    with pytest.raises(Tampered):
        verify_cosignatures(note.Note(parsed.text, tuple(signatures)), BIRCH)


def test_cosignatures_of_one_checkpoint_do_not_fit_another() -> None:
    older = note.parse(cosigned(size=7))
    newer = note.parse(cosigned(size=8))

    for which in (1, 2):
        with pytest.raises(Tampered):
            verify_cosignatures(note.Note(newer.text, (older.signatures[which],)), BIRCH)


def test_two_times_or_two_lines_by_one_key_are_refused() -> None:
    early, late = note.parse(cosigned(START_S)), note.parse(cosigned(START_S + 1))
    mixed = (early.signatures[1], late.signatures[2])
    doubled = (early.signatures[1], late.signatures[1])

    for signatures, words in ((mixed, "two times"), (doubled, "twice")):
        with pytest.raises(Tampered, match=words):
            verify_cosignatures(note.Note(early.text, signatures), BIRCH)


def test_no_time_before_2020_and_no_foreign_keys_are_cosigned() -> None:
    text = signed(at(8), signer_of("amber"))

    cosign(text, BIRCH, signer_of("birch"), EARLIEST_S)
    for wrong_signer, at_s in ((signer_of("birch"), EARLIEST_S - 1), (signer_of("cedar"), START_S)):
        with pytest.raises(Malformed):
            cosign(text, BIRCH, wrong_signer, at_s)


# ---- may it be cosigned?


def test_what_extends_the_last_cosigned_state_and_is_held_may_be_cosigned() -> None:
    for last in (None, at(0), at(3), at(8)):
        may_cosign(last, at(8), held=TREE)
        may_cosign(last, at(8), proof=TREE.consistency_proof(last.size, 8) if last else ())


def test_what_is_not_held_yet_is_not_cosigned() -> None:
    with pytest.raises(Refused, match="only 5 entries are held"):
        may_cosign(at(3), at(8), held=Tree(TREE.leaf(n) for n in range(5)))


def test_a_split_view_is_refused_by_held_entries_and_by_proof() -> None:
    with pytest.raises(Tampered, match="split view"):
        may_cosign(at(3), at(8, FORKED), held=TREE)
    with pytest.raises(Tampered, match="split view"):
        may_cosign(at(6), at(8, FORKED), proof=FORKED.consistency_proof(6, 8))
    with pytest.raises(Tampered, match="split view"):
        may_cosign(at(8), at(8, FORKED))


def test_a_log_that_shrank_is_refused_by_proof_and_stale_when_it_is_known_to_be_the_same_history() -> None:
    with pytest.raises(Tampered, match="shrank"):
        may_cosign(at(8), at(6))
    with pytest.raises(Stale):
        may_cosign(at(8), at(6), held=TREE)
    with pytest.raises(Tampered):
        may_cosign(at(8), at(6, FORKED), held=TREE)


def test_a_party_whose_own_copy_is_not_what_it_cosigned_refuses() -> None:
    with pytest.raises(Tampered, match="not what was cosigned"):
        may_cosign(at(6), at(8, FORKED), held=FORKED)
    with pytest.raises(Tampered, match="not what was cosigned"):
        may_cosign(at(8), at(4), held=Tree(TREE.leaf(n) for n in range(4)))


def test_checkpoints_of_two_logs_are_not_compared() -> None:
    with pytest.raises(Malformed):
        may_cosign(Checkpoint("keepclear/birch/to/amber", 3, TREE.root(3)), at(8), held=TREE)
