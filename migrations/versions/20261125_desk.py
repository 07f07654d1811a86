"""States, owners and clocks of referrals, and what staff write."""

revision = "20261125_desk"
down_revision = "20261125_staff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
