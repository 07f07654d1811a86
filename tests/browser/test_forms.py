"""Both forms as people use them, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import fill_in, show_errors
from tests.browser.fixtures import OpenPage
from tests.builders import referral

pytestmark = pytest.mark.browser

REFERENCE = re.compile(r"^\s*KTC-[2-9A-Z]{8}\s*$")
both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])


def send_button(page: Page) -> None:
    page.get_by_role("button", name="Check your answers").click()


@pytest.mark.smoke
@both_ways
def test_a_clinician_refers_a_patient(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    fill_in(page, referral(referrer_npi="1234567890"))
    send_button(page)
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".error-summary h2")).to_be_focused()
    page.locator(".error-summary a").click()
    expect(page.locator("#referrer_npi")).to_have_value("1234567890")
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")
    page.locator("#referrer_npi").fill("1234567893")
    send_button(page)
    expect(page).to_have_url(re.compile("/refer/review"))
    page.get_by_role("link", name="Change Patient").click()
    page.locator("#patient_postal_code").fill("90210")
    send_button(page)
    expect(page.locator(".summary-list").get_by_text("90210")).to_be_visible()
    page.get_by_role("button", name="Send referral").click()
    expect(page.locator("#reference")).to_have_text(REFERENCE)
    page.goto("/refer")
    expect(page.locator("#patient_family_name")).to_have_value("")


@pytest.mark.smoke
@both_ways
def test_a_visitor_subscribes_in_the_footer(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/journey", java_script_enabled=javascript)
    assert page.context.cookies() == []
    page.get_by_label("Email address").fill("not an address")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#email-error")).to_contain_text("correct format")
    expect(page.locator("#email")).to_have_value("not an address")
    page.locator("#email").fill("reader@example.com")
    page.locator("#subscribe").get_by_role("button", name="Subscribe").click()
    expect(page.locator("#subscribe")).to_have_text("Thanks for subscribing!")
    expect(page.locator("#subscribe-next")).to_contain_text("press Confirm")
    expect(page).to_have_url(re.compile("/journey$" if javascript else "/subscribe/thanks$"))
    assert page.context.cookies() == []


def test_thanks_takes_the_focus(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_label("Email address").fill("focus@example.com")
    page.get_by_label("Email address").press("Enter")
    expect(page.locator("#subscribe p")).to_be_focused()


def test_enter_without_scripts_checks_the_answers(open_page: OpenPage) -> None:
    """Enter presses the form's first button, which must never be one that deletes."""
    page = open_page("/refer", java_script_enabled=False)
    page.locator("#patient_family_name").fill("Canaryfield")
    page.locator("#patient_family_name").press("Enter")
    expect(page.locator(".error-summary h2")).to_be_focused()
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")


@pytest.mark.smoke
def test_a_field_is_checked_when_it_was_changed_and_not_before(open_page: OpenPage) -> None:
    page = open_page("/refer")
    npi, slot = page.locator("#referrer_npi"), page.locator("#referrer_npi-error")
    npi.focus()
    npi.press("Tab")
    npi.focus()
    npi.press_sequentially("1234567890")
    expect(slot).to_be_empty()
    npi.press("Tab")
    expect(slot).to_contain_text("check digit")
    expect(npi).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#live")).to_contain_text("Your NPI: This NPI does not pass")
    npi.focus()
    npi.press("End")
    npi.press("Backspace")
    npi.press("3")
    expect(slot).to_be_empty()
    expect(npi).to_be_focused()
    expect(npi).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#live")).to_be_empty()


def test_a_day_that_does_not_exist_is_mended_in_the_month(open_page: OpenPage) -> None:
    page = open_page("/refer")
    for part, value in (("year", "1985"), ("month", "4"), ("day", "31")):
        page.locator(f"#patient_birth_date_{part}").fill(value)
    page.locator("#patient_birth_date_day").press("Tab")
    expect(page.locator("#patient_birth_date_day-error")).to_contain_text("has no day 31")
    page.locator("#patient_birth_date_month").fill("5")
    expect(page.locator("#patient_birth_date_day-error")).to_be_empty()


