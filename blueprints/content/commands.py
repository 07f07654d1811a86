"""`flask content check`, for editors of the content."""

from __future__ import annotations

import click
from flask import current_app

from blueprints.content import bp, lint
from blueprints.content.library import ContentStore
from core import clinic


@bp.cli.command("check")
def check() -> None:
    """Print each page's reading grade and any problems in the content."""
    store: ContentStore = current_app.extensions["content"]
    library = store.library()
    for page in library.pages.values():
        found, most = lint.grade(page, library.glossary), lint.limit(page)
        click.echo(f"grade {found:4.1f} of {most:.0f}  {page.path}")
    addresses = {rule.rule for rule in current_app.url_map.iter_rules()}
    problems = list(lint.problems(library, addresses, clinic.today()))
    for problem in problems:
        click.echo(str(problem), err=True)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise click.ClickException(f"{count} found.")
