"""The documents match the tree: module tables name every module and no other, and links lead somewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import LEFT_OUT, SHIPPED
from tests.servers import ROOT

ARCHITECTURE = ROOT / "docs" / "architecture"
TABLE = re.compile(r"^\| module of `([\w/]+)` \|.*\n\|[-|]+\n((?:\|.*\n)+)", re.MULTILINE)
ROW = re.compile(r"^\| (.*?) \|", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`([\w-]+(?:/[\w-]+)*/[\w.-]+\.\w+)`")
# Addresses of the site, other sites and Jinja's: whoever writes them is checked elsewhere.
ELSEWHERE = re.compile(r"[a-z]+:|/|\{\{")


def module_tables() -> dict[str, list[str]]:
    """By package, the modules that its table names."""
    found: dict[str, list[str]] = {}
    for page in sorted(ARCHITECTURE.glob("*.md")):
        for package, rows in TABLE.findall(page.read_text()):
            assert package not in found, f"{page.name}: {package} has two tables"
            found[package] = [name for cell in ROW.findall(rows) for name in re.findall(r"`(\w+)`", cell)]
    return found


def modules_of(package: Path) -> set[str]:
    return {file.stem for file in package.glob("*.py")} - {"__init__"}


def packages() -> Iterator[str]:
    """Those of core and of the features that the project ships, where they hold modules: one's own need no table."""
    for top in ("core", *(f"blueprints/{feature}" for feature in sorted(SHIPPED))):
        for marker in sorted((ROOT / top).rglob("__init__.py")):
            if modules_of(marker.parent):
                yield str(marker.parent.relative_to(ROOT))


@pytest.mark.parametrize("package", list(packages()))
def test_each_module_is_in_its_table_and_each_named_module_exists(package: str) -> None:
    named = module_tables().get(package)
    assert named is not None, f"docs/architecture/ has no table headed “module of `{package}`”"
    existing = modules_of(ROOT / package)
    assert not existing - set(named), f"docs/architecture/: the table of {package} lacks {existing - set(named)}"
    assert not set(named) - existing, f"docs/architecture/: {package} has no {set(named) - existing}"
    assert len(named) == len(set(named)), f"docs/architecture/: the table of {package} names a module twice"


def test_no_table_is_about_a_package_that_is_gone() -> None:
    assert set(module_tables()) == set(packages())


def documents() -> list[Path]:
    found = []
    for folder, inner, files in os.walk(ROOT):
        inner[:] = [name for name in inner if name not in LEFT_OUT and (not name.startswith(".") or name == ".github")]
        found += [Path(folder) / file for file in files if file.endswith(".md")]
    return sorted(found)


def prose(page: Path) -> str:
    """Without blocks of code, in which brackets mean something else."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    return [link for link in LINK.findall(prose(page)) if not ELSEWHERE.match(link) and not leads(page, link)]


def leads(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def test_each_relative_link_leads_somewhere() -> None:
    broken = {str(page.relative_to(ROOT)): broken_links(page) for page in documents()}
    assert {page: links for page, links in broken.items() if links} == {}


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# One thing\n[a](a.md#one-thing) [b](#two) [c](gone.md) [d](https://x.example)\n```\n[e](e.md)\n```\n"
    )
    assert broken_links(page) == ["#two", "gone.md"]


def test_each_page_of_the_architecture_has_a_picture_and_is_in_the_overview() -> None:
    overview = (ARCHITECTURE / "overview.md").read_text()
    for page in ARCHITECTURE.glob("*.md"):
        assert page.read_text().count("\n```") == 2, f"{page.name}: one picture"
        assert page.name in overview or page.name == "overview.md"


def test_each_decision_is_in_the_index_with_its_date_and_status() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    for page in folder.glob("0*.md"):
        assert f"]({page.name})" in index, f"docs/adr/README.md lacks {page.name}"
        head = "\n".join(page.read_text().splitlines()[1:5])
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\b", head, re.MULTILINE), f"{page.name} has no date"
        assert "Status: " in head, f"{page.name} has no status"


def test_each_path_that_the_architecture_names_exists() -> None:
    """From the root, from templates/, or from the feature that a table is about."""
    homes = (ROOT, ROOT / "templates", ROOT / "blueprints/referrals")
    named = {path for page in ARCHITECTURE.glob("*.md") for path in PATH.findall(prose(page))}
    assert "tests/addresses.txt" in named
    assert {path for path in named if not any((home / path).exists() for home in homes)} == set()
