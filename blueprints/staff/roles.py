"""Who may do what. This table is the only place that says so."""

from __future__ import annotations

from collections.abc import Iterable

COORDINATOR, CLINICIAN, MANAGER = "coordinator", "clinician", "manager"

READ = "read referrals"
"""List, open, print."""
WORK = "work on referrals"
"""Claim, note, message, log a call, ask for more, book, mark as seen."""
DECIDE = "decide on referrals"
"""Accept, decline, change the priority, send the report."""
OVERSEE = "oversee referrals"
"""Hand over, reopen, export."""
STAFF = "manage staff"
AUDIT = "read the audit trail"
FIGURES = "see figures"
WRITE_NEWS = "write newsletters"
SEND_NEWS = "send newsletters"
LISTS = "manage the mailing list"

PERMISSIONS: dict[str, frozenset[str]] = {
    COORDINATOR: frozenset({READ, WORK}),
    CLINICIAN: frozenset({READ, WORK, DECIDE}),
    MANAGER: frozenset({READ, WORK, OVERSEE, STAFF, AUDIT, FIGURES, WRITE_NEWS, SEND_NEWS, LISTS}),
}
"""Role → what it allows. A person may hold several roles."""


def allowed(roles: Iterable[str]) -> frozenset[str]:
    """Everything that these roles allow together. Unknown roles allow nothing."""
    return frozenset().union(*(PERMISSIONS.get(role, frozenset()) for role in roles))
