"""Figures: none without its source and the size of its study; each with the same numbers as a table."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from blueprints.content import frontmatter
from tests.content.words import CONTENT, change, load
from tests.page import Client, content_page

WHERE = {
    name: content_page(file)
    for file in sorted(CONTENT.rglob("*.md"))
    for name in re.findall(r"^::: chart (\S+)", file.read_text(), re.MULTILINE)
}
"""A page that shows the figure."""


@pytest.mark.parametrize(
    ("name", "line", "needed"),
    [
        ("response-rates", "cite = .*", "cite"),
        ("response-rates", "people = .*", "people"),
        ("remission", "cite = .*", "cite"),
        ("remission", "people = .*", "people"),
        ("side-effects", "people = .*", "people"),
        ("side-effects", "caveat = .*", "caveat"),
        ("visit", "cite = .*", "cite"),
        ("course", "measure = .*", "measure"),
    ],
)
def test_a_figure_without_its_source_does_not_build(folder: Path, name: str, line: str, needed: str) -> None:
    file = folder / "charts" / f"{name}.toml"
    file.write_text(re.sub(f"^{line}\n", "", file.read_text(), count=1, flags=re.MULTILINE))
    with pytest.raises(frontmatter.ContentError, match=rf"{name}\.toml:\d+: a figure needs {needed}"):
        load(folder)


def test_a_figure_is_of_a_known_kind(folder: Path) -> None:
    change(folder / "charts" / "remission.toml", 'kind = "people"', 'kind = "pie"')
    with pytest.raises(frontmatter.ContentError, match=r"remission\.toml:\d+: kind must be one of dots, people, lanes"):
        load(folder)


def test_every_figure_is_on_a_page() -> None:
    assert set(WHERE) == {file.stem for file in (CONTENT / "charts").glob("*.toml")}


@pytest.mark.parametrize("name", sorted(WHERE))
def test_a_figure_has_its_caption_its_sources_and_its_numbers_as_a_table(sqlite_client: Client, name: str) -> None:
    data = tomllib.loads((CONTENT / "charts" / f"{name}.toml").read_text())
    answer = sqlite_client.get(WHERE[name])
    figure = answer.text.split(f'aria-labelledby="{name}-title"')[1].split("</figure>")[0]
    assert answer.document.text_of(f"{name}-title").startswith(data["title"])
    assert '<sup class="cite">' in figure
    table = re.sub(r"<[^>]+>", " ", figure[figure.index("<table>") :])
    for study in data.get("study", ()):
        assert f"{study['people']} people" in figure
        for arm in study["arm"]:
            assert f"{arm['percent']} %" in table
            assert (f"{arm['name']}, {arm['n']} people" if "n" in arm else "not known") in table
    for lane in data.get("lane", ()):
        for segment in lane["segment"]:
            assert segment["label"] in table


def test_a_hundred_people_are_drawn_and_as_many_filled_as_the_study_found(sqlite_client: Client) -> None:
    text = sqlite_client.get("/treatments/spravato").text
    array = text[text.index("with esketamine: 27 of 100") :].split("</svg>")[0]
    assert array.count('class="person"') == 5
    filled = [round((float(length) + 9.9) / 10) for length in re.findall(r'<path d="M5 \d+h([\d.]+)"', array)]
    assert filled == [20, 7]
