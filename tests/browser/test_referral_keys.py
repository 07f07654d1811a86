"""The referral form by keyboard and by ear: Enter, what is announced, and what keeps its state."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.actions import fill_in
from tests.browser.fixtures import OpenPage
from tests.builders import referral

pytestmark = pytest.mark.browser
both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


@pytest.mark.smoke
def test_enter_moves_on_and_never_sends(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#referrer_given_name").press("Enter")
    expect(page.locator("#referrer_family_name")).to_be_focused()
    page.locator("#patient_birth_date_year").press("Enter")
    expect(page.locator("#patient_sex-0")).to_be_focused()
    page.locator("#patient_sex-1").press("Enter")
    expect(page.locator("#patient_phone")).to_be_focused()
    page.locator("#attestation").press("Enter")
    expect(page.get_by_role("button", name="Check your answers")).to_be_focused()
    expect(page.locator(".error-summary")).to_have_count(0)


def test_enter_in_a_box_of_many_lines_starts_a_line(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#clinical_summary").press_sequentially("one")
    page.locator("#clinical_summary").press("Enter")
    page.locator("#clinical_summary").press_sequentially("two")
    expect(page.locator("#clinical_summary")).to_have_value("one\ntwo")


@pytest.mark.parametrize(
    ("keys", "box"),
    [
        ("Meta+Enter", "patient_family_name"),
        ("Control+Enter", "clinical_summary"),
        ("Control+Enter", "trials > button"),
    ],
)
def test_control_and_enter_check_the_answers(open_page: OpenPage, keys: str, box: str) -> None:
    page = open_page("/refer")
    page.locator(f"#{box}").press(keys)
    expect(page.get_by_role("heading", name="There is a problem")).to_be_focused()


def test_enter_in_the_last_box_of_a_medication_adds_a_line(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#trials-0-medication").fill("lithium")
    page.locator("#trials-0-medication").press("Enter")
    expect(page.locator("#trials-0-daily_dose_mg")).to_be_focused()
    page.locator("#trials-0-outcome").press("Enter")
    expect(page.locator("#trials-1-medication")).to_be_focused()
    page.locator("#trials-0-outcome").press("Enter")
    expect(page.locator("#trials-1-medication")).to_be_focused()
    page.locator("#trials-1-outcome").press("Enter")
    expect(page.locator("[data-trial]")).to_have_count(2)
    expect(page.locator("#no_trials_known")).to_be_focused()


@both_ways
def test_a_pasted_list_becomes_lines_to_check(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.get_by_text("Paste a list of medications").click()
    page.get_by_label("Paste a list").fill("sertraline 200 mg 12 wk no response\nZyban, did not like it")
    page.get_by_role("button", name="Make lines of it").click()
    expect(page.locator("#trials-1-medication")).to_have_value(re.compile("Zyban"))
    expect(page.locator("#trials-0-weeks")).to_have_value("12")
    expect(page.locator("#trials-0-medication-note")).to_have_text("= sertraline")
    expect(page.get_by_role("heading", name="Medication 1")).to_be_focused()


def test_what_was_understood_stands_below_at_once(open_page: OpenPage) -> None:
    page = open_page("/refer")
    for name, typed, said in (
        ("diagnosis", "f33.2", "= F33.2 Major depressive disorder"),
        ("diagnosis", "melancholia of old", "Not in our list"),
        ("trials-0-medication", "zoloft", "= sertraline"),
        ("patient_email", "a@gmial.com", "Did you mean a@gmail.com?"),
    ):
        page.locator(f"#{name}").fill(typed)
        page.locator(f"#{name}").press("Tab")
        expect(page.locator(f"#{name}-note")).to_contain_text(said)
        expect(page.locator(f"#{name}-error")).to_be_empty()
    expect(page.locator("#trials-0-weeks-note")).to_have_text("Weeks at 50 mg or more")
    page.locator("#weight").fill("168")
    page.locator("[name='weight_unit'][value='lb']").check()
    expect(page.locator("#weight-note")).to_contain_text("168 lb (76 kg)")


def test_one_suggestion_is_announced_as_one(open_page: OpenPage) -> None:
    page = open_page("/refer")
    one = '<li role="option" aria-selected="false" data-value="lithium">lithium</li>'
    page.route("**/refer/suggest", lambda route: route.fulfill(body=one, content_type="text/html"))
    page.locator("#trials-0-medication").press_sequentially("lith")
    expect(page.locator("#live")).to_have_text("1 suggestion")
    page.locator("#trials-0-medication").press("Tab")
    expect(page.locator("#trials-0-medication")).to_have_value("lith")


def test_what_is_open_in_the_assessment_stays_open_and_focused(open_page: OpenPage) -> None:
    page = open_page("/refer")
    summary = page.locator("#assessment-missing-title")
    summary.click()
    expect(page.locator("#assessment-missing")).to_have_attribute("open", "")
    page.locator("#phq9_score").fill("21")
    with page.expect_response("**/refer/assess"):
        summary.focus()
    expect(page.locator("#assessment")).not_to_contain_text("PHQ-9 score is missing")
    expect(page.locator("#assessment-missing")).to_have_attribute("open", "")
    expect(summary).to_be_focused()
    page.locator("#assessment-missing a", has_text="date of birth").click()
    expect(page.locator("#patient_birth_date_year")).to_be_in_viewport()


def test_only_new_flags_that_must_be_settled_are_said(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("[name='aneurysmal_disease'][value='yes']").check()
    expect(page.locator("#live")).to_contain_text("contraindicated")
    page.evaluate("document.getElementById('live').textContent = ''")
    with page.expect_response("**/refer/assess"):
        page.locator("[name='bladder_disease'][value='unknown']").check()
    expect(page.locator("#assessment")).to_contain_text("Bladder disease")
    expect(page.locator("#live")).to_be_empty()


@pytest.mark.smoke
@both_ways
def test_an_emergency_says_at_once_that_nothing_is_kept(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    alert = page.locator("main").get_by_role("alert")
    expect(alert).to_have_count(1)
    expect(page.get_by_text("Nothing that you type here is kept")).to_be_hidden()
    page.locator("#emergency-0").check()
    expect(alert).to_contain_text("Nothing that you type here is kept")
    expect(page.get_by_text("Nothing that you type here is kept")).to_be_visible()
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_role("heading", name="Get help now")).to_be_visible()
    for link in page.locator("a[href^='#']:visible").all():
        assert page.locator(f"[id='{(link.get_attribute('href') or '#')[1:]}']").count() == 1


def test_the_bar_of_a_lost_connection_goes_with_the_next_answer(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator("#net-error")).to_contain_text("no connection")
    page.context.set_offline(False)
    # Drafts wait for ever, so that only the check of one answer comes back.
    page.route("**/refer", lambda _route: None)
    page.locator("#referrer_npi").fill("1234567893")
    page.locator("#referrer_npi").press("Tab")
    expect(page.locator("#net-error")).to_be_empty()


@pytest.mark.smoke
@pytest.mark.parametrize(
    "path", ["/journey", *(pytest.param(p, marks=pytest.mark.full) for p in ("/refer", "/subscribe"))]
)
@pytest.mark.parametrize("by", ["click", "Enter"])
@both_ways
def test_the_error_of_the_subscribe_form_is_heard_once(
    open_page: OpenPage, path: str, by: str, javascript: bool
) -> None:
    """Focus on the box says its label and its error."""
    page = open_page(path, java_script_enabled=javascript)
    email = page.locator("#email")
    email.fill("not an address")
    page.evaluate("() => { window.here = true; }")
    if by == "click":
        page.locator("#subscribe").get_by_role("button", name="Subscribe").click()
    else:
        email.press("Enter")
    expect(page.locator("#email-error")).to_contain_text("correct format")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_attribute("aria-describedby", re.compile("email-error"))
    page.wait_for_load_state("networkidle")
    expect(page.locator("#live")).to_be_empty()
    expect(email).to_be_focused()


def test_a_slow_answer_says_the_subscribe_error_once(open_page: OpenPage) -> None:
    """The check of the box must not say it as well."""
    page = open_page("/journey")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/subscribe", slowly)
    page.locator("#email").fill("not an address")
    page.locator("#email").press("Enter")
    expect(page.locator("#email-error")).to_contain_text("correct format")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#live")).to_be_empty()


def test_a_draft_that_was_saved_takes_the_bar_away(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral())
    page.context.set_offline(True)
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator("#net-error")).not_to_be_empty()
    page.context.set_offline(False)
    page.get_by_role("button", name="Save and come back").click()
    expect(page.locator("[data-draft-state]").last).to_contain_text("Draft saved")
    expect(page.locator("#net-error")).to_be_empty()
