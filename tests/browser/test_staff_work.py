"""The list and the page in a real Chromium: with the keyboard, without JavaScript, and two people at once."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.checks import Look, check
from tests.browser.conftest import StaffPage
from tests.staff import referring

pytestmark = pytest.mark.browser
LIST = "/staff/referrals"
HIGH = {"suicide_risk": "high", "urgent_handoff": "emergency_care_arranged", "priority": "urgent"}
LOOKS = (Look(390), Look(1280), Look(1280, "dark"), Look(320, "dark"))
NO_SCRIPT = {"java_script_enabled": False}


@pytest.fixture
def two(live_app: Flask) -> tuple[str, str]:
    """Two referrals that nobody has; the first is above the second."""
    return referring.send(live_app), referring.send(live_app)


def row(page: Page, reference: str) -> str:
    return f"[data-row]:has-text('{reference}')"


@pytest.mark.axe
def test_nothing_of_the_desk_is_in_the_way(live_app: Flask, staff_page: StaffPage) -> None:
    reference, calm = referring.send(live_app, **HIGH), referring.send(live_app)
    referring.write(live_app, calm, "note", words="A note.")
    referring.write(live_app, calm, "message", words="A message.")
    page = staff_page("clinician", "manager", path=f"{LIST}?view=all")
    check(page, LOOKS)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Keys").click()
    check(page, LOOKS, "with the keys")
    page.goto(f"{LIST}/{reference}")
    check(page, LOOKS)
    page.goto(f"{LIST}/{calm}")
    page.get_by_role("button", name="Claim").click()
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.name = ''; one.open = true; })")
    check(page, LOOKS, "with every form open")
    page.locator("#form-decline").get_by_role("button", name="Decline", exact=True).click()
    expect(page.locator(".error-summary h2")).to_be_focused()
    check(page, LOOKS, "with errors")


@pytest.mark.smoke
def test_the_list_is_worked_with_the_keyboard(two: tuple[str, str], staff_page: StaffPage) -> None:
    page = staff_page("clinician", path=f"{LIST}?view=nobodys")
    links = page.locator("[data-open]")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{LIST}/KTC-*")
    page.keyboard.press("n")
    expect(page.get_by_label("The note")).to_be_focused()
    page.keyboard.type("jkcnu? is text here")
    expect(page.get_by_label("The note")).to_have_value("jkcnu? is text here")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator("#timeline")).to_contain_text("jkcnu? is text here")
    page.keyboard.press("u")
    page.wait_for_url(f"**{LIST}?view=nobodys")


def test_a_key_claims(two: tuple[str, str], staff_page: StaffPage) -> None:
    page = staff_page("clinician", path=f"{LIST}?view=nobodys")
    place = page.locator("[data-row]").all_inner_texts().index(page.locator(row(page, two[1])).inner_text())
    for _ in range(place + 1):
        page.keyboard.press("j")
    page.keyboard.press("c")
    page.wait_for_url(f"**{two[1]}?*done=claim*")
    expect(page.get_by_role("status").first).to_have_text("You have it now.")


def test_keys_are_shown_and_switched_off(two: tuple[str, str], staff_page: StaffPage) -> None:
    page = staff_page("clinician", path=f"{LIST}?view=nobodys")
    page.keyboard.press("Control+j")
    expect(page.locator("[data-open]:focus")).to_have_count(0)
    page.keyboard.press("Shift+?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("[data-open]:focus")).to_have_count(0)
    page.get_by_role("button", name="Switch the keys off").click()
    page.wait_for_url(f"**{LIST}")
    page.goto(f"{LIST}?view=nobodys")
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(page.locator("[data-open]:focus")).to_have_count(0)
    expect(page.locator("#keys")).to_be_hidden()


@pytest.mark.smoke
def test_two_people_at_once_lose_nothing(two: tuple[str, str], staff_page: StaffPage) -> None:
    reference = two[0]
    mine = staff_page("clinician", path=f"{LIST}/{reference}")
    mine.get_by_role("button", name="Claim").click()
    mine.wait_for_url("**done=claim*")
    theirs = staff_page("clinician", "manager", path=f"{LIST}/{reference}")
    mine.locator("#do-ask > summary").click()
    mine.get_by_label("What we need").fill("Which doses, please?")
    theirs.locator("#do-decline > summary").click()
    theirs.locator("#decline-reason").select_option("capacity")
    theirs.locator("#do-decline").get_by_label("In your own words").fill("Our calendar is full.")
    expect(theirs.locator("#letter")).to_contain_text("Our calendar is full.")
    theirs.get_by_role("button", name="Decline", exact=True).click()
    theirs.wait_for_url("**done=decline*")
    mine.get_by_role("button", name="Ask the referrer", exact=True).click()
    conflict = mine.locator("#conflict")
    expect(conflict).to_contain_text("Test Clinician And Manager was faster")
    expect(conflict).to_contain_text("Our calendar is full.")
    expect(conflict).to_contain_text("Which doses, please?")
    expect(mine.get_by_label("The note")).to_have_value("Which doses, please?")
    expect(mine.locator("#conflict-title")).to_be_focused()


def test_errors_come_beside_the_field_and_leave_as_it_is_put_right(two: tuple[str, str], staff_page: StaffPage) -> None:
    page = staff_page("clinician", path=f"{LIST}/{two[0]}")
    page.get_by_role("button", name="Claim").click()
    page.wait_for_url("**done=claim*")
    page.locator("#do-ask > summary").click()
    page.get_by_role("button", name="Ask the referrer", exact=True).click()
    expect(page.locator("#ask-words-error")).to_contain_text("Say what you need from the referrer.")
    expect(page.locator(".error-summary h2")).to_be_focused()
    page.get_by_label("What we need").fill("Which doses?")
    expect(page.locator("#ask-words-error")).to_be_empty()


def test_everything_works_without_javascript(live_app: Flask, two: tuple[str, str], staff_page: StaffPage) -> None:
    page = staff_page("clinician", path=f"{LIST}/{two[0]}", **NO_SCRIPT)
    page.get_by_role("button", name="Claim").click()
    page.locator("#do-decline > summary").click()
    page.locator("#decline-reason").select_option("capacity")
    page.get_by_role("button", name="Read the letter first").click()
    expect(page.locator("#letter")).to_contain_text("no free place within a time")
    page.get_by_role("button", name="Decline, and next").click()
    expect(page.locator(".done")).to_contain_text("Declined.")
    assert referring.column(live_app, two[0], "outcome") == "declined"
    page.goto(f"{LIST}?view=all")
    page.get_by_label("Find by reference or name").fill("Canaryfield")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(row(page, two[1]))).to_be_visible()
    assert "anary" not in page.url


def test_who_else_looks_comes_by_itself(two: tuple[str, str], staff_page: StaffPage) -> None:
    mine = staff_page("clinician", path=f"{LIST}/{two[0]}")
    expect(mine.locator("#others")).to_be_empty()
    mine.clock.install()
    mine.reload()
    staff_page("coordinator", path=f"{LIST}/{two[0]}")
    mine.clock.fast_forward(21_000)
    expect(mine.locator("#others")).to_have_text("Test Coordinator looks at it too.")


@pytest.mark.full
def test_at_four_hundred_percent_nothing_scrolls_sideways(two: tuple[str, str], staff_page: StaffPage) -> None:
    """1280 px at 400 % are 320 px."""
    page = staff_page("clinician", path=f"{LIST}/{two[0]}", width=320)
    for path in (f"{LIST}?view=all", f"{LIST}/{two[0]}"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
