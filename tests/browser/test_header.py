"""The header is one row: with its entries on a wide screen, also when a feature adds some, and with a menu on a phone.
Both menus open, close and are read without a script."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import DARK, LIGHT, Look, check
from tests.browser.fixtures import OpenPage

pytestmark = pytest.mark.browser

MORE = ("Call back", "Information evenings")
ROW = ".site-header .brand, #navigation > ul > li, .site-header .refer"
ADD = """words => document.querySelector('#navigation > ul').insertAdjacentHTML(
    'beforeend', `<li><a href="/">${words}</a></li>`)"""
HEIGHTS = "['.site-header', '.crisis-strip'].map(name => document.querySelector(name).getBoundingClientRect().height)"


@pytest.mark.smoke
@pytest.mark.parametrize("width", [1280, 1440])
def test_the_header_is_one_row(open_page: OpenPage, width: int) -> None:
    page = open_page("/journey", width=width)
    shipped = page.locator("#navigation > ul > li").count()
    check_row(page, shipped, width)
    for words in MORE:
        page.evaluate(ADD, words)
        check_row(page, shipped := shipped + 1, width)


def check_row(page: Page, shown: int, width: int) -> None:
    boxes = [box for part in page.locator(ROW).all() if (box := part.bounding_box())]
    assert len(boxes) == shown + 2
    centers = {round(box["y"] + box["height"] / 2) for box in boxes}
    assert max(centers) - min(centers) <= 2, "the parts of the header do not share one row"
    assert max(box["height"] for box in boxes) < 64, "a part of the header takes more than two lines"
    for left, right in zip(boxes, boxes[1:], strict=False):
        assert left["x"] + left["width"] <= right["x"], "two parts of the header lie on each other"
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.smoke
@pytest.mark.parametrize("width", [320, 360, 390])
def test_on_a_phone_the_header_and_the_crisis_strip_are_a_line_each(open_page: OpenPage, width: int) -> None:
    page = open_page("/journey", width=width)
    header, strip = page.evaluate(HEIGHTS)
    assert header <= 72
    assert strip <= 40
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    name = page.locator(".brand-name")
    assert name.evaluate("name => name.getClientRects().length") == 1
    assert name.evaluate("name => name.parentElement.scrollWidth <= name.parentElement.clientWidth"), "the name is cut"


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_has_a_menu_of_every_entry(open_page: OpenPage, width: int, javascript: bool) -> None:
    page = open_page("/journey", width=width, java_script_enabled=javascript)
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    for name in ("Spravato nasal spray", "Your journey", "For clinicians", "Refer a patient"):
        expect(menu.get_by_role("link", name=name)).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_the_treatments_open_by_keyboard_and_close_on_escape(open_page: OpenPage, javascript: bool) -> None:
    page = open_page("/treatments/spravato", java_script_enabled=javascript)
    button, links = page.get_by_role("button", name="Treatments"), page.locator("#treatments a")
    expect(links.first).to_be_hidden()
    button.press("Enter")
    expect(links.first).to_be_visible()
    expect(page.locator("#treatments [aria-current=page]")).to_contain_text("Spravato")
    page.keyboard.press("Tab")
    expect(links.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(links.first).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.axe
@pytest.mark.parametrize(("button", "look"), [("Menu", LIGHT[0]), ("Menu", DARK[0]), ("Treatments", LIGHT[2])])
def test_open_menus_have_nothing_for_axe_to_find(open_page: OpenPage, button: str, look: Look) -> None:
    page = open_page("/safety", width=look.width)
    page.get_by_role("button", name=button).click()
    check(page, [look])
    expect(page.locator(":popover-open")).to_be_visible()
