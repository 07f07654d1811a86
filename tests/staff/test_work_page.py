"""The page of one referral, over its real addresses."""

from __future__ import annotations

from flask import Flask

from core.audit.models import AuditEvent
from core.extensions import db
from tests.page import Client
from tests.staff import referring
from tests.staff.conftest import SignedIn
from tests.staff.working import HTMX, LIST, do, write


def audited(app: Flask, action: str) -> list[str]:
    with app.app_context():
        return [one.subject for one in db.session.query(AuditEvent).filter_by(action=action)]


def test_what_matters_comes_first_and_every_answer_follows(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app, clinical_summary="canary summary of the patient")
    page = signed_in("coordinator").get(f"{LIST}/{reference}")
    first, rest = page.document.text_of("matters"), page.document.text_of("answers")
    for words in (
        "Suicide riskLow",
        "21 of 27",
        "Spravato (esketamine) nasal spray",
        "F33.2",
        "sertraline",
        "Counted",
    ):
        assert words in first
    assert "Aneurysm, of the aorta, the brain or another artery No" in first
    for words in ("canary summary of the patient", "Canaryfield", "(213) 555-0188", "128/82 mmHg"):
        assert words in rest
    assert page.text.index('id="matters"') < page.text.index('id="next"') < page.text.index('id="answers"')
    assert audited(sqlite_app, "referral.opened") == [reference]


def test_the_title_and_the_address_name_nobody(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    page = signed_in("coordinator").get(f"{LIST}/{reference}")
    assert page.document.all("title")[0].text.startswith(reference)
    assert "anary" not in page.document.all("title")[0].text
    assert not [e for e in page.document.all("a") if "anary" in e.attributes["href"]]


def test_submitted_text_is_text(sqlite_app: Flask, signed_in: SignedIn) -> None:
    evil = '<img src=x onerror=alert(1)>"\'><a data-hx-get="/x">{{ 7777*3333 }}'
    reference = referring.send(sqlite_app, patient_given_name=evil, clinical_summary=evil, allergies=evil)
    referring.write(sqlite_app, reference, "note", words=evil)
    client = signed_in("coordinator")
    for page in (client.get(f"{LIST}/{reference}"), client.get(f"{LIST}?view=all")):
        assert "<img" not in page.text
        assert "25920741" not in page.document.text_of("main")
        assert not page.document.all("a", **{"data-hx-get": "/x"})


def test_an_unknown_reference_is_a_page_of_the_desk(signed_in: SignedIn) -> None:
    page = signed_in("coordinator").get(f"{LIST}/KTC-ZZZZZZZZ")
    assert page.status == 404
    assert page.document.all("a", href=LIST)


def test_notes_and_messages_stand_apart(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("coordinator")
    write(client, reference, "note", words="canary for the team")
    answer = write(client, reference, "message", words="canary for the referrer")
    page = client.get(answer.location)
    entries = {
        e.attributes["class"]: " ".join(e.text.split())
        for e in page.document.all("li")
        if "entry" in e.attributes.get("class", "")
    }
    assert entries["entry note"].startswith("Team only")
    assert "canary for the team" in entries["entry note"]
    assert entries["entry message"].startswith("To the referrer")
    assert "canary for the referrer" in entries["entry message"]


def test_the_checklist_is_ticked_and_cleared(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician")
    do(client, reference, "claim")
    do(client, reference, "accept")
    for done, pressed in (("1", "true"), ("", "false")):
        answer = client.post(f"{LIST}/{reference}/check/coverage", {**client.token(), "done": done})
        page = client.get(answer.location)
        (button,) = [e for e in page.document.all("button") if e.text == "Coverage checked"]
        assert button.attributes["aria-pressed"] == pressed
    assert client.post(f"{LIST}/{reference}/check/nonsense", {**client.token(), "done": "1"}).status == 409


def test_who_else_looks_is_said(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    one, other = signed_in("coordinator"), signed_in("clinician")
    one.get(f"{LIST}/{reference}")
    assert "Test Coordinator looks at it too." in other.get(f"{LIST}/{reference}").text
    one.headers = HTMX
    part = one.post(f"{LIST}/{reference}/look", one.token())
    assert part.document.text_of("others") == "Test Clinician looks at it too."
    assert one.post(f"{LIST}/KTC-ZZZZZZZZ/look", one.token()).status == 404


def test_a_manager_downloads_fhir_and_it_has_its_line(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    manager = signed_in("manager")
    assert f"{LIST}/{reference}/fhir" in manager.get(f"{LIST}/{reference}").text
    answer = manager.get(f"{LIST}/{reference}/fhir")
    assert answer.response.mimetype == "application/fhir+json"
    assert answer.response.json is not None
    assert answer.response.json["resourceType"] == "Bundle"
    assert reference in answer.response.headers["Content-Disposition"]
    assert audited(sqlite_app, "referral.exported") == [reference]
    clinician = signed_in("clinician")
    assert clinician.get(f"{LIST}/{reference}/fhir").status == 403
    assert f"{LIST}/{reference}/fhir" not in clinician.get(f"{LIST}/{reference}").text


def test_an_envelope_that_does_not_open_is_said(sqlite_app: Flask, signed_in: SignedIn) -> None:
    from blueprints.referrals.models import Referral

    reference = referring.send(sqlite_app)
    with sqlite_app.app_context():
        db.session.query(Referral).update({"blob": b"broken"})
        db.session.commit()
    client = signed_in("coordinator")
    page = client.get(f"{LIST}/{reference}")
    assert page.status == 500
    assert "cannot be opened" in page.text
    listed = client.get(f"{LIST}?view=all")
    assert listed.status == 200
    assert "Not opened" in listed.text


def test_each_address_is_refused_to_whoever_is_not_signed_in(sqlite_app: Flask) -> None:
    reference = referring.send(sqlite_app)
    client = Client(sqlite_app)
    for path in (LIST, f"{LIST}/{reference}", f"{LIST}/{reference}/fhir"):
        assert client.get(path).status == 303
    for path in ("find", f"{reference}/do/claim", f"{reference}/write/note", f"{reference}/check/coverage"):
        answer = client.post(f"{LIST}/{path}", {**client.token(), "words": "canary words"})
        assert answer.status in (303, 401)
        assert "Canaryfield" not in answer.text
    assert referring.column(sqlite_app, reference, "owner_id") is None
