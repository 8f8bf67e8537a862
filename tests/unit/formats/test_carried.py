"""Carried lines and codes (V4): in any order, twice is once, and nothing that was changed on the way is taken."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given as when_given
from hypothesis import settings
from hypothesis import strategies as st

from given import START_US, a_signer
from keepclear.errors import KeepclearError, LimitReached, Malformed, Tampered
from keepclear.formats import carried as c

AMBER = a_signer("amber")
MARK = "ab" * 16


def a_line(first: int = 0, *, made_at: int = START_US, entries: tuple[bytes, ...] = (b"{}",)) -> bytes:
    """A line from Amber to Birch."""
    stretch = c.Stretch(first, entries, "note") if entries else None
    return c.write_line(c.Carried("amber", "birch", made_at, 3, "", "", MARK, "", stretch), AMBER)


def test_a_line_is_read_as_it_was_written_and_its_signature_holds() -> None:
    read, body, signature = c.read_line(a_line(7))

    c.check_line(body, signature, ed25519=AMBER.ed25519_public, sender="amber")
    assert read.stretch is not None
    assert read.stretch.first == 7
    assert read.holds == 3


@pytest.mark.parametrize("where", ["body", "signature", "key"])
def test_a_line_that_was_changed_is_tampered(where: str) -> None:
    _, body, signature = c.read_line(a_line())
    key = a_signer("birch").ed25519_public if where == "key" else AMBER.ed25519_public
    body = body.replace(b'"holds":3', b'"holds":4') if where == "body" else body
    signature = bytes([signature[0] ^ 1]) + signature[1:] if where == "signature" else signature

    with pytest.raises(Tampered, match="amber did not sign"):
        c.check_line(body, signature, ed25519=key, sender="amber")


def test_lines_are_taken_in_once_and_in_the_order_of_their_entries() -> None:
    lines = [a_line(20), a_line(0), a_line(10), a_line(entries=())]

    ordered = c.lines_of([b"".join(lines[:2]), b"".join(lines[1:])])

    firsts = [read.stretch.first if read.stretch else -1 for read, _, _ in map(c.read_line, ordered)]
    assert firsts == [-1, 0, 10, 20]


@settings(max_examples=40)
@when_given(st.integers(0, 99), st.integers(0, 4_000))
def test_codes_give_the_file_back_in_any_order_and_scanned_twice(seed: int, size: int) -> None:
    data = bytes((n * 7919 + n // 251) % 256 for n in range(size)) or b"x"
    codes = c.to_codes(data)
    shuffled = [*codes, *codes[:1]]
    random.Random(seed).shuffle(shuffled)

    assert c.from_codes([f" {code.lower()}\n" for code in shuffled]) == [data]


def test_codes_are_short_enough_for_paper_and_of_the_characters_that_qr_packs_tightly() -> None:
    codes = c.to_codes(random.Random(4).randbytes(6_000))

    assert len(codes) > 1
    assert all(len(code) <= 930 for code in codes)
    assert set("".join(codes)) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def test_a_missing_code_is_named() -> None:
    codes = c.to_codes(random.Random(1).randbytes(5_000))

    with pytest.raises(Malformed, match=rf"of {len(codes)} codes these are missing: 2, {len(codes)}$"):
        c.from_codes([code for n, code in enumerate(codes, 1) if n not in (2, len(codes))])


def test_a_code_that_was_misread_is_found() -> None:
    (code,) = c.to_codes(b"hello")
    other = code[:-1] + ("A" if code[-1] != "A" else "B")

    with pytest.raises(Tampered, match="checksum"):
        c.from_codes([other])
    with pytest.raises(Tampered, match="scanned twice, and differs"):
        c.from_codes([code, other])


def test_codes_of_two_files_do_not_mix() -> None:
    one, other = random.Random(1).randbytes(3_000), random.Random(2).randbytes(3_000)
    codes = [*c.to_codes(one), *c.to_codes(other)]

    assert sorted(c.from_codes(codes[::-1])) == sorted([one, other])


def test_codes_that_unpack_to_more_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = c.to_codes(b"\0" * 100_000)
    monkeypatch.setattr(c, "LINE_BYTES_MAX", 1_000)

    with pytest.raises(LimitReached, match="unpack to more"):
        c.from_codes(codes)


def test_bounds_are_errors_with_their_names() -> None:
    with pytest.raises(LimitReached, match="400000 bytes"):
        c.read_line(b" " * 400_001)
    with pytest.raises(LimitReached, match="take a file or a stick"):
        c.to_codes(random.Random(3).randbytes(300_000))
    with pytest.raises(LimitReached, match="1000 carried lines"):
        c.in_order([a_line(n) for n in range(1_001)])


@settings(max_examples=60)
@when_given(st.binary(max_size=300))
def test_any_bytes_give_lines_or_an_error_of_ours(data: bytes) -> None:
    try:
        lines = c.lines_of([data])
    except KeepclearError:
        return
    assert lines == []


def test_a_line_with_an_unknown_field_is_refused() -> None:
    _, body, _ = c.read_line(a_line())
    more = body[:-1] + b',"target":1}'

    with pytest.raises(Malformed, match="target"):
        c.read_line(msgspec.json.encode({"body": more, "ed25519": b"x" * 64}))
