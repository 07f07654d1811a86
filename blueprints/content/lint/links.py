"""Links that lead nowhere, and headings that skip a level."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from blueprints.content.library import Library, Page
from blueprints.content.lint.places.passages import Passage, Problem

OWN = re.compile(r"\]\(([/#][^)]*)\)")


def headings(passages: Iterable[Passage]) -> Iterator[Problem]:
    above = 1
    for passage in passages:
        if passage.heading > above + 1:
            message = f"a heading of level {passage.heading} follows one of {above}"
            yield Problem(passage.file, passage.line, message)
        above = passage.heading or above


def broken(passage: Passage, page: Page, library: Library, addresses: Collection[str]) -> Iterator[Problem]:
    """`page` shows the passage; `addresses` are the site's paths other than content pages."""
    for target in OWN.findall(passage.text):
        path, _, fragment = target.partition("#")
        there = library.pages.get(path or page.path)
        found = f'id="{fragment}"' in there.html if there and fragment else there or path in addresses
        if not found:
            yield Problem(passage.file, passage.line, f"{target} is a broken link")
