"""The rules of things. The only module here that reads and writes the database."""

from __future__ import annotations

from sqlalchemy import select

from blueprints.skeleton.things.models import Thing
from core.extensions import db


def newest(limit: int = 50) -> list[Thing]:
    return list(db.session.scalars(select(Thing).order_by(Thing.created_at.desc()).limit(limit)))
