"""How far the sending of an issue is, so that it can be stopped and continued from the desk."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_mailings"
down_revision = "20261125_desk"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("newsletter_readers", sa.Column("message_id", sa.String(length=36)))
    op.create_table(
        "newsletter_sendings",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("per_second", sa.Float(), nullable=False),
        sa.Column("queued_to", sa.Integer(), nullable=False),
        sa.Column("all_queued", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name="fk_newsletter_sendings_broadcast_id_broadcasts"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", name="pk_newsletter_sendings"),
    )


def downgrade() -> None:
    op.drop_table("newsletter_sendings")
    with op.batch_alter_table("newsletter_readers") as table:
        table.drop_column("message_id")
