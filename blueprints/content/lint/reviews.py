"""Who reviewed a page, and whether its next review is due."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from blueprints.content.library import Library, Page
from blueprints.content.lint.places.passages import Problem


def overdue(page: Page, today: datetime.date) -> Iterator[Problem]:
    if page.review_due and page.review_due < today:
        yield Problem(page.source, 1, f"the review was due on {page.review_due}: have the page reviewed again")


def missing(library: Library) -> Iterator[Problem]:
    """Public pages that no clinician has reviewed."""
    for page in library.pages.values():
        if not page.is_reviewed:
            lines = page.source.read_text().splitlines()
            line = next((number for number, text in enumerate(lines, 1) if text.startswith("reviewed_by:")), 1)
            yield Problem(page.source, line, "not reviewed: a clinician must read the page and be named here")
