"""`flask subscribers export`, `suppress` and `allow`, on both databases."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import pytest
from flask import Flask

from blueprints.subscriptions import import_export, services
from blueprints.subscriptions.csv_formats import Person
from core import batches, clock, spreadsheets
from tests.page import Client
from tests.subscriptions.actions import confirmed, mails, subjects, subscribe
from tests.subscriptions.operators import NOW, clear, have, last, rows, run, states, write

pytestmark = pytest.mark.database_decides

HOSTILE = (
    *("=cmd@example.com", "+tag@example.com", "-x@example.com", "'quoted@example.com", "'=both@example.com"),
    *("''+two@example.com", "＝wide@example.com", "o'hara@example.com", "a@bücher.example"),
)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of rows is more than one batch."""
    monkeypatch.setattr(import_export, "AT_ONCE", 2)
    monkeypatch.setattr(batches, "MOST", 2)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("status", ["confirmed", "left"])
def test_what_an_export_writes_an_import_reads(app: Flask, tmp_path: Path, status: str) -> None:
    # Each address in this file is escaped for spreadsheets.
    escaped = [f"x,{spreadsheets.escape_formula(email)}" for email in HOSTILE]
    run(app, "import", write(tmp_path, "x,email", *escaped), "--status", status)
    before, out = states(app), str(tmp_path / "out.csv")
    assert before == dict.fromkeys(HOSTILE, status)
    done = run(app, "export", "--status", status, "--out", out)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "9 subscribers exported.\n")
    assert stat.S_IMODE(Path(out).stat().st_mode) == 0o600
    for line in csv.reader(Path(out).read_text(encoding="utf-8").splitlines()):
        assert not any(cell.startswith(("=", "+", "-", "@", "＝")) for cell in line)
    clear(app)
    assert last(run(app, "import", out)) == "9 new, 0 changed, 0 unchanged, 0 refused"
    assert states(app) == before
    assert run(app, "export", "--out", out).exit_code == 1
    assert last(run(app, "import", out)) == "0 new, 0 changed, 9 unchanged, 0 refused"


@pytest.mark.usefixtures("few_at_once")
def test_our_own_export_holds_everything_but_tokens_and_comes_back(app: Flask, client: Client, tmp_path: Path) -> None:
    have(app, p="pending", c="confirmed", l="left")
    confirmed(app, client)
    with app.app_context():
        services.suppress("s@example.com", "refused by the mail server")
    before = [Person._make(getattr(row, name) for name in Person._fields) for row in rows(app).values()]
    tokens = [row.leave_token for row in rows(app).values()]
    out = tmp_path / "out.csv"
    run(app, "export", "--out", str(out))
    assert not any(f'"{token}"' in out.read_text() for token in tokens)
    clear(app)
    assert last(run(app, "import", str(out))) == "5 new, 0 changed, 0 unchanged, 0 refused"
    after = [Person._make(getattr(row, name) for name in Person._fields) for row in rows(app).values()]
    for old, new in zip(before, after, strict=True):
        assert (new.email, new.status, new.suppressed_because) == (old.email, old.status, old.suppressed_because)
        assert old.created_at is not None
        assert new.created_at == old.created_at.replace(microsecond=0)
    assert after[3].consent_text == before[3].consent_text
    assert not set(tokens) & {row.leave_token for row in rows(app).values()}


def test_an_export_chooses_by_status(app: Flask) -> None:
    have(app, p="pending", c="confirmed", l="left", s="suppressed")

    def exported(*options: str) -> str:
        done = run(app, "export", *options)
        assert done.exit_code == 0
        return "".join(line[0][0] for line in csv.reader(io.StringIO(done.stdout)))[1:]

    assert exported() == "pcls"
    assert exported("--status", "suppressed", "--status", "pending") == "ps"


@pytest.mark.usefixtures("noon", "few_at_once")
def test_a_list_of_a_provider_is_suppressed(app: Flask, tmp_path: Path) -> None:
    have(app, a="pending", b="confirmed", c="left", d="suppressed")
    listed = (
        "\ufeffA@example.com\r\nb@example.com\r\n\r\nc@example.com\r\nd@example.com\r\nnew@example.com\r\ncanary\r\n"
    )
    done = run(app, "suppress", "-", stdin=listed.encode())
    assert (done.exit_code, done.stderr) == (1, "line 7: not an email address\n")
    assert last(done) == "1 new, 3 changed, 1 unchanged, 1 refused"
    assert set(states(app).values()) == {"suppressed"}
    new = rows(app)["new@example.com"]
    assert (new.suppressed_at, new.suppressed_because, new.consent_version) == (NOW, "on a provider's list", None)
    again = run(app, "suppress", write(tmp_path, "Reason;Recipient", "bounce;new@example.com"))
    assert (again.exit_code, last(again)) == (0, "0 new, 0 changed, 1 unchanged, 0 refused")


def test_a_suppressed_address_gets_no_mail_until_it_is_allowed(app: Flask, client: Client, tmp_path: Path) -> None:
    run(app, "suppress", write(tmp_path, "a@example.com"))
    subscribe(client, "a@example.com")
    assert mails(app) == []
    done = run(app, "allow", "A@example.com")
    assert done.exit_code == 0
    assert "The address is no longer suppressed" in done.stdout
    row = rows(app)["a@example.com"]
    assert (row.status, row.suppressed_at, row.suppressed_because) == ("left", None, None)
    assert row.left_at is not None
    subscribe(client, "a@example.com")
    assert subjects(app) == ["Please confirm your subscription"]


@pytest.mark.parametrize("address", ["a@example.com", "nobody@example.com", "no address", "\udcff@example.com"])
def test_only_a_suppression_can_be_ended(app: Flask, address: str) -> None:
    have(app, a="confirmed")
    done = run(app, "allow", address)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "This address is not suppressed." in done.stderr
    assert states(app) == {"a@example.com": "confirmed"}
