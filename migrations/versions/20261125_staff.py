"""People of the staff, and their keys, sessions and invitations."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_staff"
down_revision = "20261125_audit"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LIST = sa.UnicodeText()


def upgrade() -> None:
    op.create_table(
        "staff_members",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role_names", LIST, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("signed_in_at", MOMENT),
        sa.Column("password", sa.String(length=255)),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("fs_webauthn_user_handle", sa.String(length=64)),
        sa.Column("tf_primary_method", sa.String(length=64)),
        sa.Column("tf_totp_secret", sa.String(length=255)),
        sa.Column("tf_last_counter", sa.Integer()),
        sa.Column("mf_recovery_codes", LIST),
        sa.PrimaryKeyConstraint("id", name="pk_staff_members"),
        sa.UniqueConstraint("email", name="uq_staff_members_email"),
        sa.UniqueConstraint("fs_uniquifier", name="uq_staff_members_fs_uniquifier"),
        sa.UniqueConstraint("fs_webauthn_user_handle", name="uq_staff_members_fs_webauthn_user_handle"),
    )
    op.create_table(
        "staff_invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("public_key", sa.String(length=80)),
        sa.Column("handed_over", sa.JSON()),
        sa.Column("new_factor", sa.Boolean(), nullable=False),
        sa.Column("invited_by", sa.Integer()),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["staff_members.id"],
            name="fk_staff_invitations_invited_by_staff_members",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["staff_members.id"], name="fk_staff_invitations_member_id_staff_members", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_invitations"),
        sa.UniqueConstraint("token_hash", name="uq_staff_invitations_token_hash"),
    )
    op.create_index("ix_staff_invitations_member_id", "staff_invitations", ["member_id"])
    op.create_table(
        "staff_passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(length=1024), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer()),
        sa.Column("transports", LIST),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.String(length=255)),
        sa.Column("create_datetime", MOMENT, nullable=False),
        sa.Column("lastuse_datetime", MOMENT, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("usage", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["staff_members.id"], name="fk_staff_passkeys_user_id_staff_members", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_staff_passkeys_credential_id"),
    )
    op.create_index("ix_staff_passkeys_user_id", "staff_passkeys", ["user_id"])
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("public_key", sa.String(length=80)),
        sa.Column("handed_over", sa.JSON()),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["staff_members.id"], name="fk_staff_sessions_member_id_staff_members", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_staff_sessions_token_hash"),
    )
    op.create_index("ix_staff_sessions_member_id", "staff_sessions", ["member_id"])
    op.create_index("ix_staff_sessions_seen_at", "staff_sessions", ["seen_at"])
    op.create_table(
        "staff_key_wraps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("passkey_id", sa.Integer()),
        sa.Column("kdf", sa.String(length=40), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("blob", sa.LargeBinary()),
        sa.Column("public_key", sa.String(length=80)),
        sa.Column("handed_over", sa.JSON()),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["staff_members.id"], name="fk_staff_key_wraps_member_id_staff_members", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["passkey_id"],
            ["staff_passkeys.id"],
            name="fk_staff_key_wraps_passkey_id_staff_passkeys",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_key_wraps"),
    )
    op.create_index("ix_staff_key_wraps_member_id", "staff_key_wraps", ["member_id"])
    op.create_index("ix_staff_key_wraps_passkey_id", "staff_key_wraps", ["passkey_id"])
    op.create_table(
        "staff_clinic_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=36), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.Column("wraps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff_clinic_keys"),
        sa.UniqueConstraint("public_id", name="uq_staff_clinic_keys_public_id"),
    )


def downgrade() -> None:
    op.drop_table("staff_clinic_keys")
    op.drop_table("staff_key_wraps")
    op.drop_table("staff_sessions")
    op.drop_table("staff_passkeys")
    op.drop_table("staff_invitations")
    op.drop_table("staff_members")
