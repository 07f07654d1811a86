"""The audit trail, which can only be added to."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_audit"
down_revision = "20261124_draft_versions"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
REFUSED = "audit_events can only be added to"
# REPLACE deletes rows without asking the trigger for DELETE.
ON_SQLITE = (
    f"CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    f"CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    "CREATE TRIGGER audit_events_no_replace BEFORE INSERT ON audit_events "
    "WHEN EXISTS (SELECT 1 FROM audit_events WHERE id = NEW.id) "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
)
# ALWAYS: also for a session that says it replays another server's changes.
ON_POSTGRESQL = (
    "CREATE FUNCTION audit_events_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'insufficient_privilege'; END $$",
    "CREATE TRIGGER audit_events_add_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_events_refuse()",
    "ALTER TABLE audit_events ENABLE ALWAYS TRIGGER audit_events_add_only",
)


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("actor_id", sa.Integer()),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_actor_id", "audit_events", ["actor_id", "id"])
    op.create_index("ix_audit_events_happened_at", "audit_events", ["happened_at"])
    op.create_index("ix_audit_events_subject", "audit_events", ["subject", "id"])
    for statement in _triggers():
        op.execute(statement)


def _triggers() -> tuple[str, ...]:
    return ON_POSTGRESQL if op.get_bind().dialect.name == "postgresql" else ON_SQLITE


def downgrade() -> None:
    op.drop_table("audit_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_events_refuse()")
