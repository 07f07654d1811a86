"""Checks that an editor would make of the words of the site. Errors that prevent startup are in library.py."""

from blueprints.content.lint.checks import grade, limit, missing, problems, problems_of, unreviewed, unused
from blueprints.content.lint.places.passages import Problem

__all__ = ["Problem", "grade", "limit", "missing", "problems", "problems_of", "unreviewed", "unused"]
