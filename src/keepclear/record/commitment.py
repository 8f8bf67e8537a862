"""Salted commitments: a field left out now can be shown later, unchanged, or never.

A field with few possible values could be guessed from a bare hash, so each gets 16 random bytes of its own.

Source: docs/reference/record.md, section 2, "Hidden fields".
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from keepclear.errors import Malformed, Tampered
from keepclear.record import canonical

SALT_BYTES: Final = 16
_LABEL: Final = b"keepclear/commitment/v1\x00"


def commit(value: object, salt: bytes) -> str:
    """What stands under `hidden` for a field with this value, 64 hexadecimal digits.

    Args:
        value: anything an entry can hold.
        salt: 16 random bytes, used for this field of this entry only.

    Raises:
        Malformed: the salt has another length, or no entry could hold the value.
    """
    if len(salt) != SALT_BYTES:
        raise Malformed(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(_LABEL + salt + canonical.encode(value)).hexdigest()


def verify_opening(commitment: str, value: object, salt: bytes) -> None:
    """Return quietly if this value and salt are what was committed to.

    Raises:
        Tampered: they are not.
        Malformed: as `commit`.
    """
    if not compare_digest(commit(value, salt).encode(), commitment.encode()):
        raise Tampered("the value and salt shown are not those that were committed to")
