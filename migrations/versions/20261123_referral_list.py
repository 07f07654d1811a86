"""The list of referrals: urgent ones first, each kind in order of arrival, without reading the whole table."""

from alembic import op

revision = "20261123_list"
down_revision = "20261123_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_referrals_priority", "referrals", ["priority", "id"])


def downgrade() -> None:
    op.drop_index("ix_referrals_priority", "referrals")
