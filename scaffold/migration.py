"""The table of things."""

import sqlalchemy as sa
from alembic import op

revision = "this_revision"
down_revision = "previous_revision"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "things",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("contact_name", sa.String(100), nullable=False),
        sa.Column("contact_email", sa.String(254), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_things"),
    )


def downgrade() -> None:
    op.drop_table("things")
