"""A draft belongs to one browser and to one patient, is never too large, and never stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from blueprints.referrals import drafts, services
from blueprints.referrals.models import Draft, Referral
from core import sealing
from core.extensions import db, limiter
from tests.builders import CANARIES, PRODUCTION, referral
from tests.conftest import build, close, copy_of, new_database
from tests.page import Answer, Document, Visitor

LOST = "The draft that was saved in this browser cannot be opened any more"
HTTPS = {"base_url": "https://clinic.example"}


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


def save(visitor: Visitor, **changes: Any) -> Answer:
    return visitor.post("/refer", {**visitor.token(), **referral(**changes), "action": "save"})


def half(visitor: Visitor) -> str:
    """Of the token: what lies in the draft's own cookie."""
    cookie = visitor.client.get_cookie("referral_draft")
    return cookie.value if cookie else ""


def plant(visitor: Visitor, token: str) -> None:
    visitor.client.set_cookie("referral_draft", token)


def rows(app: Flask) -> list[Draft]:
    with app.app_context():
        return list(db.session.scalars(select(Draft)))


def keys(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(func.distinct(Referral.key_hash)))) or 0


def typed(answer: Answer) -> str:
    return answer.document.by_id("patient_family_name").attributes.get("value", "")


# Who can open it


def test_a_planted_token_opens_nothing_and_is_not_taken_over(sqlite_app: Flask, reader: Visitor) -> None:
    attacker = Visitor(sqlite_app)
    save(attacker, patient_family_name="Attacker")
    planted = half(attacker)
    plant(reader, planted)
    page = reader.get("/refer")
    assert "Attacker" not in page.text
    assert LOST in page.text
    save(reader)
    assert half(reader) not in ("", planted)
    assert typed(reader.get("/refer")) == "Canaryfield"
    assert typed(attacker.get("/refer")) == "Attacker"


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 4000, "²" * 43, "\x7f", "é", "../" * 20])
def test_no_token_is_taken_from_a_browser(reader: Visitor, token: str) -> None:
    plant(reader, token)
    assert reader.get("/refer").status == 200
    save(reader)
    assert len(half(reader)) == 43
    assert half(reader) != token
    assert typed(reader.get("/refer")) == "Canaryfield"


def test_the_session_without_the_token_opens_nothing(reader: Visitor) -> None:
    save(reader)
    reader.client.delete_cookie("referral_draft")
    page = reader.get("/refer")
    assert typed(page) == ""
    assert LOST not in page.text


def test_the_token_without_its_session_opens_nothing(reader: Visitor) -> None:
    save(reader)
    reader.client.delete_cookie("session")
    page = reader.get("/refer")
    assert typed(page) == ""
    assert LOST in page.text


def test_the_token_with_somebody_elses_session_opens_nothing(sqlite_app: Flask, reader: Visitor) -> None:
    save(reader)
    other = Visitor(sqlite_app)
    save(other, patient_family_name="Othername")
    plant(other, half(reader))
    assert typed(other.get("/refer")) == ""


def test_a_closed_browser_keeps_the_draft_for_a_day(reader: Visitor) -> None:
    """Both cookies outlive it; the session's is renewed with each saving."""
    for _ in range(2):
        answer = save(reader)
        kept = {value.partition("=")[0]: value for value in answer.response.headers.getlist("Set-Cookie")}
        assert "Max-Age=86400" in kept["referral_draft"]
        assert "Expires=" in kept["session"]


@pytest.fixture
def production(tmp_path: Path, sqlite_tables: Path) -> Iterator[Flask]:
    application = build(tmp_path, copy_of(sqlite_tables, tmp_path), **PRODUCTION)
    yield application
    close(application)


def post_in_production(app: Flask, client: Any, action: str = "save") -> Any:
    form = Document(client.get("/refer", **HTTPS).text).fields()
    return client.post("/refer", data={**form, **referral(), "action": action}, **HTTPS)


