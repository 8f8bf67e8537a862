"""Canonical bytes by hand: the examples of RFC 8785 that hold only our types, and every refusal."""

from __future__ import annotations

import pytest

from keepclear.errors import Malformed
from keepclear.record import MAX_DEPTH, MAX_ENTRY_BYTES, MAX_INTEGER, canonical


def test_escapes_are_the_shortest_that_rfc_8785_allows() -> None:
    # RFC 8785, section 3.2.2: the string of its sample object.
    assert canonical.encode("€$\u000f\u000aA'\u0042\u0022\u005c\\\"/") == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()
    assert canonical.encode("\b\t\n\f\r") == b'"\\b\\t\\n\\f\\r"'
    assert canonical.encode("\x00\x1f\x7f\u2028\u2029") == b'"\\u0000\\u001f\x7f\xe2\x80\xa8\xe2\x80\xa9"'
    assert canonical.encode("😀") == b'"\xf0\x9f\x98\x80"'


def test_keys_are_sorted_at_every_level() -> None:
    value = {"b": {"z": 1, "A": 2, "a": []}, "": True, "1": False, "10": "x", "2": ()}

    assert canonical.encode(value) == b'{"":true,"1":false,"10":"x","2":[],"b":{"A":2,"a":[],"z":1}}'


@pytest.mark.parametrize("bound", [MAX_INTEGER, -MAX_INTEGER, 0])
def test_integers_are_written_in_full_up_to_the_bound(bound: int) -> None:
    assert canonical.encode([bound]) == f"[{bound}]".encode()
    assert canonical.decode(f"[{bound}]".encode()) == [bound]


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ({"a": [1, {"b": 1.5}]}, "a[1].b"),
        ({"a": float("nan")}, "a"),
        ({"a": None}, "a"),
        ({"a": [MAX_INTEGER + 1]}, "a[0]"),
        ([-MAX_INTEGER - 1], "[0]"),
        ({"a": {"ü": 1}}, "a"),
        ({1: 2}, ""),
        ({"a": b"bytes"}, "a"),
        ({"a": {1, 2}}, "a"),
        ([_nested(MAX_DEPTH)], "[0]" * MAX_DEPTH),
    ],
)
def test_what_the_record_cannot_hold_is_refused_and_the_place_named(value: object, at: str) -> None:
    with pytest.raises(Malformed) as refusal:
        canonical.encode(value)

    assert refusal.value.at == at


def test_nesting_up_to_the_bound_is_held() -> None:
    assert canonical.decode(canonical.encode(_nested(MAX_DEPTH))) == _nested(MAX_DEPTH)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Malformed, match="surrogate"):
        canonical.encode({"a": "\ud800"})


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":null}',
        b'{"a":NaN}',
        b'{"a":9007199254740992}',
        b'{"a":123456789012345678901234567890}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u000A"',
        b'"\\ud83d\\ude00"',
        b'"\\ud800"',
        b'"\xff"',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}{"b":2}',
        b"",
        b"[" * 60_000,
        b"[" * 33 + b"1" + b"]" * 33,
    ],
)
def test_bytes_in_any_other_form_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        canonical.decode(data)


def test_the_length_bound_is_kept_at_the_byte() -> None:
    fits = b'"' + b"x" * (MAX_ENTRY_BYTES - 2) + b'"'

    assert canonical.decode(fits) == "x" * (MAX_ENTRY_BYTES - 2)
    with pytest.raises(Malformed, match="65535"):
        canonical.decode(fits[:-1] + b'x"')
