"""Which passwords are accepted. The password protects the clinic's key, so it must be one that nobody guesses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from flask_security import hash_password, verify_password

SHORTEST, LONGEST = 12, 128
FEWEST_DIFFERENT, FEWEST_LEFT = 5, 8
NAMES_FROM = 4
"""Letters of a name's part that count as that name."""
LOOK_ALIKES = str.maketrans("013457@$!", "oieastasi")
RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "1q2w3e4r5t6y7u8i9o0p")
TOO_SHORT = f"Use at least {SHORTEST} characters. Four or five words in a row are easy to remember."
TOO_LONG = f"Use at most {LONGEST} characters."
EDGES = "Start and end it with something else than a space."
TOO_SIMPLE = f"Use at least {FEWEST_DIFFERENT} different characters."
COMMON = "Many people have this password, or almost this one. Choose another."
PERSONAL = "This is little more than a name that others know. Choose something else."


def problem(password: str, *names: str) -> str:
    """Why this password is refused; "" if it is not. `names` are what others know of the person: name, address."""
    if len(password) < SHORTEST:
        return TOO_SHORT
    if len(password) > LONGEST:
        return TOO_LONG
    if password != password.strip():
        return EDGES
    plain = password.lower()
    if len(set(plain)) < FEWEST_DIFFERENT:
        return TOO_SIMPLE
    if any(_is_common(form) for form in _forms(plain)):
        return COMMON
    return PERSONAL if _is_personal(plain, names) else ""


def hashed(password: str) -> str:
    """For the column by which sign-in knows it. It opens nothing: wraps have keys of their own. Letters that look the
    same count as the same."""
    made: str = hash_password(unicodedata.normalize("NFKD", password))
    return made


def is_password(password: str, hashed: str) -> bool:
    """Whether it is the one of that hash."""
    return bool(verify_password(password, hashed))


def _forms(plain: str) -> Iterator[str]:
    """The password and what remains of it without digits for letters, and without what people put around a word."""
    for form in (plain, plain.translate(LOOK_ALIKES)):
        yield form
        yield re.sub(r"^[^a-z]+|[^a-z]+$", "", form)
        yield re.sub(r"[^a-z0-9]", "", form)
    yield re.sub(r"^[^a-z]+|[^a-z]+$", "", plain).translate(LOOK_ALIKES)


def _is_common(form: str) -> bool:
    repeated = re.fullmatch(r"(.{2,}?)\1+(.*)", form)
    if repeated and repeated[1].startswith(repeated[2]):
        form = repeated[1]
        if form in _common() or len(form) < FEWEST_LEFT:
            return True
    return form in _common() or (len(form) >= NAMES_FROM and any(form in run or form in run[::-1] for run in RUNS))


def _is_personal(plain: str, names: Iterable[str]) -> bool:
    rest = plain
    for part in {part for name in names for part in re.split(r"\W+", name.lower())}:
        if len(part) >= NAMES_FROM:
            rest = rest.replace(part, "")
    return rest != plain and len(re.sub(r"\W", "", rest)) < FEWEST_LEFT


@cache
def _common() -> frozenset[str]:
    lines = Path(__file__).with_name("common-passwords.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
