"""Members of staff for tests, who sign in over the real forms."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask

from blueprints.staff.keyring import passwords, wraps
from blueprints.staff.models import StaffMember
from core import clock
from core.extensions import db
from tests.page import Answer, Client

PASSWORD = "seven quiet herons wade"


@dataclass(frozen=True)
class Someone:
    """A member of staff, as a test needs them."""

    id: int
    email: str
    password: str = PASSWORD


def make_member(app: Flask, *roles: str, email: str = "", key: str | None = "", **columns: Any) -> Someone:
    """Somebody with PASSWORD and a wrap of the clinic's key. `key`: another one, or None for no wrap."""
    address = email or f"{'-'.join(roles)}-{uuid.uuid4().hex[:6]}@example.com"
    with app.app_context():
        row = StaffMember(
            email=address,
            name=f"Test {' and '.join(roles)}".title(),
            role_names=list(roles),
            created_at=clock.now(),
            password=passwords.hashed(PASSWORD),
            fs_uniquifier=uuid.uuid4().hex,
            **columns,
        )
        db.session.add(row)
        db.session.flush()
        if key is not None:
            wraps.add_password_wrap(row.id, PASSWORD, key or app.config["SEALING_PRIVATE_KEY"])
        db.session.commit()
        return Someone(row.id, address)


def sign_in(client: Client, someone: Someone, password: str = PASSWORD, **more: str) -> Answer:
    """Fill in the page and send it, as they would."""
    given = {"email": someone.email, "password": password, **more}
    return client.post("/staff/sign-in", {**client.token(), **given})


def signed_in_client(app: Flask, *roles: str, **options: Any) -> Client:
    """The browser of somebody new who has signed in."""
    client = Client(app, options.pop("headers", None))
    answer = sign_in(client, make_member(app, *(roles or ("manager",)), **options))
    assert answer.status == 303, answer.text
    return client
