"""An issue of the newsletter at the desk, for tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from core.audit.models import AuditEvent
from core.extensions import db
from core.mail import outbox, worker
from tests.content.words import CONTENT, change
from tests.page import Answer, Client
from tests.postbox import Postbox

NAME = "2026-12-new-pages"
ADDRESS = f"/staff/newsletters/{NAME}"
HTMX = {"HX-Request": "true"}


def ready(app: Flask, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(CONTENT, tmp_path / "content"))
    app.extensions["content"].folder = folder
    change(folder / "newsletters" / f"{NAME}.md", "draft: true\n", "")
    return folder / "newsletters" / f"{NAME}.md"


def with_htmx(desk: Client) -> Client:
    """The same browser, as htmx asks."""
    twin = Client(desk.app, HTMX)
    twin.client = desk.client
    return twin


def press(desk: Client, button: str, headers: dict[str, str] | None = None, **typed: str) -> Answer:
    return desk.post(f"{ADDRESS}/{button}", {**desk.token(), **typed}, headers)


def deliver(app: Flask, limit: int = 1000) -> int:
    """As a worker that looks once and is stopped after `limit` messages."""
    with app.app_context():
        outbox.refill.send()
        sent = 0
        run: Any = worker.deliver()
        for outcome in run:
            sent += outcome
            if sent >= limit:
                break
        run.close()
        return sent


def recipients(box: Postbox) -> list[str]:
    return sorted(mail["To"] for mail in box.received)


def trail(app: Flask) -> list[tuple[str, str, str, dict[str, object]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        return [(row.actor, row.action, row.subject, row.detail) for row in rows if row.action.startswith("newsletter")]


def counts(page: Answer) -> str:
    return page.document.text_of("progress")
