"""What every application of a test run would make anew, made once: compiled templates, the words of the site, and the
functions that build the addresses of routes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from blueprints.content import library
from tests.servers import ROOT

_load = library.load
_loaded: dict[tuple[float, str], library.Library] = {}
_compile_builder = Rule._compile_builder
_builders: dict[tuple[str, bool, str], Callable[..., tuple[str, str]]] = {}


def make_once() -> None:
    Flask.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(tempfile.mkdtemp(prefix="templates"))}
    library.load = _load_once
    Rule._compile_builder = _compile_builder_once  # type: ignore[method-assign,assignment]


def _compile_builder_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """werkzeug compiles a function for each rule, from its text and defaults alone: converters keep nothing."""
    if rule.subdomain:
        return _compile_builder(rule, append_unknown)
    key = (rule.rule, append_unknown, repr(rule.defaults))
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]


def _load_once(
    folder: Path, render_chart: library.ChartRenderer, draw: library.Drawer = library.undrawn
) -> library.Library:
    """Until a file of the words changes. Copies that a test may spoil are read each time."""
    if folder != ROOT / "content":
        return _load(folder, render_chart, draw)
    key = (max(path.stat().st_mtime for path in folder.rglob("*")), type(render_chart).__name__)
    if key not in _loaded:
        _loaded[key] = _load(folder, render_chart, draw)
    return _loaded[key]
