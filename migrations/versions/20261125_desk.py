"""States, owners and clocks of referrals, and what staff write."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "20261125_desk"
down_revision = "20261125_staff"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BATCH = 1000
NEW = [
    ("version", sa.Integer(), "1"),
    ("urgency", sa.String(length=10), "routine"),
    ("high_risk", sa.Boolean(), sa.false()),
    ("outcome", sa.String(length=20), ""),
    ("owner_id", sa.Integer(), None),
    ("owner", sa.String(length=120), ""),
    ("owner_email", sa.String(length=255), ""),
    ("queue", sa.String(length=10), "open"),
    ("rank", sa.BigInteger(), "0"),
    ("clock", sa.String(length=10), ""),
    ("clock_started_at", MOMENT, None),
    ("clock_seconds", sa.Integer(), "0"),
    ("clock_used", sa.Integer(), "0"),
    ("clock_runs_since", MOMENT, None),
    ("due_at", MOMENT, None),
    ("remind_at", MOMENT, None),
    ("reminded_at", MOMENT, None),
    ("contact_at", MOMENT, None),
    ("first_read_at", MOMENT, None),
    ("unread_for", sa.Integer(), None),
]
OF_EVENTS = [
    ("actor_id", sa.Integer(), None),
    ("actor", sa.String(length=120), ""),
    ("source", sa.String(length=20), ""),
    ("target", sa.String(length=20), ""),
    ("outcome", sa.String(length=20), ""),
    ("owner", sa.String(length=120), ""),
    ("clock", sa.String(length=10), ""),
    ("clock_seconds", sa.Integer(), "0"),
    ("due_at", MOMENT, None),
]
INDEXES = {
    "ix_referrals_queue": ["queue", "owner_id", "rank", "id"],
    "ix_referrals_rank": ["rank", "id"],
    "ix_referrals_remind_at": ["remind_at"],
    "ix_referrals_unread_for": ["unread_for"],
}


def upgrade() -> None:
    for table, columns in (("referrals", NEW), ("referral_events", OF_EVENTS)):
        for name, kind, default in columns:
            op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    start_clocks()
    for name, columns in INDEXES.items():
        op.create_index(name, "referrals", columns)
    make_tables()


def make_tables() -> None:
    op.create_table(
        "referral_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("wraps", sa.JSON(), nullable=False),
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.Integer()),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name="fk_referral_entries_referral_id_referrals"),
        sa.PrimaryKeyConstraint("id", name="pk_referral_entries"),
        sa.UniqueConstraint("public_id", name="uq_referral_entries_public_id"),
    )
    op.create_index("ix_referral_entries_referral_id", "referral_entries", ["referral_id", "id"])
    op.create_table(
        "referral_checks",
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=30), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", sa.Integer()),
        sa.Column("changed_by", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name="fk_referral_checks_referral_id_referrals"),
        sa.PrimaryKeyConstraint("referral_id", "item", name="pk_referral_checks"),
    )
    op.create_table(
        "referral_looks",
        sa.Column("referral_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["referral_id"], ["referrals.id"], name="fk_referral_looks_referral_id_referrals"),
        sa.PrimaryKeyConstraint("referral_id", "member_id", name="pk_referral_looks"),
    )


def start_clocks() -> None:
    """Older referrals are new, and their clock runs since they were received.

    A clinic's calendar is not known to a migration: a business day is 8 hours, and Saturday and Sunday are free. They
    are in the list with what is late first, but no mail is sent for those that were due before the desk existed.
    """
    fields = [sa.column("id", sa.Integer), sa.column("received_at", MOMENT), sa.column("priority", sa.String)]
    table = sa.table("referrals", *fields, *(sa.column(name, kind) for name, kind, _ in [*NEW, STATUS]))
    database, last = op.get_bind(), 0
    query = sa.select(*fields).order_by(fields[0]).limit(BATCH)
    change = sa.update(table).where(table.c.id == sa.bindparam("row"))
    names = ("status", "urgency", "clock", "clock_seconds", *MOMENTS, "rank", "unread_for")
    change = change.values({name: sa.bindparam(f"new_{name}") for name in names})
    while rows := database.execute(query.where(fields[0] > last)).all():
        database.execute(change, [started(*row) for row in rows])
        last = rows[-1].id


STATUS = ("status", sa.String(length=20), None)
MOMENTS = ("clock_started_at", "clock_runs_since", "due_at", "remind_at")


def started(row: int, received_at: datetime, priority: str) -> dict[str, object]:
    urgent = priority == "urgent"
    since = (received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)).replace(microsecond=0)
    due = since + (timedelta(hours=4) if urgent else timedelta(days=1))
    while due.weekday() > 4:
        due += timedelta(days=1)
    values = {
        "status": "new",
        "urgency": "urgent" if urgent else "routine",
        "clock": "read",
        "clock_seconds": 4 * 3600 if urgent else 8 * 3600,
        "clock_started_at": since,
        "clock_runs_since": since,
        "due_at": due,
        "remind_at": due if due > datetime.now(UTC) else None,
        "rank": int(due.timestamp()),
        "unread_for": 0,
    }
    return {"row": row, **{f"new_{name}": value for name, value in values.items()}}


def downgrade() -> None:
    for table in ("referral_looks", "referral_checks", "referral_entries"):
        op.drop_table(table)
    for name in INDEXES:
        op.drop_index(name, "referrals")
    op.execute("UPDATE referrals SET status = 'submitted' WHERE status = 'new'")
    for table, columns in (("referral_events", OF_EVENTS), ("referrals", NEW)):
        with op.batch_alter_table(table) as batch:
            for name, _, _ in reversed(columns):
                batch.drop_column(name)
