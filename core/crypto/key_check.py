"""Checks the configured keys before anything is sealed with them. No message repeats a key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.crypto import envelope, key_text
from core.crypto.envelope import SealingError


def problems(public_keys: Sequence[str], private_key: str = "") -> Iterator[str]:
    """One sentence for each. A private key from before types looks like a public one: it is found only where its own
    public key, or itself as `private_key`, is there to compare it with."""
    private, points = None, list[bytes]()
    try:
        private = key_text.decode(key_text.PRIVATE, private_key) if private_key else None
    except ValueError as error:
        yield f"SEALING_PRIVATE_KEY cannot be used: it is {error}."
    for place, key in enumerate(public_keys, 1):
        name = f"Key {place} of SEALING_PUBLIC_KEYS"
        try:
            envelope.check_public_key(key)
        except SealingError as error:
            yield f"{name} cannot be used: it is {error}."
            continue
        point = key_text.decode(key_text.PUBLIC, key)
        if point in points:
            yield f"{name} is there twice: then there is one key fewer than it seems."
        points.append(point)
    for point in points:
        if point == private or _public_of(point) in points:
            yield "SEALING_PUBLIC_KEYS has a private key. Whoever saw it can open referrals: make a new pair."


def fits(private_key: str, public_keys: Sequence[str]) -> bool:
    """Whether what is sealed for these keys opens with this one: tried, not compared."""
    probe = {"probe": secrets.token_hex(16)}
    try:
        return envelope.open_envelope(envelope.seal(probe, public_keys, "probe"), private_key, "probe") == probe
    except SealingError:
        return False


def _public_of(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
