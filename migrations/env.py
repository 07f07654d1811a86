"""Runs migrations against the application's database. `flask db revision` begins a new one."""

from __future__ import annotations

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db


def run() -> None:
    """SQLite has no ALTER for constraints, so tables are rebuilt there (batch mode)."""
    with db.engine.connect() as connection:
        batch = connection.dialect.name == "sqlite"
        context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=batch)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
