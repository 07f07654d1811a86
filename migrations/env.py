"""Runs migrations against the application's database. `flask db revision` begins a new one."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection

db = current_app.extensions["migrate"].db


def run() -> None:
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            run_on_sqlite(connection)
        else:
            upgrade(connection)


def run_on_sqlite(connection: Connection) -> None:
    """SQLite has no ALTER for constraints, so batch mode copies a table and drops the old one. With foreign keys on,
    that drop would delete the rows that refer to it (ON DELETE CASCADE)."""
    raw = connection.connection.dbapi_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        upgrade(connection, render_as_batch=True, transactional_ddl=True)
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def upgrade(connection: Connection, **options: bool) -> None:
    """All in one transaction."""
    context.configure(connection=connection, target_metadata=db.metadata, **options)
    with context.begin_transaction():
        context.run_migrations()
        if connection.dialect.name == "sqlite":
            refuse_orphans(connection)


def refuse_orphans(connection: Connection) -> None:
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise RuntimeError(f"the migration leaves rows that refer to nothing, in {tables}; nothing was changed")


run()
