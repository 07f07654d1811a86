"""Passages of templates: the text that their readers see, without tags and Jinja."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from blueprints.content.lint.places.pages import of_markdown
from blueprints.content.lint.places.passages import Kind, Passage

COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
TAG = re.compile(r"{%-?\s*(\w+).*?%}", re.DOTALL)
VALUE = re.compile(r"{{.*?}}", re.DOTALL)
# A string in Jinja is text if it has several words: labels in a list, alternatives in a condition.
STRING = re.compile(r"\"([^\"\n]*\w,? [^\"\n]*)\"|'([^'\n]*\w,? [^'\n]*)'")
INLINE = {*("a", "abbr", "b", "br", "cite", "code", "em", "i", "small", "span", "strong", "sub", "sup", "time", "u")}
UNSEEN = {"script", "style"}
VOID = {*("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")}
SPOKEN = ("alt", "aria-label", "placeholder", "title")
DESCRIBED = {"description", "og:title", "og:description", "twitter:title", "twitter:description"}
ELSEWHERE = "…"
"""Stands for a value, which is checked where it is written."""
APART = "\x00"
"""Divides texts that only Jinja holds together: blocks, rounds of a loop, alternatives."""
CONDITIONS = {"if", "endif", "elif"}


def of_template(file: Path) -> Iterator[Passage]:
    text = file.read_text()
    yield from _strings(file, text)
    text = COMMENT.sub(lambda found: _blank(found[0]), text)
    text = TAG.sub(lambda found: _blank(found[0], "" if found[1] in CONDITIONS else APART), text)
    text = VALUE.sub(lambda found: _blank(found[0], ELSEWHERE), text)
    if file.suffix == ".md":
        yield from of_markdown(file, text.replace(APART, " "), kind=Kind.TEMPLATE)
    else:
        yield from _Text(file, text).passages


def _strings(file: Path, text: str) -> Iterator[Passage]:
    for jinja in (*TAG.finditer(text), *VALUE.finditer(text)):
        for found in STRING.finditer(jinja[0]):
            line = text.count("\n", 0, jinja.start() + found.start()) + 1
            yield Passage(file, line, found[1] or found[2], Kind.TEMPLATE)


def _blank(removed: str, instead: str = "") -> str:
    """With as many lines as what was removed."""
    return instead + "\n" * removed.count("\n")


class _Text(HTMLParser):
    """Joins the text between block elements. What is hidden from screen readers holds no claim in numbers."""

    def __init__(self, file: Path, text: str) -> None:
        super().__init__()
        self.file = file
        self.passages: list[Passage] = []
        self._words, self._line = "", 1
        self._open: list[tuple[str, bool]] = []
        self.feed(text)
        self.close()
        self._flush()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in INLINE:
            self._flush()
        shown = dict(attrs)
        if tag not in VOID:
            self._open.append((tag, shown.get("aria-hidden") == "true"))
        described = DESCRIBED & {shown.get("name"), shown.get("property")}
        for name in (*SPOKEN, *(["content"] if described else [])):
            if " " in (words := shown.get(name) or ""):
                self.passages.append(self._passage(words, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag not in INLINE:
            self._flush()
        while any(tag == opened for opened, _ in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] in UNSEEN:
            return
        first, *others = data.split(APART)
        self._add(first, self.getpos()[0])
        line = self.getpos()[0] + first.count("\n")
        for words in others:
            self._flush()
            self._add(words, line)
            line += words.count("\n")

    def _add(self, words: str, line: int) -> None:
        if not self._words.strip():
            self._words, self._line = "", line
        self._words += words

    def _flush(self) -> None:
        if self._words.strip(f" \n{ELSEWHERE}"):
            self.passages.append(self._passage(self._words, self._line))
        self._words = ""

    def _passage(self, words: str, line: int) -> Passage:
        hidden = any(is_hidden for _, is_hidden in self._open)
        return Passage(self.file, line, words, Kind.TEMPLATE, is_furniture=hidden)
