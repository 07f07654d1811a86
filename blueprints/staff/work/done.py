"""What was just done, as the next page says it. Addresses name an action and a reference, never a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from blueprints.referrals.desk.worklist import View

REFERENCE = re.compile(r"KTC-[0-9A-Z]{8}")
WORDS = {
    "claim": "You have it now.",
    "take": "You have it now.",
    "accept": "Accepted. The referrer is told.",
    "ask": "The referrer is asked. The clock stands still until the answer is here.",
    "answered": "Back in review.",
    "decline": "Declined. The referrer is told why, and what can be done instead.",
    "book": "The visit is booked.",
    "seen": "Marked as seen. The clock of the report runs.",
    "no_show": "Noted. It is accepted again, to be booked anew.",
    "report": "Closed: the report is sent.",
    "withdraw": "Closed: withdrawn.",
    "unreachable": "Closed: cannot be reached.",
    "error": "Closed: sent by mistake.",
    "reopen": "Open again.",
    "release": "Given back: nobody has it now.",
    "hand_over": "Handed over.",
    "set_priority": "The priority is changed.",
    "note": "The note is saved.",
    "message": "The message is written.",
    "call": "The call is logged.",
}


@dataclass(frozen=True)
class Done:
    words: str
    reference: str
    """Of the referral that it was done to."""


def read() -> Done | None:
    """From the address."""
    words, reference = WORDS.get(request.args.get("done", "")), request.args.get("of", "")
    return Done(words, reference) if words and REFERENCE.fullmatch(reference) else None


def page_of(reference: str, view: View, done: str = "", of: str = "", anchor: str | None = None) -> str:
    """The address of a referral's page, which says what was done: to this referral, or to another one (`of`)."""
    what: dict[str, Any] = {"done": done, "of": of or reference} if done else {}
    return url_for("staff.referral", reference=reference, view=view.value, _anchor=anchor, **what)


def list_of(view: View, done: str, of: str) -> str:
    return url_for("staff.referrals", view=view.value, done=done, of=of)
