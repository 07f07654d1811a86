"""Runs the commands for lists, and reads the subscribers table."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from click.testing import Result
from flask import Flask
from sqlalchemy import insert, select

from blueprints.subscriptions.models import Subscriber
from core.extensions import db

NOW = datetime(2026, 11, 23, 10, 0, 5, tzinfo=UTC)
OLD = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


def write(folder: Path, *lines: str, name: str = "list.csv") -> str:
    """The path of a new file of these lines."""
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(folder / name)


def run(app: Flask, *command: str, stdin: str | bytes | None = None) -> Result:
    result = app.test_cli_runner().invoke(args=["subscribers", *command], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def last(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def rows(app: Flask) -> dict[str, Subscriber]:
    with app.app_context():
        return {row.email: row for row in db.session.scalars(select(Subscriber).order_by(Subscriber.id))}


def states(app: Flask) -> dict[str, str]:
    return {email: row.status for email, row in rows(app).items()}


def clear(app: Flask) -> None:
    with app.app_context():
        db.session.query(Subscriber).delete()
        db.session.commit()


def have(app: Flask, **people: str) -> None:
    """name=status"""
    with app.app_context():
        for name, status in people.items():
            row = {"email": f"{name}@example.com", "email_key": f"{name}@example.com", "leave_token": name}
            db.session.execute(insert(Subscriber).values(**row, status=status, created_at=OLD))
        db.session.commit()
