"""Circulars become broadcasts, and what is filled into them merge fields: the words that mail programs use."""

from alembic import op

revision = "20261124_broadcasts"
down_revision = "20261124_mail_gate"
branch_labels = None
depends_on = None

COLUMNS = (
    ("outbox", "circular_id", "broadcast_id"),
    ("outbox", "places", "merge_fields"),
    ("newsletter_readers", "circular_id", "broadcast_id"),
)


def upgrade() -> None:
    op.rename_table("circulars", "broadcasts")
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.drop_index("ix_outbox_circular_id", "outbox")
    op.create_index("ix_outbox_broadcast_id", "outbox", ["broadcast_id", "due_at"])
    with op.batch_alter_table("broadcasts") as table:
        table.drop_constraint("uq_circulars_name", type_="unique")
        table.create_unique_constraint("uq_broadcasts_name", ["name"])


def downgrade() -> None:
    with op.batch_alter_table("broadcasts") as table:
        table.drop_constraint("uq_broadcasts_name", type_="unique")
        table.create_unique_constraint("uq_circulars_name", ["name"])
    op.drop_index("ix_outbox_broadcast_id", "outbox")
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    op.create_index("ix_outbox_circular_id", "outbox", ["circular_id", "due_at"])
    op.rename_table("broadcasts", "circulars")
