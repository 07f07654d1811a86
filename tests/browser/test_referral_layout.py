"""How long the referral form is, what stands beside what, and what is on the screen and on paper."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY
from tests.browser.actions import fill_in
from tests.browser.fixtures import OpenPage
from tests.builders import referral

pytestmark = pytest.mark.browser
both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])

LINES = (
    ("referrer_given_name", "referrer_family_name", "referrer_credentials"),
    ("referrer_phone", "referrer_email", "referrer_fax"),
    ("patient_given_name", "patient_family_name"),
    ("patient_birth_date_month", "patient_sex-0", "patient_phone"),
    ("patient_postal_code", "patient_language", "patient_interpreter"),
    ("insurance_payer", "insurance_member_id"),
    ("phq9_score", "phq9_date", "phq9_item9-0"),
    ("systolic", "diastolic", "weight", "weight_unit-0"),
    ("suicide_risk-0", "suicide_risk-1", "suicide_risk-2", "suicide_risk-3", "suicide_risk-4"),
    ("safety_plan-0", "prior_attempts-0", "lethal_means-0"),
    (
        "trials-0-medication",
        "trials-0-daily_dose_mg",
        "trials-0-weeks",
        "trials-0-current_episode-0",
        "trials-0-outcome",
    ),
)
TRIALS = (("sertraline", "150", "12"), ("Effexor", "225", "8"), ("bupropion xl", "300", "10"), ("lithium", "900", "4"))


def four_medications() -> dict[str, Any]:
    answers = {"current_episode": "yes", "outcome": "none"}
    rows = [{"medication": drug, "daily_dose_mg": mg, "weeks": weeks, **answers} for drug, mg, weeks in TRIALS]
    named = {f"trials-{place}-{name}": value for place, row in enumerate(rows) for name, value in row.items()}
    return referral(**named)


def height(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollHeight"))


def box(page: Page, name: str) -> dict[str, float]:
    found = page.locator(f"[id='{name}']").bounding_box()
    assert found, f"{name} is not shown"
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


@pytest.mark.smoke
@pytest.mark.parametrize(("width", "most"), [(1280, 5000), (390, 9000)])
def test_the_empty_form_is_short(open_page: OpenPage, width: int, most: int) -> None:
    assert height(open_page("/refer", width)) <= most


def test_the_form_stays_short_with_four_medications(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, four_medications())
    expect(page.locator("#trials-3-medication-note")).to_have_text("= lithium")
    assert height(page) <= 6500


@pytest.mark.parametrize(("width", "apart"), [(1024, 48), (1280, 5)])
def test_what_belongs_together_stands_on_one_line(open_page: OpenPage, width: int, apart: int) -> None:
    """Where there is least room, one of them may take two lines."""
    page = open_page("/refer", width)
    page.locator("[name='suicide_risk'][value='low']").check()
    for line in LINES:
        boxes = [box(page, name) for name in line]
        middles = [round(one["y"] + one["height"] / 2) for one in boxes]
        assert max(middles) - min(middles) <= apart, (line, middles)
        for left, right in pairwise(boxes):
            assert left["x"] + left["width"] <= right["x"], line


def test_the_assessment_stands_beside_the_form_and_on_a_phone_below_the_risk(open_page: OpenPage) -> None:
    page = open_page("/refer")
    assert box(page, "assessment")["x"] > box(page, "patient_phone")["x"] + box(page, "patient_phone")["width"]
    page.locator("#weight").scroll_into_view_if_needed()
    expect(page.locator("#assessment")).to_be_in_viewport()
    page.set_viewport_size({"width": 390, "height": 800})
    assert box(page, "risk")["y"] < box(page, "assessment")["y"] < box(page, "send")["y"]


@pytest.mark.parametrize("width", [390, 1280])
def test_safety_is_a_table_of_aligned_columns(open_page: OpenPage, width: int) -> None:
    page = open_page("/refer", width)
    for place in range(3):
        assert len({round(box(page, f"{name}-{place}")["x"]) for name in SAFETY}) == 1
    if width == 1280:
        heights = [box(page, f"{name}-group")["height"] for name in SAFETY if name != "pregnancy"]
        assert min(heights) >= 44
        assert max(heights) <= 52
    first = page.get_by_role("group", name="Spravato is contraindicated with these").get_by_role("radiogroup")
    expect(first).to_have_count(len(CONTRAINDICATIONS))
    expect(page.get_by_role("radiogroup", name="Sleep apnea").get_by_role("radio")).to_have_count(3)


@both_ways
def test_one_button_answers_no_to_what_has_no_answer_yet(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.locator("[name='psychosis'][value='unknown']").check()
    page.get_by_role("button", name="No to all the rest").click()
    expect(page.locator("#after-screens")).to_be_focused()
    expect(page.locator("[name='dementia'][value='no']")).to_be_checked()
    expect(page.locator("[name='psychosis'][value='unknown']")).to_be_checked()
    for name in CONTRAINDICATIONS:
        expect(page.locator(f"[name='{name}']:checked")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.locator("#systolic")).to_be_focused()


@both_ways
def test_what_does_not_apply_is_not_shown(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    hidden = ("priority_reason", "urgent_handoff", "safety_plan", "prior_attempts", "lethal_means")
    for name in hidden:
        expect(page.locator(f"#{name}-group")).to_be_hidden()
    page.locator("[name='priority'][value='urgent']").check()
    page.locator("[name='suicide_risk'][value='high']").check()
    for name in hidden:
        expect(page.locator(f"#{name}-group")).to_be_visible()
    page.locator("#phq9_not_done").check()
    expect(page.locator("#phq9_score-group")).to_be_hidden()


TARGETS = "main :is(a, button, summary, input, select, textarea)"
SMALL = """([targets, least]) => [...document.querySelectorAll(targets)].flatMap(e => {
    const target = e.closest('.choice') ?? e, {width, height} = target.getBoundingClientRect();
    const inText = e.matches('p a, li a:not(.section-list a)'), unreachable = e.closest('[inert], .visually-hidden');
    const shown = e.checkVisibility({visibilityProperty: true}) && !e.matches('[type=hidden]') && !unreachable;
    const isSmall = shown && !inText && Math.min(width, height) < least;
    return isSmall ? [`${e.id || e.textContent}: ${width} by ${height}`] : [];
})"""


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 44)])
def test_targets_are_large_enough(open_page: OpenPage, touch: bool, least: int) -> None:
    page = open_page("/refer", 390, has_touch=touch, is_mobile=touch)
    assert page.evaluate(SMALL, [TARGETS, least]) == []


@pytest.mark.smoke
@pytest.mark.parametrize("tall", [900, 450])
@both_ways
def test_errors_are_few_and_their_heading_is_on_the_screen(open_page: OpenPage, javascript: bool, tall: int) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.set_viewport_size({"width": 1280, "height": tall})
    page.get_by_role("button", name="Check your answers").click()
    heading = page.get_by_role("heading", name="There is a problem")
    expect(heading).to_be_focused()
    expect(heading).to_be_in_viewport(ratio=1)
    if javascript:
        assert box(page, "error-summary-title")["y"] < 100, "the errors do not begin at the top of the screen"
    assert len(page.locator(".error-summary").inner_text().splitlines()) <= 20
    page.locator(".error-summary a[href='#diagnosis']").or_(page.locator(".error-summary a").nth(3)).first.click()
    expect(page.locator(":focus")).to_be_in_viewport(ratio=1)


def test_a_link_of_the_summary_shows_the_question_with_its_label(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral(referrer_npi="1234567890"))
    page.get_by_role("button", name="Check your answers").click()
    page.locator(".error-summary a").click()
    expect(page.locator("#referrer_npi")).to_be_focused()
    expect(page.locator("label[for='referrer_npi']")).to_be_in_viewport(ratio=1)


def pages_of(paper: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", paper))


def test_the_blank_form_is_one_page_with_room_for_five_medications(open_page: OpenPage) -> None:
    page = open_page("/refer/print")
    page.evaluate("document.fonts.ready")
    page.reload()
    expect(page.locator("main tbody tr")).to_have_count(5)
    assert pages_of(page.pdf(format="Letter", prefer_css_page_size=True)) == 1


def test_the_review_is_short_and_prints_with_everything_open(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral())
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    assert height(page) <= 3000
    expect(page.get_by_role("link", name="Change", exact=False)).to_have_count(8)
    assert pages_of(page.pdf(format="Letter")) == 2
    page.emulate_media(media="print")
    details = page.locator("#assessment-payers li").first
    assert (details.bounding_box() or {"height": 0})["height"] > 0
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Change Patient").click()
    expect(page).to_have_url(re.compile(r"/refer.*#patient$"))
