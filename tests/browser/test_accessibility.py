"""axe and html-validate on every page and form state, at three widths, in both color schemes, with and
without JavaScript; and no page ever scrolls sideways."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import fill_in
from tests.browser.checks import check
from tests.browser.fixtures import TOOLS, OpenPage, need
from tests.builders import referral
from tests.page import CONTENT_PAGES

pytestmark = pytest.mark.browser

PAGES = (
    *CONTENT_PAGES,
    "/refer",
    "/refer/print",
    "/refer/confirm/token",
    "/subscribe",
    "/subscribe/thanks",
    "/subscribe/confirm/token",
    "/subscribe/leave/token",
    "/dev/mailbox",
    "/nothing-here",
)


@pytest.fixture
def check_bare(open_page: OpenPage) -> Callable[[Page], None]:
    """Checks a page of a browser without JavaScript. axe itself needs some, so it reads a copy without scripts."""
    reading = open_page("/healthz", bypass_csp=True)

    def check_copy(bare: Page) -> None:
        html = bare.content().replace("<script", "<template").replace("</script", "</template")
        reading.set_content(html.replace("<head>", f'<head><base href="{reading.url}">'))
        check(reading)

    return check_copy


@pytest.mark.parametrize("path", PAGES)
def test_pages(open_page: OpenPage, path: str) -> None:
    check(open_page(path, bypass_csp=True))


@pytest.mark.parametrize("path", PAGES)
def test_pages_without_javascript(open_page: OpenPage, check_bare: Callable[[Page], None], path: str) -> None:
    check_bare(open_page(path, java_script_enabled=False))


def test_an_open_source(open_page: OpenPage) -> None:
    page = open_page("/ketamine-therapy", bypass_csp=True)
    page.locator(".cite a").first.click()
    expect(page.get_by_role("dialog", name="Source")).to_be_visible()
    check(page)


def test_open_suggestions_and_a_full_assessment(open_page: OpenPage) -> None:
    page = open_page("/refer", bypass_csp=True)
    fill_in(page, referral(aneurysmal_disease="yes", suicide_risk="high", urgent_handoff="calling_clinic_now"))
    expect(page.locator("#assessment")).to_contain_text("Suicide risk is high")
    page.locator("#assessment summary").first.click()
    page.get_by_role("button", name="Remove medication 2").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.locator("#trials-0-medication").fill("")
    page.locator("#trials-0-medication").press_sequentially("ser")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    check(page)


def walk_through_the_referral(page: Page, look: Callable[[Page], None]) -> None:
    """Every state of the referral: errors, the emergency, the answers, the reference."""
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator(".error-summary")).to_be_focused()
    look(page)
    page.get_by_label("Yes").first.check()
    expect(page.get_by_role("heading", name="This cannot wait for a form")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator("section#referral-form")).to_be_focused()
    look(page)
    page.goto("/refer")
    fill_in(page, referral())
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Send referral").click()
    expect(page.locator("#reference")).to_be_visible()
    look(page)


def test_referral_states(open_page: OpenPage) -> None:
    walk_through_the_referral(open_page("/refer", bypass_csp=True), check)


def test_referral_states_without_javascript(open_page: OpenPage, check_bare: Callable[[Page], None]) -> None:
    walk_through_the_referral(open_page("/refer", java_script_enabled=False), check_bare)


def walk_through_the_footer(page: Page, look: Callable[[Page], None]) -> None:
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#email-error")).to_contain_text("Enter your email address.")
    look(page)
    page.get_by_label("Email address").fill("reader@example.com")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#subscribe")).to_have_text("Thanks for subscribing!")
    look(page)


def test_footer_states(open_page: OpenPage) -> None:
    walk_through_the_footer(open_page("/journey", bypass_csp=True), check)


def test_footer_states_without_javascript(open_page: OpenPage, check_bare: Callable[[Page], None]) -> None:
    walk_through_the_footer(open_page("/journey", java_script_enabled=False), check_bare)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks_its_own_content_security_policy(open_page: OpenPage, path: str) -> None:
    """The fixture collects the complaints. axe needs the policy off, so it is not run here."""
    open_page(path).wait_for_load_state("networkidle")


def test_markup_is_valid(open_page: OpenPage, tmp_path: Path) -> None:
    program = TOOLS / ".bin" / "html-validate"
    need(program.exists() and shutil.which("node") is not None, "html-validate (npm ci in tests/tools)")
    request = open_page("/crisis").request
    for number, path in enumerate(PAGES):
        (tmp_path / f"{number}.html").write_text(request.get(path).text())
    answer = request.post("/refer", form={"action": "review"})
    (tmp_path / "errors.html").write_text(answer.text())
    config = TOOLS.parent / ".htmlvalidate.json"
    run = subprocess.run(
        [str(program), "--config", str(config), *map(str, sorted(tmp_path.glob("*.html")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
