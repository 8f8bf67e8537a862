"""Signed notes, checkpoints and keys as their specs write them."""

from __future__ import annotations

import pytest
from tests.unit.record.records import identity_of, signer_of

from keepclear.errors import Malformed, Tampered
from keepclear.record import (
    EMPTY_ROOT,
    Checkpoint,
    Identity,
    KeyKind,
    Note,
    Signature,
    VerifierKey,
    canonical,
    note,
    open_signed,
    signed,
)
from keepclear.record import checkpoint as checkpoints

TEXT = "keepclear/amber/to/birch\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
EMPTY = Checkpoint("keepclear/amber/to/birch", 0, EMPTY_ROOT)


def test_a_checkpoint_is_its_three_lines_and_reads_back() -> None:
    text = signed(EMPTY, signer_of("amber"))

    assert text.startswith(TEXT + "\n— keepclear/amber/to/birch ")
    assert open_signed(text, identity_of("amber").ed25519)[0] == EMPTY
    assert checkpoints.body(EMPTY) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "extension\n",
        TEXT.replace("\n0\n", "\n00\n"),
        TEXT.replace("\n0\n", "\n-1\n"),
        TEXT.replace("\n0\n", "\n9007199254740992\n"),
        TEXT.replace("\n0\n", "\n٣\n"),
        TEXT.replace("uFU=", "uFV="),
        TEXT.replace("uFU=", "uFU"),
        TEXT.replace("47DE", "57DE"),
        TEXT.replace("keepclear/amber/to/birch", ""),
        TEXT.replace("keepclear/amber/to/birch", "o" * 256),
        TEXT[:-1],
        "",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        checkpoints.parse_body(text)


def test_lines_by_unknown_keys_are_passed_over_and_a_false_line_by_a_known_key_is_not() -> None:
    key = identity_of("amber").log_key("keepclear/amber/to/birch")
    true = note.parse(signed(EMPTY, signer_of("amber")))
    unknown = Signature(key.name, b"\0\0\0\0", b"x" * 64)
    false = Signature(key.name, key.key_id, b"\1" * 64)

    note.verify_signature(Note(true.text, (unknown, *true.signatures)), key)
    with pytest.raises(Tampered, match="does not hold"):
        note.verify_signature(Note(true.text, (*true.signatures, false)), key)
    with pytest.raises(Tampered, match="no signature"):
        note.verify_signature(Note(true.text, (unknown,)), key)


def test_the_last_empty_line_parts_text_and_signatures() -> None:
    line = str(Signature("amber", b"abcd", b"signature"))

    parsed = note.parse(f"one\n\ntwo\n\n{line}\n")

    assert parsed.text == "one\n\ntwo\n" and note.render(parsed) == f"one\n\ntwo\n\n{line}\n"


LINE = "— amber YWJjZHNpZw=="


@pytest.mark.parametrize(
    "data",
    [
        "",
        "text\n",
        "text\n\n",
        f"text\n\n{LINE}",
        f"\n\n{LINE}\n",
        f"te\txt\n\n{LINE}\n",
        f"te\rxt\n\n{LINE}\n",
        "text\n\n- amber YWJjZHNpZw==\n",
        "text\n\n—  YWJjZHNpZw==\n",
        "text\n\n— am+ber YWJjZHNpZw==\n",
        "text\n\n— am\u2003ber YWJjZHNpZw==\n",
        "text\n\n— amber YWJjZA==\n",
        "text\n\n— amber YWJjZHNpZx==\n",
        "text\n\n— amber YWJj ZHNpZw==\n",
        "text\n\n" + f"{LINE}\n" * (note.MAX_SIGNATURES + 1),
        "x" * note.MAX_NOTE_BYTES + f"\n\n{LINE}\n",
        b"\xff\n\n\xe2\x80\x94 amber YWJjZHNpZw==\n",
    ],
)
def test_what_is_no_signed_note_is_refused(data: str | bytes) -> None:
    with pytest.raises(Malformed):
        note.parse(data)


def test_as_many_signatures_as_allowed_are_read_and_no_more_can_be_added() -> None:
    full = "text\n\n" + "".join(f"{Signature('amber', bytes([0, 0, 0, n]), b'x')}\n" for n in range(64))

    assert len(note.parse(full).signatures) == note.MAX_SIGNATURES
    assert note.add(full, [Signature("amber", b"\0\0\0\1", b"another")]) == full
    with pytest.raises(Malformed):
        note.add(full, [Signature("amber", b"\1\0\0\0", b"x")])


def test_keys_are_written_as_verifier_keys_and_read_back() -> None:
    amber = identity_of("amber")
    for key in (amber.log_key("keepclear/amber/private"), *amber.cosigner_keys()):
        assert VerifierKey.parse(str(key)) == key
    # The key of the spec's own ecosystem, from the published log.
    published = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    assert str(VerifierKey.parse(published)) == published
    assert VerifierKey.parse(published).kind is KeyKind.ED25519


@pytest.mark.parametrize(
    "line", ["", "a+b", "a+33d7b496+AeHT", "x+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx", "a+00000000+Ag=="]
)
def test_what_is_no_verifier_key_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.parse(line)


def test_an_identity_reads_back_and_its_fingerprint_covers_all_of_it() -> None:
    amber = identity_of("amber")

    assert Identity.from_json(canonical.decode(canonical.encode(amber.to_json()))) == amber
    other = Identity(amber.party, "Ambre", amber.ed25519, amber.mldsa44)
    assert len({amber.fingerprint(), other.fingerprint(), identity_of("amber", "cedar").fingerprint()}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"party": "Amber"},
        {"party": "1st"},
        {"party": "a" * 33},
        {"party": "am/ber"},
        {"party": "amber\n"},
        {"name": ""},
        {"name": "A\nB"},
        {"name": "x" * 201},
        {"name": 1},
        {"ed25519": "AAAA"},
        {"ed25519": "A" * 43 + "="},
        {"mldsa44": "AAAA"},
        {"more": "x"},
    ],
)
def test_what_is_no_identity_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        Identity.from_json(identity_of("amber").to_json() | change)
