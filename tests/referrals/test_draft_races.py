"""Requests that reach the same draft at the same moment, on PostgreSQL and SQLite."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask

from blueprints.referrals import drafts
from blueprints.referrals.drafts import PageState, SavedDraft
from core.extensions import db

pytestmark = pytest.mark.database_decides
TOKEN = "t" * 86
AT_ONCE = 6


def saved(app: Flask, page: PageState) -> SavedDraft | None:
    """None if the save was refused because it was not the newest; then it is kept as a copy."""
    answers = {"patient_phone": [page.tab]}
    with app.app_context():
        try:
            return drafts.save(TOKEN, page, answers)
        except drafts.NotNewest:
            drafts.save_copy(TOKEN, page, answers)
            return None
        finally:
            db.session.remove()


def versions(app: Flask) -> set[str]:
    with app.app_context():
        return {draft.answers["patient_phone"][0] for draft in drafts.list_drafts(TOKEN)}


@pytest.mark.parametrize("is_first", [True, False], ids=["first save", "next save"])
def test_of_several_tabs_one_is_accepted_and_each_is_kept(app: Flask, is_first: bool) -> None:
    if not is_first:
        assert saved(app, PageState("one", 0, "before"))
    pages = [PageState("one", 0 if is_first else 1, f"tab{n}", 1) for n in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as people:
        accepted = [draft for draft in people.map(lambda page: saved(app, page), pages) if draft]
    assert [draft.page.version for draft in accepted] == [1 if is_first else 2]
    assert versions(app) == {page.tab for page in pages}


def test_saves_of_one_tab_at_once_end_with_the_last(app: Flask) -> None:
    def save_one(seq: int) -> None:
        with app.app_context(), suppress(drafts.NotNewest):
            drafts.save(TOKEN, PageState("one", 0, "tab", seq), {"patient_phone": [str(seq)]})
        with app.app_context():
            db.session.remove()

    with ThreadPoolExecutor(4) as people:
        list(people.map(save_one, range(1, 5)))
    assert versions(app) == {"4"}


def test_saving_and_discarding_at_once_leaves_it_closed(app: Flask) -> None:
    def act(number: int) -> None:
        with app.app_context():
            try:
                if number:
                    drafts.save(TOKEN, PageState("one", 0, "tab", number), {"patient_phone": ["1"]})
                else:
                    drafts.discard(TOKEN, "one")
            except drafts.DraftClosed:
                pass
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as people:
        list(people.map(act, [1, 0, 2, 3]))
    assert versions(app) == set()


def test_only_the_newest_version_is_closed_as_sent(app: Flask) -> None:
    with app.app_context():
        read = drafts.save(TOKEN, PageState("one", 0, "tab", 1), {"patient_phone": ["1"]})
        newer = drafts.save(TOKEN, PageState("one", 1, "tab", 2), {"patient_phone": ["2"]})
        assert not drafts.close_as_sent(read, "KTC-22222222")
        assert drafts.close_as_sent(newer, "KTC-22222222")
        assert not drafts.close_as_sent(newer, "KTC-33333333")
        db.session.commit()
        sent = drafts.sent_as(TOKEN, "one")
        assert sent is not None
        assert sent.reference == "KTC-22222222"
        assert drafts.sent_as("o" * 86, "one") is None
