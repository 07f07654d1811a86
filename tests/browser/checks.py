"""What axe finds, and whether a page scrolls sideways.

`make test` looks at a narrow page in light colors and at a wide one in dark colors, with every rule. `make test-all`
also takes the other looks: each width in both color schemes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.needs import AXE

Scheme = Literal["light", "dark"]
WIDTHS = (320, 768, 1280)
ALL_RULES = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
FIND = """async (rules) => {
    const {violations} = await axe.run({runOnly: rules, preload: false, resultTypes: ['violations']});
    return violations.flatMap(({id, help, nodes}) => nodes.map(node => `${id} (${help}): ${node.target.join(' ')}`));
}"""


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    width: int
    scheme: Scheme = "light"


LIGHT = tuple(Look(width) for width in WIDTHS)
DARK = tuple(Look(width, "dark") for width in WIDTHS)
NARROW = LIGHT[0]
BRIEF = (NARROW, DARK[-1])
REST = (*LIGHT[1:], *DARK[:-1])


def brief_then_full(brief: tuple[Look, ...], full: tuple[Look, ...]) -> pytest.MarkDecorator:
    """The looks of `make test`, and those that only `make test-all` takes."""
    return pytest.mark.parametrize(
        "looks", [pytest.param(brief, id="brief"), pytest.param(full, id="full", marks=pytest.mark.full)]
    )


with_javascript = brief_then_full(BRIEF, REST)
without_javascript = brief_then_full((NARROW,), (*LIGHT[1:], *DARK))


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
    found: list[str] = page.evaluate(FIND, ALL_RULES)
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > look.width:
        found.append(f"scrolls sideways: it is {wide} px wide")
    return found
