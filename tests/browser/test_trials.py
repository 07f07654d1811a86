"""Medication rows, suggestions and the assessment, as people use them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import fill_in
from tests.browser.fixtures import OpenPage
from tests.builders import referral

pytestmark = pytest.mark.browser
both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
both_ways_in_full = pytest.mark.parametrize(
    "javascript", [True, pytest.param(False, marks=pytest.mark.full)], ids=["javascript", "plain"]
)


def medications(page: Page) -> list[str]:
    rows = page.locator("[data-trial] input[id$='-medication']")
    return [rows.nth(place).input_value() for place in range(rows.count())]


def options(page: Page) -> Locator:
    """What is suggested, besides the answers of native selects."""
    return page.get_by_role("listbox").get_by_role("option")


@pytest.mark.smoke
@both_ways
def test_rows_come_go_and_come_back_by_keyboard(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.locator("#trials-0-medication").fill("lithium")
    page.locator("#patient_family_name").fill("Canaryfield")
    page.get_by_role("button", name="Add another medication").press("Enter")
    expect(page.locator("#trials-1-medication")).to_be_focused()
    page.locator("#trials-1-medication").fill("bupropion")
    page.get_by_role("button", name="Remove medication 1").press("Enter")
    expect(page.locator("[data-trial]")).to_have_count(1)
    expect(page.get_by_role("heading", name="Medication 1")).to_be_focused()
    assert medications(page) == ["bupropion"]
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("[data-trial]")).to_have_count(2)
    assert medications(page) == ["lithium", "bupropion"]
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")


def test_a_change_of_rows_is_announced_and_leaves_the_place(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.get_by_role("button", name="Add another medication").click()
    expect(page.locator("#live")).to_have_text("Medication 2 added.")
    expect(page.get_by_role("heading", name="Medication 2")).to_be_in_viewport()
    page.get_by_role("button", name="Remove medication 2").click()
    expect(page.locator("#live")).to_have_text("Medication 2 removed.")


@pytest.mark.smoke
def test_a_medication_is_chosen_from_suggestions_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/refer")
    box = page.get_by_role("combobox", name="Medication")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator(f"#{box.get_attribute('aria-controls')}")).to_have_attribute("role", "listbox")
    box.press_sequentially("zol")
    expect(options(page).first).to_have_text("Zoloft (sertraline)")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#live")).to_contain_text("suggestions")
    box.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", re.compile("suggestions-0$"))
    box.press("Enter")
    expect(box).to_have_value("Zoloft")
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page).to_have_url(re.compile("/refer$"))


def test_escape_closes_the_suggestions_and_any_text_is_allowed(open_page: OpenPage) -> None:
    page = open_page("/refer")
    box = page.get_by_role("combobox", name="Medication")
    box.press_sequentially("sert")
    expect(options(page).first).to_be_visible()
    box.press("Escape")
    expect(options(page)).to_have_count(0)
    box.press_sequentially("x of my own")
    box.press("Tab")
    expect(box).to_have_value("sertx of my own")


def test_a_diagnosis_is_chosen_with_the_pointer(open_page: OpenPage) -> None:
    page = open_page("/refer")
    box = page.get_by_role("combobox", name="Main diagnosis")
    box.press_sequentially("f332")
    options(page).filter(has_text="F33.2").click()
    expect(box).to_have_value(re.compile("^F33.2 Major depressive disorder"))
    expect(box).to_be_focused()
    expect(page.locator("#diagnosis-error")).to_be_empty()


def test_a_row_that_was_added_suggests_too(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.get_by_role("button", name="Add another medication").click()
    second = page.locator("#trials-1-medication")
    expect(second).to_have_attribute("role", "combobox")
    second.press_sequentially("effexer")
    expect(options(page).first).to_have_text("Effexor (venlafaxine)")


def test_without_javascript_the_browser_suggests(open_page: OpenPage) -> None:
    page = open_page("/refer", java_script_enabled=False)
    for name in ("diagnosis", "trials-0-medication"):
        listed = page.locator(f"#{name}").get_attribute("list")
        assert page.locator(f"#{listed} option").count() > 40


@pytest.mark.smoke
def test_the_assessment_follows_what_is_typed(open_page: OpenPage) -> None:
    page = open_page("/refer")
    assessment = page.locator("#assessment")
    expect(assessment).to_contain_text("No trials are given.")
    fill_in(page, {name: value for name, value in referral().items() if name.startswith("trials-0-")})
    expect(assessment).to_contain_text("Counted: 12 weeks at 50 mg or more, highest dose 150 mg")
    page.locator("[name='aneurysmal_disease'][value='yes']").check()
    expect(assessment).to_contain_text("Spravato is contraindicated")
    expect(page.locator("[name='aneurysmal_disease'][value='yes']")).to_be_focused()


@both_ways_in_full
def test_a_high_risk_shows_what_to_do_now_and_asks_for_the_handoff(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    expect(page.get_by_role("heading", name="The risk is high")).to_have_count(0)
    fill_in(page, referral(suicide_risk="high"))
    expect(page.get_by_role("heading", name="The risk is high: what to do now")).to_be_visible()
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator(".error-summary")).to_contain_text("what you have arranged")
    page.locator("[name='urgent_handoff'][value='emergency_care_arranged']").check()
    page.get_by_role("button", name="Check your answers").click()
    expect(page).to_have_url(re.compile("/refer/review"))
    expect(page.locator("main")).to_contain_text("sent as urgent")


@both_ways_in_full
def test_a_very_high_dose_is_confirmed_once(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    fill_in(page, referral(**{"trials-0-daily_dose_mg": "1500"}))
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator("#trials-0-daily_dose_mg-error")).to_contain_text("Is 1,500 mg right?")
    page.get_by_label("This dose is right").check()
    page.get_by_role("button", name="Check your answers").click()
    expect(page).to_have_url(re.compile("/refer/review"))
