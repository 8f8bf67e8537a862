"""Canonical bytes: one form, read back exactly, against a plain JSON library."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepclear.errors import Malformed
from keepclear.record import MAX_INTEGER, canonical

keys = st.text(st.characters(max_codepoint=127), max_size=8)
values = st.recursive(
    st.one_of(st.booleans(), st.integers(-MAX_INTEGER, MAX_INTEGER), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_back_and_is_what_json_would_write(value: object) -> None:
    data = canonical.encode(value)

    assert canonical.decode(data) == value
    assert data.decode() == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@given(values, st.data())
def test_another_writing_of_the_same_value_is_refused(value: object, data: st.DataObject) -> None:
    indent = data.draw(st.integers(0, 2))
    other = json.dumps(value, ensure_ascii=True, indent=indent).encode()

    if other != canonical.encode(value):
        with pytest.raises(Malformed):
            canonical.decode(other)


@given(st.binary(max_size=40))
def test_bytes_are_canonical_or_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        value = canonical.decode(data)
    except Malformed:
        return
    assert canonical.encode(value) == data
