"""axe and html-validate on every page and form state, at three widths, in both color schemes, with and
without JavaScript; and no page ever scrolls sideways."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import fill_in, show_errors
from tests.browser.conftest import AXE, TOOLS, OpenPage, need
from tests.builders import referral

pytestmark = pytest.mark.browser

PAGES = (
    "/",
    "/ketamine-therapy",
    "/journey",
    "/treatments/ketamine-iv-im",
    "/treatments/spravato",
    "/crisis",
    "/references",
    "/refer",
    "/refer/print",
    "/subscribe",
    "/subscribe/thanks",
    "/subscribe/confirm/token",
    "/subscribe/leave/token",
    "/dev/mailbox",
    "/nothing-here",
)
WIDTHS = (320, 768, 1280)
SCHEMES = ("light", "dark")
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]


def check(page: Page) -> None:
    need(AXE.exists(), "axe-core (npm ci in tests/tools)")
    page.wait_for_load_state("load")
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "() => axe.run({runOnly: ['wcag2a','wcag2aa','wcag21aa','wcag22aa','best-practice']})"
    )
    problems = [(v["id"], [n["target"] for n in v["nodes"]][:4]) for v in found["violations"]]
    assert problems == [], json.dumps(problems, indent=1)
    width = page.viewport_size["width"]  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_pages(open_page: OpenPage, path: str, width: int, scheme: str) -> None:
    check(open_page(path, width, color_scheme=scheme, bypass_csp=True))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_form_states(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page("/refer", width, color_scheme=scheme, bypass_csp=True)
    show_errors(page)
    check(page)
    page.get_by_label("Yes").first.check()
    expect(page.get_by_role("heading", name="This cannot wait for a form")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Check your answers").click()
    expect(page.locator("section#referral-form")).to_be_focused()
    check(page)
    page.goto("/refer")
    fill_in(page, referral())
    page.get_by_role("button", name="Check your answers").click()
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Send referral").click()
    expect(page.locator("#reference")).to_be_visible()
    check(page)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_footer_states(open_page: OpenPage, width: int, scheme: str) -> None:
    page = open_page("/journey", width, color_scheme=scheme, bypass_csp=True)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#email-error")).to_contain_text("Enter your email address.")
    check(page)
    page.get_by_label("Email address").fill("reader@example.com")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("#subscribe")).to_have_text("Thanks for subscribing!")
    check(page)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_pages_without_javascript(open_page: OpenPage, path: str, width: int) -> None:
    """axe itself needs JavaScript: it reads the page as it stood without any."""
    bare = open_page(path, width, java_script_enabled=False)
    if button := {"/refer": "Check your answers", "/subscribe": "Subscribe"}.get(path):
        bare.locator("main form").get_by_role("button", name=button).click()
        expect(bare).to_have_title(re.compile("^Error: "))
    html = bare.content().replace("<script", "<template").replace("</script", "</template")
    reading = open_page("/healthz", width, bypass_csp=True)
    reading.set_content(html.replace("<head>", f'<head><base href="{reading.url}">'))
    check(reading)


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
