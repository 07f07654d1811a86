"""What axe finds, and whether a page scrolls sideways.

Every rule is checked once a width, in light colors. In dark colors only the rules about colors can find something new.
`make test` looks at a narrow light page and at a wide dark one, and leaves the other looks to `make test-all`. Without
JavaScript a page is looked at once, at its narrowest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from tests.needs import AXE

Scheme = Literal["light", "dark"]
WIDTHS = (320, 768, 1280)
ALL_RULES = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
RULES_OF_COLORS = ("color-contrast", "link-in-text-block")
FIND = """async (runOnly) => {
    const {violations} = await axe.run({runOnly, preload: false, resultTypes: ['violations']});
    return violations.flatMap(({id, help, nodes}) => nodes.map(node => `${id} (${help}): ${node.target.join(' ')}`));
}"""


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    width: int
    scheme: Scheme = "light"

    @property
    def rules(self) -> dict[str, Any]:
        """As axe.run takes them."""
        if self.scheme == "dark":
            return {"type": "rule", "values": RULES_OF_COLORS}
        return {"type": "tag", "values": ALL_RULES}


LIGHT = tuple(Look(width) for width in WIDTHS)
DARK = tuple(Look(width, "dark") for width in WIDTHS)
NARROW = LIGHT[0]
BRIEF = (NARROW, DARK[-1])
REST = (*LIGHT[1:], DARK[0])


def brief_then_full(brief: tuple[Look, ...], full: tuple[Look, ...]) -> pytest.MarkDecorator:
    """The looks of `make test`, and those that only `make test-all` takes."""
    return pytest.mark.parametrize(
        "looks", [pytest.param(brief, id="brief"), pytest.param(full, id="full", marks=pytest.mark.full)]
    )


with_javascript = brief_then_full(BRIEF, REST)
without_javascript = pytest.mark.parametrize("looks", [pytest.param((NARROW,), id="narrow")])


def check(page: Page, looks: Iterable[Look] = (*LIGHT, *DARK), where: str = "") -> None:
    """Fails with every finding: its rule, its element and the page (`where` it is not the page's own address)."""
    page.wait_for_load_state("load")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = [
        f"{problem}, on {where or page.url} at {look.width} px, {look.scheme}"
        for look in looks
        for problem in _see(page, look)
    ]
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def _see(page: Page, look: Look) -> list[str]:
    page.set_viewport_size({"width": look.width, "height": 800})
    page.emulate_media(color_scheme=look.scheme)
    found: list[str] = page.evaluate(FIND, look.rules)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > look.width:
        found.append(f"scrolls sideways: it is {wide} px wide")
    return found
