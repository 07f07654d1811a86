"""A draft belongs to one patient, and what was read of it is what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select

from blueprints.referrals import drafts
from blueprints.referrals.models import Draft
from core import clock
from core.extensions import db, limiter
from tests.builders import referral
from tests.conftest import build, close, new_database
from tests.page import Client
from tests.referrals.drafting import half, keys, rows, save, typed


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


def test_an_empty_form_makes_no_draft(sqlite_app: Flask, sqlite_client: Client) -> None:
    token = sqlite_client.token()
    for action in ("save", "add_trial", "review"):
        sqlite_client.post("/refer", {**token, "patient_language": "en", "trials-0-medication": " ", "action": action})
        assert half(sqlite_client) == ""
    assert rows(sqlite_app) == []
    sqlite_client.post("/refer", {**token, "patient_language": "es", "action": "save"})
    assert len(rows(sqlite_app)) == 1


def test_a_form_that_was_emptied_takes_its_draft_with_it(sqlite_app: Flask, sqlite_client: Client) -> None:
    save(sqlite_client)
    sqlite_client.post("/refer", {**sqlite_client.token(), "action": "save"})
    assert (rows(sqlite_app), half(sqlite_client)) == ([], "")


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
    sqlite_app: Flask, sqlite_client: Client, change: dict[str, str]
) -> None:
    save(sqlite_client)
    (before,), old = rows(sqlite_app), half(sqlite_client)
    save(sqlite_client, **change)
    (after,) = rows(sqlite_app)
    assert after.token_hash != before.token_hash
    assert half(sqlite_client) != old
    assert typed(sqlite_client.get("/refer")) == referral(**change)["patient_family_name"]


SAME = ({"patient_family_name": "  CANARYFIELD "}, {"patient_phone": "213.555.0199"}, {"trials-0-weeks": "9"})


@pytest.mark.parametrize("change", SAME, ids=str)
def test_the_same_patient_keeps_the_token(sqlite_app: Flask, sqlite_client: Client, change: dict[str, str]) -> None:
    save(sqlite_client)
    old = half(sqlite_client)
    save(sqlite_client, **change)
    assert half(sqlite_client) == old
    assert len(rows(sqlite_app)) == 1


def test_filling_in_who_the_patient_is_keeps_the_token(sqlite_client: Client) -> None:
    save(sqlite_client, patient_given_name="", patient_family_name="")
    old = half(sqlite_client)
    save(sqlite_client)
    assert half(sqlite_client) == old


def test_two_patients_one_after_the_other_are_two_referrals(sqlite_app: Flask, sqlite_client: Client) -> None:
    for name in ("One", "Two"):
        sqlite_client.post(
            "/refer", {**sqlite_client.token(), **referral(patient_family_name=name), "action": "review"}
        )
        sqlite_client.post("/refer/send", sqlite_client.get("/refer/review").document.fields())
    assert keys(sqlite_app) == 2


def test_a_stale_button_gives_its_own_reference_and_leaves_the_next_draft_alone(
    sqlite_app: Flask, sqlite_client: Client
) -> None:
    sqlite_client.post("/refer", {**sqlite_client.token(), **referral(), "action": "review"})
    stale = sqlite_client.get("/refer/review").document.fields()
    first = sqlite_client.post("/refer/send", stale).location
    sqlite_client.post("/refer", {**sqlite_client.token(), **referral(patient_family_name="Next"), "action": "review"})
    assert sqlite_client.post("/refer/send", stale).location == first
    assert keys(sqlite_app) == 1
    assert typed(sqlite_client.get("/refer")) == "Next"


@pytest.mark.parametrize("seen", [None, "", "0" * 16])
def test_what_was_not_read_is_not_sent(sqlite_app: Flask, sqlite_client: Client, seen: str | None) -> None:
    sqlite_client.post("/refer", {**sqlite_client.token(), **referral(), "action": "review"})
    form = {**sqlite_client.get("/refer/review").document.fields(), "seen": seen}
    answer = sqlite_client.post("/refer/send", {name: value for name, value in form.items() if value is not None})
    assert answer.status == 422
    assert keys(sqlite_app) == 0
    assert sqlite_client.post("/refer/send", answer.document.fields()).status == 303


def test_the_same_answers_in_another_draft_were_not_read(sqlite_client: Client) -> None:
    sqlite_client.post("/refer", {**sqlite_client.token(), **referral(), "action": "review"})
    form = sqlite_client.get("/refer/review").document.fields()
    sqlite_client.post("/refer", {**sqlite_client.token(), "action": "discard"})
    sqlite_client.post("/refer", {**sqlite_client.token(), **referral(), "action": "review"})
    assert sqlite_client.post("/refer/send", form).status == 422


@pytest.mark.postgres
def test_a_draft_is_there_until_its_moment_and_not_after_it(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite_app.app_context():
        token = drafts.save(None, {"patient_family_name": ["One"]}).token
        (kept,) = db.session.scalars(select(Draft))
        until = kept.expires_at
        monkeypatch.setattr(clock, "now", lambda: until)
        assert (drafts.purge(), drafts.load(token) is None) == (0, False)
        monkeypatch.setattr(clock, "now", lambda: until + timedelta(microseconds=1))
        assert (drafts.load(token), drafts.purge()) == (None, 1)


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
