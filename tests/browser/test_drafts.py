"""Drafts as people work with them: in two tabs, by leaving early, by deleting, and after sending."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import fill_in
from tests.browser.fixtures import OpenPage
from tests.builders import referral

pytestmark = pytest.mark.browser
both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])

NAME = "#patient_family_name"
STATE = "[data-draft-state]"


def type_and_save(page: Page, field: str, value: str, status: int = 204) -> None:
    """Until the draft has saved itself."""
    with page.expect_response(lambda r: r.request.method == "POST" and r.url.endswith("/refer") and r.status == status):
        page.locator(field).fill(value)
        page.locator(field).press("Tab")
    if status == 204:
        expect(page).to_have_url(re.compile(r"/refer\?draft="))


def another_tab(page: Page, path: str = "/refer") -> Page:
    tab = page.context.new_page()
    tab.goto(path)
    return tab


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Reload the page until the server has come to that."""
    for _ in range(50):
        page.goto("/refer")
        if holds():
            return
    pytest.fail("the server does not come to that")


def continue_link(page: Page) -> str:
    return page.get_by_role("link", name=re.compile("^Continue")).first.get_attribute("href") or ""


def test_the_draft_saves_itself_and_comes_back(open_page: OpenPage) -> None:
    page = open_page("/refer")
    type_and_save(page, "#patient_given_name", "Zebedee")
    expect(page.locator(STATE).first).to_contain_text("Draft saved at")
    expect(page.locator("#live")).to_be_empty()
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator("#live")).to_contain_text("Draft saved at")
    expect(page).to_have_url(re.compile(r"/refer\?draft="))
    page.reload()
    expect(page.locator("#patient_given_name")).to_have_value("Zebedee")


@both_ways
def test_a_draft_is_deleted_after_a_question_and_can_be_restored(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.locator(NAME).fill("Canaryfield")
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator(STATE).first).to_contain_text("Draft saved at")
    really = page.get_by_role("button", name="Yes, delete it")
    expect(really).to_be_hidden()
    page.get_by_text("Delete this draft", exact=True).click()
    really.click()
    expect(page.get_by_text("The draft was deleted.")).to_be_visible()
    expect(page.locator(NAME)).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(NAME)).to_have_value("Canaryfield")


@pytest.mark.smoke
@both_ways
def test_two_patients_in_two_tabs_never_mix(open_page: OpenPage, javascript: bool) -> None:
    one = open_page("/refer", java_script_enabled=javascript)
    two = another_tab(one)
    for page, name in ((one, "One"), (two, "Two")):
        fill_in(page, referral(patient_family_name=name, patient_given_name="Pat"))
    for page in (two, one):
        page.get_by_role("button", name="Check your answers").click()
        expect(page).to_have_url(re.compile("/refer/review"))
    for page, name in ((one, "One"), (two, "Two")):
        expect(page.locator(".summary-list").first).to_be_visible()
        expect(page.locator("#send-form")).to_contain_text(name)
        expect(page.locator("#send-form")).not_to_contain_text("Two" if name == "One" else "One")
    for page in (one, two):
        page.get_by_role("button", name="Send referral").click()
        expect(page.locator("#reference")).to_contain_text("KTC-")
    assert one.locator("#reference").text_content() != two.locator("#reference").text_content()


