"""SECURITY.md says what a thief of each thing can and cannot do. That is tried, and the tests it names exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from blueprints.referrals import services
from core.crypto import envelope
from core.extensions import db
from tests.builders import CANARIES, PRODUCTION, referral
from tests.conftest import build, close
from tests.page import Client
from tests.servers import ROOT

THINGS = (
    *("disk", "backup", "public site's configuration", "database with write access", "live public process"),
    *("clinic's mail account", "reader's mail account", "DNS", "staff machine"),
    *("staff's server, everything copied", "live staff process", "former colleague's password, cookies and backup"),
)


@pytest.fixture
def public_site(tmp_path: Path, database_url: str) -> Iterator[Flask]:
    """What stands on the public server: public keys, whose private ones are elsewhere."""
    keys = ",".join(envelope.new_key_pair().public for _ in range(2))
    app = build(tmp_path, database_url, SEALING_PUBLIC_KEYS=keys, SECRET_KEY=PRODUCTION["SECRET_KEY"])
    yield app
    close(app)


def refer(app: Flask) -> str:
    """The reference of one that was sent; another one stays a draft."""
    client = Client(app)
    client.post("/refer", {**client.token(), "action": "review", **referral()})
    sent = client.post("/refer/send", client.get("/refer/review").document.fields()).location
    client.post("/refer", {**client.token(), "action": "save", **referral()})
    return sent.removeprefix("/refer/sent/")


def stored(app: Flask) -> list[object]:
    """Every value of every table."""
    return [
        value
        for table in db.metadata.tables
        for row in db.session.execute(text(f'SELECT * FROM "{table}"'))
        for value in row
    ]


def test_configuration_and_database_of_the_public_site_open_no_referral(public_site: Flask) -> None:
    reference = refer(public_site)
    settings = public_site.config["SETTINGS"]
    with public_site.app_context():
        found = [*settings.sealing_public_keys, settings.secret_key, *(v for v in stored(public_site) if v)]
        for key in found:
            with pytest.raises(envelope.SealingError):
                services.open_referral(reference, str(key))
    assert settings.sealing_private_key == ""


def test_what_the_database_holds_opens_no_draft(public_site: Flask) -> None:
    refer(public_site)
    victim, thief = Client(public_site), Client(public_site)
    draft = victim.post("/refer", {**victim.token(), "action": "save", **referral()}).location
    with public_site.app_context():
        values = {str(value) for value in stored(public_site) if isinstance(value, str) and value.isascii()}
    assert "Zebedee" in victim.get(draft).text
    for cookie in list(victim.client._cookies.values()):  # type: ignore[union-attr]
        for value in values if "draft" in cookie.key else ():
            thief.client.set_cookie(cookie.key, value, path=cookie.path)
            assert "Zebedee" not in thief.client.get(draft).text


def test_files_of_the_site_hold_nothing_of_a_patient(tmp_path: Path, sqlite_app: Flask) -> None:
    """The database, what SQLite writes beside it, and instance/."""
    refer(sqlite_app)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    everything = b"".join(file.read_bytes() for file in files)
    assert any(file.name.endswith("-wal") for file in files)
    assert b"KTC-" in everything
    for canary in CANARIES:
        assert canary.encode() not in everything


def rows() -> dict[str, list[str]]:
    """SECURITY.md's table: by the stolen thing, what stands beside it."""
    lines = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {thing: rest for thing, *rest in cells if thing != "a thief of"}


def existing_tests() -> dict[str, set[str]]:
    files = (ROOT / "tests").rglob("test_*.py")
    return {
        file.name: {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}
        for file in files
    }


def test_security_md_speaks_of_every_thing_and_its_tests_exist() -> None:
    table, existing = rows(), existing_tests()
    assert {re.sub(r"^the |^a ", "", thing) for thing in table} == set(THINGS)
    for thing, (can, cannot, shown) in table.items():
        assert can, thing
        assert cannot, thing
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", shown)
        assert named, f"no test shows what a thief of {thing} cannot do"
        for file, name in named:
            assert name in existing[file], f"{file} has no {name}"
