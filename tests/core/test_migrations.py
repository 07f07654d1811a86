"""Migrations keep every row, on SQLite too, where changing a table means copying it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import JSON, Boolean, Connection, DateTime, Integer, LargeBinary, MetaData, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from app import create_app
from core import clock
from core.extensions import db
from tests.conftest import close
from tests.servers import ROOT

REBUILD = '''"""Copies each table."""

from alembic import op

revision = "rebuild_all"
down_revision = {head!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in {tables!r}:
        with op.batch_alter_table(table, recreate="always"):
            pass
'''
BREAK = REBUILD.partition("    for table")[0] + '    op.execute("DELETE FROM referrals")\n'


def value_for(column: Any, row: int) -> Any:
    now = clock.now()
    kinds: dict[Any, Any] = {JSON: {}, Boolean: False, DateTime: now, LargeBinary: b"%d" % row, Integer: row}
    if column.foreign_keys or (column.primary_key and isinstance(column.type, Integer)):
        return row
    return next((value for kind, value in kinds.items() if isinstance(column.type, kind)), f"{row}")


def fill(connection: Connection, table: Table) -> None:
    """Three rows, each referring to the row of the same number."""
    allowed = {"outbox": {"status": "sent", "due_at": None, "claimed_by": None}}.get(
        table.name, {"status": "confirmed"}
    )
    for row in (1, 2, 3):
        values = {column.name: value_for(column, row) for column in table.columns}
        connection.execute(insert(table).values({**values, **{k: v for k, v in allowed.items() if k in values}}))


def tables_of(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def rows() -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables_of(connection)
        }


@pytest.fixture
def full(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context(), db.engine.begin() as connection:
        for table in tables_of(connection):
            fill(connection, table)
    return sqlite_app


def run_migration(words: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "migrations", tmp_path / "migrations"))
    head = ScriptDirectory(str(folder)).get_current_head()
    names = list(rows())
    (folder / "versions" / "rebuild.py").write_text(words.format(head=head, tables=names))
    flask_migrate.upgrade(str(folder))


def test_rebuilding_every_table_keeps_every_row(full: Flask, tmp_path: Path) -> None:
    with full.app_context():
        before = rows()
        assert set(before.values()) == {3}
        run_migration(REBUILD, tmp_path)
        assert rows() == before


def test_a_migration_that_orphans_rows_changes_nothing(
    full: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with full.app_context():
        before = rows()
        with pytest.raises(SystemExit):
            run_migration(BREAK, tmp_path)
        assert re.search("refer to nothing, in .*referral_events", caplog.text)
        assert rows() == before


def test_foreign_keys_are_checked_again_afterwards(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    app = create_app({"INSTANCE_PATH": str(tmp_path / "instance"), "DATABASE_URL": url, "TESTING": True})
    with app.app_context():
        flask_migrate.upgrade()
        orphan = insert(db.metadata.tables["referral_events"])
        with pytest.raises(IntegrityError):
            db.session.execute(orphan.values(referral_id=1, kind="submitted", happened_at=clock.now()))
        db.session.rollback()
    close(app)
