"""Front matter: the YAML at the head of a Markdown file. Errors name file and line."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import yaml

Fields = Mapping[str, type[Any]]


class ContentError(click.ClickException):
    """An error in content/. The message starts with file:line, and commands print it without a traceback."""


def mistake(file: Path, sought: str, message: str) -> ContentError:
    """An error at the first line that contains `sought`, or line 1."""
    lines = file.read_text().splitlines()
    line = next((number for number, text in enumerate(lines, 1) if sought in text), 1)
    return ContentError(f"{file}:{line}: {message}")


def read(file: Path, required: Fields, optional: Fields | None = None) -> tuple[dict[str, Any], str]:
    """The front matter, checked, and the body below it. Raises ContentError."""
    front, body = split(file)
    for problem in _problems(front, required, optional or {}):
        raise mistake(file, f"{problem.split()[0]}:", f"front matter: {problem}")
    return front, body


def split(file: Path) -> tuple[dict[str, Any], str]:
    parts = file.read_text().split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ContentError(f"{file}:1: the page must start with front matter between --- lines")
    try:
        return yaml.safe_load(parts[1]) or {}, parts[2]
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 2
        raise ContentError(f"{file}:{line}: the front matter is not YAML") from error


def _problems(front: dict[str, Any], required: Fields, optional: Fields) -> Iterator[str]:
    for name in required:
        if not front.get(name):
            yield f"{name} is missing"
    for name, value in front.items():
        kind = {**required, **optional}.get(name)
        if kind is None:
            yield f"{name} is not known"
        elif not isinstance(value, kind):
            yield f"{name} must be a {'date like 2026-11-23' if kind is datetime.date else 'text'}"
