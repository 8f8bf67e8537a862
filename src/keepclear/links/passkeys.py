"""Passkeys by WebAuthn: what a browser is asked, and whether what it answers holds. Fulfils a port of faces."""

from __future__ import annotations

import base64
import json
from typing import Any, Final, Protocol

from keepclear.errors import NotKnown

RP_NAME: Final = "keepclear"


class Kept(Protocol):
    """A passkey as it is kept."""

    @property
    def public_key(self) -> str:
        """COSE key, base64url."""
        ...

    @property
    def sign_count(self) -> int:
        """The count that was shown last."""
        ...


class WebAuthnPasskeys:
    """The ceremonies of WebAuthn, level 2, with user verification; attestation is not asked for."""

    def registration(self, rp: str, login: str, name: str, challenge: bytes, known: tuple[str, ...]) -> dict[str, Any]:
        """Options for `navigator.credentials.create`."""
        import webauthn
        from webauthn.helpers.structs import (
            AuthenticatorSelectionCriteria,
            PublicKeyCredentialDescriptor,
            ResidentKeyRequirement,
            UserVerificationRequirement,
        )

        options = webauthn.generate_registration_options(
            rp_id=rp,
            rp_name=RP_NAME,
            user_name=login,
            user_id=login.encode(),
            user_display_name=name,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=_bytes(each)) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
        )
        return _json(webauthn.options_to_json(options))

    def registered(self, credential: dict[str, Any], *, rp: str, origin: str, challenge: bytes) -> tuple[str, str, int]:
        """Id, public key and count of a new passkey. Raises NotKnown."""
        import webauthn
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            made = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=rp,
                expected_origin=origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
            raise NotKnown(f"this passkey was not made for us: {problem}"[:200]) from None
        return _text(made.credential_id), _text(made.credential_public_key), made.sign_count

    def authentication(self, rp: str, challenge: bytes) -> dict[str, Any]:
        """Options for `navigator.credentials.get`."""
        import webauthn
        from webauthn.helpers.structs import UserVerificationRequirement

        options = webauthn.generate_authentication_options(
            rp_id=rp, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return _json(webauthn.options_to_json(options))

    def proved(self, credential: dict[str, Any], passkey: Kept, *, rp: str, origin: str, challenge: bytes) -> int:
        """The new count, when the passkey signed this challenge for this page. Raises NotKnown."""
        import webauthn
        from webauthn.helpers.exceptions import WebAuthnException

        try:
            shown = webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=rp,
                expected_origin=origin,
                credential_public_key=_bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
            raise NotKnown(f"this passkey did not sign: {problem}"[:200]) from None
        return shown.new_sign_count


def _json(text: str) -> dict[str, Any]:
    options: dict[str, Any] = json.loads(text)
    return options


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "===")
