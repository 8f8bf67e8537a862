r"""One byte form for each value: RFC 8785 (JSON Canonicalization Scheme), restricted as the record restricts it.

The record holds integers, strings, booleans, arrays and objects with ASCII keys, and nothing else.
Without floats, and with ASCII keys, compact JSON with its keys sorted by byte *is* RFC 8785 form, so a plain JSON
encoder writes it. Escapes are the shortest ones RFC 8785 asks for: `\b \t \n \f \r \" \\`, else `\u00xx`
below U+0020, and every other character as itself.

Source: RFC 8785; docs/reference/record.md, section 2.
"""

from __future__ import annotations

from typing import Final

import msgspec

from keepclear.errors import Malformed

#: The largest integer that every JSON reader holds exactly, 2^53 - 1.
MAX_INTEGER: Final = 2**53 - 1
#: An entry is at most this long, because a tile counts its length in 16 bits.
MAX_ENTRY_BYTES: Final = 65_535
#: Arrays and objects may stand in one another this deep.
MAX_DEPTH: Final = 32

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder().decode


def encode(value: object) -> bytes:
    """The canonical bytes of a value.

    Raises:
        Malformed: a float, None, an integer out of range, a key that is not ASCII, a lone surrogate,
            more than MAX_DEPTH levels, or a type that the record does not hold; `at` says where.

    >>> encode({"b": [1, True], "a": "x"})
    b'{"a":"x","b":[1,true]}'
    """
    check(value)
    try:
        return _encode(value)
    except UnicodeEncodeError as error:
        raise Malformed("a string holds half a surrogate pair, which UTF-8 cannot write") from error


def decode(data: bytes, *, max_bytes: int = MAX_ENTRY_BYTES) -> object:
    """The value of canonical bytes; whatever is not in the one canonical form is refused.

    Doubled keys, spaces, other escapes, keys out of order and floats all fail, since the value is written
    again and must give the same bytes.

    Raises:
        Malformed: not JSON, not canonical, too long or too deep.
    """
    if len(data) > max_bytes:
        raise Malformed(f"{len(data)} bytes are more than the {max_bytes} allowed")
    try:
        value: object = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not JSON in UTF-8: {error}") from error
    except RecursionError as error:
        raise Malformed(f"nested deeper than {MAX_DEPTH}") from error
    if encode(value) != data:
        raise Malformed("not in RFC 8785 form: keys out of order or doubled, spaces, or escapes that need not be there")
    return value


def decode_object(data: bytes, *, max_bytes: int = MAX_ENTRY_BYTES) -> dict[str, object]:
    """As `decode`, for bytes that must be an object.

    Raises:
        Malformed: as `decode`, or some other kind of value.
    """
    value = decode(data, max_bytes=max_bytes)
    if not isinstance(value, dict):
        raise Malformed(f"an object was expected, not {type(value).__name__}")
    return value


def check(value: object) -> None:
    """Return quietly if the record can hold this value.

    Strings are checked for lone surrogates by `encode`, not here.

    Raises:
        Malformed: as `encode`.
    """
    if not _is_lawful(value, MAX_DEPTH):
        _explain(value, "", MAX_DEPTH)


def _is_lawful(value: object, depth: int) -> bool:
    # Exact types: a subclass of int or str may be written as something else by the encoder.
    kind = type(value)
    if kind is str or kind is bool:
        return True
    if kind is int:
        return -MAX_INTEGER <= value <= MAX_INTEGER  # type: ignore[operator]
    if depth == 0:
        return False
    if kind is dict:
        for key, inner in value.items():  # type: ignore[attr-defined]
            if type(key) is not str or not key.isascii() or not _is_lawful(inner, depth - 1):
                return False
        return True
    if kind is list or kind is tuple:
        return all(_is_lawful(inner, depth - 1) for inner in value)  # type: ignore[attr-defined]
    return False


def _explain(value: object, path: str, depth: int) -> None:
    """Raise Malformed at the first place that `_is_lawful` refused; the slow way, for the message only."""
    if type(value) in (str, bool):
        return
    if type(value) is int:
        if abs(value) > MAX_INTEGER:
            raise Malformed(f"{value} is outside -(2^53-1) to 2^53-1", at=path)
        return
    if type(value) not in (dict, list, tuple):
        raise Malformed(f"{type(value).__name__} cannot be recorded: only int, str, bool, list and dict", at=path)
    if depth == 0:
        raise Malformed(f"nested deeper than {MAX_DEPTH}", at=path)
    if isinstance(value, dict):
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise Malformed(f"key {key!r} is not an ASCII string", at=path)
            _explain(inner, f"{path}.{key}" if path else key, depth - 1)
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            _explain(inner, f"{path}[{position}]", depth - 1)
