"""The rules of things. The only module here that writes to the database."""

from __future__ import annotations

from core import clock
from core.extensions import db
from scaffold.things import emails
from scaffold.things.models import Thing


def add(contact_name: str, contact_email: str, network: str) -> None:
    """The row and its mail, in one commit. `network` is the client's."""
    db.session.add(Thing(contact_name=contact_name, contact_email=contact_email, created_at=clock.now()))
    emails.received(contact_email, network)
    db.session.commit()
