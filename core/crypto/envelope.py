"""Sealing: patient data is encrypted to the clinic's public keys before it is stored.

Each envelope has a random 256-bit data key, which encrypts canonical JSON with AES-GCM. HPKE (RFC 9180, X25519 /
HKDF-SHA256 / AES-256-GCM) wraps that data key once for every public key. Both are bound to a context string, so that an
envelope opens only in the row it was made for. This module stores nothing. Every problem with an envelope or a key is
raised as SealingError; its message never contains a key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.crypto import key_text

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
PADDING_STEP = 1024
NONCE_BYTES, TAG_BYTES = 12, 16
KEY_ID = re.compile(r"[0-9a-f]{16}")


class SealingError(Exception):
    """The envelope cannot be opened with this key, or was changed since it was sealed; or a key cannot be used."""


@dataclass(frozen=True)
class KeyPair:
    """Both keys in the text form of core/crypto/key_text.py."""

    public: str
    private: str


@dataclass(frozen=True)
class Envelope:
    """`blob` is nonce + ciphertext; `wraps` maps a key id to the data key wrapped for that key."""

    blob: bytes
    wraps: dict[str, str]


def new_key_pair() -> KeyPair:
    private = X25519PrivateKey.generate()
    return KeyPair(_public_text(private), key_text.encode(key_text.PRIVATE, private.private_bytes_raw()))


def key_id(public_key: str) -> str:
    """The first 16 hex digits of the SHA-256 of the key's bytes: enough to tell a clinic's few keys apart, and the same
    for every text form of the key. Raises SealingError as check_public_key does."""
    return _id(_public(public_key))


def public_key_of(private_key: str) -> str:
    """The public key of an X25519 private key. Raises SealingError for any other text, without quoting it."""
    return _public_text(_private(private_key))


def check_public_key(public_key: str) -> None:
    """Raises SealingError, without quoting the text, unless it is a secure X25519 public key."""
    _public(public_key)


def seal(data: Mapping[str, Any], public_keys: Sequence[str], context: str) -> Envelope:
    """Encrypt `data` (JSON values) so that any of the public keys' owners can open it."""
    data_key = AESGCM.generate_key(256)
    return Envelope(encrypt(data_key, data, context), _wrap(data_key, public_keys, context))


def parsed(private_key: str) -> X25519PrivateKey:
    """To open many envelopes: reading the text of a key takes longer than opening one. Raises SealingError."""
    return _private(private_key)


def open_envelope(envelope: Envelope, private_key: str | X25519PrivateKey, context: str) -> dict[str, Any]:
    """The sealed data. Raises SealingError, naming the key that is needed, when it cannot be opened."""
    return decrypt(_unwrap(envelope, private_key, context), envelope.blob, context)


def rewrap(envelope: Envelope, private_key: str, public_keys: Sequence[str], context: str) -> Envelope:
    """The same blob with its data key wrapped for exactly these public keys. Raises SealingError as open_envelope does.

    The blob is passed through unread and may be empty.
    """
    return Envelope(envelope.blob, _wrap(_unwrap(envelope, private_key, context), public_keys, context))


def _wrap(data_key: bytes, public_keys: Sequence[str], context: str) -> dict[str, str]:
    if not public_keys:
        raise SealingError("no public key to seal with")
    bound = context.encode()
    return {key_id(key): _text(SUITE.encrypt(data_key, _public(key), info=bound)) for key in public_keys}


def _unwrap(envelope: Envelope, private_key: str | X25519PrivateKey, context: str) -> bytes:
    private = _private(private_key) if isinstance(private_key, str) else private_key
    wrapped = _wrap_for(_id(private.public_key()), envelope.wraps)
    try:
        return SUITE.decrypt(_bytes(wrapped), private, info=context.encode())
    except (InvalidTag, ValueError):
        raise SealingError("the wrapped key was changed or belongs to another record") from None


def _wrap_for(kid: str, wraps: Any) -> Any:
    if not isinstance(wraps, dict):
        raise SealingError("the wrapped keys cannot be read")
    if kid not in wraps:
        # These key ids come from the database and may have been tampered with.
        known = [name for name in wraps if isinstance(name, str) and KEY_ID.fullmatch(name)]
        raise SealingError(f"sealed for key {' or '.join(known) or '(none)'}; this is key {kid}")
    return wraps[kid]


def encrypt(key: bytes, data: Mapping[str, Any], context: str) -> bytes:
    """Nonce and AES-GCM ciphertext of canonical JSON, which is padded with spaces to a multiple of 1 KB."""
    plain = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    padded = plain.ljust(-(-len(plain) // PADDING_STEP) * PADDING_STEP)
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, padded, context.encode())


def decrypt(key: bytes, blob: bytes, context: str) -> dict[str, Any]:
    """The encrypted data. Raises SealingError for any blob that cannot be decrypted."""
    if not isinstance(blob, bytes) or len(blob) < NONCE_BYTES + TAG_BYTES:
        raise SealingError("the record is cut short or empty")
    nonce, sealed = blob[:NONCE_BYTES], blob[NONCE_BYTES:]
    try:
        # A key of the wrong length raises ValueError.
        return _object(AESGCM(key).decrypt(nonce, sealed, context.encode()))
    except (InvalidTag, ValueError):
        raise SealingError("the record was changed or belongs elsewhere") from None


def _object(plain: bytes) -> dict[str, Any]:
    """Parses decrypted bytes. Anyone with a public key can seal bytes that are not JSON, or JSON nested too deeply."""
    try:
        data = json.loads(plain)
    except (ValueError, RecursionError):
        raise SealingError("what was sealed is not JSON") from None
    if not isinstance(data, dict):
        raise SealingError("what was sealed is not a JSON object")
    return data


def derive(secret: str, purpose: str) -> bytes:
    """Derive 32 bytes from a random token, different for each purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret.encode())


@lru_cache(maxsize=16)
def _public(key: str) -> X25519PublicKey:
    try:
        public = X25519PublicKey.from_public_bytes(key_text.decode(key_text.PUBLIC, key))
    except ValueError as error:
        # `from None`, because the text may be a private key.
        raise SealingError(str(error)) from None
    try:
        # With a low-order point such as 0, the shared secret is the same for everyone.
        X25519PrivateKey.generate().exchange(public)
    except ValueError:
        raise SealingError("a public key that would let anyone open what is sealed") from None
    return public


def _private(key: str) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(key_text.decode(key_text.PRIVATE, key))
    except ValueError as error:
        # `from None`, because the text may be a mistyped key.
        raise SealingError(str(error)) from None


def _public_text(private: X25519PrivateKey) -> str:
    return key_text.encode(key_text.PUBLIC, private.public_key().public_bytes_raw())


def _id(public: X25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: Any) -> bytes:
    """Decodes base64url without padding. Raises ValueError for anything else."""
    if not isinstance(text, str):
        raise ValueError("not text")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
