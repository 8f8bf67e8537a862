"""Signatures: Ed25519 (RFC 8032), checked by one strict rule, and ML-DSA-44 (FIPS 204).

The only file of the record that touches a signature library.

Verifiers in the field disagree on some Ed25519 signatures, all of them made with points of low order or with
encodings that are not the shortest. A party could sign with such a key what only one side accepts. So there is one
rule:

- the public key and `R` are canonically encoded (y below 2^255-19) and not of low order;
- `S` is below the group order;
- encode(S·B - k·A) is `R` byte for byte: the equation without the cofactor.

The low-order and encoding checks are made here and not left to a library, whose build options may differ.

Source: RFC 8032, section 5.1.7; FIPS 204; docs/reference/record.md, section 3.
"""

from __future__ import annotations

from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey
from nacl import bindings
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from keepclear.errors import Malformed, Tampered

SEED_BYTES: Final = 32
ED25519_KEY_BYTES: Final = 32
ED25519_SIGNATURE_BYTES: Final = 64
MLDSA44_KEY_BYTES: Final = 1312
MLDSA44_SIGNATURE_BYTES: Final = 2420

_PRIME: Final = 2**255 - 19
_GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_WITHOUT_SIGN: Final = 2**255 - 1
# The y of a point of order 8: half of the eight low-order points; the others are at -y, 0, 1 and -1.
_Y_OF_ORDER_8: Final = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_LOW_ORDER_Y: Final = frozenset({0, 1, _PRIME - 1, _Y_OF_ORDER_8, _PRIME - _Y_OF_ORDER_8})


class Signer(Protocol):
    """Whoever can sign for a party. Private keys stay behind it."""

    @property
    def ed25519_public(self) -> bytes:
        """32 bytes."""
        ...

    @property
    def mldsa44_public(self) -> bytes:
        """1,312 bytes."""
        ...

    def sign_ed25519(self, message: bytes) -> bytes:
        """64 bytes; the same message gives the same signature."""
        ...

    def sign_mldsa(self, message: bytes) -> bytes | None:
        """2,420 bytes, with an empty context; None from a signer that has only Ed25519."""
        ...


class RecordSigner:
    """A party's two private keys, from two seeds of 32 random bytes each."""

    __slots__ = ("_ed25519", "_mldsa44", "_mldsa44_public")

    def __init__(self, ed25519_seed: bytes, mldsa44_seed: bytes) -> None:
        """Keys from seeds. The chance is given, never taken: the same seeds give the same keys.

        Raises:
            Malformed: a seed is not 32 bytes, or both are the same.
        """
        _check_length(ed25519_seed, SEED_BYTES, "an Ed25519 seed")
        _check_length(mldsa44_seed, SEED_BYTES, "an ML-DSA-44 seed")
        if ed25519_seed == mldsa44_seed:
            raise Malformed("the two seeds must differ, so that losing one key does not lose the other")
        self._ed25519 = SigningKey(ed25519_seed)
        self._mldsa44 = MLDSA44PrivateKey.from_seed_bytes(mldsa44_seed)
        self._mldsa44_public = self._mldsa44.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"RecordSigner(ed25519_public={self.ed25519_public.hex()})"

    @property
    def ed25519_public(self) -> bytes:
        """The Ed25519 public key, 32 bytes."""
        return bytes(self._ed25519.verify_key)

    @property
    def mldsa44_public(self) -> bytes:
        """The ML-DSA-44 public key, 1,312 bytes."""
        return self._mldsa44_public

    def sign_ed25519(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message, 64 bytes."""
        return bytes(self._ed25519.sign(message).signature)

    def sign_mldsa(self, message: bytes) -> bytes | None:
        """An ML-DSA-44 signature of a message, 2,420 bytes. Two signatures of one message differ."""
        return self._mldsa44.sign(message)


class Ed25519Signer(RecordSigner):
    """Signs with Ed25519 only, so that whatever is signed comes out the same from the same seeds. For simulation."""

    __slots__ = ()

    def sign_mldsa(self, message: bytes) -> bytes | None:
        """None: an ML-DSA-44 signature is never the same twice."""
        return None


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    """Return quietly if the signature holds by the strict rule of this module.

    Raises:
        Tampered: it does not; the message says which part of the rule.
    """
    if len(public) != ED25519_KEY_BYTES or len(signature) != ED25519_SIGNATURE_BYTES:
        raise Tampered("an Ed25519 key has 32 bytes and a signature 64")
    for point, what in ((public, "public key"), (signature[:32], "signature's R")):
        reason = _fault_of_point(point)
        if reason:
            raise Tampered(f"the Ed25519 {what} {reason}")
    if int.from_bytes(signature[32:], "little") >= _GROUP_ORDER:
        raise Tampered("the Ed25519 signature's S is not below the group order")
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError as error:
        raise Tampered("the Ed25519 signature does not hold") from error


def check_ed25519_key(public: bytes) -> None:
    """Return quietly if a party may be enrolled with this key.

    Stricter than `verify_ed25519`: the key must also lie in the subgroup of prime order, as every key does that
    was made by the rules. On a key outside it, verifiers with and without the cofactor part ways.

    Raises:
        Malformed: it is not 32 bytes, not canonical, of low order, not on the curve or outside the subgroup.
    """
    _check_length(public, ED25519_KEY_BYTES, "an Ed25519 public key")
    reason = _fault_of_point(public)
    if reason:
        raise Malformed(f"the Ed25519 public key {reason}")
    if not bindings.crypto_core_ed25519_is_valid_point(public):
        raise Malformed("the Ed25519 public key is not a point of the prime-order subgroup")


def verify_mldsa44(public: bytes, message: bytes, signature: bytes) -> None:
    """Return quietly if the ML-DSA-44 signature holds, with an empty context.

    Raises:
        Tampered: it does not.
    """
    if len(public) != MLDSA44_KEY_BYTES or len(signature) != MLDSA44_SIGNATURE_BYTES:
        raise Tampered("an ML-DSA-44 key has 1,312 bytes and a signature 2,420")
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature as error:
        raise Tampered("the ML-DSA-44 signature does not hold") from error


def _fault_of_point(encoded: bytes) -> str:
    """What is wrong with an encoded point before any arithmetic, or nothing."""
    y = int.from_bytes(encoded, "little") & _WITHOUT_SIGN
    if y >= _PRIME:
        return "is not canonically encoded"
    # x = 0 with the sign bit set is the one other encoding that is not canonical; it is a point of low order.
    if y in _LOW_ORDER_Y:
        return "is a point of low order"
    return ""


def _check_length(data: bytes, length: int, what: str) -> None:
    if len(data) != length:
        raise Malformed(f"{what} has {length} bytes, not {len(data)}")
