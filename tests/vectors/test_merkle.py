"""Inclusion and consistency proofs, good and bad, of transparency-dev/merkle."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from keepclear.errors import Tampered
from keepclear.record import verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "merkle"
pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the published Merkle vectors are not here")


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _fails(vector: dict) -> bool:
    proof = [_bytes(each) for each in vector["proof"] or []]
    try:
        if "leafIdx" in vector:
            leaf, root = _bytes(vector["leafHash"]), _bytes(vector["root"])
            verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
        else:
            roots = _bytes(vector["root1"]), _bytes(vector["root2"])
            verify_consistency(vector["size1"], vector["size2"], *roots, proof)
    except Tampered:
        return True
    return False


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_every_published_proof_is_judged_as_published(kind: str) -> None:
    vectors = {path: json.loads(path.read_text()) for path in sorted((VECTORS / kind).rglob("*.json"))}

    wrong = [str(path.relative_to(VECTORS)) for path, vector in vectors.items() if _fails(vector) != vector["wantErr"]]

    assert len(vectors) == 98
    assert {vector["wantErr"] for vector in vectors.values()} == {True, False}
    assert wrong == []
