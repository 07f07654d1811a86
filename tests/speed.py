"""What every application of a test run would make anew, made once: compiled templates and the words of the site."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache

from blueprints.content import library
from tests.servers import ROOT

_load = library.load
_loaded: dict[tuple[float, str], library.Library] = {}


def make_once() -> None:
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(tempfile.mkdtemp(prefix="templates"))}
    library.load = _load_once


def _load_once(folder: Path, render_chart: Callable[[Any], str]) -> library.Library:
    """Until a file of the words changes. Copies that a test may spoil are read each time."""
    if folder != ROOT / "content":
        return _load(folder, render_chart)
    key = (max(path.stat().st_mtime for path in folder.rglob("*")), type(render_chart).__name__)
    if key not in _loaded:
        _loaded[key] = _load(folder, render_chart)
    return _loaded[key]
