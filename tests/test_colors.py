"""The colors of the site are said once, in static/css/tokens.css. Mail and pictures cannot read it, so we compare."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.fixtures import OpenPage
from tests.servers import ROOT

STYLES = ROOT / "static" / "css"
OF_PAPER = {"#000", "#fff"}
COLOR = re.compile(r"#[0-9a-f]{3,8}\b")
TOKEN = re.compile(r"--([\w-]+): (?:light-dark\((#\w+), (#\w+)\)|(#\w+));")
COUNT_COLORS = """async () => {
    const image = new Image();
    image.src = '/static/img/share.png';
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const {data} = canvas.getImageData(0, 0, image.width, image.height), counts = {};
    for (let i = 0; i < data.length; i += 4) {
        const color = '#' + [0, 1, 2].map(part => data[i + part].toString(16).padStart(2, '0')).join('');
        counts[color] = (counts[color] || 0) + 1;
    }
    return Object.keys(counts).sort((a, b) => counts[b] - counts[a]).slice(0, 3);
}"""


def tokens() -> dict[str, tuple[str, str]]:
    """Each color's name, and what it is in the light and in the dark."""
    found = TOKEN.findall((STYLES / "tokens.css").read_text())
    return {name: (light or both, dark or both) for name, light, dark, both in found}


def colors(file: Path) -> set[str]:
    return set(COLOR.findall(file.read_text().lower()))


def test_style_sheets_name_their_colors() -> None:
    for sheet in STYLES.glob("*.css"):
        allowed = OF_PAPER if sheet.name == "print.css" else set()
        if sheet.name != "tokens.css":
            found = sorted(colors(sheet) - allowed)
            assert not found, f"{sheet.name}: give {', '.join(found)} a name in tokens.css, and use var(--name)"


@pytest.mark.parametrize("file", ["templates/email/layout.html", "static/img/favicon.svg"])
def test_what_cannot_read_the_tokens_has_their_colors(file: str) -> None:
    known = {color for pair in tokens().values() for color in pair}
    found = sorted(colors(ROOT / file) - known)
    assert not found, f"{file}: {', '.join(found)} is no color of static/css/tokens.css"
    assert tokens()["accent"][0] in colors(ROOT / file)


@pytest.mark.browser
def test_the_picture_of_shared_pages_has_the_colors_of_the_site(open_page: OpenPage) -> None:
    light = {name: pair[0] for name, pair in tokens().items()}
    shown = open_page("/").evaluate(COUNT_COLORS)
    assert shown == [light["bg"], light["accent-tint"], light["accent"]], "draw static/img/share.png anew"
