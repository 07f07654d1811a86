"""axe and html-validate on every page and form state, with and without JavaScript; and no page ever scrolls sideways
(tests/browser/checks.py says which look is when)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import fill_in
from tests.browser.checks import DARK, NARROW, Look, check, with_javascript, without_javascript
from tests.browser.fixtures import OpenPage
from tests.builders import referral
from tests.needs import HTML_VALIDATE, TOOLS
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
OF_EACH_KIND = ("/", "/treatments/compare", "/refer", "/subscribe")
"""Without JavaScript, `make test` looks at these alone."""


CheckPage = Callable[[Page], None]


@pytest.fixture
def check_page(looks: tuple[Look, ...]) -> CheckPage:
    return lambda page: check(page, looks)


@pytest.fixture(scope="session")
def reading(browser: Browser, site: str) -> Iterator[Page]:
    """Where copies of pages are read."""
    context = browser.new_context(base_url=site, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def check_bare(reading: Page, site: str, looks: tuple[Look, ...]) -> CheckPage:
    """Checks a page of a browser without JavaScript. axe itself needs some, so it reads a copy without scripts."""

    def check_copy(bare: Page) -> None:
        html = bare.content().replace("<script", "<template").replace("</script", "</template")
        reading.goto("/healthz")
        reading.set_content(html.replace("<head>", f'<head><base href="{site}">'))
        check(reading, looks, where=f"{bare.url} without JavaScript")

    return check_copy


@with_javascript
@pytest.mark.axe
@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=pytest.mark.smoke) if path in OF_EACH_KIND else path for path in PAGES]
)
def test_pages(open_page: OpenPage, check_page: CheckPage, path: str) -> None:
    """Nor does any break its own content security policy: open_page collects the complaints."""
    check_page(open_page(path))


@pytest.mark.smoke
@without_javascript
@pytest.mark.axe
@pytest.mark.parametrize(
    "path", [path if path in OF_EACH_KIND else pytest.param(path, marks=pytest.mark.full) for path in PAGES]
)
def test_pages_without_javascript(open_page: OpenPage, check_bare: CheckPage, path: str) -> None:
    check_bare(open_page(path, java_script_enabled=False))


@with_javascript
@pytest.mark.axe
def test_an_open_source(open_page: OpenPage, check_page: CheckPage) -> None:
    page = open_page("/ketamine-therapy")
    page.locator(".cite a").first.click()
    expect(page.get_by_role("dialog", name="Source")).to_be_visible()
    check_page(page)


@with_javascript
@pytest.mark.axe
def test_open_suggestions_and_a_full_assessment(open_page: OpenPage, check_page: CheckPage) -> None:
    page = open_page("/refer")
    fill_in(page, referral(aneurysmal_disease="yes", suicide_risk="high", urgent_handoff="emergency_care_arranged"))
    expect(page.locator("#assessment")).to_contain_text("Suicide risk is high")
    page.locator("#assessment summary").first.click()
    page.get_by_role("button", name="Remove medication 2").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.locator("#trials-0-medication").fill("")
    page.locator("#trials-0-medication").press_sequentially("ser")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    check_page(page)


def walk_through_the_referral(page: Page, look: CheckPage) -> None:
    """Every state of the referral: errors, the emergency, the answers, the reference."""
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator(".error-summary h2")).to_be_focused()
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


@with_javascript
@pytest.mark.axe
def test_referral_states(open_page: OpenPage, check_page: CheckPage) -> None:
    walk_through_the_referral(open_page("/refer"), check_page)


@pytest.mark.full
@without_javascript
@pytest.mark.axe
def test_referral_states_without_javascript(open_page: OpenPage, check_bare: CheckPage) -> None:
    walk_through_the_referral(open_page("/refer", java_script_enabled=False), check_bare)


def walk_through_the_footer(page: Page, look: CheckPage) -> None:
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#email-error")).to_contain_text("Enter your email address.")
    look(page)
    page.get_by_label("Email address").fill("reader@example.com")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#subscribe")).to_have_text("Thanks for subscribing!")
    look(page)


@with_javascript
@pytest.mark.axe
def test_footer_states(open_page: OpenPage, check_page: CheckPage) -> None:
    walk_through_the_footer(open_page("/journey"), check_page)


@pytest.mark.full
@without_javascript
@pytest.mark.axe
def test_footer_states_without_javascript(open_page: OpenPage, check_bare: CheckPage) -> None:
    walk_through_the_footer(open_page("/journey", java_script_enabled=False), check_bare)


@pytest.mark.smoke
@pytest.mark.axe
def test_a_finding_names_its_rule_its_element_and_the_page(reading: Page) -> None:
    reading.set_content("<title>x</title><main><h1>x</h1><img id=bare src=/x.png></main>")
    with pytest.raises(pytest.fail.Exception, match=r"image-alt \(.*\): #bare, on /x at 320 px, light"):
        check(reading, [NARROW], where="/x")
    reading.set_content("<title>x</title><main><h1 style='width: 400px'>x</h1></main>")
    with pytest.raises(pytest.fail.Exception, match="scrolls sideways: it is 4.. px wide, on /x at 320 px"):
        check(reading, [NARROW], where="/x")
    reading.set_content("<title>x</title><main><h1 style='color: #ccc; background: #fff'>Faint words</h1></main>")
    with pytest.raises(pytest.fail.Exception, match=r"color-contrast \(.*\): h1, on /x at 320 px, dark"):
        check(reading, [DARK[0]], where="/x")


@pytest.mark.smoke
@pytest.mark.html_validate
def test_markup_is_valid(open_page: OpenPage, tmp_path: Path) -> None:
    request = open_page("/crisis").request
    for number, path in enumerate(PAGES):
        (tmp_path / f"{number}.html").write_text(request.get(path).text())
    answer = request.post("/refer", form={"action": "review"})
    (tmp_path / "errors.html").write_text(answer.text())
    config = TOOLS.parent / ".htmlvalidate.json"
    run = subprocess.run(
        [str(HTML_VALIDATE), "--config", str(config), *map(str, sorted(tmp_path.glob("*.html")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
