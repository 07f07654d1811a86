"""What a message looks like: its Markdown as text and as HTML, and the whole as RFC 5322 knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from functools import cache, lru_cache
from urllib.parse import urlsplit

from flask import current_app, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from core.outbox import Message

LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"<(https?://[^>\s]+)>")
EMPHASIS = re.compile(r"\*\*(.+?)\*\*")
FENCE = re.compile(r"^```\w*\n", re.MULTILINE)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=8)
def text(body: str) -> str:
    """The Markdown as people write mail: addresses in full, no marks of emphasis."""
    plain = FENCE.sub("", ADDRESS.sub(r"\1", LINK.sub(_spelled_out, body)))
    return EMPHASIS.sub(r"\1", plain).strip() + "\n"


def _spelled_out(link: re.Match[str]) -> str:
    words, address = link.groups()
    return address if words == address else f"{words}: {address}"


@lru_cache(maxsize=8)
def html(subject: str, body: str) -> str:
    # Markdown with HTML switched off.
    words = Markup(_markdown().render(body))  # noqa: S704
    return render_template("email/layout.html", subject=subject, words=words)


def parts(row: Message) -> tuple[str, str]:
    """Text and HTML of one message."""
    words = row.words
    return _filled(text(words.body), row.places), _filled(html(words.subject, words.body), row.places)


def headers(row: Message) -> dict[str, str]:
    """RFC 5322 names; the Message-ID is the row's id, so that a mail server can tell a repeat."""
    words = row.words
    host = urlsplit(current_app.config["SITE_URL"]).hostname
    return {
        "Message-ID": f"<{row.id}@{host}>",
        "From": current_app.config["MAIL_FROM"],
        "To": row.recipient,
        "Subject": words.subject,
        "Auto-Submitted": "auto-generated",
        **{name: _filled(value, row.places) for name, value in words.headers.items()},
    }


def as_email(row: Message) -> EmailMessage:
    message = EmailMessage()
    for name, value in headers(row).items():
        message[name] = value
    message["Date"] = row.created_at
    plain, rich = parts(row)
    message.set_content(plain)
    message.add_alternative(rich, subtype="html")
    return message


def _filled(words: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        words = words.replace(f"~{name}~", value)
    return words
