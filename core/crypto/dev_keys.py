"""Keys for development, generated once and kept in instance/. Production never uses them."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import files
from core.crypto import envelope

MIN_SECRET_LENGTH = 32


@dataclass(frozen=True)
class DevelopmentKeys:
    secret_key: str
    public_keys: tuple[str, ...]
    private_key: str
    recovery_private_key: str


def load_or_create(instance: Path) -> DevelopmentKeys:
    """The keys of this checkout. If two processes start at once, the first to write the file wins and both use it.

    Raises ValueError if the file is damaged. The message does not quote it, and existing keys are never overwritten.
    """
    path = instance / "development-keys.json"
    if not path.exists():
        files.write_once(path, json.dumps(asdict(_new_keys()), indent=2))
    try:
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, envelope.SealingError):
        raise ValueError(
            f"{path} cannot be read. Move it away to get new keys, which cannot open older data."
        ) from None


def _checked(saved: dict[str, Any]) -> DevelopmentKeys:
    keys = DevelopmentKeys(**{**saved, "public_keys": tuple(saved["public_keys"])})
    if len(keys.secret_key) < MIN_SECRET_LENGTH or not keys.public_keys:
        raise ValueError
    for public in keys.public_keys:
        envelope.check_public_key(public)
    for private in (keys.private_key, keys.recovery_private_key):
        envelope.public_key_of(private)
    return keys


def _new_keys() -> DevelopmentKeys:
    clinic, recovery = envelope.new_key_pair(), envelope.new_key_pair()
    return DevelopmentKeys(
        secret_key=secrets.token_urlsafe(48),
        public_keys=(clinic.public, recovery.public),
        private_key=clinic.private,
        recovery_private_key=recovery.private,
    )
