"""The SMTP connection to the mail server of MAIL_URL, and what its errors mean for a message."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT = 20
"""Seconds to wait for each response of the server."""
TIMEOUT_AFTER_MESSAGE = 120
"""Seconds for the response after the message, which the server may scan first (RFC 5321, 4.5.3.2.6, allows 600)."""

# Status codes that mean the mailbox does not exist (RFC 3463). Others concern the sender or the message.
NO_MAILBOX = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
NO_MAILBOX_CODES = (550, 551, 553)


class NotSecure(smtplib.SMTPException):
    """The server offers no TLS and is not on this machine."""


@dataclass(frozen=True)
class Refusal:
    """Why a message could not be sent, and what follows from that."""

    reason: str
    """A status code and a command or exception; never the server's text, which may quote an address."""
    permanent: bool = False
    no_mailbox: bool = False
    connection_lost: bool = False


class _LongDataTimeout:
    def data(self, msg: Any) -> Any:
        self.sock.settimeout(TIMEOUT_AFTER_MESSAGE)  # type: ignore[attr-defined]
        answer = super().data(msg)  # type: ignore[misc]
        self.sock.settimeout(TIMEOUT)  # type: ignore[attr-defined]
        return answer


class _Plain(_LongDataTimeout, smtplib.SMTP):
    pass


class _Encrypted(_LongDataTimeout, smtplib.SMTP_SSL):
    pass


def connect(address: str) -> smtplib.SMTP:
    """Connect and log in. smtps:// uses TLS from the start; smtp:// requires STARTTLS, except for a server on this
    machine without a password. Certificates are verified. Raises OSError (SMTPException is one)."""
    url = urlsplit(address)
    host = url.hostname or "localhost"
    if url.scheme == "smtps":
        server: smtplib.SMTP = _Encrypted(host, url.port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        server = _Plain(host, url.port or 587, timeout=TIMEOUT)
    try:
        _log_in(server, url)
    except (OSError, smtplib.SMTPException):
        server.close()
        raise
    return server


def _log_in(server: smtplib.SMTP, url: SplitResult) -> None:
    server.ehlo_or_helo_if_needed()
    if url.scheme == "smtp":
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif url.username or not _is_loopback(url.hostname or "localhost"):
            raise NotSecure("the mail server offers no STARTTLS")
    if url.username:
        server.login(unquote(url.username), unquote(url.password or ""))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refusal(error: Exception) -> Refusal:
    """What an SMTP or network error means for the message that was being sent."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _refused_at("RCPT", code, words, about_mailbox=True)
    if isinstance(error, smtplib.SMTPSenderRefused):
        # The sender was rejected or the server is busy: not this message's fault.
        return Refusal(f"{error.smtp_code} at MAIL", connection_lost=error.smtp_code == 421)
    if isinstance(error, smtplib.SMTPDataError):
        return _refused_at("DATA", error.smtp_code, error.smtp_error, about_mailbox=False)
    if isinstance(error, smtplib.SMTPNotSupportedError) or not isinstance(error, OSError):
        return Refusal(f"not possible: {type(error).__name__}", permanent=True)
    return Refusal(type(error).__name__, connection_lost=True)


def _refused_at(command: str, code: int, words: bytes | str, about_mailbox: bool) -> Refusal:
    said = words.decode("ascii", "replace") if isinstance(words, bytes) else words
    status = said.split(" ", 1)[0] if said[:2] in ("4.", "5.") else ""
    gone = about_mailbox and (status in NO_MAILBOX if status else code in NO_MAILBOX_CODES)
    short = " ".join(part for part in (str(code), status[:8], "at", command) if part)
    return Refusal(short, permanent=500 <= code < 600, no_mailbox=gone, connection_lost=code == 421)