def test_two_fields_in_quick_succession_are_both_checked(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#referrer_phone").fill("1")
    page.locator("#referrer_email").fill("a@b")
    page.locator("#patient_postal_code").fill("9")
    page.locator("#patient_postal_code").press("Tab")
    for name in ("referrer_phone", "referrer_email", "patient_postal_code"):
        expect(page.locator(f"#{name}-error")).not_to_be_empty()


@pytest.mark.smoke
def test_the_button_is_not_moved_from_under_the_press(open_page: OpenPage) -> None:
    page = open_page("/subscribe")
    page.locator("#email").fill("a@b")
    page.get_by_role("button", name="Subscribe").click(delay=400)
    expect(page.locator("#email-error")).to_contain_text("correct format")
    expect(page.locator("main [aria-invalid=true]")).to_have_count(1)


@pytest.mark.smoke
def test_a_lost_connection_keeps_the_page_and_says_so(open_page: OpenPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral())
    page.context.set_offline(True)
    send_button(page)
    expect(page.locator("#net-error")).to_contain_text("Your answers are still here")
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")
    page.context.set_offline(False)
    send_button(page)
    expect(page).to_have_url(re.compile("/refer/review"))


@pytest.mark.parametrize("status", [500, *(pytest.param(status, marks=pytest.mark.full) for status in (503, 429, 413))])
def test_a_fault_of_the_server_keeps_the_page(open_page: OpenPage, status: int) -> None:
    page = open_page("/refer")
    page.locator("#patient_family_name").fill("Canaryfield")
    page.route("**/refer", lambda route: route.fulfill(status=status, body="<h1>Broken</h1>", content_type="text/html"))
    send_button(page)
    expect(page.locator("#net-error")).to_contain_text("Your answers are still here")
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")


def test_a_draft_that_does_not_save_says_so(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.context.clear_cookies()
    page.locator("#patient_family_name").fill("Canaryfield")
    with page.expect_response(lambda r: r.status == 400):
        page.locator("#patient_family_name").press("Tab")
    expect(page.locator("#net-error")).to_contain_text("Your answers are still here")
    expect(page.locator("#patient_family_name")).to_have_value("Canaryfield")


@pytest.mark.smoke
def test_a_double_click_sends_once(open_page: OpenPage) -> None:
    page = open_page("/subscribe")
    sent: list[str] = []

    def slowly(route: Route) -> None:
        sent.append(route.request.url)
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/subscribe", lambda route: slowly(route) if route.request.method == "POST" else route.continue_())
    page.locator("#email").fill("twice@example.com")
    page.get_by_role("button", name="Subscribe").dblclick()
    expect(page.locator("#subscribe")).to_have_text("Thanks for subscribing!")
    assert len(sent) == 1


def test_a_form_sends_once_even_where_htmx_did_not_load(open_page: OpenPage) -> None:
    """htmx drops a second sending by itself; a browser alone would send twice."""
    page = open_page("/subscribe")
    page.route("**/vendor/htmx*", lambda route: route.abort())
    page.reload()
    sent: list[str] = []

    def slowly(route: Route) -> None:
        sent.append(route.request.method)
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/subscribe", lambda route: slowly(route) if route.request.method == "POST" else route.continue_())
    page.locator("#email").fill("guarded@example.com")
    submit = "form => { for (let n = 0; n < 2; n += 1) setTimeout(() => form.requestSubmit(), 100 * n); }"
    page.locator("#subscribe form").evaluate(submit)
    expect(page).to_have_url(re.compile("/subscribe/thanks$"))
    assert sent == ["POST"]


def test_a_pasted_date_fills_three_boxes(open_page: OpenPage) -> None:
    page = open_page("/refer")
    page.locator("#patient_birth_date_month").focus()
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text", "1985-03-27");
            const options = {clipboardData: data, bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", options));
        }"""
    )
    for part, value in (("month", "03"), ("day", "27"), ("year", "1985")):
        expect(page.locator(f"#patient_birth_date_{part}")).to_have_value(value)


@both_ways
def test_an_emergency_leads_to_help_at_once(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/refer", java_script_enabled=javascript)
    page.locator("#emergency-0").check()
    expect(page.get_by_role("heading", name="This cannot wait for a form")).to_be_visible()
    send_button(page)
    expect(page.get_by_role("heading", name="Get help now")).to_be_visible()
    expect(page.locator("#referral-form").get_by_role("link", name="911")).to_be_visible()


@pytest.mark.smoke
def test_nothing_is_kept_in_the_browser(open_page: OpenPage) -> None:
    page = open_page("/refer")
    show_errors(page)
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


@pytest.mark.smoke
def test_the_menu_opens_without_javascript(open_page: OpenPage) -> None:
    page = open_page("/", 320, java_script_enabled=False)
    link = page.get_by_role("link", name="Spravato nasal spray")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.first.click()
    expect(page).to_have_url(re.compile("/treatments/spravato$"))


def test_a_citation_opens_its_source_beside_the_words(open_page: OpenPage) -> None:
    page = open_page("/treatments/spravato")
    citation = page.locator(".cite a").first
    citation.press("Enter")
    note = page.get_by_role("dialog", name="Source")
    expect(note).to_be_focused()
    expect(note).to_contain_text("Janssen Pharmaceuticals")
    expect(page.locator("#ref-spravatolabel")).not_to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    expect(citation).to_be_focused()
    citation.click()
    note.get_by_role("link", name="See it in the list of sources").click()
    expect(note).to_be_hidden()
    expect(page.locator("#ref-spravatolabel")).to_be_in_viewport()


def test_a_citation_leads_to_its_source_and_back_without_javascript(open_page: OpenPage) -> None:
    page = open_page("/treatments/spravato", java_script_enabled=False)
    page.locator(".cite a").first.click()
    expect(page.locator("#ref-spravatolabel")).to_be_in_viewport()
    page.locator("#ref-spravatolabel").get_by_role("link", name="Back to citation 1 of source 1").click()
    expect(page.locator("#cite-spravatolabel-1")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/refer", "/subscribe"])
def test_neither_people_nor_autofill_reach_the_honeypot(open_page: OpenPage, path: str) -> None:
    """Chromium fills in only what can be focused."""
    page = open_page(path)
    for box in page.locator("input[name=website]").all():
        box.evaluate("box => box.focus()")
        assert not box.evaluate("box => box === document.activeElement")
        expect(box).not_to_be_in_viewport()
