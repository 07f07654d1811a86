"""Tables of the staff: people, their passkeys, their wraps of the clinic's private key, sessions and invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from flask_security import AsaList, UserMixin, WebAuthnMixin
from sqlalchemy import JSON, ForeignKey, LargeBinary, String
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.clock import UTCDateTime
from core.crypto.models import Sealed
from core.extensions import db


class StaffMember(UserMixin, db.Model):  # type: ignore[name-defined,misc]
    """Somebody who may sign in. The columns are those that Flask-Security expects, and a few of ours."""

    __tablename__ = "staff_members"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    """As the referrer and the timeline show it."""
    role_names: Mapped[list[str]] = mapped_column(MutableList.as_mutable(AsaList()))
    """Of blueprints/staff/roles.py."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """The last time, with all factors."""
    password: Mapped[str | None] = mapped_column(String(255))  # type: ignore[assignment]
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64), unique=True)  # type: ignore[assignment]
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None] = mapped_column()
    """Of the last code that was accepted, so that none is accepted twice."""
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    webauthn: Mapped[list[Passkey]] = relationship(  # type: ignore[assignment]
        back_populates="user", cascade="all, delete-orphan"
    )


class Passkey(WebAuthnMixin, db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "staff_passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int | None] = mapped_column(default=0)  # type: ignore[assignment]
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(AsaList()))
    backup_state: Mapped[bool] = mapped_column()
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    create_datetime: Mapped[datetime] = mapped_column(UTCDateTime, default=lambda: clock.now())
    lastuse_datetime: Mapped[datetime] = mapped_column(UTCDateTime)
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))
    user: Mapped[StaffMember] = relationship(back_populates="webauthn")


class KeyBox:
    """The columns of a row that carries the clinic's private key (keyring/boxes.py). All None: it carries none."""

    blob: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Nonce and ciphertext of the clinic's private key and of the row's own private key."""
    public_key: Mapped[str | None] = mapped_column(String(80))
    """The row's own: what it belongs to is in the ciphertext. With it a new key of the clinic can be put in by somebody
    who cannot open the row."""
    handed_over: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """The clinic's private key after a rotation, sealed for `public_key`. It goes before the one in `blob`."""


class KeyWrap(KeyBox, db.Model):  # type: ignore[name-defined,misc]
    """The clinic's private key, encrypted under what only one person has: their password or their passkey."""

    __tablename__ = "staff_key_wraps"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    passkey_id: Mapped[int | None] = mapped_column(ForeignKey("staff_passkeys.id", ondelete="CASCADE"), index=True)
    """None: wrapped by the password."""
    kdf: Mapped[str] = mapped_column(String(40))
    """How the row's key is derived (keyring/kdf.py)."""
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(String(16))
    """Of the clinic's key in `blob` (core/crypto/envelope.py), to notice a rotation."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class StaffSession(KeyBox, db.Model):  # type: ignore[name-defined,misc]
    """Somebody's sign-in. The key inside opens only with the token in that browser's cookie. Without a key, it has to
    be unlocked with the password first."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    complete: Mapped[bool] = mapped_column(default=False)
    """Whether all factors are done."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class Invitation(KeyBox, db.Model):  # type: ignore[name-defined,misc]
    """A link by which somebody sets a password and gets a wrap of the key. It works once. Without a key, the person
    can sign in but opens nothing."""

    __tablename__ = "staff_invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("staff_members.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    new_factor: Mapped[bool] = mapped_column(default=False)
    """Whether the second factor is set up anew, because it was lost."""
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("staff_members.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ClinicKey(Sealed, db.Model):  # type: ignore[name-defined,misc]
    """The clinic's private key, sealed for the clinic's own public keys. So the offline recovery key gives the clinic's
    key back when nobody can sign in any more. `public_id` is the key's id."""

    __tablename__ = "staff_clinic_keys"
    purpose: ClassVar[str] = "clinic/staff/clinic-key/v1"
