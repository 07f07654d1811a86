"""Passages of a Markdown file: its front matter, and its paragraphs, headings, list items and table cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from markdown_it.token import Token

from blueprints.content.frontmatter import split
from blueprints.content.lint.places.passages import Kind, Passage, Sentence
from blueprints.content.markup import markdown


def of_page(file: Path) -> Iterator[Passage]:
    yield from of_front_matter(file)
    yield from of_body(file)


def of_front_matter(file: Path) -> Iterator[Passage]:
    """Its texts, whatever their names: title, summary, description."""
    front = file.read_text().split("---\n", 2)[1]
    node = yaml.compose(front, Loader=yaml.SafeLoader)
    for _, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(value, yaml.ScalarNode) and value.tag.endswith(":str"):
            yield Passage(file, value.start_mark.line + 2, value.value, Kind.PLAIN)


def of_body(file: Path) -> tuple[Passage, ...]:
    return _read(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _read(file: Path, _changed_at: int) -> tuple[Passage, ...]:
    """Once for each state of the file: several checks read it."""
    _, body = split(file)
    return tuple(of_markdown(file, body, file.read_text().removesuffix(body).count("\n")))


def of_markdown(file: Path, text: str, before: int = 0, kind: Kind = Kind.PAGE) -> Iterator[Passage]:
    """`before`: lines of the file above the text."""
    tokens = markdown().parse(text, {})
    line = before + 1
    for index, token in enumerate(tokens):
        # Cells have no line of their own; their row has.
        line = token.map[0] + before + 1 if token.map else line
        if token.type in ("inline", "fence", "code_block") and token.content.strip():
            opened = tokens[index - 1]
            heading = int(opened.tag[1]) if opened.type == "heading_open" else 0
            yield Passage(file, line, token.content, kind, _served_by(tokens, index), heading)


def _served_by(tokens: Sequence[Token], index: int) -> frozenset[str]:
    """A term has the sources of its description, the first cell of a row those of the row; all others their own."""
    opened, before = tokens[index - 1].type, tokens[index - 2].type
    if opened == "dt_open":
        return _keys_until(tokens, index, "dd_close")
    if opened in ("td_open", "th_open") and before == "tr_open":
        return _keys_until(tokens, index, "tr_close")
    return frozenset()


def _keys_until(tokens: Sequence[Token], index: int, end: str) -> frozenset[str]:
    keys: frozenset[str] = frozenset()
    for token in tokens[index:]:
        if token.type == end:
            break
        keys |= Sentence(token.content, 0).keys if token.type == "inline" else frozenset()
    return keys
