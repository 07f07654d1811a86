"""A draft that is damaged, too large, or one of too many never stands in the way."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from blueprints.referrals import draft_rows, drafts
from blueprints.referrals.drafts import PageState
from blueprints.referrals.models import Draft
from core import clock
from core.crypto import envelope
from core.extensions import db
from tests.builders import CANARIES, referral
from tests.page import Client
from tests.referrals.drafting import LOST, Tab, draft_id, reopen, rows, save, token_of, typed

TOKEN = "t" * 86


pytestmark = pytest.mark.usefixtures("unlimited")


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
    row.blob = draft_rows.seal(TOKENS.pop(), row.id, {"answers": []})


TOKENS: list[str] = []
DAMAGES = (set_blob("''"), set_blob("'x'"), set_blob("'0123456789abcdef'"), swap, other_shape)


@pytest.mark.parametrize("damage", DAMAGES, ids=["empty", "one byte", "cut", "changed", "of another version"])
def test_a_damaged_draft_is_set_aside_with_a_word(
    app: Flask, client: Client, damage: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    tab = Tab(client)
    saved = tab.press()
    with app.app_context():
        TOKENS[:] = [token_of(client)]
        damage()
        db.session.commit()
    (damaged,) = rows(app)
    with caplog.at_level(logging.ERROR):
        page = reopen(client, saved)
    assert page.status == 200
    assert (typed(page), LOST in page.text) == ("", True)
    assert "a draft cannot be read" in caplog.text
    assert not [canary for canary in CANARIES if canary in caplog.text]
    assert client.get("/refer").status == 200
    assert client.get(f"/refer/review?draft={tab.id}").location == f"/refer?draft={tab.id}"
    assert client.post("/refer/send", page.document.fields()).location.startswith("/refer?draft=")
    whole = save(client)
    assert draft_id(whole) != damaged.id
    assert typed(reopen(client, whole)) == "Canaryfield"
    tab.press()
    assert typed(tab.answer) == "Canaryfield", "whoever has it open goes on with it"
    assert tab.id == damaged.id


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
    tab = Tab(client, patient_family_name="Before")
    tab.press()
    saved = tab.id
    answer = client.post("/refer", {**tab.held, **answers, "action": action})
    assert answer.status == 413
    assert "too long to be saved" in answer.text
    assert typed(answer) == "Canaryfield"
    assert answer.document.text_of("clinical_summary") == " ".join(answers["clinical_summary"].split())
    assert typed(client.get(f"/refer?draft={saved}")) == "Before"
    assert tab.press().status in (204, 303), "the page still holds the same draft"


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
    monkeypatch.setattr(draft_rows, "MAX_NETWORK_DRAFTS", 3)
    tabs = [Tab(from_address(app, "192.0.2.7")) for _ in range(4)]
    assert [tab.press().status for tab in tabs] == [303, 303, 303, 429]
    assert typed(tabs[3].answer) == "Canaryfield"
    assert "from your network" in tabs[3].answer.text
    for change in ({"patient_phone": "213.555.0199"}, {"patient_family_name": "Next"}):
        assert tabs[0].press(**change).status == 303, "what is kept already is not counted"
    assert save(from_address(app, "192.0.2.8")).status == 303
    tabs[0].press("discard")
    assert tabs[3].press().status == 429, "what was deleted is counted, or nothing would be"
    tabs[3].client.post("/refer", {**tabs[3].held, "action": "discard"})
    assert len(rows(app)) == 4
    assert "192.0.2" not in repr([vars(row) for row in rows(app)])


def test_the_table_is_bounded_and_whoever_is_at_it_keeps_theirs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_rows, "MAX_DRAFTS", 3)
    active = Tab(from_address(app, "192.0.2.1"))
    active.press()
    others = [Tab(from_address(app, f"192.0.2.{number}")) for number in range(2, 6)]
    for other in others:
        other.press()
        active.press()
    assert len(rows(app)) == 3
    assert typed(active.answer) == "Canaryfield"
    assert LOST in others[0].client.get(f"/refer?draft={others[0].id}").text


def test_what_was_deleted_makes_room_first(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft_rows, "MAX_DRAFTS", 3)
    oldest, deleted, third, fourth = (Tab(from_address(app, f"192.0.2.{number}")) for number in range(1, 5))
    for tab in (oldest, deleted, third):
        tab.press()
    deleted.press("discard")
    fourth.press()
    assert {row.closed_at for row in rows(app)} == {None}
    assert typed(oldest.client.get(f"/refer?draft={oldest.id}")) == "Canaryfield"


def test_the_largest_draft_fits_its_bound(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        sizes = [_size_of(letters) for letters in (64_000, 64_500, 65_536)]
    assert 64_000 < (sizes[0] or 0) <= drafts.MAX_BYTES
    assert sizes[2] is None


def _size_of(letters: int) -> int | None:
    page = PageState(f"{letters}")
    try:
        drafts.save(TOKEN, page, {"clinical_summary": ["x" * letters]})
    except drafts.DraftTooLarge:
        return None
    return len(db.session.scalars(select(Draft).where(Draft.id == page.id)).one().blob)


def test_drafts_from_before_the_migration_stay(app: Flask) -> None:
    """Sealed as the site did it then: the hash of the token is the id, and stands in the context."""
    owner = envelope.derive(TOKEN, "clinic/draft/v1/row").hex()
    sealed = {"key": "its key", "answers": {"referrer_npi": ["12"]}, "started_at": "2026-11-24T08:00:00+00:00"}
    blob = envelope.encrypt(envelope.derive(TOKEN, "clinic/draft/v1/key"), sealed, f"clinic/draft/v1/{owner}")
    now = clock.now()
    with app.app_context():
        drafts.save(TOKEN, PageState("new"), {"referrer_npi": ["13"]})
        flask_migrate.downgrade(revision="20261124_broadcasts")
        assert db.session.scalar(text("SELECT count(*) FROM drafts")) == 0, "the code from before cannot open it"
        row = {"hash": owner, "blob": blob, "now": now, "until": now + timedelta(hours=1)}
        values = "(:hash, :blob, :now, :until, '')"
        names = "(token_hash, blob, saved_at, expires_at, network)"
        db.session.execute(text(f"INSERT INTO drafts {names} VALUES {values}"), row)
        db.session.commit()
        flask_migrate.upgrade()
        (draft,) = drafts.list_drafts(TOKEN)
        assert (draft.id, draft.key, draft.answers) == (owner, "its key", sealed["answers"])
        assert draft.page.version == 1
        assert drafts.save(TOKEN, PageState(owner, 1), {"referrer_npi": ["14"]}).key == "its key"
        flask_migrate.downgrade(revision="20261124_broadcasts")
        flask_migrate.upgrade()
        db.session.expire_all()
        (draft,) = drafts.list_drafts(TOKEN)
        assert draft.answers == {"referrer_npi": ["14"]}
