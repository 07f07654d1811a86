"""What is kept of things."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from blueprints.skeleton.things.models import Thing
from core.extensions import db
from tests.page import Visitor

PATH = "/things"
GIVEN = {"contact_name": "Ada", "contact_email": "ada@example.com"}


def test_an_answer_is_kept_once(app: Flask, visitor: Visitor) -> None:
    token = visitor.token(PATH)
    visitor.post(PATH, {**GIVEN, **token, "contact_email": ""})
    visitor.post(PATH, {**GIVEN, **token})
    with app.app_context():
        (row,) = db.session.scalars(select(Thing))
        assert (row.contact_name, row.contact_email) == ("Ada", "ada@example.com")
