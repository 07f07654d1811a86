"""The member of staff that development and the demo come with, so that a newcomer reads a referral within a minute.
Production has none, and its start says how to add the first."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from blueprints.staff import roles
from blueprints.staff.keyring import members, passwords, rotation, wraps
from blueprints.staff.models import KeyWrap, StaffMember
from core import files
from core.audit.trail import THE_SITE
from core.config import Settings
from core.crypto import envelope
from core.database import UNAVAILABLE
from core.extensions import db
from core.ops import serving

FILE = "development-staff.json"
EMAIL, NAME = "staff@example.com", "Alex Example"
FIRST = "flask staff add EMAIL --name NAME --role manager --private-key-file clinic.key"


@dataclass(frozen=True)
class Account:
    email: str
    password: str


@serving.welcoming.connect
def line(app: Flask) -> str:
    """What the start says about the staff; "" where there is no desk. In development it makes its member first."""
    settings: Settings = app.config["SETTINGS"]
    if "staff" not in settings.site_parts.split(","):
        return ""
    desk = f"{app.config['SITE_URL']}/staff/"
    if not settings.production:
        return f"Staff: {desk} {_words(account(app))}"
    try:
        somebody = any(member.active for member in members.all_members())
    except UNAVAILABLE:
        return f"Staff: {desk}"
    finally:
        db.session.rollback()
    return f"Staff: {desk}" if somebody else f"Staff: nobody yet. Add the first: {FIRST}"


def account(app: Flask) -> Account:
    """Of the development member, who is made where the database has none. Without a password if they changed it."""
    kept = _load(Path(app.instance_path) / FILE)
    row = db.session.scalar(select(StaffMember).where(StaffMember.email == kept.email))
    if row is None or not row.active:
        members.enter(kept.email, NAME, roles.PERMISSIONS, THE_SITE)
        row = db.session.scalars(select(StaffMember).where(StaffMember.email == kept.email)).one()
        row.password = None
    if row.password is None:
        row.password = passwords.hashed(kept.password)
    elif not passwords.is_password(kept.password, row.password):
        return Account(kept.email, "")
    _give_key(app, row.id, kept.password)
    db.session.commit()
    return kept


def _give_key(app: Flask, member_id: int, password: str) -> None:
    """The copy of the key that a database from before may have is of other keys."""
    private_key: str = app.config["SEALING_PRIVATE_KEY"]
    if not private_key:
        return
    key_id = envelope.key_id(envelope.public_key_of(private_key))
    own = (KeyWrap.member_id == member_id, KeyWrap.passkey_id.is_(None), KeyWrap.key_id == key_id)
    if db.session.scalar(select(KeyWrap.id).where(*own)) is None:
        with suppress(rotation.NotTheKey):
            rotation.keep(private_key, app.config["SEALING_PUBLIC_KEYS"])
        wraps.add_password_wrap(member_id, password, private_key)


def _words(account: Account) -> str:
    return f"email {account.email} password {account.password or '(yours)'}"


def _load(path: Path) -> Account:
    """If two processes start at once, the first to write the file wins and both use it."""
    if not path.exists():
        files.write_once(path, json.dumps(asdict(Account(EMAIL, secrets.token_urlsafe(12))), indent=2))
    return Account(**json.loads(path.read_text(encoding="utf-8")))
