"""A named speaker's signature to a phrase file: it is theirs for the file as it is, to the byte.

Source: docs/reference/phrasebook.md, "Signing".
"""

from __future__ import annotations

import base64
from typing import Annotated, Final

import msgspec

from keepclear.errors import Malformed, Tampered
from keepclear.formats.phrasebook.reading import Phrasebook
from keepclear.record import canonical, check_ed25519_key, verify_ed25519
from keepclear.record.signing import Signer

BYTES_MAX: Final = 4_000
_CONTEXT: Final = b"keepclear phrasebook 1\n"


class PhraseSignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who vouches for which bytes of which language, and the proof of it; keys and signature in base64."""

    language: Annotated[str, msgspec.Meta(max_length=40)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    ed25519: Annotated[str, msgspec.Meta(max_length=60)]
    signature: Annotated[str, msgspec.Meta(max_length=100)]


def sign_phrasebook(book: Phrasebook, name: str, signer: Signer) -> PhraseSignature:
    """The speaker's word that the phrases of this file say what they should."""
    if not 0 < len(name.strip()) <= 60 or len(name) > 60 or not name.isprintable():
        raise Malformed("say who the speaker is, in 1 to 60 printable characters", at="by")
    message = _message(book.language, book.sha256, name)
    return PhraseSignature(
        book.language, book.sha256, name, _base64(signer.ed25519_public), _base64(signer.sign_ed25519(message))
    )


def signer_of(book: Phrasebook, signature: PhraseSignature) -> str:
    """The name of the speaker who signed this file as it is, or empty: it was changed since, and is a DRAFT again.

    Raises:
        Malformed: a key or a signature that cannot be one.
        Tampered: it names this file, and the key did not sign it.
    """
    if (signature.language, signature.sha256) != (book.language, book.sha256):
        return ""
    key, proof = _bytes(signature.ed25519), _bytes(signature.signature)
    check_ed25519_key(key)
    try:
        verify_ed25519(key, _message(signature.language, signature.sha256, signature.name), proof)
    except Tampered:
        raise Tampered(f"{signature.name} did not sign these phrases with that key", at="signature") from None
    return signature.name


def read_signature(data: bytes) -> PhraseSignature:
    """The signature in a file, or Malformed."""
    if len(data) > BYTES_MAX:
        raise Malformed(f"a signature to a phrase file has at most {BYTES_MAX} bytes")
    try:
        return msgspec.json.decode(data, type=PhraseSignature)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise Malformed(f"not a signature to a phrase file: {problem}") from None


def _message(language: str, sha256: str, name: str) -> bytes:
    return _CONTEXT + canonical.encode({"language": language, "name": name, "sha256": sha256})


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as problem:
        raise Malformed(f"not base64: {problem}", at="signature") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
