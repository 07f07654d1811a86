"""Passkeys: which authenticators may come, and what they count as."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from flask_security import UserMixin, WebauthnUtil
from flask_security.utils import get_message
from flask_security.webauthn import WebAuthnTfPlugin, _create_credential_list
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

FIRST, SECONDARY = "first", "secondary"
NAME = re.compile(r"[\w .,()’'+-]{1,64}")
LABEL = "Passkey"


class AnyAuthenticator(WebauthnUtil):
    """Also those built into the device (Touch ID, Windows Hello), which Flask-Security leaves out. They check who holds
    them (a finger, a face, a PIN), so a passkey alone is two factors."""

    def authenticator_selection(self, user: UserMixin, usage: str) -> AuthenticatorSelectionCriteria:
        return AuthenticatorSelectionCriteria(
            authenticator_attachment=None,
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(self, user: UserMixin | None, usage: list[str]) -> UserVerificationRequirement:
        return UserVerificationRequirement.REQUIRED

    def authentication_options(
        self, user: UserMixin | None, usage: list[str], existing_options: dict[str, Any]
    ) -> dict[str, Any]:
        """After the password, any passkey of this person will do."""
        if user is not None:
            existing_options["allow_credentials"] = _create_credential_list(user, [FIRST, SECONDARY])
        options: dict[str, Any] = super().authentication_options(user, usage, existing_options)
        return options

    def name_svn(self, value: str) -> tuple[str | None, str | None]:
        """(what is wrong, the name)"""
        name = unicodedata.normalize("NFC", value).strip()
        if NAME.fullmatch(name):
            return None, name
        return get_message("WEBAUTHN_NAME_DISALLOWED_CHARACTERS")[0], None


class PasskeyFactor(WebAuthnTfPlugin):
    """Every passkey also counts as the second factor after the password: nobody who has one may leave it out."""

    def get_setup_methods(self, user: UserMixin) -> list[tuple[str, str]]:
        return [("webauthn", LABEL)] if user.webauthn else []
