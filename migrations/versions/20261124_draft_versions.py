"""Several drafts per browser: each has an id and a version, and keeps a mark after it is sent or deleted.

Drafts from before are kept. Their id is their owner's hash, which is what their sealing context has named all along.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_draft_versions"
down_revision = "20261124_broadcasts"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.alter_column("token_hash", new_column_name="id", existing_type=sa.String(64), existing_nullable=False)
        table.add_column(sa.Column("owner_hash", sa.String(64)))
        table.add_column(sa.Column("version", sa.Integer, nullable=False, server_default="1"))
        table.add_column(sa.Column("closed_at", MOMENT))
        table.add_column(sa.Column("undo_until", MOMENT))
    op.execute("UPDATE drafts SET owner_hash = id")
    with op.batch_alter_table("drafts") as table:
        table.alter_column("owner_hash", existing_type=sa.String(64), nullable=False)
        table.create_index("ix_drafts_owner_hash", ["owner_hash"])
        table.create_index("ix_drafts_undo_until", ["undo_until"])


def downgrade() -> None:
    """Only drafts from before can be opened by the code from before."""
    op.execute("DELETE FROM drafts WHERE id <> owner_hash OR closed_at IS NOT NULL")
    with op.batch_alter_table("drafts") as table:
        table.drop_index("ix_drafts_undo_until")
        table.drop_index("ix_drafts_owner_hash")
        for name in ("undo_until", "closed_at", "version", "owner_hash"):
            table.drop_column(name)
        table.alter_column("id", new_column_name="token_hash", existing_type=sa.String(64), existing_nullable=False)
