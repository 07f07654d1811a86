"""`flask blueprint new`: a feature's folder, templates and tests, as docs/adding-a-blueprint.md has them.

What it writes are the files of blueprints/skeleton/, under the feature's own name.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from pathlib import Path

import click
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from core import clock

SKELETON = Path("blueprints") / "skeleton"
ALWAYS = {"things/__init__.py": "blueprints/{name}/__init__.py", "tests/__init__.py": "tests/{name}/__init__.py"}
PAGE = {
    "things/routes_page.py": "blueprints/{name}/routes.py",
    "templates/index.html": "templates/{name}/index.html",
    "tests/test_page.py": "tests/{name}/test_page.py",
}
FORM = {
    "things/routes_form.py": "blueprints/{name}/routes.py",
    "things/forms.py": "blueprints/{name}/forms.py",
    "templates/ask.html": "templates/{name}/ask.html",
    "templates/thanks.html": "templates/{name}/thanks.html",
    "tests/test_form.py": "tests/{name}/test_form.py",
}
MODEL = {
    "things/routes_model.py": "blueprints/{name}/routes.py",
    "things/services_model.py": "blueprints/{name}/services.py",
    "things/models.py": "blueprints/{name}/models.py",
    "migration.py": "migrations/versions/{revision}.py",
    "templates/index_model.html": "templates/{name}/index.html",
    "tests/test_model.py": "tests/{name}/test_model.py",
}
BOTH = {
    **{source: target for source, target in FORM.items() if source != "things/routes_form.py"},
    "things/routes.py": "blueprints/{name}/routes.py",
    "things/services.py": "blueprints/{name}/services.py",
    "things/models.py": "blueprints/{name}/models.py",
    "migration.py": "migrations/versions/{revision}.py",
    "tests/test_kept.py": "tests/{name}/test_kept.py",
}
blueprint_group = AppGroup("blueprint", help="Features of your own.")


@blueprint_group.command("new")
@click.argument("name")
@click.option("--form", is_flag=True, help="With a form that is checked while it is filled in.")
@click.option("--model", is_flag=True, help="With a table and its migration.")
@with_appcontext
def new(name: str, form: bool, model: bool) -> None:
    """Write a feature called NAME, a plural like information_evenings: its folder, templates and tests."""
    root = Path(current_app.root_path)
    _check(name, root)
    chosen = {(False, False): PAGE, (True, False): FORM, (False, True): MODEL, (True, True): BOTH}[form, model]
    for file in _write(name, {**ALWAYS, **chosen}, root):
        click.echo(f"wrote {file}")
    click.echo(_by_hand(name, model))


def _check(name: str, root: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise click.ClickException(f"“{name}” is no name for a folder of Python: use small letters, digits and _.")
    for folder in ("blueprints", "templates", "tests"):
        if (root / folder / name).exists():
            raise click.ClickException(f"{folder}/{name} is there already. Choose another name, or remove it first.")


def _write(name: str, files: dict[str, str], root: Path) -> Iterator[str]:
    today = clock.now()
    revision = f"{today:%Y%m%d}_{name}"
    before = ScriptDirectory(str(root / "migrations")).get_current_head() or ""
    for source, target in files.items():
        place = root / target.format(name=name, revision=revision)
        words = named((root / SKELETON / source).read_text(), name)
        words = words.replace("this_revision", revision).replace("the_one_before", before)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(words)
        yield str(place.relative_to(root))


def named(words: str, name: str) -> str:
    """A file of the skeleton, about things of another name."""
    words = re.sub(r"\nfrom \S+ import services_model as services", ", services", words)
    words = words.replace("blueprints.skeleton.things", "blueprints.things")
    title, one = name.replace("_", " "), singular(name)
    camel = "".join(part.capitalize() for part in one.split("_"))
    changes = {
        r"(?<=of )things(?=[ .:])": title,
        r"Things": title.capitalize(),
        r"Thing": camel,
        r"(?<=/)things": name.replace("_", "-"),
        r"(?<![a-z])things(?![a-z])": name,
        r"(?<![a-z])thing(?![a-z])": one,
    }
    for skeleton, own in changes.items():
        words = re.sub(skeleton, own, words)
    return words


def singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name.removesuffix("s") or name


def _by_hand(name: str, model: bool) -> str:
    title, address = name.replace("_", " ").capitalize(), name.replace("_", "-")
    lines = [
        "",
        "Two lines are yours:",
        f'  app.py, in FEATURES:                       "{name}",',
        f'  templates/components/nav.html, if you like:  ("/{address}", "{title}"),',
        "",
        "Then: make format, make test" + (", and before the next start: flask db upgrade" if model else ""),
    ]
    return "\n".join(lines)
