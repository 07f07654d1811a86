"""A newsletter as mail: its Markdown with absolute links, numbered citations and a list of sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blueprints.content import citations
from blueprints.content.frontmatter import mistake, split
from blueprints.content.library import Library, Page

OWN_ADDRESS = re.compile(r"\]\(/([^)]*)\)")
BOX = re.compile(r"^:::.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Issue:
    name: str
    """The file's stem, unique to the issue."""
    title: str
    body: str
    """Markdown."""
    reviewed: bool
    address: str


def from_page(page: Page, library: Library, site_url: str) -> Issue:
    """Raises ContentError for what a mail cannot show."""
    _, text = split(page.source)
    if "::: chart" in text:
        raise mistake(page.source, "::: chart", "a mail cannot show a chart: link to the page that has it")
    numbers = citations.Citations({source.key: source for source in library.references})
    cited = citations.CITATION.sub(lambda found: _numbers(found[1], numbers), BOX.sub("", text))
    body = OWN_ADDRESS.sub(rf"]({site_url}/\1)", cited).strip() + _sources(numbers)
    return Issue(page.source.stem, page.title, body, page.is_reviewed, f"{site_url}{page.path}")


def _numbers(keys: str, numbers: citations.Citations) -> str:
    cited = [str(numbers.cite(key.strip().removeprefix("@")).number) for key in keys.split(";")]
    return f" ({', '.join(cited)})"


def _sources(numbers: citations.Citations) -> str:
    if not numbers.cited:
        return ""
    lines = [f"{cited.number}. {_source(cited)}" for cited in numbers.cited.values()]
    return "\n\n## Sources\n\n" + "\n".join(lines)


def _source(cited: citations.Cited) -> str:
    data = cited.reference.data
    address = f"https://doi.org/{data['DOI']}" if data.get("DOI") else data.get("URL", "")
    title = data["title"].rstrip(".")
    return f"{cited.reference.short}. " + (f"[{title}]({address})" if address else title)
