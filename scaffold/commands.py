"""`flask blueprint new`: a complete feature of one's own, as docs/adding-a-blueprint.md explains it.

What it writes are the files beside this one, under the feature's own name.
"""

from __future__ import annotations

import datetime
import keyword
import re
from collections.abc import Iterator
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from core.extensions import db

HERE = Path(__file__).parent
TARGETS = {
    "things": "blueprints/{name}",
    "templates": "templates/{name}",
    "tests": "tests/{name}",
    "migration.py": "migrations/versions/{revision}.py",
}
IMPORTS = re.compile(r"(?:^from (?:blueprints|core|tests)\b.* import .*\n)+", re.MULTILINE)
blueprint_group = AppGroup("blueprint", help="Features of your own.")


def init_app(app: Flask) -> None:
    app.cli.add_command(blueprint_group)


@blueprint_group.command("new")
@click.argument("name")
@click.option("--url", default="", help="Its address. [default: /NAME, with hyphens]")
@with_appcontext
def new(name: str, url: str) -> None:
    """Write a feature called NAME, a plural like call_backs: a form that checks itself, its table with a migration,
    a mail, and tests."""
    root, url = Path(current_app.root_path), url or f"/{name.replace('_', '-')}"
    _check_name(name, root)
    _check_url(url)
    for file in _write(name, url, root):
        click.echo(f"wrote {file}")
    click.echo(_next_steps(name, url))


def _check_name(name: str, root: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise click.ClickException(f"“{name}” cannot name a Python package: use lowercase letters, digits and _.")
    for folder in ("blueprints", "templates", "tests"):
        if (root / folder / name).exists():
            raise click.ClickException(f"{folder}/{name} already exists. Choose another name, or remove it first.")
    if name in db.metadata.tables:
        raise click.ClickException(f"The table {name} already exists. Choose another name.")


def _check_url(url: str) -> None:
    if not re.fullmatch(r"(/[a-z0-9]+(-[a-z0-9]+)*)+", url):
        raise click.ClickException(f"“{url}” cannot be its address: write --url /call-back, in lowercase.")
    for rule in current_app.url_map.iter_rules():
        if f"{rule.rule}/".startswith(f"{url}/"):
            raise click.ClickException(f"{rule.rule} already exists. Choose another address with --url.")


def _write(name: str, url: str, root: Path) -> Iterator[str]:
    revision = f"{datetime.date.today():%Y%m%d}_{name}"
    previous = ScriptDirectory(str(root / "migrations")).get_current_head() or ""
    for source, target in _files(name, revision):
        text = renamed(source.read_text(), name, url)
        path = root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("this_revision", revision).replace("previous_revision", previous))
        yield target


def _files(name: str, revision: str) -> Iterator[tuple[Path, str]]:
    """Each file of the scaffold, and the path of what is made of it."""
    for part, target in TARGETS.items():
        place = HERE / part
        for source in [place] if place.is_file() else sorted(file for file in place.iterdir() if file.is_file()):
            beside = "" if source == place else f"/{source.name.replace('things', name)}"
            yield source, target.format(name=name, revision=revision) + beside


def renamed(text: str, name: str, url: str) -> str:
    """A file of the scaffold, about things of another name, at another address."""
    title, one = name.replace("_", " "), singular(name)
    camel = "".join(part.capitalize() for part in one.split("_"))
    changes = {
        r"scaffold\.things": "blueprints.things",
        r"(?<=\")/things(?=\")": url,
        r"(?<=of )things(?=[ .,:])": title,
        r"(?<=about )things(?=[ .,:])": title,
        r"Things": title.capitalize(),
        r"Thing": camel,
        r"(?<![a-z])things(?![a-z])": name,
        r"(?<![a-z])thing(?![a-z])": one,
    }
    for old, new_words in changes.items():
        text = re.sub(old, new_words, text)
    # The scaffold's imports stand in another place of the alphabet than a feature's.
    return IMPORTS.sub(lambda block: "".join(sorted(block[0].splitlines(keepends=True))), text)


def singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s") or name


def _next_steps(name: str, url: str) -> str:
    title = name.replace("_", " ").capitalize()
    return "\n".join(
        [
            "",
            "Two lines are yours:",
            f'  app.py, in FEATURES:                             "{name}",',
            f'  templates/components/nav.html, if you want one:  ("{url}", "{title}"),',
            "",
            "Then: .venv/bin/flask db upgrade, make format, make test",
        ]
    )
