"""The mailing list on the desk: importing what is pasted, and exporting."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.staff.mailings import lists
from blueprints.subscriptions.models import Subscriber
from core.audit.models import AuditEvent
from core.extensions import db
from tests.page import Answer, Client
from tests.staff.conftest import SignedIn

OWN = {"origin": "Mailchimp, May 2026", "status": "confirmed"}


@pytest.fixture
def desk(signed_in: SignedIn) -> Client:
    return signed_in("manager", email="manager@example.com")


def import_it(desk: Client, lines: str, **typed: str) -> Answer:
    return desk.post("/staff/lists/import", {**desk.token(), **OWN, "lines": lines, **typed})


def states(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {row.email: row.status for row in db.session.scalars(select(Subscriber))}


def trail(app: Flask) -> list[tuple[str, str, dict[str, object]]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEvent).where(AuditEvent.action.like("list.%")).order_by(AuditEvent.id))
        return [(row.actor, row.action, row.detail) for row in rows]


def test_what_is_good_is_taken_and_what_is_not_is_reported_by_line(sqlite_app: Flask, desk: Client) -> None:
    rows = [
        "",
        "email,name",
        "a@example.com,A",
        "no address,B",
        "b@example.com",
        "A@example.com,again",
        "c@example.com,C",
    ]
    lines = "\r\n".join(rows)
    answer = import_it(desk, lines)
    assert answer.status == 200
    assert answer.document.text_of("import-title") == "The list was imported"
    assert "<strong>2</strong> new" in answer.text
    assert "<strong>3</strong> refused" in answer.text
    cells = [cell.text for cell in answer.document.all("td")]
    assert cells == [
        *("4", "Not an email address"),
        *("5", "Wrong number of columns"),
        *("6", "The address of an earlier line"),
    ]
    assert states(sqlite_app) == {"a@example.com": "confirmed", "c@example.com": "confirmed"}
    assert trail(sqlite_app) == [("manager@example.com", "list.imported", {"new": 2, "changed": 0, "same": 0})]
    assert "<strong>2</strong> unchanged" in import_it(desk, lines).text


def test_where_it_comes_from_is_kept_as_the_record_of_consent(sqlite_app: Flask, desk: Client) -> None:
    import_it(desk, "email\na@example.com")
    with sqlite_app.app_context():
        consent = db.session.scalars(select(Subscriber.consent_text)).one()
    assert consent is not None
    assert consent.startswith("Imported from Mailchimp, May 2026 on ")


def test_nobody_who_left_is_brought_back(sqlite_app: Flask, desk: Client) -> None:
    import_it(desk, "email\na@example.com", status="left")
    import_it(desk, "email\na@example.com", status="confirmed")
    assert states(sqlite_app) == {"a@example.com": "left"}


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"lines": "name\nAnna"}, "lines", "one of them must be “email”"),
        ({"lines": "  "}, "lines", "Paste the list."),
        ({"lines": "email\na@example.com", "status": "column"}, "lines", "has no column “status”"),
        ({"lines": "email,status\na@example.com,left"}, "lines", "has a column “status”"),
        ({"lines": "email\na@example.com", "origin": ""}, "origin", "Say where the list comes from."),
        ({"lines": "email\na@example.com", "status": "pending"}, "status", "Choose one of the answers in the list."),
    ],
)
def test_a_list_that_cannot_be_read_comes_back(
    sqlite_app: Flask, desk: Client, htmx: bool, typed: dict[str, str], field: str, said: str
) -> None:
    desk.headers = {"HX-Request": "true"} if htmx else {}
    answer = import_it(desk, **typed)
    assert answer.status == 422
    assert said in answer.error(field)
    assert answer.document.by_id("lines").text.strip() == typed["lines"].strip()
    assert states(sqlite_app) == {}
    assert trail(sqlite_app) == []


def test_a_list_that_is_too_long_comes_back_and_says_so(desk: Client) -> None:
    lines = "email\n" + "a@example.com\n" * 6_000
    answer = import_it(desk, lines)
    assert answer.status == 413
    assert "That is too long" in answer.text
    assert answer.document.by_id("lines").text.strip() == lines.strip()


def test_a_thousand_lines_are_taken(sqlite_app: Flask, desk: Client) -> None:
    answer = import_it(desk, "email\n" + "".join(f"someone.longer{n}@practice.example.com\n" for n in range(1_000)))
    assert "<strong>1,000</strong> new" in answer.text
    assert [detail["new"] for _, _, detail in trail(sqlite_app)] == [500, 500]


def test_the_export_is_safe_in_a_spreadsheet_and_in_the_trail(sqlite_app: Flask, desk: Client) -> None:
    import_it(desk, "email\n=1+1@example.com\nb@example.com")
    import_it(desk, "email\nc@example.com", status="left")
    answer = desk.post("/staff/lists/export", {**desk.token(), "states": ["confirmed"]})
    assert answer.response.mimetype == "text/csv"
    assert answer.response.headers["Content-Disposition"].startswith("attachment; filename=")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["email"] for row in rows] == ["'=1+1@example.com", "b@example.com"]
    assert "leave_token" not in rows[0]
    assert trail(sqlite_app)[-1] == ("manager@example.com", "list.exported", {"people": 2, "states": "confirmed"})


def test_an_export_names_somebody(sqlite_app: Flask, desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.post("/staff/lists/export", desk.token()).error("states") == "Choose at least one."
    import_it(desk, "email\na@example.com\nb@example.com")
    monkeypatch.setattr(lists, "MOST_EXPORTED", 1)
    answer = desk.post("/staff/lists/export", {**desk.token(), "states": ["confirmed"]})
    assert answer.status == 422
    assert "flask subscribers export" in answer.text
    assert [action for _, action, _ in trail(sqlite_app)] == ["list.imported"]
