"""What is mailed about a referral: its reference, its priority and what happens next. Nothing about the patient."""

from __future__ import annotations

from core import outbox


def queue(reference: str, priority: str, clinician: str, clinic: str | None) -> None:
    """Add the receipt to the clinician, and the notice to the clinic where it has an address, to the transaction."""
    outbox.put(clinician, "We have received your referral", "email/referral_received.md", reference=reference)
    if clinic:
        outbox.put(
            clinic, "A referral has arrived", "email/referral_arrived.md", reference=reference, priority=priority
        )
