"""Renders an issue as mail."""

from __future__ import annotations

from flask import render_template

from blueprints.newsletters.issues import Issue
from core.mail import outbox
from core.web import urls

TEMPLATE = "email/newsletter.md"


def words(issue: Issue, leave_link: str) -> str:
    """Markdown."""
    return render_template(TEMPLATE, issue=issue, leave_link=leave_link)


def put_test(issue: Issue, address: str) -> None:
    """A copy whose unsubscribe link does not work. The caller commits."""
    link = urls.link("/subscribe/leave/test")
    outbox.enqueue(address, f"Test: {issue.title}", TEMPLATE, issue=issue, leave_link=link)
