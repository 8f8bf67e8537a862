"""What can be asked about signing in, over HTTP: sessions, passwords, passkeys."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from keepclear.formats.api.answers import Answer
from keepclear.formats.api.requests import Request
from keepclear.formats.api.volumes import Time

#: Longer than any login, so that a wrong one is told as a wrong one.
Login = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Password = Annotated[str, msgspec.Meta(max_length=1_000, description="12 to 200 characters where it is set")]
Credential = Annotated[dict[str, Any], msgspec.Meta(description="as the browser's PublicKeyCredential.toJSON gives it")]


class SignInRequest(Request, frozen=True):
    """Sign in with a password."""

    login: Login
    password: Password


class PasskeyRequest(Request, frozen=True):
    """Sign in with a passkey that answers the challenge given before."""

    credential: Credential


class NewPasskeyRequest(Request, frozen=True, kw_only=True):
    """Keep a passkey that the browser has just made."""

    credential: Credential
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40, description="which device it lies on")]


class SetPasswordRequest(Request, frozen=True, kw_only=True):
    """One's own password. `old`: the one until now; needless where there is none, or a one-time link opened this.

    `login`: whose, for a program with the API token alone.
    """

    password: Password
    old: Password = ""
    login: Annotated[str, msgspec.Meta(max_length=80)] = ""


class SessionShown(Answer, frozen=True):
    """Who is signed in. `accounts`: whether this node has any; `may`: what this caller may ask."""

    accounts: bool
    signed_in: bool
    login: str = ""
    name: str = ""
    roles: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


class PasskeyShown(Answer, frozen=True):
    """One passkey."""

    id: str
    name: str


class AccountShown(Answer, frozen=True):
    """How one signs in."""

    login: str
    has_password: bool
    passkeys: tuple[PasskeyShown, ...]


class PersonLink(Answer, frozen=True):
    """An address that opens the console once, signed in as one person; it is for them alone."""

    login: str
    url: str
    until: Time
