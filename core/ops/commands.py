"""Registers core's `flask` commands. Features register theirs with their blueprint."""

from __future__ import annotations

from typing import Any

from flask import Flask

from core.audit.commands import audit_group
from core.clinic.commands import clinic_group
from core.crypto import commands as keys
from core.extensions import db
from core.mail.commands import outbox_group
from core.ops import serving, settings_example


def init_app(app: Flask) -> None:
    app.cli.add_command(serving.serve)
    keys.init_app(app)
    app.cli.add_command(audit_group)
    app.cli.add_command(outbox_group)
    app.cli.add_command(clinic_group)
    app.cli.add_command(settings_example.settings_group)
    app.shell_context_processor(_models)


def _models() -> dict[str, Any]:
    """Names that `flask shell` imports: db, and the class of every table."""
    mappers = db.Model.registry.mappers  # type: ignore[attr-defined]
    return {"db": db, **{mapper.class_.__name__: mapper.class_ for mapper in mappers}}
