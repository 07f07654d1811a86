"""From the form to the mail, to the list and off it again, as a newcomer would go, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from core.mail import outbox
from tests.browser.checks import Look, check, with_javascript
from tests.browser.fixtures import OpenPage

pytestmark = pytest.mark.browser


def subscribe(page: Page, email: str) -> None:
    page.get_by_label("Email address").fill(email)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("Thanks for subscribing!")).to_be_visible()


def press(page: Page, button: str, heading: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()


def open_link(page: Page, words: str) -> None:
    """The first link of that kind in the mailbox, as its text shows it."""
    page.goto("/dev/mailbox")
    page.locator("pre").filter(has_text=words).first.get_by_role("link").filter(
        has_text=re.compile(words)
    ).first.click()


@pytest.mark.smoke
# `make test` takes the same way with JavaScript in the test of accessibility below.
@pytest.mark.parametrize("javascript", [pytest.param(True, marks=pytest.mark.full), False])
def test_a_newcomer_subscribes_confirms_and_leaves(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/journey", java_script_enabled=javascript)
    subscribe(page, f"newcomer-{javascript}@example.com".lower())
    open_link(page, "/subscribe/confirm/")
    press(page, "Confirm", "You are subscribed")
    open_link(page, "/subscribe/leave/")
    press(page, "Send me what you hold", "It is on its way")
    page.get_by_role("link", name="Back to your subscription").click()
    press(page, "Unsubscribe", "You are unsubscribed")
    press(page, "Undo", "You are subscribed")
    open_link(page, "/subscribe/leave/")
    press(page, "Unsubscribe", "You are unsubscribed")
    press(page, "Delete everything about me", "Everything is deleted")


def test_the_html_of_a_mail_can_be_followed_from_its_page(open_page: OpenPage) -> None:
    page = open_page("/subscribe")
    subscribe(page, "follows-html@example.com")
    page.goto("/dev/mailbox")
    page.get_by_role("link", name="Please confirm your subscription").first.click()
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Confirm your subscription").click()
    expect(opened.value.get_by_role("button", name="Confirm")).to_be_visible()


@with_javascript
@pytest.mark.axe
def test_every_page_of_a_subscription_and_a_mail_itself_are_accessible(
    open_page: OpenPage, live_app: Flask, looks: tuple[Look, ...]
) -> None:
    page = open_page("/subscribe")
    subscribe(page, f"reads-closely-at-{len(looks)}-looks@example.com")
    with live_app.app_context():
        newest = outbox.newest(1)[0].id
    for path in (f"/dev/mailbox/{newest}", f"/dev/mailbox/{newest}/html"):
        page.goto(path)
        if path.endswith("html"):
            # A mail has no landmarks; what it must have is contrast, words and a narrow width.
            for width in (320, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
        else:
            check(page, looks)
    open_link(page, "/subscribe/confirm/")
    press(page, "Confirm", "You are subscribed")
    check(page, looks)
    open_link(page, "/subscribe/leave/")
    check(page, looks)
    press(page, "Unsubscribe", "You are unsubscribed")
    check(page, looks)
    press(page, "Delete everything about me", "Everything is deleted")
    check(page, looks)
