"""The file of accounts: how people sign in. It lies beside the record and in none; no password can be read from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from keepclear.errors import LimitReached, Malformed

BYTES_MAX: Final = 4_000_000


class Passkey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A public key that an authenticator of this person made for us. Base64url without padding."""

    id: str
    public_key: str
    sign_count: int
    name: str


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one person signs in: argon2id of a password, and passkeys; empty is not yet."""

    password: str = ""
    passkeys: tuple[Passkey, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether there is anything to sign in with."""
        return bool(self.password or self.passkeys)


_read = msgspec.json.Decoder(dict[str, Account])


def write_accounts(accounts: Mapping[str, Account]) -> bytes:
    """The file, login by login."""
    return msgspec.json.format(msgspec.json.encode(dict(sorted(accounts.items()))), indent=1) + b"\n"


def read_accounts(data: bytes) -> dict[str, Account]:
    """Login to account. Raises Malformed, or LimitReached beyond four million bytes."""
    if len(data) > BYTES_MAX:
        raise LimitReached(f"a file of accounts has at most {BYTES_MAX} bytes", at="accounts")
    try:
        return _read.decode(data)
    except msgspec.MsgspecError as problem:
        raise Malformed(f"not a file of accounts: {problem}", at="accounts") from None
