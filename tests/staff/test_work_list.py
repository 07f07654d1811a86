"""The list of referrals, over its real addresses."""

from __future__ import annotations

from flask import Flask

from blueprints.staff import roles
from core.audit.models import AuditEvent
from core.extensions import db
from tests.staff import referring
from tests.staff.conftest import SignedIn

LIST = "/staff/referrals"


def audit_of(app: Flask, action: str) -> list[AuditEvent]:
    with app.app_context():
        found = list(db.session.query(AuditEvent).filter_by(action=action))
        db.session.expunge_all()
        return found


def test_the_desk_begins_with_the_list(signed_in: SignedIn) -> None:
    assert signed_in("coordinator").get("/staff/").location == LIST


def test_the_views_hold_what_their_names_say(sqlite_app: Flask, signed_in: SignedIn) -> None:
    new, mine, waiting = (referring.send(sqlite_app, patient_family_name=name) for name in ("New", "Mine", "Waiting"))
    client = signed_in("clinician")
    for reference in (mine, waiting):
        client.post(f"{LIST}/{reference}/do/claim", {**client.token(), "seen": "1"})
    referring.act(sqlite_app, waiting, "ask", words="Please send the doses.")
    rows = {
        view: client.get(f"{LIST}?view={view}").text for view in ("needs-me", "nobodys", "waiting", "all", "nonsense")
    }
    shown = {view: {one for one in (new, mine, waiting) if one in text} for view, text in rows.items()}
    assert shown == {
        "needs-me": {mine},
        "nobodys": {new},
        "waiting": {waiting},
        "all": {new, mine, waiting},
        "nonsense": {mine},
    }
    assert "Stands still" in rows["waiting"]


