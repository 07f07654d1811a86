"""Checks the configured keys before anything is sealed with them. No message repeats a key."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from core.crypto import envelope, key_text
from core.crypto.envelope import SealingError


def problems(public_keys: Sequence[str], private_key: str = "") -> Iterator[str]:
    """One sentence per problem. A private key in the old, untyped format looks like a public key. It is recognized only
    if its public key is also listed, or if it is given as `private_key`."""
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
            yield f"{name} is listed twice, so there is one key fewer than it seems."
        points.append(point)
    for point in points:
        if point == private or _public_of(point) in points:
            yield "SEALING_PUBLIC_KEYS contains a private key. Anyone who saw it can open referrals: make a new pair."


def fits(private_key: str, public_keys: Sequence[str]) -> bool:
    """Whether this private key opens what is sealed for these public keys. It seals and opens a probe to find out."""
    probe = {"probe": secrets.token_hex(16)}
    try:
        return envelope.open_envelope(envelope.seal(probe, public_keys, "probe"), private_key, "probe") == probe
    except SealingError:
        return False


def _public_of(private: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
