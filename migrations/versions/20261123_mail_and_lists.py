"""Claims and circulars in the outbox; what is known of a subscriber's consent; who had which newsletter."""

import sqlalchemy as sa
from alembic import op

revision = "20261123_lists"
down_revision = "20261123_list"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "circulars",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_circulars"),
        sa.UniqueConstraint("name", name="uq_circulars_name"),
    )
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("circular_id", sa.Integer))
        table.add_column(sa.Column("places", sa.JSON, nullable=False, server_default="{}"))
        table.add_column(sa.Column("claimed_by", sa.String(36)))
        table.add_column(sa.Column("tried_at", MOMENT))
        table.add_column(sa.Column("last_error", sa.String(60)))
        table.create_foreign_key("fk_outbox_circular_id_circulars", "circulars", ["circular_id"], ["id"])
        table.create_index("ix_outbox_circular_id", ["circular_id", "due_at"])
        table.create_index("ix_outbox_recipient", ["recipient"])
    with op.batch_alter_table("subscribers") as table:
        table.alter_column("status", type_=sa.String(12), existing_nullable=False)
        table.add_column(sa.Column("consent_version", sa.String(40)))
        table.add_column(sa.Column("consent_text", sa.Text))
        table.add_column(sa.Column("consented_at", MOMENT))
        table.add_column(sa.Column("confirmed_at", MOMENT))
        table.add_column(sa.Column("left_at", MOMENT))
        table.add_column(sa.Column("suppressed_at", MOMENT))
        table.add_column(sa.Column("suppressed_because", sa.String(60)))
    op.create_table(
        "subscriber_mails",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subscriber_id", sa.Integer, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("withheld", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber_mails"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_subscriber_mails_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_subscriber_mails_subscriber_id", "subscriber_mails", ["subscriber_id", "written_at"])
    op.create_index("ix_subscriber_mails_written_at", "subscriber_mails", ["written_at"])
    op.create_table(
        "newsletter_readers",
        sa.Column("circular_id", sa.Integer, nullable=False),
        sa.Column("subscriber_id", sa.Integer, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("circular_id", "subscriber_id", name="pk_newsletter_readers"),
        sa.ForeignKeyConstraint(
            ["circular_id"], ["circulars.id"], name="fk_newsletter_readers_circular_id_circulars"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_newsletter_readers_subscriber_id_subscribers",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_newsletter_readers_subscriber_id", "newsletter_readers", ["subscriber_id"])
    op.execute("UPDATE outbox SET tried_at = created_at WHERE attempts > 0")
    op.execute("UPDATE outbox SET body = '' WHERE sent_at IS NOT NULL")


def downgrade() -> None:
    op.drop_table("newsletter_readers")
    op.drop_table("subscriber_mails")
    with op.batch_alter_table("subscribers") as table:
        for name in (
            "consent_version",
            "consent_text",
            "consented_at",
            "confirmed_at",
            "left_at",
            "suppressed_at",
            "suppressed_because",
        ):
            table.drop_column(name)
    op.execute("DELETE FROM outbox WHERE circular_id IS NOT NULL")
    with op.batch_alter_table("outbox") as table:
        table.drop_index("ix_outbox_recipient")
        table.drop_index("ix_outbox_circular_id")
        table.drop_constraint("fk_outbox_circular_id_circulars", type_="foreignkey")
        for name in ("circular_id", "places", "claimed_by", "tried_at", "last_error"):
            table.drop_column(name)
    op.drop_table("circulars")
