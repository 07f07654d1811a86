"""A copy of the project as it lies here, to change and to run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.servers import ROOT

LEFT_OUT = {".git", ".venv", "node_modules", "instance", "__pycache__", ".pytest_cache"}


def copy(folder: Path) -> Path:
    """With its environment and its test tools linked."""
    project = folder / "project"
    shutil.copytree(ROOT, project, ignore=lambda _, names: LEFT_OUT & set(names))
    (project / ".venv").symlink_to(ROOT / ".venv")
    tools = Path("tests") / "tools" / "node_modules"
    if (ROOT / tools).exists():
        (project / tools).symlink_to(ROOT / tools)
    return project


def run(project: Path, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """On SQLite alone: PostgreSQL has had its turn."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TEST_POSTGRES", "CI"))
    }
    environment = {**kept, "PYTHONDONTWRITEBYTECODE": "1", **settings}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=300)
