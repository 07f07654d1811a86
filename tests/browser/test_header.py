"""The header stays one row when the navigation grows, and on a phone it is a menu."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import OpenPage

pytestmark = pytest.mark.browser

MORE = ("Call back", "Information evenings")
ROW = ".site-header .brand, .site-header .nav-wide li, .site-header .refer"
ADD = """words => document.querySelectorAll('.site-header ul').forEach(
    list => list.insertAdjacentHTML('beforeend', `<li><a href="/">${words}</a></li>`))"""


def grow(page: Page, entries: int) -> int:
    """The navigation has this many entries, or as many as it has already."""
    links = page.locator(".nav-wide li")
    while (shown := links.count()) < entries:
        page.evaluate(ADD, MORE[shown % len(MORE)])
    return shown


@pytest.mark.parametrize("width", [1280, 1440])
def test_the_header_is_one_row(open_page: OpenPage, width: int) -> None:
    page = open_page("/journey", width=width)
    for entries in (5, 6, 7):
        check_row(page, grow(page, entries), width)


def check_row(page: Page, shown: int, width: int) -> None:
    boxes = [box for part in page.locator(ROW).all() if (box := part.bounding_box())]
    assert len(boxes) == shown + 2
    centers = {round(box["y"] + box["height"] / 2) for box in boxes}
    assert max(centers) - min(centers) <= 2, "the parts of the header do not share one row"
    assert max(box["height"] for box in boxes) < 64, "a part of the header takes more than two lines"
    for left, right in zip(boxes, boxes[1:], strict=False):
        assert left["x"] + left["width"] <= right["x"], "two parts of the header lie on each other"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_has_a_menu_of_every_entry(open_page: OpenPage, width: int) -> None:
    page = open_page("/journey", width=width)
    shown = grow(page, 7)
    menu = page.get_by_role("navigation", name="Menu")
    expect(menu).to_be_hidden()
    page.get_by_text("Menu", exact=True).click()
    expect(menu.get_by_role("link")).to_have_count(shown)
    expect(menu.get_by_role("link").last).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
