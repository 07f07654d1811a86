"""`flask settings example`: .env.example, made of the settings and their documentation in config.py."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import fields

import click
from flask.cli import AppGroup

from core import config

HEADING = """\
# The settings of core/config.py. Copy what you need into a file called .env, which git ignores.
# What the environment says goes before it. Written by `flask settings example > .env.example`.
"""
NOT_FROM_OUTSIDE = {"instance", "development_keys"}
settings_group = AppGroup("settings", help="What the environment can say.")


@settings_group.command("example")
def example() -> None:
    """Print every setting with its default and what it means."""
    click.echo(text(), nl=False)


def text() -> str:
    said = dict(_documentation())
    blocks = [HEADING]
    for setting in fields(config.Settings):
        if setting.name not in NOT_FROM_OUTSIDE:
            words = textwrap.wrap(said.get(setting.name, ""), 100, initial_indent="# ", subsequent_indent="# ")
            blocks.append("\n".join([*words, f"# {setting.name.upper()}={_as_typed(setting.default)}", ""]))
    return "\n".join(blocks)


def _documentation() -> Iterator[tuple[str, str]]:
    """The name of each field, and the string below it."""
    (settings,) = ast.parse(inspect.getsource(config.Settings)).body
    assert isinstance(settings, ast.ClassDef)  # noqa: S101 - for mypy
    for entry, below in zip(settings.body, settings.body[1:], strict=False):
        if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name) and isinstance(below, ast.Expr):
            yield entry.target.id, inspect.cleandoc(ast.literal_eval(below.value))


def _as_typed(default: object) -> str:
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
