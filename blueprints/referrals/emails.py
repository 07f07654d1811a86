"""Emails about a referral: its reference, its priority and what happens next. Nothing about the patient."""

from __future__ import annotations

from blueprints.referrals import facts, hours
from core.mail import limits, outbox
from core.mail.limits import Verdict
from core.web import urls


def receipt(reference: str, clinician: str, network: str, token: str) -> Verdict:
    """Queue the receipt within the mail limits, because it goes to whatever address was typed.

    Its link confirms that the address is the sender's.
    """
    link = urls.link(f"/refer/confirm/{token}")
    subject, template = "We have received your referral", "email/referral_received.md"
    return limits.enqueue(
        limits.RECEIPT,
        network,
        clinician,
        subject,
        template,
        reference=reference,
        confirm_link=link,
        facts=facts.current(),
    )


def arrived(reference: str, priority: str, clinic: str) -> None:
    subject, template, link = "A referral has arrived", "email/referral_arrived.md", hours.link(reference)
    outbox.enqueue(clinic, subject, template, reference=reference, priority=priority, link=link)


def late(reference: str, priority: str, step: str, recipient: str) -> None:
    """To the clinic or to whoever works on it. `step`: which clock has run out (lifecycle/clocks.py)."""
    subject, template, link = "A referral is late", "email/referral_late.md", hours.link(reference)
    outbox.enqueue(recipient, subject, template, reference=reference, priority=priority, step=step, link=link)


def many_at_once(clinic: str) -> None:
    """One email instead of a notice for each referral."""
    outbox.enqueue(clinic, "Many referrals are arriving at once", "email/referral_many.md")