def test_what_is_opened_for_the_list_has_its_line(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("coordinator")
    page = client.get(f"{LIST}?view=nobodys")
    assert "Canaryfield, Zebedee" in page.text
    assert "F33.2 Major depressive disorder" in page.text
    (line,) = audit_of(sqlite_app, "referrals.listed")
    assert line.detail["references"] == [reference]
    assert "Canaryfield" not in str(line.detail)


def test_an_empty_view_says_what_to_do(signed_in: SignedIn) -> None:
    client = signed_in("coordinator")
    page = client.get(LIST)
    assert "Nothing needs you now" in page.text
    assert [e.text for e in page.document.all("a", class_="button secondary")] == ["See nobody's referrals"]
    assert "Every referral has somebody" in client.get(f"{LIST}?view=nobodys").text
    assert "public site" in client.get(f"{LIST}?view=all").text


def test_only_what_the_service_accepts_can_be_claimed_in_the_list(sqlite_app: Flask, signed_in: SignedIn) -> None:
    calm, urgent = referring.send(sqlite_app), referring.send(sqlite_app, suicide_risk="high")
    client = signed_in("coordinator")
    page = client.get(f"{LIST}?view=nobodys")
    forms = [form.attributes["action"] for form in page.document.all("form")]
    assert f"{LIST}/{calm}/do/claim" in forms
    assert f"{LIST}/{urgent}/do/claim" not in forms
    assert "High risk" in page.text
    answer = client.post(f"{LIST}/{calm}/do/claim", {**client.token(), "seen": "1", "view": "nobodys"})
    assert answer.location == f"{LIST}/{calm}?view=nobodys&done=claim&of={calm}"
    assert "You have it now." in client.get(answer.location).text


def test_finding_needs_the_token_of_the_page(sqlite_app: Flask, signed_in: SignedIn) -> None:
    referring.send(sqlite_app)
    page = signed_in("coordinator").post(f"{LIST}/find", {"words": "Canary"})
    assert page.status == 400
    assert "Zebedee" not in page.text
    assert page.document.by_id("find-words").attributes["value"] == "Canary"


def test_found_rows_lead_to_their_pages(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("coordinator")
    for typed in ("canaryfield", "Zebedee Canary", reference.lower(), reference.removeprefix("KTC-")):
        page = client.post(f"{LIST}/find", {**client.token(), "words": typed})
        assert page.status == 200
        assert "Found: 1" in page.text, typed
        links = [e.attributes["href"] for e in page.document.all("a")]
        assert f"{LIST}/{reference}?view=all" in links
        assert not [link for link in links if "anary" in link]
    assert page.document.by_id("find-words").attributes["value"] == typed
    for line in audit_of(sqlite_app, "referrals.searched"):
        assert "anary" not in str(line.detail)


def test_finding_nothing_says_so_and_keeps_the_words(signed_in: SignedIn) -> None:
    client = signed_in("coordinator")
    nothing = client.post(f"{LIST}/find", {**client.token(), "words": "Nobody <b>here</b>"})
    assert "Nothing found" in nothing.text
    assert "Nobody &lt;b&gt;here&lt;/b&gt;" in nothing.text
    blank = client.post(f"{LIST}/find", {**client.token(), "words": " "})
    assert blank.status == 422
    assert blank.document.text_of("find-words-error") == "Error: Enter a reference or a name."


def test_the_unread_are_counted_in_the_title(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    referring.send(sqlite_app)
    client = signed_in("coordinator")
    assert client.get(f"{LIST}?view=nobodys").document.all("title")[0].text.startswith("(2) Nobody")
    client.get(f"{LIST}/{reference}")
    assert client.get(f"{LIST}?view=all").document.all("title")[0].text.startswith("(1) All")


def test_a_page_that_is_not_there_is_the_nearest(sqlite_app: Flask, signed_in: SignedIn) -> None:
    referring.send(sqlite_app)
    client = signed_in("coordinator")
    for number in ("0", "-3", "1e9", "x", "999999999999999999999"):
        assert client.get(f"{LIST}?view=all&page={number}").status == 200


def test_more_than_a_page_has_the_next(sqlite_app: Flask, signed_in: SignedIn) -> None:
    references = {referring.send(sqlite_app) for _ in range(26)}
    client = signed_in("coordinator")
    first, second = (client.get(f"{LIST}?view=all&page={number}") for number in (1, 2))
    assert [e.attributes["href"] for e in first.document.all("a", rel="next")] == [f"{LIST}?view=all&page=2"]
    assert [e.attributes["href"] for e in second.document.all("a", rel="prev")] == [f"{LIST}?view=all&page=1"]
    shown = [{one for one in references if one in page.text} for page in (first, second)]
    assert [len(one) for one in shown] == [25, 1]
    assert shown[0] | shown[1] == references


def test_the_navigation_shows_what_a_role_may_open(signed_in: SignedIn) -> None:
    def entries(*names: str) -> list[str]:
        page = signed_in(*names).get(LIST)
        return [
            e.attributes["href"] for e in page.document.all("a") if e.attributes.get("href", "").startswith("/staff")
        ]

    assert LIST in entries("coordinator")
    allowed = roles.allowed(["coordinator"])
    assert roles.AUDIT not in allowed
    assert not [one for one in entries("coordinator") if one in ("/staff/audit", "/staff/people", "/staff/figures")]


def test_the_keys_can_be_switched_off(signed_in: SignedIn) -> None:
    client = signed_in("coordinator")
    assert "data-keys" in client.get(LIST).text
    answer = client.post("/staff/keys", {**client.token(), "keys": "off", "back": LIST})
    assert answer.location == LIST
    assert "data-keys" not in client.get(LIST).text
    client.post("/staff/keys", {**client.token(), "keys": "on", "back": "https://elsewhere.example/"})
    assert "data-keys" in client.get(LIST).text


def test_the_switch_leads_nowhere_else(signed_in: SignedIn) -> None:
    client = signed_in("coordinator")
    for back in ("https://elsewhere.example/", "//elsewhere.example", "/staff\\elsewhere", ""):
        assert client.post("/staff/keys", {**client.token(), "keys": "on", "back": back}).location == LIST
