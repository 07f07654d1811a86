"""The colors of the site are said once, in static/css/tokens.css. Mail takes them from there; pictures are compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from core import brand
from core.mail import render
from tests.browser.fixtures import OpenPage
from tests.servers import ROOT

STYLES = ROOT / "static" / "css"
OF_PAPER = {"#000", "#fff"}
COLOR = re.compile(r"#[0-9a-f]{3,8}\b")
TOKENS = STYLES / "tokens.css"
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


def colors(file: Path) -> set[str]:
    return set(COLOR.findall(file.read_text().lower()))


def test_style_sheets_name_their_colors() -> None:
    for sheet in STYLES.glob("*.css"):
        allowed = OF_PAPER if sheet.name == "print.css" else set()
        if sheet.name != "tokens.css":
            found = sorted(colors(sheet) - allowed)
            assert not found, f"{sheet.name}: give {', '.join(found)} a name in tokens.css, and use var(--name)"


def test_a_mail_has_the_colors_of_the_site(sqlite_app: Flask) -> None:
    assert not colors(ROOT / "templates" / "email" / "layout.html"), "take them from brand"
    with sqlite_app.app_context():
        mail = render.html("A subject", "Words")
    used = set(COLOR.findall(mail))
    assert used <= {color for pair in brand.colors(TOKENS).values() for color in pair}
    assert set(brand.colors(TOKENS)["accent"]) <= used


def test_a_new_color_of_the_site_is_in_the_next_mail(sqlite_app: Flask, tmp_path: Path) -> None:
    changed = tmp_path / "tokens.css"
    changed.write_text(TOKENS.read_text().replace(brand.colors(TOKENS)["accent"].light, "#123456"))
    sqlite_app.jinja_env.globals["brand"] = brand.colors(changed)
    with sqlite_app.app_context():
        assert "#123456" in render.html("A subject", "Other words")


def test_a_color_is_read_for_light_and_dark(tmp_path: Path) -> None:
    file = tmp_path / "tokens.css"
    file.write_text(":root {\n  --a-b: light-dark(#FFF, #000000);\n  --c: #123;\n  --d: 2px;\n}\n")
    assert brand.colors(file) == {"a-b": ("#fff", "#000000"), "c": ("#123", "#123")}


def test_the_icon_has_the_colors_of_the_site() -> None:
    of_site = brand.colors(TOKENS)
    expected = {of_site["accent"].light, of_site["bg"].light}
    assert colors(ROOT / "static" / "img" / "favicon.svg") == expected, "color static/img/favicon.svg anew"


@pytest.mark.browser
def test_the_picture_of_shared_pages_has_the_colors_of_the_site(open_page: OpenPage) -> None:
    light = {name: color.light for name, color in brand.colors(TOKENS).items()}
    shown = open_page("/").evaluate(COUNT_COLORS)
    assert shown == [light["bg"], light["accent-tint"], light["accent"]], "draw static/img/share.png anew"
