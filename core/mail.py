"""What a message looks like: its Markdown as text and as HTML, and the whole as RFC 5322 knows it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, lru_cache
from urllib.parse import urlsplit

from flask import current_app, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from core.outbox import Circular, Message

ALONE = re.compile(r"^\[([^\]]+)\]\(([^)\s]+)\)$", re.MULTILINE)
ACTION = re.compile(r"<p>(<a [^>]+>[^<]+</a>)</p>")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
EMPHASIS = re.compile(r"\*\*(.+?)\*\*")
FENCE = re.compile(r"^```\w*\n", re.MULTILINE)
BLANK = re.compile(r"\n{3,}")
# RFC 5322 allows 998 characters a line.
LONG_LINE = re.compile(r"(.{800}[^ \n]{0,190}) ")
# Python would fold a long address in List-Unsubscribe into encoded words, which no mail program reads.
UNFOLDED = SMTP.clone(max_line_length=998)
WIDTH = 76


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=8)
def text(body: str) -> str:
    """The Markdown as people write mail: addresses in full, no marks of emphasis."""
    plain = LINK.sub(r"\1 <\2>", ALONE.sub(r"\1: \2", body))
    plain = FENCE.sub("", EMPHASIS.sub(r"\1", plain))
    return "\n".join(map(_wrapped, BLANK.sub("\n\n", plain).strip().split("\n"))) + "\n"


def _wrapped(line: str) -> str:
    if len(line) <= WIDTH or line.startswith((" ", "|")):
        return line
    hanging = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


@lru_cache(maxsize=8)
def html(subject: str, body: str) -> str:
    # Markdown with HTML switched off.
    words = Markup(ACTION.sub(r'<p class="action">\1</p>', _markdown().render(body), count=1))  # noqa: S704
    return LONG_LINE.sub(r"\1\n", render_template("email/layout.html", subject=subject, words=words))


def parts(row: Message) -> tuple[str, str]:
    """Text and HTML of one message."""
    words = row.words
    return _filled(text(words.body), row.places), _filled(html(words.subject, words.body), row.places)


def as_email(row: Message, encoding: str = "quoted-printable") -> EmailMessage:
    """`encoding` is that of RFC 2045."""
    plain, rich = parts(row)
    message = EmailMessage()
    message.set_content(plain, cte=encoding)
    message.add_alternative(rich, subtype="html", cte=encoding)
    message.policy = UNFOLDED
    for name, value in _headers(row).items():
        message[name] = value
    return message


def as_bytes(row: Message) -> bytes:
    """The whole message in 8bit, as it travels. A circular is made once, and then only filled in."""
    if row.circular is None:
        return as_email(row, "8bit").as_bytes()
    mould = _mould(row.circular.name, row.circular.subject, row.circular.body, tuple(row.circular.headers.items()))
    values = {"id": row.id, "recipient": row.recipient, "date": format_datetime(row.created_at), **row.places}
    for name, value in values.items():
        mould = mould.replace(f"~{name}~".encode(), value.encode())
    return mould


@lru_cache(maxsize=8)
def _mould(name: str, subject: str, body: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    words = Circular(name=name, subject=subject, body=body, headers=dict(headers))
    stand_in = Message(id="~id~", recipient="recipient@mould.invalid", circular=words, places={})
    stand_in.created_at = datetime(2000, 1, 1, tzinfo=UTC)
    message = as_email(stand_in, "8bit").as_bytes()
    date = format_datetime(stand_in.created_at).encode()
    return message.replace(b"recipient@mould.invalid", b"~recipient~", 1).replace(date, b"~date~", 1)


def _headers(row: Message) -> dict[str, str | datetime]:
    """The Message-ID is the row's id, so that a mail server can tell a repeat."""
    words = row.words
    host = urlsplit(current_app.config["SITE_URL"]).hostname
    return {
        "Message-ID": f"<{row.id}@{host}>",
        "Date": row.created_at,
        "From": current_app.config["MAIL_FROM"],
        "To": row.recipient,
        "Subject": words.subject,
        "Auto-Submitted": "auto-generated",
        **{name: _filled(value, row.places) for name, value in words.headers.items()},
    }


def _filled(words: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        words = words.replace(f"~{name}~", value)
    return words
