"""Whether the database still refuses to change the audit trail (migrations/versions/20261125_audit.py)."""

from __future__ import annotations

from sqlalchemy import text

from core.extensions import db

ON_SQLITE = ("audit_events_no_update", "audit_events_no_delete", "audit_events_no_replace")
ON_POSTGRESQL = ("audit_events_add_only",)
FIND_ON_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_events'")
FIND_ON_POSTGRESQL = text(
    "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_events'::regclass AND tgenabled = 'A' AND NOT tgisinternal"
)


def missing() -> list[str]:
    """The triggers that were removed or switched off; a migration that copies the table loses them on SQLite."""
    on_postgresql = db.engine.dialect.name == "postgresql"
    wanted, find = (ON_POSTGRESQL, FIND_ON_POSTGRESQL) if on_postgresql else (ON_SQLITE, FIND_ON_SQLITE)
    found = set(db.session.scalars(find))
    db.session.rollback()
    return [name for name in wanted if name not in found]
