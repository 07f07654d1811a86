"""The rules of things. The only module here that reads and writes the database."""

from __future__ import annotations

from blueprints.skeleton.things.models import Thing
from core import clock
from core.extensions import db


def keep(contact_name: str, contact_email: str) -> None:
    """One commit."""
    db.session.add(Thing(contact_name=contact_name, contact_email=contact_email, created_at=clock.now()))
    db.session.commit()
