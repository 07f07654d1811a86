"""The words of an issue as mail."""

from __future__ import annotations

from flask import render_template

from blueprints.newsletters.issues import Letter
from core.mail import outbox
from core.web import urls

TEMPLATE = "email/newsletter.md"


def words(letter: Letter, leave_link: str) -> str:
    """Markdown."""
    return render_template(TEMPLATE, letter=letter, leave_link=leave_link)


def put_test(letter: Letter, address: str) -> None:
    """A copy whose link to leave leads nowhere; the caller commits."""
    link = urls.link("/subscribe/leave/test")
    outbox.enqueue(address, f"Test: {letter.title}", TEMPLATE, letter=letter, leave_link=link)
