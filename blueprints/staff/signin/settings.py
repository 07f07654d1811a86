"""The settings of Flask-Security."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from core import clock
from core.crypto import envelope

BLUEPRINT = "security"
ARGON2: dict[str, Any] = {
    "argon2__type": "ID",
    "argon2__memory_cost": 64 * 1024,
    "argon2__time_cost": 3,
    "argon2__parallelism": 4,
}
"""The second recommendation of RFC 9106."""
CHEAP = "STAFF_CHEAP_HASHES"
"""A switch of tests. It is no setting of the environment, and production does not look at it."""
TOTP_STEP = 30
"""Seconds for which a code is shown. The one before and the one after are taken too."""
FRESH = timedelta(minutes=30)
"""How long after the password somebody may change their second factors."""

WRONG_SECOND_FACTOR = "That code is not right, or it was used already. Wait for the next one and enter that."
MESSAGES = {
    "UNAUTHENTICATED": "Sign in to go on.",
    "REAUTHENTICATION_REQUIRED": "Enter your password again to go on.",
    "REAUTHENTICATION_SUCCESSFUL": "Thank you. You can go on.",
    "TWO_FACTOR_INVALID_TOKEN": WRONG_SECOND_FACTOR,
    "TWO_FACTOR_PERMISSION_DENIED": "Sign in again: that took too long, or began in another tab.",
    "TWO_FACTOR_LOGIN_SUCCESSFUL": "You are signed in.",
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": "Your authenticator app is set up.",
    "TWO_FACTOR_DISABLED": "Codes of an authenticator app are not asked for any more.",
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": "Choose one of the ways on this page.",
    "INVALID_RECOVERY_CODE": "That is none of your recovery codes, or it was used already.",
    "NO_RECOVERY_CODES_SETUP": "You have no recovery codes yet.",
    "PASSWORD_CHANGE": "Your password is changed. You are signed out everywhere else.",
    "PASSWORD_NOT_PROVIDED": "Enter your password.",
    "API_ERROR": "That did not work. Try again.",
    "WEBAUTHN_EXPIRED": "That took too long. Try again.",
    "WEBAUTHN_NAME_REQUIRED": "Give the passkey a name, such as the device it is on.",
    "WEBAUTHN_NAME_INUSE": "You have a passkey of that name already.",
    "WEBAUTHN_NAME_NOT_FOUND": "You have no passkey of that name.",
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": "Use letters, numbers, spaces, hyphens and underscores only.",
    "WEBAUTHN_REGISTER_SUCCESSFUL": "The passkey is added.",
    "WEBAUTHN_CREDENTIAL_DELETED": "The passkey is removed.",
    "WEBAUTHN_CREDENTIAL_ID_INUSE": "That passkey is here already.",
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": "This passkey cannot be used here. Sign in with your password.",
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": "This passkey cannot be used here. Sign in with your password.",
    "WEBAUTHN_MISMATCH_USER_HANDLE": "This passkey cannot be used here. Sign in with your password.",
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": "This passkey cannot be used here. Sign in with your password.",
    "WEBAUTHN_NO_VERIFY": "The passkey was not accepted. Try again, or sign in with your password.",
    "DISABLED_ACCOUNT": "This passkey cannot be used here. Sign in with your password.",
    "INVALID_REDIRECT": "That address is not one of the desk.",
}


def apply(app: Flask) -> None:
    """Settings of Flask-Security that somebody gave already, such as a test, stay."""
    values = {**_addresses(), **_switches(), **_second_factors(app)}
    values |= {f"MSG_{name}": (words, "info") for name, words in MESSAGES.items()}
    for name, value in values.items():
        app.config.setdefault(f"SECURITY_{name}", value)


def needs_second_factor(app: Flask) -> bool:
    """In development the printed password is enough."""
    return bool(app.config["PRODUCTION"] or app.config.get("STAFF_SECOND_FACTOR"))


def _addresses() -> dict[str, Any]:
    return {
        "BLUEPRINT_NAME": BLUEPRINT,
        "URL_PREFIX": "/staff",
        "STATIC_FOLDER": None,
        "LOGIN_URL": "/sign-in",
        "LOGOUT_METHODS": None,  # routes.sign_out
        "VERIFY_URL": "/password/again",
        "CHANGE_URL": "/password",
        "TWO_FACTOR_SETUP_URL": "/two-factor",
        "TWO_FACTOR_TOKEN_VALIDATION_URL": "/two-factor/code",
        "TWO_FACTOR_RESCUE_URL": "/two-factor/help",
        "TWO_FACTOR_SELECT_URL": "/two-factor/choose",
        "MULTI_FACTOR_RECOVERY_CODES_URL": "/recovery-codes",
        "MULTI_FACTOR_RECOVERY_URL": "/two-factor/recovery-code",
        "WAN_REGISTER_URL": "/passkeys",
        "WAN_SIGNIN_URL": "/passkeys/sign-in",
        "WAN_DELETE_URL": "/passkeys/remove",
        "POST_LOGIN_VIEW": "staff.landing",
        "POST_CHANGE_VIEW": "staff.account",
        "POST_VERIFY_VIEW": "staff.account",
        "TWO_FACTOR_POST_SETUP_VIEW": "staff.factor_set",
        "WAN_POST_REGISTER_VIEW": "staff.factor_set",
        "TWO_FACTOR_ERROR_VIEW": "security.login",
    }


def _switches() -> dict[str, Any]:
    return {
        "CHANGEABLE": True,
        "TWO_FACTOR": True,
        "WEBAUTHN": True,
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "API_ENABLED_METHODS": ["session"],
        "CLI_USERS_NAME": None,
        "CLI_ROLES_NAME": None,
        "PASSWORD_LENGTH_MIN": 12,
        "PASSWORD_SCHEMES": ["argon2"],
        "PASSWORD_SINGLE_HASH": {"argon2"},
        "EMAIL_HTML": False,
        "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": "Your password was changed",
        # None is a fault in /staff/passkeys.
        "FRESHNESS": FRESH,
        "FRESHNESS_GRACE_PERIOD": timedelta(minutes=5),
        "CACHE_CONTROL": None,  # core/web/security.py
        "TWO_FACTOR_REQUIRED": False,  # steps.py asks for it: a passkey will do as well
    }


def _second_factors(app: Flask) -> dict[str, Any]:
    name = app.config["CLINIC"].name
    return {
        "PASSWORD_HASH_PASSLIB_OPTIONS": _argon2(app),
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_AUTHENTICATOR_VALIDITY": TOTP_STEP,
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_IMPLEMENTATIONS": {
            "code": "flask_security.twofactor.CodeTfPlugin",
            "webauthn": "blueprints.staff.signin.webauthn_util.PasskeyFactor",
        },
        # Not of SECRET_KEY: that may be changed, and then no code would be right any more.
        "TOTP_SECRETS": {1: envelope.derive(app.config["ADDRESS_HASH_KEY"], "clinic/staff/totp/v1").hex()},
        "TOTP_ISSUER": name,
        "DATETIME_FACTORY": lambda: clock.now(),  # tests replace it
        "MULTI_FACTOR_RECOVERY_CODES_N": 8,
        "WAN_RP_NAME": name,
        "WAN_ALLOW_USER_HINTS": False,  # they would tell strangers who has a passkey
        "WAN_ALLOW_AS_VERIFY": None,
        "WAN_SIGNIN_WITHIN": timedelta(minutes=3),
    }


def _argon2(app: Flask) -> dict[str, Any]:
    cheap = app.config.get(CHEAP) and not app.config["PRODUCTION"]
    return {**ARGON2, "argon2__memory_cost": 64, "argon2__time_cost": 1, "argon2__parallelism": 1} if cheap else ARGON2
