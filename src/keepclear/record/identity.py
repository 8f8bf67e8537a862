"""Who a party is, to a checker: its id, its name and its two public keys.

Source: docs/reference/record.md, section 3.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from keepclear.errors import Malformed
from keepclear.record import canonical
from keepclear.record.checkpoint import log_key
from keepclear.record.note import KeyKind, VerifierKey, from_base64
from keepclear.record.origin import Origin, check_party, cosigner_name, parse_origin
from keepclear.record.signing import MLDSA44_KEY_BYTES, Signer, check_ed25519_key

MAX_NAME_CHARACTERS: Final = 200
_KEYS: Final = frozenset({"party", "name", "ed25519", "mldsa44"})


@dataclass(frozen=True, slots=True)
class Identity:
    """A party's id, name for people, and public keys.

    Attributes:
        ed25519: 32 bytes; signs checkpoints of its logs and cosigns those of others.
        mldsa44: 1,312 bytes; cosigns those of others.
    """

    party: str
    name: str
    ed25519: bytes
    mldsa44: bytes

    def __post_init__(self) -> None:
        check_party(self.party)
        if not 1 <= len(self.name) <= MAX_NAME_CHARACTERS or not self.name.isprintable():
            raise Malformed(f"a party's name is 1 to {MAX_NAME_CHARACTERS} printable characters", at="name")
        check_ed25519_key(self.ed25519)
        if len(self.mldsa44) != MLDSA44_KEY_BYTES:
            raise Malformed(f"an ML-DSA-44 key has {MLDSA44_KEY_BYTES} bytes, not {len(self.mldsa44)}", at="mldsa44")

    @classmethod
    def of(cls, party: str, name: str, signer: Signer) -> Self:
        """The identity of the party whose keys these are."""
        return cls(party, name, signer.ed25519_public, signer.mldsa44_public)

    def to_json(self) -> dict[str, object]:
        """As it stands in a file: keys in base64."""
        return {
            "party": self.party,
            "name": self.name,
            "ed25519": base64.b64encode(self.ed25519).decode(),
            "mldsa44": base64.b64encode(self.mldsa44).decode(),
        }

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The identity that a file holds.

        Raises:
            Malformed: not an object with just these four strings, or a key that no party may have.
        """
        if not isinstance(value, dict) or value.keys() != _KEYS:
            raise Malformed("an identity has party, name, ed25519 and mldsa44, and nothing else")
        party, name, ed25519, mldsa44 = value["party"], value["name"], value["ed25519"], value["mldsa44"]
        if not (
            isinstance(party, str) and isinstance(name, str) and isinstance(ed25519, str) and isinstance(mldsa44, str)
        ):
            raise Malformed("the fields of an identity are strings")
        return cls(party, name, from_base64(ed25519, "Ed25519 key"), from_base64(mldsa44, "ML-DSA-44 key"))

    def fingerprint(self) -> str:
        """64 hexadecimal digits to read out and compare: SHA-256 of the identity's RFC 8785 form."""
        return sha256(canonical.encode(self.to_json())).hexdigest()

    def log_key(self, origin: str | Origin) -> VerifierKey:
        """The key that signs checkpoints of one of this party's logs.

        Raises:
            Malformed: the log is another party's.
        """
        parsed = parse_origin(origin) if isinstance(origin, str) else origin
        if parsed.writer != self.party:
            raise Malformed(f"{parsed} is not a log of {self.party}")
        return log_key(str(parsed), self.ed25519)

    def cosigner_keys(self) -> tuple[VerifierKey, VerifierKey]:
        """The Ed25519 (0x04) and ML-DSA-44 (0x06) keys with which this party cosigns."""
        name = cosigner_name(self.party)
        return (
            VerifierKey(name, KeyKind.ED25519_COSIGNATURE, self.ed25519),
            VerifierKey(name, KeyKind.MLDSA44_COSIGNATURE, self.mldsa44),
        )
