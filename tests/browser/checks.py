"""What axe finds, and whether a page scrolls sideways."""

from __future__ import annotations

from itertools import product
from typing import Literal

from playwright.sync_api import Page

from tests.browser.fixtures import AXE, need

WIDTHS = (320, 768, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
RUN_AXE = """async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const {violations} = await axe.run({runOnly: tags, preload: false, resultTypes: ['violations']});
    return violations.map(({id, nodes}) => [id, ...nodes.map(node => node.target.join(' ')).slice(0, 4)]);
}"""


def check(page: Page) -> None:
    """At every width, in both schemes."""
    need(AXE.exists(), "axe-core (npm ci in tests/tools)")
    page.wait_for_load_state("load")
    page.evaluate(AXE.read_text())
    for width, scheme in product(WIDTHS, SCHEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(RUN_AXE) == [], f"at {width} px, {scheme}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"scrolls sideways at {width} px"
