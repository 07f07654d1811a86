"""The sheet that a patient fills in, prints and takes along."""

from __future__ import annotations

import re

import pytest

from tests.browser.fixtures import OpenPage

pytestmark = pytest.mark.browser


def test_the_sheet_is_one_page_on_paper_and_nothing_typed_leaves(open_page: OpenPage) -> None:
    page = open_page("/for-patients")
    page.wait_for_load_state("networkidle")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    for box in page.locator("main textarea").all():
        box.fill("Medicine A, 20 mg, 8 weeks, no change")
        box.press("Tab")
    paper = page.pdf(format="Letter")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    assert sent == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_the_button_prints_and_is_not_there_without_scripts(open_page: OpenPage) -> None:
    page = open_page("/for-patients")
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    page.get_by_role("button", name="Print this sheet").click()
    assert page.evaluate("printed") == 1
    plain = open_page("/for-patients", java_script_enabled=False)
    assert plain.get_by_role("button", name="Print this sheet").count() == 0
