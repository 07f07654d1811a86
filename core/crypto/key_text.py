"""Keys as text that says what it is: ktc-pub-1… or ktc-priv-1…, in Bech32 (BIP 173), as age writes its keys.

The checksum notices up to four wrong characters. Keys from before, 43 characters of base64url, are still read; they
do not say whether they are public or private.
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
    """Bech32, in small letters."""
    padding = -8 * len(raw) % 5
    bits = int.from_bytes(raw, "big") << padding
    values = [bits >> shift & 31 for shift in range(8 * len(raw) + padding - 5, -1, -5)]
    return f"{prefix}1" + "".join(ALPHABET[value] for value in [*values, *_checksum(prefix, values)])


def decode(prefix: str, text: str) -> bytes:
    """The 32 bytes of a key of this kind. Raises ValueError in plain words, which never repeat the text."""
    small = text.lower()
    for kind, word in WORDS.items():
        if small.startswith(f"{kind}1") and kind != prefix:
            raise ValueError(f"a {word} key, and a {WORDS[prefix]} one is needed")
    raw = _typed(prefix, text) if small.startswith(f"{prefix}1") else _untyped(text)
    if raw is None or len(raw) != KEY_BYTES:
        raise ValueError(f"not a {WORDS[prefix]} key ({prefix}1…), or a character of it is wrong")
    return raw


def _typed(prefix: str, text: str) -> bytes | None:
    """None where a character is wrong, or capital and small letters are mixed."""
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
    # Bits that are left over are 0, so that one key is one text.
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
