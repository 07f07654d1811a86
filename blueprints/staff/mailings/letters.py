"""An issue as the desk shows it: its words as mail, what is wrong with it, and how far its sending is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from blueprints.newsletters import sendings, services, shelf
from blueprints.newsletters.sendings import Sending
from blueprints.newsletters.shelf import Issue, Shelf


@dataclass(frozen=True)
class Line:
    """One issue in the list."""

    name: str
    title: str
    date: date
    is_draft: bool
    """Its file says that its author is not done."""
    sending: Sending


@dataclass(frozen=True)
class Letter:
    """One issue on its page."""

    name: str
    title: str
    issue: Issue | None
    """None if it holds what a mail cannot show."""
    text: str
    html: str
    obstacles: list[str]
    """Why it cannot be sent; empty when it can."""


def lines(of: Shelf) -> list[Line]:
    """Newest first."""
    return [
        Line(page.source.stem, page.title, page.date, page.draft, sendings.look(page.source.stem)) for page in of.pages
    ]


def one(of: Shelf, name: str) -> Letter:
    """Raises UnknownIssue."""
    page = of.page(name)
    obstacles, issue, text, html = of.obstacles(page), None, "", ""
    try:
        issue = of.issue(page)
        text, html = services.preview(issue)
    except shelf.ContentError as error:
        obstacles = [*obstacles, error.message]
    folder = f"{of.library.folder}/"
    return Letter(name, page.title, issue, text, html, [said.replace(folder, "") for said in obstacles])
