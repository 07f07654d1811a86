"""`flask keys check`: every row is opened, and what is wrong is named."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import services
from blueprints.referrals.models import Referral
from core.crypto import commands, envelope
from core.extensions import db
from tests.core.crypto.test_commands import NEW, NEW_KEYS, OLD, RECOVERY, arrive, rotating, rows, run
from tests.core.crypto.test_exchanged_rows import change, references, site
from tests.referrals.test_commands import run as referrals

__all__ = ["rotating", "site"]


@pytest.mark.parametrize("pair", [NEW, RECOVERY])
def test_the_check_passes_when_all_is_well(rotating: Flask, pair: envelope.KeyPair) -> None:
    run(rotating, "rotate")
    checked = run(rotating, "check", private_key=pair.private)
    assert checked.exit_code == 0
    assert "7 of 7 rows are sealed for exactly these keys" in checked.stdout


def test_the_check_of_an_empty_site_passes_and_says_that_it_opened_nothing(app: Flask) -> None:
    checked = run(app, "check")
    assert checked.exit_code == 0
    assert "There was nothing to open" in checked.stdout
    assert " open and are" not in checked.stdout


def test_the_check_counts_the_rows_of_other_keys(rotating: Flask) -> None:
    arrive(rotating, 2, NEW_KEYS, "new")
    checked = run(rotating, "check", private_key=RECOVERY.private)
    assert checked.exit_code == 1
    assert "2 of 9 rows are sealed for exactly these keys" in checked.stdout
    assert "open" in checked.stdout


@pytest.mark.parametrize("place", [0, 3, -1])
def test_the_check_notices_a_row_that_does_not_open(rotating: Flask, place: int) -> None:
    run(rotating, "rotate")
    name = rows(rotating)[place][0]
    with rotating.app_context():
        row = db.session.scalars(select(Referral).where(Referral.reference == name)).one()
        row.blob = bytes(row.blob[:-1]) + bytes([row.blob[-1] ^ 1])
        db.session.commit()
    checked = run(rotating, "check", private_key=NEW.private)
    assert checked.exit_code == 1
    assert f"{name}: does not open: the record was changed" in checked.stderr
    assert "6 of 7 rows open and are as they were sealed" in checked.stdout


def test_the_check_says_that_a_key_is_not_a_current_one(rotating: Flask) -> None:
    checked = run(rotating, "check", private_key=OLD.private)
    assert checked.exit_code == 1
    assert f"Key {envelope.key_id(OLD.public)} is NOT one of SEALING_PUBLIC_KEYS" in checked.stdout


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("blob", "''"),
        ("blob", "'text'"),
        ("blob", "7"),
        ("wraps", "'[]'"),
        ("wraps", "'null'"),
        ("wraps", "''"),
        ("wraps", "7"),
        ("received_at", "'yesterday'"),
        ("received_at", "7"),
        ("received_at", "''"),
    ],
)
def test_whatever_sqlite_holds_in_a_column_the_row_is_named(sqlite_app: Flask, column: str, value: str) -> None:
    sqlite_app.config.update(SEALING_PUBLIC_KEYS=NEW_KEYS, SEALING_PRIVATE_KEY=NEW.private)
    arrive(sqlite_app, 3, NEW_KEYS)
    _, name, _ = references(sqlite_app)
    with sqlite_app.app_context():
        db.session.execute(text(f"UPDATE referrals SET {column} = {value} WHERE id = 2"))
        db.session.commit()
    checked = run(sqlite_app, "check")
    assert checked.exit_code == 1
    assert f"{name}: does not open" in checked.stderr
    assert "2 of 3 rows open and are as they were sealed" in checked.stdout
    with sqlite_app.app_context(), pytest.raises(envelope.SealingError):
        services.open_referral(name, NEW.private)
    if column != "received_at":
        export = referrals(sqlite_app, "export")
        assert (export.exit_code, len(export.stdout.splitlines())) == (1, 2)
        assert f"{name} cannot be opened" in export.stderr
    assert type(run(sqlite_app, "rotate").exception) in (type(None), SystemExit)


def test_a_long_check_shows_how_far_it_is_and_names_what_matters(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _, changed, *rest = references(site)
    change(site, rest[-1], priority="routine")
    change(site, changed, priority="routine")
    monkeypatch.setattr(commands, "SHOW_EVERY", 2)
    monkeypatch.setattr(commands, "NAMED_AT_MOST", 1)
    for name in rest[:-1]:
        change(site, name, blob=b"")
    checked = run(site, "check")
    assert re.findall(r"(\d) rows so far", checked.stderr) == ["2", "4"]
    assert [name for name in references(site) if name in checked.stderr] == [changed, rest[0], rest[-1]]
    assert "2 rows do not open; the first 1 are listed" in checked.stdout
    assert "1 of 5 rows open" in checked.stdout
