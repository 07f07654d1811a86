"""From what a person has, their password or their passkey, to the 32 bytes that encrypt their wrap."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from threading import BoundedSemaphore

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from core.crypto import envelope

KEY_BYTES, SALT_BYTES, MIN_PRF_BYTES = 32, 16, 32
PASSKEY = "hkdf"
"""For a secret of 256 random bits, which nobody guesses: HKDF-SHA256 is enough."""
MAX_MEMORY, MAX_PASSES, MAX_LANES = 1 << 20, 32, 16
# Each derivation takes 64 MiB.
_at_once = BoundedSemaphore(4)


@dataclass(frozen=True)
class Cost:
    """Of Argon2id (RFC 9106)."""

    memory: int
    """KiB."""
    passes: int
    lanes: int = 1

    def __str__(self) -> str:
        return f"argon2id-{self.memory}-{self.passes}-{self.lanes}"

    @classmethod
    def parse(cls, text: str) -> Cost:
        """Raises ValueError for anything that is not a cost, or is more than any we ever set: a row of the database
        must not stop the server."""
        name, *numbers = text.split("-")
        if name != "argon2id" or len(numbers) != 3:
            raise ValueError("not a cost of Argon2id")
        cost = cls(*map(int, numbers))
        lanes, passes = 1 <= cost.lanes <= MAX_LANES, 1 <= cost.passes <= MAX_PASSES
        if not lanes or not passes or not 8 * cost.lanes <= cost.memory <= MAX_MEMORY:
            raise ValueError("this costs nothing, or too much")
        return cost


STRONG = Cost(memory=64 * 1024, passes=3)


def spelled(password: str) -> str:
    """Letters that look the same count as the same, as they do for the hash that sign-in compares."""
    return unicodedata.normalize("NFKD", password)


def from_password(password: str, salt: bytes, cost: Cost) -> bytes:
    """Raises UnicodeEncodeError for text that is no text, such as half a character."""
    plain = spelled(password).encode()
    with _at_once:
        return Argon2id(
            salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory
        ).derive(plain)


def from_passkey(prf: bytes, salt: bytes) -> bytes:
    """From the result of the passkey's PRF extension. Raises ValueError if it is too short to be one."""
    if len(prf) < MIN_PRF_BYTES:
        raise ValueError("not the result of a passkey's PRF")
    return envelope.derive(prf.hex(), f"clinic/staff/passkey/v1/{salt.hex()}")
