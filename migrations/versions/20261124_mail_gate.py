"""One gate for mail: counts by hash, suppressions that outlive their subscriber, and how far a referral is verified."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from email_validator import EmailNotValidError, validate_email
from flask import current_app

revision = "20261124_mail_gate"
down_revision = "20261124_drafts"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SUBSCRIBERS = sa.table("subscribers", sa.column("id"), sa.column("email"), sa.column("status"))
MAILS = sa.table(
    "subscriber_mails",
    sa.column("subscriber_id"),
    sa.column("written_at", MOMENT),
    sa.column("withheld", sa.Boolean),
)


def upgrade() -> None:
    events = op.create_table(
        "rate_events",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("address_hash", sa.String(64)),
        sa.Column("network_hash", sa.String(64), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("admitted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rate_events"),
    )
    op.create_index("ix_rate_events_address_hash", "rate_events", ["address_hash", "kind", "happened_at"])
    op.create_index("ix_rate_events_network_hash", "rate_events", ["network_hash", "kind", "happened_at"])
    op.create_index("ix_rate_events_happened_at", "rate_events", ["happened_at"])
    suppressions = op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("suppressed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppressions"),
    )
    _carry_over(events, suppressions)
    op.drop_table("subscriber_mails")
    op.add_column("referrals", sa.Column("marks", sa.JSON))
    op.add_column("referrals", sa.Column("confirm_hash", sa.String(64)))
    op.add_column("referrals", sa.Column("confirm_until", MOMENT))
    op.add_column("referrals", sa.Column("confirmed_at", MOMENT))
    op.create_index("ix_referrals_confirm_hash", "referrals", ["confirm_hash"], unique=True)


def downgrade() -> None:
    """The counts of the last day are lost, and so is the suppression of whoever had everything deleted."""
    op.drop_index("ix_referrals_confirm_hash", "referrals")
    for name in ("marks", "confirm_hash", "confirm_until", "confirmed_at"):
        op.drop_column("referrals", name)
    op.drop_table("suppressions")
    op.drop_table("rate_events")
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


def _carry_over(events: sa.Table, suppressions: sa.Table) -> None:
    """What was counted in the last day, from a network that is not known, and everybody who is suppressed."""
    now, connection = datetime.now(UTC), op.get_bind()
    counted = (
        sa.select(SUBSCRIBERS.c.email, MAILS.c.written_at, MAILS.c.withheld)
        .join_from(MAILS, SUBSCRIBERS, MAILS.c.subscriber_id == SUBSCRIBERS.c.id)
        .where(MAILS.c.written_at > now - timedelta(days=1))
    )
    rows = [
        {
            "kind": "sign_up",
            "address_hash": _hash("address", _folded(email)),
            "network_hash": _hash("network", ""),
            "happened_at": written_at,
            "admitted": not withheld,
        }
        for email, written_at, withheld in connection.execute(counted)
    ]
    theirs = sa.select(SUBSCRIBERS.c.email).where(SUBSCRIBERS.c.status == "suppressed")
    hashes = {_hash("suppressed", _key(email)) for email in connection.scalars(theirs)}
    op.bulk_insert(events, rows)
    op.bulk_insert(suppressions, [{"address_hash": one, "suppressed_at": now} for one in sorted(hashes)])


def _key(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return email.strip().casefold()


def _folded(email: str) -> str:
    local, at, host = _key(email).rpartition("@")
    local = local.partition("+")[0] or local
    gmail = host in ("gmail.com", "googlemail.com")
    return f"{local.replace('.', '')}{at}gmail.com" if gmail else f"{local}{at}{host}"


def _hash(purpose: str, text: str) -> str:
    key: str = current_app.config["ADDRESS_HASH_KEY"]
    return hmac.digest(key.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()
