"""The text form of keys: Bech32 (BIP 173) with a prefix that tells the type, ktc-pub-1… or ktc-priv-1…, as age does.

The checksum detects up to four wrong characters. The old format, 43 characters of base64url, is still accepted; it does
not tell public from private keys.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

PUBLIC, PRIVATE = "ktc-pub-", "ktc-priv-"
WORDS = {PUBLIC: "public", PRIVATE: "private"}
KEY_BYTES = 32
ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM_LENGTH = 6
GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
UNTYPED = re.compile(r"[A-Za-z0-9_-]{43}")


def encode(prefix: str, raw: bytes) -> str:
    """Bech32, in lower case."""
    padding = -8 * len(raw) % 5
    bits = int.from_bytes(raw, "big") << padding
    values = [bits >> shift & 31 for shift in range(8 * len(raw) + padding - 5, -1, -5)]
    return f"{prefix}1" + "".join(ALPHABET[value] for value in [*values, *_checksum(prefix, values)])


def decode(prefix: str, text: str) -> bytes:
    """The 32 bytes of a key with this prefix. Raises ValueError with a message that never quotes the text."""
    small = text.lower()
    for kind, word in WORDS.items():
        if small.startswith(f"{kind}1") and kind != prefix:
            raise ValueError(f"a {word} key, but a {WORDS[prefix]} key is needed")
    raw = _typed(prefix, text) if small.startswith(f"{prefix}1") else _untyped(text)
    if raw is None or len(raw) != KEY_BYTES:
        raise ValueError(f"not a {WORDS[prefix]} key ({prefix}1…), or a character of it is wrong")
    return raw


def _typed(prefix: str, text: str) -> bytes | None:
    """None if a character is wrong, or if upper and lower case are mixed."""
    if not text.isascii() or text not in (text.lower(), text.upper()):
        return None
    values = [ALPHABET.find(letter) for letter in text.lower().removeprefix(f"{prefix}1")]
    data, checksum = values[:-CHECKSUM_LENGTH], values[-CHECKSUM_LENGTH:]
    if -1 in values or checksum != _checksum(prefix, data):
        return None
    bits, padding = 0, 5 * len(data) % 8
    for value in data:
        bits = bits << 5 | value
    raw = (bits >> padding).to_bytes(5 * len(data) // 8, "big")
    # The padding bits must be 0, so that each key has exactly one text form.
    return raw if encode(prefix, raw) == text.lower() else None


def _untyped(text: str) -> bytes | None:
    if not UNTYPED.fullmatch(text):
        return None
    raw = base64.urlsafe_b64decode(text + "=")
    return raw if base64.urlsafe_b64encode(raw).decode() == text + "=" else None


def _checksum(prefix: str, values: Sequence[int]) -> list[int]:
    spread = [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]
    rest = _remainder([*spread, *values, *[0] * CHECKSUM_LENGTH]) ^ 1
    return [rest >> shift & 31 for shift in range(25, -1, -5)]


def _remainder(values: Sequence[int]) -> int:
    rest = 1
    for value in values:
        top, rest = rest >> 25, (rest & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(GENERATORS):
            rest ^= generator if top >> place & 1 else 0
    return rest
