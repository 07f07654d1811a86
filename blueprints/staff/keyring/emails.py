"""Mail to people of the staff. It holds no token: whoever reads their mail gets no key."""

from __future__ import annotations

from core.mail import outbox
from core.web import urls


def invited(email: str, inviter: str) -> None:
    """In the caller's transaction."""
    page = urls.link("/staff/invitation")
    outbox.enqueue(email, "You are invited to the desk", "email/staff_invited.md", inviter=inviter, page=page)
