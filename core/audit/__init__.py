"""The audit trail: who did what, to which referral or account, from where, and when. It is written by the transaction
that does what it tells of, and is never changed."""

from core.audit.trail import Actor, add, record

__all__ = ["Actor", "add", "record"]
