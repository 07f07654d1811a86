"""The audit trail on the web: newest first, by referral and by person, exported; and reading it leaves its line."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from sqlalchemy import select

from blueprints.staff.models import StaffMember
from core import audit, clock
from core.audit import Actor
from core.audit.models import AuditEvent
from core.extensions import db
from tests.page import Answer, Client
from tests.staff.conftest import SignedIn

ONE, OTHER = "KTC-23456789", "KTC-BCDFGHJK"
SIGNING_IN = ("Key wrapped", "Session started")
ANNA, BEN = Actor("Anna Berg", 7, "anna@clinic.example", "192.0.2.1"), Actor("Ben Cole", 8, "ben@clinic.example")


@pytest.fixture
def some_app(sqlite_app: Flask) -> Flask:
    """A desk with two people and some events."""
    with sqlite_app.app_context():
        for actor in (ANNA, BEN):
            who = {"id": actor.id, "name": actor.name, "email": actor.email, "role_names": ["clinician"]}
            db.session.add(StaffMember(**who, created_at=clock.now(), fs_uniquifier=f"u{actor.id}"))
        audit.add(ANNA, "referral.opened", ONE)
        audit.add(BEN, "referral.opened", ONE, view="print")
        audit.add(BEN, "referral.opened", OTHER)
        audit.add(ANNA, "roles.changed", "staff:8", roles=["clinician", "manager"])
        db.session.commit()
    return sqlite_app


@pytest.fixture
def manager(some_app: Flask, signed_in: SignedIn) -> Client:
    """Somebody who may read the trail."""
    return signed_in("manager", email="manager@example.com")


def rows(answer: Answer) -> list[list[str]]:
    """Who, what, about, details; without what signing in left."""
    cells = [" ".join(cell.text.split()) for cell in answer.document.all("td")]
    found = [cells[at + 1 : at + 5] for at in range(0, len(cells), 7)]
    return [row for row in found if row[1] not in SIGNING_IN]


def told(app: Flask) -> list[tuple[str, str, dict[str, object]]]:
    with app.app_context():
        columns = (AuditEvent.action, AuditEvent.subject, AuditEvent.detail)
        found = db.session.execute(select(*columns).where(AuditEvent.action.like("audit.%")).order_by(AuditEvent.id))
        return [tuple(row) for row in found]


def test_the_page_is_newest_first_and_begins_with_its_own_reading(manager: Client) -> None:
    answer = manager.get("/staff/audit")
    assert rows(answer) == [
        ["manager@example.com", "Audit read", "", ""],
        ["anna@clinic.example", "Roles changed", "Ben Cole (ben@clinic.example)", "roles: clinician, manager"],
        ["ben@clinic.example", "Referral opened", OTHER, ""],
        ["ben@clinic.example", "Referral opened", ONE, "view: print"],
        ["anna@clinic.example", "Referral opened", ONE, ""],
    ]
    assert "192.0.2.1" in answer.text
    assert answer.response.headers["Cache-Control"] == "no-store"


def test_who_opened_this_referral_and_what_did_this_person_do(manager: Client) -> None:
    one = rows(manager.get(f"/staff/audit?reference={ONE}"))
    assert [row[0] for row in one[1:]] == ["ben@clinic.example", "anna@clinic.example"]
    ben = rows(manager.get("/staff/audit?person=8"))
    assert [row[2] for row in ben] == [OTHER, ONE]
    both = rows(manager.get(f"/staff/audit?person=7&reference={ONE}"))
    assert [row[:3] for row in both] == [["anna@clinic.example", "Referral opened", ONE]]
    account = manager.get("/staff/audit?about=8")
    assert rows(account)[1][1] == "Roles changed"
    assert "account of Ben Cole" in account.text
    assert told(manager.app) == [
        ("audit.read", ONE, {}),
        ("audit.read", "", {"person": 8}),
        ("audit.read", ONE, {"person": 7}),
        ("audit.read", "staff:8", {}),
    ]


def test_lists_and_searches_that_showed_a_referral_are_found_too(manager: Client) -> None:
    with manager.app.app_context():
        audit.add(BEN, "referrals.listed", page=1, references=[OTHER, ONE])
        audit.add(BEN, "referrals.listed", page=2, references=[OTHER])
        audit.add(ANNA, "referrals.searched", references=[ONE])
        db.session.commit()
    typed = {**manager.token(), "reference": ONE, "mentioned": "1"}
    address = manager.post("/staff/audit", typed).location
    assert address == f"/staff/audit?reference={ONE}&mentioned=1"
    page = manager.get(address)
    assert [row[1] for row in rows(page)] == [
        *("Audit read", "Referrals searched", "Referrals listed", "Referral opened", "Referral opened")
    ]
    assert "checked" in page.document.by_id("mentioned").attributes
    by_ben = rows(manager.get(f"{address}&person=8"))
    assert [row[3] for row in by_ben] == [f"page: 1; references: {OTHER}, {ONE}", "view: print"]


def test_the_filter_leads_to_an_address_of_references_and_ids(manager: Client) -> None:
    page = manager.get("/staff/audit?person=8")
    chosen = [e.attributes["value"] for e in page.document.all("option") if "selected" in e.attributes]
    assert chosen == ["8"]
    typed = {**manager.token(), "reference": " ktc-2345 6789", "person": "8"}
    assert manager.post("/staff/audit", typed).location == f"/staff/audit?reference={ONE}&person=8"
    assert manager.post("/staff/audit", {**manager.token()}).location == "/staff/audit"


def test_a_name_that_is_typed_as_a_reference_gets_into_no_address_and_no_line(manager: Client) -> None:
    refused = manager.post("/staff/audit", {**manager.token(), "reference": "Canaryfield", "person": "99"})
    assert refused.status == 422
    assert refused.error("reference").startswith("Enter a reference")
    assert refused.error("person")
    assert refused.document.by_id("reference").attributes["value"] == "Canaryfield"
    typed = {**manager.token(), "reference": "Canaryfield", "strict": "1"}
    manager.headers["HX-Request"] = "true"
    assert manager.post("/staff/audit/check/reference", typed).error("reference").startswith("Enter a reference")
    assert manager.post("/staff/audit/check/other", typed).status == 404
    assert told(manager.app) == []


@pytest.mark.parametrize(
    "choice", ["reference=Canaryfield", "person=x", "person=²", "before=-1", "before=99999999999", "about=1;2"]
)
def test_an_address_with_anything_else_is_not_found(manager: Client, choice: str) -> None:
    assert manager.get(f"/staff/audit?{choice}").status == 404
    if not choice.startswith("before"):
        assert manager.get(f"/staff/audit.csv?{choice}").status == 404
    assert told(manager.app) == []


def test_pages_follow_one_another_without_gaps(manager: Client) -> None:
    with manager.app.app_context():
        for number in range(120):
            audit.add(BEN, "referral.opened", ONE, number=number)
        db.session.commit()
    address, seen = f"/staff/audit?reference={ONE}&person=8", []
    while address:
        answer = manager.get(address)
        seen += [row[3] for row in rows(answer)]
        older = answer.document.all("a", rel="next")
        address = older[0].attributes["href"] if older else ""
    assert seen == [*(f"number: {number}" for number in reversed(range(120))), "view: print"]


def test_the_export_is_what_the_page_shows_and_runs_no_formula(manager: Client) -> None:
    with manager.app.app_context():
        audit.record(BEN, "referral.opened", ONE, **{"=1+1": "=cmd"})
        audit.record(Actor("=HYPERLINK()", 9), "referral.opened", ONE)
    answer = manager.get(f"/staff/audit.csv?reference={ONE}")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["actor"] for row in table] == [
        "manager@example.com",
        "'=HYPERLINK()",
        "ben@clinic.example",
        "ben@clinic.example",
        "anna@clinic.example",
    ]
    assert [row["detail"] for row in table] == ["", "", "'=1+1: =cmd", "view: print", ""]
    assert answer.response.mimetype == "text/csv"
    assert answer.response.headers["Content-Disposition"].startswith("attachment; filename=audit-")
    assert told(manager.app)[-1] == ("audit.exported", ONE, {})


def test_nothing_is_shown_when_the_line_cannot_be_written(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no line")

    monkeypatch.setattr("core.audit.trail._linked", fail)
    for path in ("/staff/audit", "/staff/audit.csv"):
        answer = manager.get(path)
        assert answer.status == 500
        assert ONE not in answer.text


@pytest.mark.parametrize("roles", [("coordinator",), ("clinician",), ("coordinator", "clinician")])
def test_only_managers_read_it(some_app: Flask, signed_in: SignedIn, roles: tuple[str, ...]) -> None:
    client = signed_in(*roles)
    assert client.get("/staff/audit").status == client.get("/staff/audit.csv").status == 403
    for path in ("/staff/audit", "/staff/audit/check/reference"):
        assert client.post(path, {**client.token(), "reference": ONE}).status == 403
    assert told(some_app) == []


def test_nobody_reads_it_without_signing_in(some_app: Flask) -> None:
    client = Client(some_app)
    for path in ("/staff/audit", "/staff/audit.csv"):
        answer = client.get(path)
        assert ONE not in answer.text
        assert "/staff/sign-in" in answer.location
    assert told(some_app) == []


def test_an_empty_choice_says_so(manager: Client) -> None:
    answer = manager.get("/staff/audit?person=99")
    assert "Nothing like that is in the audit trail." in answer.text
