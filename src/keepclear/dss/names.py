"""Ids, versions and OVNs: how they are spelled, and new ones from a seed."""

from __future__ import annotations

import base64
import hashlib
import re

from keepclear.dss.limits import Limits
from keepclear.errors import Malformed

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_UUID7 = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def check_id(text: str, *, at: str) -> str:
    """An entity's or a subscription's id, in small letters.

    Raises:
        Malformed: not a version-4 UUID.

    >>> check_id("03E5572A-f733-49af-bc14-8a18bd53ee39", at="entityid")
    '03e5572a-f733-49af-bc14-8a18bd53ee39'
    """
    lower = text.lower()
    if not _UUID4.fullmatch(lower):
        raise Malformed(f"{text[:50]!r} is not a version-4 UUID such as 03e5572a-f733-49af-bc14-8a18bd53ee39", at=at)
    return lower


def requested_ovn(entity: str, suffix: str, *, now_us: int, limits: Limits) -> str:
    """The OVN that a manager asked for, so that it can tell others before we answer.

    Raises:
        Malformed: the suffix is not a version-7 UUID, or made at another time than now.
    """
    lower = suffix.lower()
    match = _UUID7.fullmatch(lower)
    if match is None:
        raise Malformed(f"{suffix[:50]!r} is not a version-7 UUID", at="requested_ovn_suffix")
    made_us = int(match.group(1) + match.group(2), 16) * 1000
    if abs(made_us - now_us) > limits.suffix_skew_s * 1_000_000:
        raise Malformed(
            f"suffix_skew_s: it was made {abs(made_us - now_us) / 1e6:.0f} s from now, and {limits.suffix_skew_s} s"
            " are allowed: make another",
            at="requested_ovn_suffix",
        )
    return f"{entity}_{lower}"


def opaque(seed: bytes, *parts: object) -> str:
    """A version that nobody can guess, of 32 letters that may stand in a path."""
    digest = hashlib.blake2b("\n".join(map(str, parts)).encode(), key=seed, digest_size=24).digest()
    return base64.urlsafe_b64encode(digest).decode()


def new_id(seed: bytes, *parts: object) -> str:
    """A version-4 UUID that nobody can guess."""
    digest = bytearray(hashlib.blake2b("\n".join(map(str, parts)).encode(), key=seed, digest_size=16).digest())
    digest[6] = digest[6] & 0x0F | 0x40
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
