"""How pages are laid out: room, lines that are easy to read, pictures on phones too, and paper without buttons."""

from __future__ import annotations

import re
import statistics

import pytest
from playwright.sync_api import Page, expect

from tests.browser.fixtures import OpenPage
from tests.page import CONTENT_PAGES

pytestmark = pytest.mark.browser

READING = ("/ketamine-therapy", "/safety", "/faq", "/treatments/spravato", "/for-clinicians", "/privacy")
LINES = """() => [...document.querySelectorAll('main p, main li, main dd')].flatMap(block => {
    if (block.closest('aside, .chart, .references, .outline') || !block.checkVisibility()) return [];
    const range = document.createRange(), lines = new Map();
    for (const text of [...block.childNodes].filter(node => node.nodeType === Node.TEXT_NODE)) {
        for (let at = 0; at < text.length; at += 1) {
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            const {top, width} = range.getBoundingClientRect();
            if (width) lines.set(Math.round(top / 4), (lines.get(Math.round(top / 4)) || 0) + 1);
        }
    }
    return [...lines.values()].slice(0, -1);
})"""
"""Letters in each full line of running text."""
ACCENT = """() => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--accent)';
    return getComputedStyle(probe).color;
}"""


@pytest.mark.parametrize("path", ["/", *READING])
def test_a_line_is_easy_to_read(open_page: OpenPage, path: str) -> None:
    lines = open_page(path).evaluate(LINES)
    assert max(lines) <= 80, "a line is too long to find the next one from its end"
    if path != "/":
        assert 52 <= statistics.median(lines) <= 70


@pytest.mark.smoke
def test_home_is_short_and_opens_two_doors(open_page: OpenPage) -> None:
    page = open_page("/")
    assert page.evaluate("document.documentElement.scrollHeight") <= 3600
    doors = page.locator(".door")
    expect(doors).to_have_count(2)
    for door in doors.all():
        box = door.bounding_box()
        assert box
        assert box["y"] < 800, "a door stands below the first screen"


@pytest.mark.parametrize("path", READING)
def test_what_helps_to_read_stands_beside_the_text(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    text = page.locator(".doc-body").bounding_box()
    assert text
    for beside in page.locator(".glance, .outline.wide, .doc-next").all():
        box = beside.bounding_box()
        assert box
        assert box["x"] > text["x"] + text["width"]
    links = page.get_by_role("navigation", name="On this page").get_by_role("link")
    wanted = page.locator(".doc-body > h2").count()
    assert links.count() >= wanted


def test_on_a_phone_the_list_of_the_page_opens(open_page: OpenPage) -> None:
    page = open_page("/safety", width=390, java_script_enabled=False)
    expect(page.get_by_role("navigation", name="On this page")).to_be_hidden()
    page.get_by_text("On this page").first.click()
    link = page.locator(".outline.narrow a").first
    link.click()
    assert page.url.endswith(link.get_attribute("href") or "nowhere")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/treatments/spravato", "/nothing-here"])
def test_pictures_are_there_on_phones_and_take_the_colors_of_the_page(
    open_page: OpenPage, path: str, scheme: str
) -> None:
    page = open_page(path, width=390, color_scheme=scheme)
    picture = page.locator("main :is(.art, .scene)").first
    expect(picture).to_be_visible()
    assert picture.evaluate("drawing => getComputedStyle(drawing).stroke") == page.evaluate(ACCENT)


def test_a_table_that_is_wider_than_a_phone_says_so(open_page: OpenPage) -> None:
    page = open_page("/treatments/compare", width=390)
    cue = "e => getComputedStyle(e, '::before').content"
    assert "Swipe" in page.locator(".table-scroll").first.evaluate(cue)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.locator(".table-scroll").first.evaluate(cue) == "none"


def test_folded_sources_open_for_a_citation(open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    sources = page.locator(".sources .references li")
    expect(sources.first).to_be_hidden()
    page.locator(".cite a").first.click()
    expect(sources.first).to_be_visible()


@pytest.mark.parametrize("path", [*CONTENT_PAGES, "/subscribe", "/nothing-here"])
def test_paper_has_the_words_and_nothing_to_press(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    page.emulate_media(media="print")
    for screen in (".crisis-strip", "#navigation", "#menu", ".breadcrumbs", ".outline", ".doc-next", "[data-print]"):
        for part in page.locator(screen).all():
            expect(part).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if path != "/for-patients":  # that one is kept to one page
        for source in page.locator(".sources li").all()[:1]:
            expect(source).to_be_visible()
    page.set_viewport_size({"width": 750, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 750


def test_the_body_font_comes_first_and_nothing_moves_when_it_does(open_page: OpenPage) -> None:
    """The fallback has the widths and lines of our font: text stands where it stood."""
    page = open_page("/safety", width=412)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    before = _height(page)
    page.locator("html").evaluate("html => html.style.setProperty('--sans', 'Sans until then')")
    after = _height(page)
    assert abs(after - before) / before < 0.02
    (preload,) = page.locator("link[rel=preload]").all()
    assert re.search(r"/static/fonts/atkinson[\w.-]+\.woff2$", preload.get_attribute("href") or "")


def _height(page: Page) -> float:
    height: float = page.locator(".doc-body").evaluate("e => e.getBoundingClientRect().height")
    return height