def test_a_second_tab_is_empty_and_offers_the_first_draft(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#patient_given_name").fill("Tamsin")
    type_and_save(page, NAME, "Example")
    tab = another_tab(page)
    expect(tab.locator(NAME)).to_have_value("")
    expect(tab.get_by_text(re.compile(r"Draft for T\. E\., saved \d"))).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Continue the draft for T")).click()
    expect(tab.locator(NAME)).to_have_value("Example")


@pytest.mark.smoke
@pytest.mark.parametrize("at_first", [True, False], ids=["first save", "next save"])
def test_the_tab_may_be_closed_at_once(open_page: OpenPage, at_first: bool) -> None:
    page = open_page("/refer")
    other = another_tab(page, "/")
    if not at_first:
        type_and_save(page, "#patient_given_name", "Zebedee")
    page.locator(NAME).fill("Closing")
    page.close(run_before_unload=at_first)
    until(other, lambda: other.get_by_role("link", name=re.compile("^Continue")).count() > 0)
    draft = continue_link(other)
    for _ in range(50):
        other.goto(draft)
        if other.locator(NAME).input_value() == "Closing":
            break
    expect(other.locator(NAME)).to_have_value("Closing")


def test_whoever_follows_a_link_or_reloads_loses_nothing(open_page: OpenPage) -> None:
    page = open_page("/refer")
    type_and_save(page, "#patient_given_name", "Zebedee")
    address = page.url
    page.locator(NAME).fill("Leaving")
    page.goto("/privacy")
    for _ in range(50):
        page.goto(address)
        if page.locator(NAME).input_value() == "Leaving":
            break
    expect(page.locator(NAME)).to_have_value("Leaving")


def test_nothing_is_saved_twice_by_leaving(open_page: OpenPage) -> None:
    page = open_page("/refer")
    type_and_save(page, NAME, "Canaryfield")
    posts: list[str] = []
    page.context.on("request", lambda r: posts.append(r.url) if r.method == "POST" else None)
    page.goto("/privacy")
    page.goto("/refer")
    assert posts == []


def test_the_older_tab_goes_on_with_a_copy_and_says_so(open_page: OpenPage) -> None:
    one = open_page("/refer")
    type_and_save(one, NAME, "First")
    two = another_tab(one, one.url)
    type_and_save(two, NAME, "Newer")
    original = one.url
    type_and_save(one, NAME, "Older", status=409)
    expect(one.locator("#net-error")).to_contain_text("both versions are kept")
    expect(one.locator("[data-draft-news]")).to_contain_text("both versions are kept")
    expect(one.locator(STATE).first).to_contain_text("Draft saved at")
    expect(one).not_to_have_url(original)
    type_and_save(one, "#patient_given_name", "Zebedee")
    one.reload()
    expect(one.locator(NAME)).to_have_value("Older")
    expect(one.locator("#patient_given_name")).to_have_value("Zebedee")
    two.reload()
    expect(two.locator(NAME)).to_have_value("Newer")


def test_what_a_button_saved_is_not_saved_again_by_itself(open_page: OpenPage) -> None:
    """Its next version would make a second tab's answers the older ones."""
    page = open_page("/refer")
    page.clock.install()
    saves: list[str] = []
    page.on("request", lambda r: saves.append(r.post_data or "") if r.url.endswith("/refer") else None)
    page.locator(NAME).fill("Canaryfield")
    page.get_by_role("button", name="Save and come back").click()
    expect(page).to_have_url(re.compile(r"\?draft="))
    page.clock.fast_forward(10_000)
    page.locator(NAME).fill("Zebra")
    page.locator(NAME).press("Tab")
    with page.expect_response(lambda r: r.request.method == "POST" and r.url.endswith("/refer")):
        page.clock.fast_forward(10_000)
    assert ["background=1" in save for save in saves] == [False, True]


@both_ways
def test_a_button_of_the_older_tab_shows_both_versions(open_page: OpenPage, javascript: bool) -> None:
    one = open_page("/refer", java_script_enabled=javascript)
    one.locator(NAME).fill("First")
    one.get_by_role("button", name="Save and come back").click()
    expect(one).to_have_url(re.compile(r"\?draft="))
    two = another_tab(one, one.url)
    two.locator(NAME).fill("Newer")
    two.get_by_role("button", name="Save and come back").click()
    expect(two.locator(STATE).first).to_contain_text("Draft saved at")
    if javascript:
        expect(two.locator("#live")).to_contain_text("Draft saved at")
    one.locator(NAME).fill("Older")
    one.get_by_role("button", name="Check your answers").click()
    expect(one.locator("#draft-notice")).to_be_focused()
    expect(one.locator("#draft-notice")).to_contain_text("They differ in: ")
    expect(one.locator(NAME)).to_have_value("Older")
    one.get_by_role("link", name="Open the other version").click()
    expect(one.locator(NAME)).to_have_value("Newer")


def test_a_save_that_arrives_after_a_row_button_changes_nothing(open_page: OpenPage) -> None:
    page = open_page("/refer")
    type_and_save(page, NAME, "Canaryfield")
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if "background=1" in (route.request.post_data or "") and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/refer", hold_first)
    with page.expect_request(lambda r: "background=1" in (r.post_data or "")):
        page.locator(NAME).fill("Halfway")
        page.locator(NAME).press("Tab")
    page.locator(NAME).fill("Finished")
    page.get_by_role("button", name="Add another medication").click()
    expect(page.locator("[name='trials-1-medication']")).to_be_visible()
    held[0].continue_()
    type_and_save(page, "#patient_given_name", "Zebedee")
    expect(page.locator("[data-draft-news]")).to_be_hidden()
    page.reload()
    expect(page.locator(NAME)).to_have_value("Finished")
    expect(page.locator("[name='trials-1-medication']")).to_be_visible()


def test_what_was_sent_is_not_saved_again_and_back_says_so(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral())
    page.get_by_role("button", name="Check your answers").click()
    expect(page).to_have_url(re.compile("/refer/review"))
    page.get_by_role("button", name="Send referral").click()
    expect(page.locator("#reference")).to_contain_text("KTC-")
    reference = page.locator("#reference").inner_text().strip()
    page.go_back()
    expect(page.get_by_text("You sent this referral at")).to_be_visible()
    expect(page.get_by_role("link", name=reference)).to_be_visible()
    expect(page.locator(NAME)).to_have_value("")


def test_a_tab_whose_draft_was_sent_says_so_and_keeps_what_is_typed(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral())
    page.get_by_role("button", name="Check your answers").click()
    expect(page).to_have_url(re.compile("/refer/review"))
    tab = another_tab(page, page.url.replace("/review", ""))
    page.get_by_role("button", name="Send referral").click()
    expect(page.locator("#reference")).to_contain_text("KTC-")
    type_and_save(tab, NAME, "Next", status=409)
    expect(tab.locator("#net-error")).to_contain_text("This referral was sent as KTC-")
    tab.get_by_role("button", name="Save and come back").click()
    expect(tab.locator("#draft-notice")).to_contain_text("You sent this referral as KTC-")
    expect(tab.locator(NAME)).to_have_value("Next")
    tab.get_by_role("button", name="Save and come back").click()
    expect(tab.locator("#live")).to_contain_text("Draft saved at")


def test_choosing_yes_in_an_emergency_deletes_nothing_yet(open_page: OpenPage) -> None:
    page = open_page("/refer")
    type_and_save(page, NAME, "Canaryfield")
    with page.expect_response(lambda r: r.status == 409):
        page.locator("#emergency-0").check()
    expect(page.locator("#net-error")).to_be_empty()
    tab = another_tab(page, page.url)
    expect(tab.locator(NAME)).to_have_value("Canaryfield")


@both_ways
def test_the_referrer_is_remembered_and_forgotten(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.locator("#referrer_family_name").fill("Referrer")
    page.locator(NAME).fill("Canaryfield")
    page.locator("#remember_me").check()
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator(STATE).first).to_contain_text("Draft saved at")
    if javascript:
        expect(page.locator("#live")).to_contain_text("Draft saved at")
    page.goto("/refer")
    expect(page.locator("#referrer_family_name")).to_have_value("Referrer")
    expect(page.locator(NAME)).to_have_value("")
    expect(page.locator("#remember_me")).to_be_checked()
    page.get_by_role("button", name="Forget me").click()
    expect(page.locator("#referrer_family_name")).to_have_value("")
    page.goto("/refer")
    expect(page.locator("#referrer_family_name")).to_have_value("")
    expect(page.get_by_text("Filled in from")).to_have_count(0)
