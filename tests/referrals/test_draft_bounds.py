"""A draft that is damaged, too large, or one of too many never stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import drafts, services
from blueprints.referrals.models import Draft
from core.crypto import envelope
from core.extensions import db, limiter
from tests.builders import CANARIES, referral
from tests.page import Client
from tests.referrals.drafting import LOST, half, rows, save, typed


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


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
    sealed = envelope.encrypt(drafts._sealing_key(token), {"answers": []}, drafts._context(token))
    row.blob = sealed


TOKENS: list[str] = []
DAMAGES = (set_blob("''"), set_blob("'x'"), set_blob("'0123456789abcdef'"), swap, other_shape)


@pytest.mark.parametrize("damage", DAMAGES, ids=["empty", "one byte", "cut", "changed", "of another version"])
def test_a_damaged_draft_is_set_aside_with_a_word(
    app: Flask, client: Client, damage: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    save(client)
    with app.app_context():
        with client.client.session_transaction() as session:
            TOKENS[:] = [half(client) + session["referral_draft"]]
        damage()
        db.session.commit()
    (damaged,) = rows(app)
    with caplog.at_level(logging.ERROR):
        page = client.get("/refer")
    assert page.status == 200
    assert (typed(page), LOST in page.text) == ("", True)
    assert "a draft cannot be read" in caplog.text
    assert not [canary for canary in CANARIES if canary in caplog.text]
    assert client.get("/refer/review").location == "/refer"
    assert client.post("/refer/send", page.document.fields()).location == "/refer"
    save(client)
    (whole,) = rows(app)
    assert whole.token_hash != damaged.token_hash
    page = client.get("/refer")
    assert (typed(page), LOST in page.text) == ("Canaryfield", False)


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
    client = Client(sqlite_app, {"HX-Request": "true"} if javascript else {})
    save(client, patient_family_name="Before")
    answer = client.post("/refer", {**client.token(), **answers, "action": action})
    assert answer.status == 413
    assert "too long to be saved" in answer.text
    assert typed(answer) == "Canaryfield"
    assert answer.document.text_of("clinical_summary") == " ".join(answers["clinical_summary"].split())
    assert typed(client.get("/refer")) == "Before"


def test_what_is_far_too_long_is_not_read(sqlite_client: Client) -> None:
    token = sqlite_client.token()
    answer = sqlite_client.post("/refer", {**token, **referral(clinical_summary="x" * 300_000), "action": "save"})
    assert answer.status == 413
    assert "Canaryfield" not in answer.text
    assert sqlite_client.post("/refer/check/referrer_npi", {**token, "referrer_npi": "1" * 70_000}).status == 413


def test_too_long_and_from_another_site_is_not_shown(sqlite_client: Client) -> None:
    answer = sqlite_client.post(
        "/refer", {**sqlite_client.token(), **large()}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status == 400
    assert "Canaryfield" not in answer.text


def from_address(app: Flask, address: str) -> Client:
    client = Client(app)
    client.client.environ_base["REMOTE_ADDR"] = address
    return client


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
