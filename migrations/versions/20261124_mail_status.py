"""What becomes of a message is a status, no longer guessed from its other columns."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "20261124_mail_status"
down_revision = "20261123_lists"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATUSES = ("queued", "sending", "sent", "failed", "withheld", "withdrawn")
CONSISTENT = """CASE status
 WHEN 'queued' THEN due_at IS NOT NULL AND claimed_by IS NULL AND settled_at IS NULL
 WHEN 'sending' THEN due_at IS NOT NULL AND claimed_by IS NOT NULL AND settled_at IS NULL
 ELSE due_at IS NULL AND claimed_by IS NULL AND settled_at IS NOT NULL END"""

OUTBOX = sa.table(
    "outbox",
    sa.column("recipient"),
    sa.column("circular_id"),
    sa.column("created_at", MOMENT),
    sa.column("due_at", MOMENT),
    sa.column("claimed_by"),
    sa.column("attempts"),
    sa.column("sent_at", MOMENT),
    sa.column("settled_at", MOMENT),
    sa.column("status"),
)
CIRCULARS = sa.table("circulars", sa.column("id"), sa.column("purged", sa.JSON))
READERS = sa.table("newsletter_readers", sa.column("circular_id"))
SUBSCRIBERS = sa.table("subscribers", sa.column("email"), sa.column("status"))


def upgrade() -> None:
    op.add_column("outbox", sa.Column("status", sa.String(10)))
    op.add_column("outbox", sa.Column("settled_at", MOMENT))
    op.add_column("circulars", sa.Column("purged", sa.JSON, nullable=False, server_default="{}"))
    op.execute(_statuses())
    op.execute(_settled())
    _count_what_was_purged()
    with op.batch_alter_table("outbox") as table:
        table.alter_column("status", existing_type=sa.String(10), nullable=False)
        table.drop_column("sent_at")
        table.create_check_constraint(op.f("ck_outbox_status"), sa.column("status").in_(STATUSES))
        table.create_check_constraint(op.f("ck_outbox_consistent"), sa.text(CONSISTENT))
        table.create_index("ix_outbox_settled_at", ["settled_at"])


def _statuses() -> sa.Update:
    """A circular that was taken back after a first try looked as if it had failed, and may have been queued again since.
    So one that was not sent is withdrawn where its reader is not confirmed now."""
    at, is_circular = OUTBOX.c, OUTBOX.c.circular_id.is_not(None)
    confirmed = sa.exists().where(SUBSCRIBERS.c.email == at.recipient, SUBSCRIBERS.c.status == "confirmed")
    status = sa.case(
        (at.sent_at.is_not(None), "sent"),
        (is_circular & ~confirmed, "withdrawn"),
        (at.due_at.is_not(None) & at.claimed_by.is_not(None), "sending"),
        (at.due_at.is_not(None), "queued"),
        (at.attempts > 0, "failed"),
        (is_circular, "withdrawn"),
        else_="withheld",
    )
    return OUTBOX.update().values(status=status)


def _settled() -> sa.Update:
    """Nobody knows when a message failed or was withdrawn: it is kept for as long as if that were now."""
    at = OUTBOX.c
    since = sa.case(
        (at.status == "sent", at.sent_at),
        (at.status == "withheld", at.created_at),
        else_=sa.literal(datetime.now(UTC), MOMENT),
    )
    is_open = at.status.in_(("queued", "sending"))
    return OUTBOX.update().where(~is_open).values(settled_at=since, due_at=None, claimed_by=None)


def _count_what_was_purged() -> None:
    """Rows were deleted after 30 days, and with them what had become of them."""
    connection = op.get_bind()
    for circular in connection.execute(sa.select(CIRCULARS.c.id)).scalars().all():
        queued, kept = (
            connection.scalar(sa.select(sa.func.count()).where(table.c.circular_id == circular)) or 0
            for table in (READERS, OUTBOX)
        )
        if queued > kept:
            gone = {"unknown": queued - kept}
            op.execute(CIRCULARS.update().where(CIRCULARS.c.id == circular).values(purged=gone))


def downgrade() -> None:
    """What was withdrawn becomes withheld, so that nobody can retry it."""
    op.drop_index("ix_outbox_settled_at", "outbox")
    op.add_column("outbox", sa.Column("sent_at", MOMENT))
    op.execute(OUTBOX.update().where(OUTBOX.c.status == "sent").values(sent_at=OUTBOX.c.settled_at))
    op.execute(OUTBOX.update().where(OUTBOX.c.status == "withdrawn").values(attempts=0))
    with op.batch_alter_table("outbox") as table:
        table.drop_constraint(op.f("ck_outbox_consistent"), type_="check")
        table.drop_constraint(op.f("ck_outbox_status"), type_="check")
        table.drop_column("status")
        table.drop_column("settled_at")
    op.drop_column("circulars", "purged")
