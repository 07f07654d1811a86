"""`flask content`, for editors of the content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app

from blueprints.content import bp, lint
from blueprints.content.library import ContentStore, Library
from blueprints.content.lint import stubs
from core import clinic


@bp.cli.command("check")
@click.option("--release", is_flag=True, help="Fail if a clinician has not reviewed a page.")
def check(release: bool) -> None:
    """Print each page's reading grade and any problems in the content.

    It reads pages, summaries, charts, sources, the glossary, templates and mail.
    """
    library = _library()
    for page in library.pages.values():
        found, most = lint.grade(page, library.glossary), lint.limit(page)
        click.echo(f"grade {found:4.1f} of {most:.0f}  {page.path}")
    unreviewed = list(lint.unreviewed(library))
    _print_notes([*([] if release else unreviewed), *lint.unused(library, _templates())])
    addresses = {rule.rule for rule in current_app.url_map.iter_rules()}
    problems = list(lint.problems(library, addresses, clinic.today(), _templates()))
    _fail_on([*problems, *(unreviewed if release else [])])


@bp.cli.command("claims")
def claims() -> None:
    """Print what content/claims.toml lacks, ready to be completed and added to it."""
    for entry in stubs.of(lint.missing(_library(), _templates()), clinic.today()):
        click.echo(entry)


def _library() -> Library:
    store: ContentStore = current_app.extensions["content"]
    return store.library()


def _templates() -> Path:
    return Path(current_app.root_path) / "templates"


def _print_notes(notes: Sequence[lint.Problem]) -> None:
    for note in notes:
        click.echo(f"note: {note}")


def _fail_on(problems: Sequence[lint.Problem]) -> None:
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise click.ClickException(f"{count} found.")
