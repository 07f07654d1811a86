"""The issues in content/newsletters/: found by name, as mail, and with what keeps one from being sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import current_app

from blueprints.content import lint
from blueprints.content.frontmatter import ContentError
from blueprints.content.library import ContentStore, Library, Page
from blueprints.newsletters import issues
from blueprints.newsletters.issues import Issue
from core import clinic

__all__ = ["ContentError", "Issue", "Shelf", "UnknownIssue", "of_the_site"]
FOLDER = "/newsletters/"
NO_POSTAL_ADDRESS = "The law requires a postal address in each newsletter: set `street` in content/clinic.toml."


class UnknownIssue(LookupError):
    """No issue has this name."""


@dataclass(frozen=True)
class Shelf:
    """The issues that the site has now."""

    library: Library
    site_url: str
    addresses: frozenset[str]
    """Of the site's own pages, to which an issue may link."""
    today: date
    needs_postal_address: bool = False

    @property
    def pages(self) -> list[Page]:
        """Newest first, drafts among them."""
        drafts = [page for page in self.library.drafts.values() if page.path.startswith(FOLDER)]
        return sorted([*self.library.newsletters, *drafts], key=lambda page: (page.date, page.path), reverse=True)

    def page(self, name: str) -> Page:
        """Raises UnknownIssue."""
        for page in self.pages:
            if page.source.stem == name:
                return page
        raise UnknownIssue(name)

    def issue(self, page: Page) -> Issue:
        """Raises ContentError for what a mail cannot show."""
        return issues.from_page(page, self.library, self.site_url)

    def problems(self, page: Page) -> list[str]:
        """What its author must change."""
        return [str(problem) for problem in lint.problems_of(page, self.library, set(self.addresses), self.today)]

    def obstacles(self, page: Page) -> list[str]:
        """Why it cannot be sent; empty when it can."""
        if page.draft:
            return [f"{page.source.name} is a draft: remove the line `draft: true` when it is ready."]
        return [*self.problems(page), *([NO_POSTAL_ADDRESS] if self.needs_postal_address else [])]


def of_the_site() -> Shelf:
    """The issues of the running site."""
    config = current_app.config
    store: ContentStore = current_app.extensions["content"]
    addresses = frozenset(rule.rule for rule in current_app.url_map.iter_rules())
    no_address = config["PRODUCTION"] and not config["CLINIC"].street
    return Shelf(store.library(), config["SITE_URL"], addresses, clinic.today(), no_address)
