"""Which network started a draft, as a keyed hash: drafts are counted by it."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_drafts"
down_revision = "20261124_mail_status"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.add_column(sa.Column("network", sa.String(32), nullable=False, server_default=""))
        table.create_index("ix_drafts_network", ["network"])


def downgrade() -> None:
    with op.batch_alter_table("drafts") as table:
        table.drop_index("ix_drafts_network")
        table.drop_column("network")
