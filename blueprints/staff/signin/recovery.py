"""Recovery codes: shown once, kept as keyed hashes, each good for one sign-in."""

from __future__ import annotations

import re
from typing import Any

from flask import current_app
from flask_security import MfRecoveryCodesUtil
from flask_security.proxies import _datastore, _security

from core.extensions import db
from core.rate_limits import keyed_hash


class HashedCodes(MfRecoveryCodesUtil):
    def create_recovery_codes(self, user: Any) -> list[str]:
        codes = _security.totp_factory.generate_recovery_codes(
            current_app.config["SECURITY_MULTI_FACTOR_RECOVERY_CODES_N"]
        )
        _datastore.mf_set_recovery_codes(user, [_hash(user, code) for code in codes])
        return codes

    def get_recovery_codes(self, user: Any) -> list[str]:
        """Nobody can see them again."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """The member's row stays locked until the caller's transaction ends: two requests cannot use one code."""
        db.session.refresh(user, with_for_update=True)
        return _hash(user, code) in (user.mf_recovery_codes or [])

    def delete_recovery_code(self, user: Any, code: str) -> bool:
        return bool(_datastore.mf_delete_recovery_code(user, user.mf_recovery_codes.index(_hash(user, code))))


def _hash(user: Any, code: str) -> str:
    plain = re.sub(r"[^0-9a-f]", "", code.lower())
    return keyed_hash("recovery code", f"{user.id}\0{plain}")
