"""Access tokens: JSON Web Tokens (RFC 7519) signed with RS256, and the public keys that check them.

One algorithm and no other, so a token cannot choose how it is checked. Claims beyond those named here are passed over.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, RSAPublicNumbers

from keepclear.errors import Malformed, NotKnown

#: Characters of a token. Those of the field have some hundred.
TOKEN_MAX: Final = 8_192
#: Bytes of a key set, and keys in it.
KEYS_BYTES_MAX: Final = 100_000
KEYS_MAX: Final = 32
#: Shorter keys are broken in practice.
KEY_BITS_MIN: Final = 2_048
KEY_BITS_MAX: Final = 8_192


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str = ""
    crit: object = None


class Claims(msgspec.Struct, frozen=True):
    """What a token says. Times are seconds since 1970."""

    sub: str
    exp: float
    aud: str | list[str] = ""
    scope: str = ""
    iss: str = ""
    nbf: float = 0
    iat: float = 0
    jti: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, not checked yet."""

    key_id: str
    claims: Claims
    signed: bytes
    signature: bytes


_header = msgspec.json.Decoder(_Header).decode
_claims = msgspec.json.Decoder(Claims).decode


def read_token(text: bytes) -> Token:
    """A token taken apart.

    Raises:
        NotKnown: it is not a token signed with RS256.
    """
    if len(text) > TOKEN_MAX:
        raise NotKnown(f"a token has at most {TOKEN_MAX} characters")
    signed, _, signature = text.rpartition(b".")
    head, _, body = signed.partition(b".")
    try:
        header, claims = _header(_unpadded(head)), _claims(_unpadded(body))
        token = Token(header.kid, claims, signed, _unpadded(signature))
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors, as are binascii's
        raise NotKnown("this is not a JSON Web Token with the claims sub and exp") from None
    if header.alg != "RS256" or header.crit is not None:
        raise NotKnown("a token must be signed with RS256, and ask for nothing that we do not know")
    return token


def is_signed_by(token: Token, key: RSAPublicKey) -> bool:
    """Whether the holder of this key signed the token."""
    try:
        key.verify(token.signature, token.signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def write_token(claims: Mapping[str, object], key: RSAPrivateKey, key_id: str) -> str:
    """A signed token with these claims."""
    header = {"alg": "RS256", "typ": "JWT", "kid": key_id}
    signed = b".".join(_padless(msgspec.json.encode(part)) for part in (header, claims))
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _padless(signature)).decode()


def read_pem(data: bytes) -> RSAPublicKey:
    """A public key in PEM.

    Raises:
        Malformed: it is not an RSA public key of a fit length.
    """
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, TypeError):
        raise Malformed("this is not a public key in PEM", at="public_key") from None
    if not isinstance(key, RSAPublicKey):
        raise Malformed("tokens are signed with RS256, so the key must be an RSA key", at="public_key")
    return _fit(key)


class _Jwk(msgspec.Struct, frozen=True):
    kty: str
    kid: str = ""
    alg: str = "RS256"
    use: str = "sig"
    n: str = ""
    e: str = ""


class _Jwks(msgspec.Struct, frozen=True):
    keys: list[_Jwk]


_jwks = msgspec.json.Decoder(_Jwks).decode


def read_jwks(data: bytes) -> dict[str, RSAPublicKey]:
    """The keys of a key set (RFC 7517) that may sign with RS256, by their id; others are passed over.

    Raises:
        Malformed: it is not a key set, holds no such key, or more than KEYS_MAX.
    """
    if len(data) > KEYS_BYTES_MAX:
        raise Malformed(f"a key set has at most {KEYS_BYTES_MAX} bytes", at="jwks")
    try:
        listed = _jwks(data).keys
    except (ValueError, RecursionError):
        raise Malformed("this is not a JSON Web Key Set", at="jwks") from None
    if len(listed) > KEYS_MAX:
        raise Malformed(f"a key set has at most {KEYS_MAX} keys, not {len(listed)}", at="jwks")
    keys: dict[str, RSAPublicKey] = {}
    for number, each in enumerate(listed):
        if each.kty != "RSA" or each.use != "sig" or each.alg != "RS256":
            continue
        try:
            modulus, exponent = (int.from_bytes(_unpadded(part.encode()), "big") for part in (each.n, each.e))
            key = RSAPublicNumbers(exponent, modulus).public_key()
        except ValueError:
            raise Malformed("an RSA key whose numbers cannot be", at=f"jwks.keys[{number}]") from None
        keys[each.kid or f"#{number}"] = _fit(key)
    if not keys:
        raise Malformed("it holds no RSA key for RS256 signatures", at="jwks")
    return keys


def write_jwks(keys: Mapping[str, RSAPublicKey]) -> bytes:
    """A key set with these keys."""
    listed = []
    for key_id, key in keys.items():
        numbers = key.public_numbers()
        parts = {
            name: _padless(value.to_bytes((value.bit_length() + 7) // 8, "big")).decode()
            for name, value in (("n", numbers.n), ("e", numbers.e))
        }
        listed.append({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, **parts})
    return msgspec.json.encode({"keys": listed})


def _fit(key: RSAPublicKey) -> RSAPublicKey:
    if not KEY_BITS_MIN <= key.key_size <= KEY_BITS_MAX:
        raise Malformed(f"an RSA key has {KEY_BITS_MIN} to {KEY_BITS_MAX} bits, not {key.key_size}", at="public_key")
    return key


def _unpadded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as problem:
        raise ValueError(str(problem)) from None


def _padless(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
