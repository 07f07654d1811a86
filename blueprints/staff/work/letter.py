"""What a referrer reads when a referral is declined, so that staff can read it before they send it."""

from __future__ import annotations

from blueprints.referrals.lifecycle.reasons import BY_CODE


def declined(code: str, words: str) -> tuple[str, ...]:
    """Its paragraphs; () without a reason."""
    reason = BY_CODE.get(code)
    if reason is None:
        return ()
    again = f"You may refer again when {reason.again_when}." if reason.again_when else ""
    return tuple(part for part in (reason.sentence, words.strip(), reason.alternatives, again) if part)
