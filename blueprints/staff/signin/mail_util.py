"""Flask-Security's mail goes through the site's outbox, in the transaction of what it tells of."""

from __future__ import annotations

from typing import Any

from flask_security import MailUtil

from core.mail import outbox


class OutboxMail(MailUtil):
    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **kwargs: Any,
    ) -> None:
        address = recipient if isinstance(recipient, str) else recipient[1]
        outbox.enqueue(address, subject, "email/staff_notice.md", body=body or "")
