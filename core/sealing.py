"""Sealing: patient data is encrypted to the clinic's public keys before it is stored.

One random 256-bit data key per envelope encrypts the canonical JSON with AES-GCM; HPKE (RFC 9180,
X25519 / HKDF-SHA256 / AES-256-GCM) wraps that key once for every public key. The context string is
bound to both, so an envelope opens only in the row it was made for. This module stores nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
PADDING_STEP = 1024
NONCE_BYTES = 12


class SealingError(Exception):
    """The envelope cannot be opened with this key, or was changed since it was sealed."""


@dataclass(frozen=True)
class KeyPair:
    public: str
    private: str


@dataclass(frozen=True)
class Envelope:
    """`blob` is nonce + ciphertext; `wraps` maps a key id to the data key wrapped for that key."""

    blob: bytes
    wraps: dict[str, str]


def new_key_pair() -> KeyPair:
    private = X25519PrivateKey.generate()
    return KeyPair(_text(private.public_key().public_bytes_raw()), _text(private.private_bytes_raw()))


def key_id(public_key: str) -> str:
    """First 16 hex digits of the key's SHA-256: enough to tell a clinic's few keys apart."""
    return hashlib.sha256(_bytes(public_key)).hexdigest()[:16]


def public_key_of(private_key: str) -> str:
    """Raises SealingError, without the text, unless it is a base64url X25519 private key (32 bytes)."""
    return _text(_private(private_key).public_key().public_bytes_raw())


def check_public_key(public_key: str) -> None:
    """Raises SealingError unless the text is a base64url X25519 public key (32 bytes)."""
    _public(public_key)


def seal(data: Mapping[str, Any], public_keys: Sequence[str], context: str) -> Envelope:
    """Encrypt `data` (JSON values) so that any of the public keys' owners can open it."""
    data_key = AESGCM.generate_key(256)
    return Envelope(encrypt(data_key, data, context), _wrap(data_key, public_keys, context))


def open_envelope(envelope: Envelope, private_key: str, context: str) -> dict[str, Any]:
    """The sealed data. Raises SealingError, naming the key that is needed, when it cannot be opened."""
    return decrypt(_unwrap(envelope, private_key, context), envelope.blob, context)


def rewrap(envelope: Envelope, private_key: str, public_keys: Sequence[str], context: str) -> Envelope:
    """The same blob, its data key wrapped for exactly these public keys. Raises SealingError as open_envelope does.

    The blob is handed on unread: it need not be there.
    """
    return Envelope(envelope.blob, _wrap(_unwrap(envelope, private_key, context), public_keys, context))


def _wrap(data_key: bytes, public_keys: Sequence[str], context: str) -> dict[str, str]:
    if not public_keys:
        raise SealingError("no public key to seal with")
    bound = context.encode()
    return {key_id(key): _text(SUITE.encrypt(data_key, _public(key), info=bound)) for key in public_keys}


def _unwrap(envelope: Envelope, private_key: str, context: str) -> bytes:
    kid = key_id(public_key_of(private_key))
    if kid not in envelope.wraps:
        raise SealingError(f"sealed for key {' or '.join(envelope.wraps) or '(none)'}; this is key {kid}")
    try:
        return SUITE.decrypt(_bytes(envelope.wraps[kid]), _private(private_key), info=context.encode())
    except (InvalidTag, ValueError) as error:
        raise SealingError("the wrapped key was changed or belongs to another record") from error


def encrypt(key: bytes, data: Mapping[str, Any], context: str) -> bytes:
    """Nonce and AES-GCM ciphertext of canonical JSON, padded with spaces to steps of 1 KB."""
    plain = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    padded = plain.ljust(-(-len(plain) // PADDING_STEP) * PADDING_STEP)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, padded, context.encode())


def decrypt(key: bytes, blob: bytes, context: str) -> dict[str, Any]:
    nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
    try:
        opened = AESGCM(key).decrypt(nonce, sealed, context.encode())
    except InvalidTag as error:
        raise SealingError("the record was changed or belongs elsewhere") from error
    data: dict[str, Any] = json.loads(opened)
    return data


def derive(secret: str, purpose: str) -> bytes:
    """32 bytes from a random token, different for every purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


def _public(key: str) -> X25519PublicKey:
    try:
        return X25519PublicKey.from_public_bytes(_bytes(key))
    except ValueError as error:
        raise SealingError("not a base64url X25519 public key of 32 bytes") from error


def _private(key: str) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(_bytes(key))
    except ValueError:
        # Without its cause: the text may be a key with a slip in it.
        raise SealingError("not a base64url X25519 private key of 32 bytes") from None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
