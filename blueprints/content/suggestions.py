"""Pages that somebody may have meant: a 404 offers those that the words of the address fit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from blueprints.content.library import Page

SHOWN = 3
LONGEST = 24
MOST_WORDS = 6
"""Both bound the work that an address of a stranger can cause."""
SIMILAR = 0.75
"""The share of letters that agree, as difflib counts it: "spravatoo" and "spravato" have 0.94."""


def likely(pages: Iterable[Page], address: str) -> list[Page]:
    """The best first, at most SHOWN; none if no word of the address fits. Spelling may be off."""
    known = [(page, _words(f"{page.path} {page.title}"), _words(page.summary)) for page in pages if page.path != "/"]
    vocabulary = set().union(*(named for _, named, _ in known))
    asked = {word[:LONGEST] for word in sorted(_words(address[:200]))[:MOST_WORDS]}
    wanted = {match for word in asked for match in get_close_matches(word, vocabulary, SHOWN, SIMILAR)}
    scores = [(2 * len(wanted & named) + len(asked & told), page) for page, named, told in known]
    best = sorted((pair for pair in scores if pair[0]), key=lambda pair: (-pair[0], len(pair[1].path)))
    return [page for _, page in best[:SHOWN]]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", text.casefold())) - {"the", "and", "for", "your", "html", "php", "www"}
