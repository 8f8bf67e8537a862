"""Signatures against published vectors: edge cases of Ed25519, RFC 8032, and ML-DSA-44's known answers."""

from __future__ import annotations

import json
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from keepclear.errors import Malformed, Tampered
from keepclear.record import RecordSigner, check_ed25519_key, verify_ed25519

CCTV = Path(__file__).parents[3] / "shared" / "vectors" / "ed25519" / "cctv.json"
PACKAGED = Path(cryptography_vectors.__file__).parent / "asymmetric"

#: A signature with any of these is refused; mixed-order points (`low_order_component_*`) whose equation holds without
#: the cofactor are accepted by a checker, and never enrolled as keys.
REFUSED = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


def _holds(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        verify_ed25519(key, message, signature)
    except Tampered:
        return False
    return True


@pytest.mark.skipif(not CCTV.is_file(), reason="the published Ed25519 edge cases are not here")
def test_every_edge_case_is_judged_by_the_one_strict_rule() -> None:
    accepted, wrong = 0, []
    for case in json.loads(CCTV.read_text()):
        holds = _holds(bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"]))
        accepted += holds
        if holds != REFUSED.isdisjoint(case["flags"] or []):
            wrong.append(case["number"])

    assert wrong == []
    assert accepted == 43


@pytest.mark.skipif(not CCTV.is_file(), reason="the published Ed25519 edge cases are not here")
def test_another_library_behind_the_same_checks_agrees_on_every_edge_case() -> None:
    # The other library alone accepts 208 of them: the checks of ours must be what makes the rule.
    alone = 0
    for case in json.loads(CCTV.read_text()):
        key, signature = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, case["msg"].encode())
            alone += 1
        except (InvalidSignature, ValueError):
            assert not _holds(key, case["msg"].encode(), signature), case["number"]

    assert alone == 208


@pytest.mark.skipif(not CCTV.is_file(), reason="the published Ed25519 edge cases are not here")
def test_no_key_with_a_low_order_part_is_enrolled() -> None:
    spoiled = {"low_order_A", "low_order_component_A", "non_canonical_A"}
    enrolled = 0
    for case in json.loads(CCTV.read_text()):
        key = bytes.fromhex(case["key"])
        if spoiled.isdisjoint(case["flags"] or []):
            check_ed25519_key(key)
            enrolled += 1
        else:
            with pytest.raises(Malformed):
                check_ed25519_key(key)

    assert enrolled > 0


def test_rfc_8032_era_signatures_come_out_byte_for_byte() -> None:
    lines = (PACKAGED / "Ed25519" / "sign.input").read_text().splitlines()
    for line in lines:
        seed_and_key, key, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
        signer = RecordSigner(seed_and_key[:32], bytes(32))

        assert signer.ed25519_public == key
        assert signer.sign_ed25519(message) == signed[:64]
        verify_ed25519(key, message, signed[:64])
        assert not _holds(key, message + b"x", signed[:64])

    assert len(lines) == 1024


def test_ml_dsa_44_keys_come_from_their_seeds_as_published() -> None:
    cases, answers = 0, {}
    for line in (PACKAGED / "MLDSA" / "kat_MLDSA_44_det_pure.rsp").read_text().splitlines():
        name, separator, value = line.partition(" = ")
        if separator:
            answers[name] = value
        if name == "ctx":
            public = bytes.fromhex(answers["pk"])
            assert RecordSigner(bytes(32), bytes.fromhex(answers["xi"])).mldsa44_public == public
            message, signed = bytes.fromhex(answers["msg"]), bytes.fromhex(answers["sm"])
            MLDSA44PublicKey.from_public_bytes(public).verify(signed[:2420], message, bytes.fromhex(answers["ctx"]))
            cases += 1

    assert cases >= 100
