"""A newsletter from the desk in a real Chromium: its progress comes by itself, and without JavaScript by a link."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import delete, text

from blueprints.newsletters.models import NewsletterReader, NewsletterSending
from blueprints.subscriptions.models import Subscriber
from core import clock
from core.extensions import db
from core.mail import outbox
from core.mail.outbox import Broadcast, Message, Status
from tests.browser.checks import Look, check
from tests.browser.conftest import StaffPage
from tests.content.words import CONTENT, change
from tests.staff.mailing import ADDRESS, NAME
from tests.subscriptions.actions import people

pytestmark = pytest.mark.browser
LOOKS = (Look(390), Look(1280), Look(1280, "dark"), Look(320, "dark"))


@pytest.fixture
def readers(live_app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """An issue that is ready, and three people to get it."""
    store = live_app.extensions["content"]
    before, store.folder = store.folder, Path(shutil.copytree(CONTENT, tmp_path / "content"))
    change(store.folder / "newsletters" / f"{NAME}.md", "draft: true\n", "")
    people(live_app, 3)
    yield live_app
    store.folder = before
    with live_app.app_context():
        db.session.execute(delete(Message).where(Message.broadcast_id.is_not(None)))
        for table in (NewsletterReader, NewsletterSending, Broadcast):
            db.session.execute(delete(table))
        db.session.execute(delete(Subscriber).where(Subscriber.leave_token.like("token-reader-%")))
        db.session.commit()


def hand_over(app: Flask, number: int) -> None:
    """As a worker does with so many messages."""
    with app.app_context():
        ids = db.session.scalars(
            text("SELECT id FROM outbox WHERE broadcast_id IS NOT NULL AND status = 'queued' LIMIT :number"),
            {"number": number},
        ).all()
        chosen = outbox.TABLE.c.id.in_(ids)
        outbox.move(db.session, Status.SENDING, chosen, claimed_by="test", due_at=clock.now())
        outbox.move(db.session, Status.SENT, chosen, claim="test", attempts=1)
        db.session.commit()


def send(page: Page, number: str) -> None:
    page.get_by_label("Type the number of people").fill(number)
    page.get_by_role("button", name="Send it now").click()


@pytest.mark.axe
@pytest.mark.smoke
def test_progress_comes_by_itself_until_it_is_sent(readers: Flask, staff_page: StaffPage) -> None:
    page = staff_page("manager", path=ADDRESS)
    check(page, LOOKS)
    send(page, "2")
    expect(page.locator("#people-error")).to_contain_text("It goes to 3 people now, and you typed 2.")
    expect(page.get_by_label("Type the number of people")).to_have_value("2")
    check(page, LOOKS, "with a wrong number")
    send(page, "3")
    expect(page.get_by_role("heading", name="It is being sent")).to_be_visible()
    check(page, LOOKS, "while it is sent")
    page.get_by_role("button", name="Stop sending").focus()
    hand_over(readers, 2)
    expect(page.locator("#progress")).to_contain_text("2 of 3")
    expect(page.get_by_role("button", name="Stop sending")).to_be_focused()
    hand_over(readers, 1)
    expect(page.get_by_role("heading", name="It was sent")).to_be_visible()


def test_without_javascript_the_page_is_loaded_again(readers: Flask, staff_page: StaffPage) -> None:
    page = staff_page("manager", path=ADDRESS, java_script_enabled=False)
    send(page, "3")
    hand_over(readers, 1)
    page.get_by_role("link", name="Load this page again").click()
    expect(page.locator("#progress")).to_contain_text("1 of 3")
    page.get_by_role("button", name="Stop sending").click()
    expect(page.get_by_role("heading", name="It is stopped")).to_be_visible()
    page.get_by_label("Type the number of people").fill("2")
    page.get_by_role("button", name="Continue sending").click()
    expect(page.get_by_role("heading", name="It is being sent")).to_be_visible()


@pytest.mark.axe
@pytest.mark.parametrize("path", ["/staff/newsletters", "/staff/lists", "/staff/figures"])
def test_the_managers_pages_are_accessible(staff_page: StaffPage, path: str) -> None:
    page = staff_page("manager", path=path)
    check(page, LOOKS)
