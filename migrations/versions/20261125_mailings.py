"""Newsletters that are sent from the desk."""

revision = "20261125_mailings"
down_revision = "20261125_desk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
