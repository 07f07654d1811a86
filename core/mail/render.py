"""Renders a message: its Markdown as plain text and HTML, and the whole as an RFC 5322 message."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, lru_cache
from urllib.parse import urlsplit

from flask import current_app, render_template
from markdown_it import MarkdownIt
from markupsafe import Markup

from core.mail.outbox import Broadcast, Message, MessageContent

ALONE = re.compile(r"^\[([^\]]+)\]\(([^)\s]+)\)$", re.MULTILINE)
ACTION = re.compile(r"<p>(<a [^>]+>[^<]+</a>)</p>")
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
EMPHASIS = re.compile(r"\*\*(.+?)\*\*")
FENCE = re.compile(r"^```\w*\n", re.MULTILINE)
BLANK = re.compile(r"\n{3,}")
# RFC 5322 allows 998 characters per line.
LONG_LINE = re.compile(r"(.{800}[^ \n]{0,190}) ")
# Python would fold a long URL in List-Unsubscribe into encoded words, which no mail program understands.
UNFOLDED = SMTP.clone(max_line_length=998)
WIDTH = 76


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=8)
def text(body: str) -> str:
    """The Markdown as plain text: links written out, no emphasis marks, wrapped at 76 columns."""
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
    # Safe: HTML is disabled in the Markdown renderer.
    words = Markup(ACTION.sub(r'<p class="action">\1</p>', _markdown().render(body), count=1))  # noqa: S704
    return LONG_LINE.sub(r"\1\n", render_template("email/layout.html", subject=subject, words=words))


def parts(row: Message) -> tuple[str, str]:
    """The plain text and the HTML of one message."""
    words = row.words
    return _filled(text(words.body), row.merge_fields), _filled(html(words.subject, words.body), row.merge_fields)


def as_email(row: Message, encoding: str = "quoted-printable") -> EmailMessage:
    """The whole message. `encoding` is its Content-Transfer-Encoding (RFC 2045)."""
    return _made(*parts(row), {**_own_headers(row), **_headers(row.words, row.merge_fields)}, encoding)


def _made(plain: str, rich: str, headers: Mapping[str, str | datetime], encoding: str) -> EmailMessage:
    message = EmailMessage()
    message.set_content(plain, cte=encoding)
    message.add_alternative(rich, subtype="html", cte=encoding)
    message.policy = UNFOLDED
    for name, value in headers.items():
        message[name] = value
    return message


def as_bytes(row: Message) -> bytes:
    """The whole message in 8bit, as it is sent. A broadcast is rendered once; then only its merge fields are filled in.

    Raises ValueError for an address that contains line breaks or other control characters.
    """
    if row.broadcast is None:
        return as_email(row, "8bit").as_bytes()
    if not row.recipient.isprintable():
        raise ValueError("an address must be one line")
    own = (f"{name}: {_as_text(value)}\r\n" for name, value in _own_headers(row).items())
    words = row.broadcast
    template = _template(words.name, words.subject, words.body, tuple(words.headers.items()))
    return ("".join(own) + _filled(template, row.merge_fields)).encode()


@lru_cache(maxsize=8)
def _template(name: str, subject: str, body: str, headers: tuple[tuple[str, str], ...]) -> str:
    """The broadcast without the headers that differ for each message."""
    words = Broadcast(name=name, subject=subject, body=body, headers=dict(headers))
    message = _made(text(body), html(subject, body), _headers(words, {}), "8bit")
    return message.as_bytes().decode()


def _as_text(value: str | datetime) -> str:
    return format_datetime(value) if isinstance(value, datetime) else value


def _own_headers(row: Message) -> dict[str, str | datetime]:
    """The Message-ID contains the row's id, so that a mail server can recognize a duplicate."""
    host = urlsplit(current_app.config["SITE_URL"]).hostname
    return {"Message-ID": f"<{row.id}@{host}>", "Date": row.created_at, "To": row.recipient}


def _headers(words: MessageContent, merge_fields: Mapping[str, str]) -> dict[str, str | datetime]:
    return {
        "From": current_app.config["MAIL_FROM"],
        "Subject": words.subject,
        "Auto-Submitted": "auto-generated",
        **{name: _filled(value, merge_fields) for name, value in words.headers.items()},
    }


def _filled(words: str, merge_fields: Mapping[str, str]) -> str:
    """Fill in merge fields in a single pass, so that a value is never itself read as a merge field."""
    if not merge_fields:
        return words
    names = "|".join(map(re.escape, merge_fields))
    return re.sub(f"~({names})~", lambda found: merge_fields[found[1]], words)