def test_in_production_no_other_host_can_set_the_cookie(production: Flask) -> None:
    client = production.test_client()
    for action in ("save", "discard"):
        cookies = post_in_production(production, client, action).headers.getlist("Set-Cookie")
        (cookie,) = [value for value in cookies if value.startswith("__Host-referral_draft=")]
        attributes = {part.strip() for part in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not [part for part in attributes if part.startswith("Domain")]


def test_in_production_the_plain_name_is_ignored(production: Flask) -> None:
    client = production.test_client()
    post_in_production(production, client)
    cookie = client.get_cookie("__Host-referral_draft", domain="clinic.example")
    assert cookie
    assert "Canaryfield" in client.get("/refer", **HTTPS).text
    client.delete_cookie("__Host-referral_draft", domain="clinic.example")
    client.set_cookie("referral_draft", cookie.value, domain="clinic.example")
    page = client.get("/refer", **HTTPS).text
    assert "Canaryfield" not in page
    assert LOST not in page


# Whose it is


def test_an_empty_form_makes_no_draft(sqlite_app: Flask, reader: Visitor) -> None:
    token = reader.token()
    for action in ("save", "add_trial", "review"):
        reader.post("/refer", {**token, "patient_language": "en", "trials-0-medication": " ", "action": action})
        assert half(reader) == ""
    assert rows(sqlite_app) == []
    reader.post("/refer", {**token, "patient_language": "es", "action": "save"})
    assert len(rows(sqlite_app)) == 1


def test_a_form_that_was_emptied_takes_its_draft_with_it(sqlite_app: Flask, reader: Visitor) -> None:
    save(reader)
    reader.post("/refer", {**reader.token(), "action": "save"})
    assert (rows(sqlite_app), half(reader)) == ([], "")


OTHERS = (
    {"patient_given_name": "Other"},
    {"patient_family_name": "Other"},
    {"patient_birth_date_month": "5"},
    {"patient_birth_date_day": "18"},
    {"patient_birth_date_year": "1962"},
    {"patient_family_name": ""},
)


@pytest.mark.parametrize("change", OTHERS, ids=str)
def test_another_patient_has_another_token_and_the_old_draft_is_gone(
    sqlite_app: Flask, reader: Visitor, change: dict[str, str]
) -> None:
    save(reader)
    (before,), old = rows(sqlite_app), half(reader)
    save(reader, **change)
    (after,) = rows(sqlite_app)
    assert after.token_hash != before.token_hash
    assert half(reader) != old
    assert typed(reader.get("/refer")) == referral(**change)["patient_family_name"]


SAME = ({"patient_family_name": "  CANARYFIELD "}, {"patient_phone": "213.555.0199"}, {"trials-0-weeks": "9"})


@pytest.mark.parametrize("change", SAME, ids=str)
def test_the_same_patient_keeps_the_token(sqlite_app: Flask, reader: Visitor, change: dict[str, str]) -> None:
    save(reader)
    old = half(reader)
    save(reader, **change)
    assert half(reader) == old
    assert len(rows(sqlite_app)) == 1


def test_filling_in_who_the_patient_is_keeps_the_token(reader: Visitor) -> None:
    save(reader, patient_given_name="", patient_family_name="")
    old = half(reader)
    save(reader)
    assert half(reader) == old


def test_two_patients_one_after_the_other_are_two_referrals(sqlite_app: Flask, reader: Visitor) -> None:
    for name in ("One", "Two"):
        reader.post("/refer", {**reader.token(), **referral(patient_family_name=name), "action": "review"})
        reader.post("/refer/send", reader.get("/refer/review").document.fields())
    assert keys(sqlite_app) == 2


def test_a_stale_button_gives_its_own_reference_and_leaves_the_next_draft_alone(
    sqlite_app: Flask, reader: Visitor
) -> None:
    reader.post("/refer", {**reader.token(), **referral(), "action": "review"})
    stale = reader.get("/refer/review").document.fields()
    first = reader.post("/refer/send", stale).location
    reader.post("/refer", {**reader.token(), **referral(patient_family_name="Next"), "action": "review"})
    assert reader.post("/refer/send", stale).location == first
    assert keys(sqlite_app) == 1
    assert typed(reader.get("/refer")) == "Next"


@pytest.mark.parametrize("seen", [None, "", "0" * 16])
def test_what_was_not_read_is_not_sent(sqlite_app: Flask, reader: Visitor, seen: str | None) -> None:
    reader.post("/refer", {**reader.token(), **referral(), "action": "review"})
    form = {**reader.get("/refer/review").document.fields(), "seen": seen}
    answer = reader.post("/refer/send", {name: value for name, value in form.items() if value is not None})
    assert answer.status == 422
    assert keys(sqlite_app) == 0
    assert reader.post("/refer/send", answer.document.fields()).status == 303


def test_the_same_answers_in_another_draft_were_not_read(reader: Visitor) -> None:
    reader.post("/refer", {**reader.token(), **referral(), "action": "review"})
    form = reader.get("/refer/review").document.fields()
    reader.post("/refer", {**reader.token(), "action": "discard"})
    reader.post("/refer", {**reader.token(), **referral(), "action": "review"})
    assert reader.post("/refer/send", form).status == 422


@pytest.mark.postgres
def test_a_draft_that_is_sent_while_it_is_saved_starts_anew(tmp_path: Path, postgres_url: str) -> None:
    """Its key was used: whoever went on with it would never be told that nothing more is sent."""
    app = build(tmp_path, postgres_url)
    with app.app_context():
        first = drafts.save(None, {"patient_family_name": ["One"]})

        def sent_meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("UPDATE drafts"):
                with psycopg.connect(postgres_url, autocommit=True) as other:
                    other.execute("DELETE FROM drafts")

        event.listen(db.engine, "before_cursor_execute", sent_meanwhile)
        second = drafts.save(first.token, {"patient_family_name": ["One"]})
        event.remove(db.engine, "before_cursor_execute", sent_meanwhile)
        assert second.key != first.key
        assert drafts.load(first.token) is None
        assert drafts.load(second.token) == second
    close(app)


@pytest.fixture
def postgres_url(postgres_tables: str) -> Iterator[str]:
    with new_database(postgres_tables) as url:
        yield url


# What is damaged


def set_blob(value: str) -> Callable[[], None]:
    def damage() -> None:
        db.session.execute(text(f"UPDATE drafts SET blob = {value}"))

    return damage


def swap() -> None:
    for row in db.session.scalars(select(Draft)):
        row.blob = row.blob[:-1] + bytes([row.blob[-1] ^ 1])


def other_shape() -> None:
    """As if a later version of the site had written it."""
    (row,) = db.session.scalars(select(Draft))
    token = TOKENS.pop()
    sealed = sealing.encrypt(drafts._sealing_key(token), {"answers": []}, drafts._context(token))
    row.blob = sealed


TOKENS: list[str] = []
DAMAGES = (set_blob("''"), set_blob("'x'"), set_blob("'0123456789abcdef'"), swap, other_shape)


@pytest.mark.parametrize("damage", DAMAGES, ids=["empty", "one byte", "cut", "changed", "of another version"])
def test_a_damaged_draft_is_set_aside_with_a_word(
    app: Flask, visitor: Visitor, damage: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    save(visitor)
    with app.app_context():
        with visitor.client.session_transaction() as session:
            TOKENS[:] = [half(visitor) + session["referral_draft"]]
        damage()
        db.session.commit()
    (damaged,) = rows(app)
    with caplog.at_level(logging.ERROR):
        page = visitor.get("/refer")
    assert page.status == 200
    assert (typed(page), LOST in page.text) == ("", True)
    assert "a draft cannot be read" in caplog.text
    assert not [canary for canary in CANARIES if canary in caplog.text]
    assert visitor.get("/refer/review").location == "/refer"
    assert visitor.post("/refer/send", page.document.fields()).location == "/refer"
    save(visitor)
    (whole,) = rows(app)
    assert whole.token_hash != damaged.token_hash
    page = visitor.get("/refer")
    assert (typed(page), LOST in page.text) == ("Canaryfield", False)


# How large, and how many


def large(**changes: Any) -> dict[str, Any]:
    return referral(clinical_summary="long " * 14_000, **changes)


CONTROL = {"clinical_summary": "\x01" * 20_000, "other_diagnoses": "\x02" * 1000}


@pytest.mark.parametrize("javascript", [False, True], ids=["plain", "htmx"])
@pytest.mark.parametrize(
    ("action", "answers"),
    [("review", large()), ("save", large()), ("add_trial", referral(**CONTROL)), ("save", referral(**CONTROL))],
    ids=["long", "long, saved", "escaped", "escaped, saved"],
)
def test_a_draft_that_is_too_large_is_refused_and_shown(
    sqlite_app: Flask, javascript: bool, action: str, answers: dict[str, Any]
) -> None:
    """Also where one byte of the form takes six in JSON."""
    visitor = Visitor(sqlite_app, {"HX-Request": "true"} if javascript else {})
    save(visitor, patient_family_name="Before")
    answer = visitor.post("/refer", {**visitor.token(), **answers, "action": action})
    assert answer.status == 413
    assert "too long to be saved" in answer.text
    assert typed(answer) == "Canaryfield"
    assert answer.document.text_of("clinical_summary") == " ".join(answers["clinical_summary"].split())
    assert typed(visitor.get("/refer")) == "Before"


def test_what_is_far_too_long_is_not_read(reader: Visitor) -> None:
    token = reader.token()
    answer = reader.post("/refer", {**token, **referral(clinical_summary="x" * 300_000), "action": "save"})
    assert answer.status == 413
    assert "Canaryfield" not in answer.text
    assert reader.post("/refer/check/referrer_npi", {**token, "referrer_npi": "1" * 70_000}).status == 413


def test_too_long_and_from_another_site_is_not_shown(reader: Visitor) -> None:
    answer = reader.post("/refer", {**reader.token(), **large()}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 400
    assert "Canaryfield" not in answer.text


def from_address(app: Flask, address: str) -> Visitor:
    visitor = Visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = address
    return visitor


def test_one_network_starts_so_many_drafts_and_goes_on_with_them(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_NETWORK_DRAFTS", 3)
    clinicians = [from_address(app, "192.0.2.7") for _ in range(4)]
    assert [save(clinician).status for clinician in clinicians] == [303, 303, 303, 429]
    refused = save(clinicians[3])
    assert typed(refused) == "Canaryfield"
    assert "from your network" in refused.text
    for change in ({"patient_phone": "213.555.0199"}, {"patient_family_name": "Next"}):
        assert save(clinicians[0], **change).status == 303, "what is kept already is not counted"
    assert save(from_address(app, "192.0.2.8")).status == 303
    clinicians[0].post("/refer", {**clinicians[0].token(), "action": "discard"})
    assert save(clinicians[3]).status == 303
    assert len(rows(app)) == 4
    assert "192.0.2" not in repr([vars(row) for row in rows(app)])


def test_the_table_is_bounded_and_whoever_is_at_it_keeps_theirs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 3)
    active = from_address(app, "192.0.2.1")
    save(active)
    others = [from_address(app, f"192.0.2.{number}") for number in range(2, 6)]
    for other in others:
        save(other)
        save(active)
    assert len(rows(app)) == 3
    assert typed(active.get("/refer")) == "Canaryfield"
    assert LOST in others[0].get("/refer").text


def test_the_largest_draft_fits_its_bound(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        sizes = [_size_of(letters) for letters in (64_000, 64_500, 65_536)]
    assert 64_000 < (sizes[0] or 0) <= drafts.MAX_BYTES
    assert sizes[2] is None


def _size_of(letters: int) -> int | None:
    try:
        token = drafts.save(None, {"clinical_summary": ["x" * letters]}).token
    except drafts.DraftTooLarge:
        return None
    return len(db.session.scalars(select(Draft).where(Draft.token_hash == drafts._row_id(token))).one().blob)


def test_drafts_from_before_the_migration_stay(app: Flask) -> None:
    with app.app_context():
        draft = drafts.save(None, {"referrer_npi": ["12"]})
        flask_migrate.downgrade(revision="20261123_lists")
        flask_migrate.upgrade()
        db.session.expire_all()
        assert drafts.load(draft.token) == draft
        assert db.session.scalars(select(Draft.network)).one() == ""
        assert services.reference_of(draft.key) is None
