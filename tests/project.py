"""A copy of the project to change and to run. It holds what the project ships: features of one's own stay out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers import ROOT

SHIPPED = {"content", "dev", "newsletters", "referrals", "staff", "subscriptions"}
LEFT_OUT = {".git", ".venv", ".env", "node_modules", "instance", "__pycache__"}
CACHES = (".mypy_cache", ".ruff_cache", ".import_linter_cache", ".pytest_cache", ".hypothesis")
OF_A_FEATURE = ("blueprints", "templates", "tests")
NAVIGATION = "templates/components/nav.html"
NEW_FEATURE = ("call_backs", "/call-back")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a feature that `flask blueprint new` wrote, and the two lines that it asks for: a third party's, to all
    the other tests of this copy. It is made once; tests that use it name `group("project")`."""
    copied = copy(tmp_path_factory.mktemp("shared"))
    # mypy knows a file by its content, wherever it lies: most of the copy is checked already.
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", copied / ".mypy_cache")
    add_feature(copied, *NEW_FEATURE)
    return copied


def add_feature(project: Path, name: str, url: str) -> None:
    done = run(project, ".venv/bin/flask", "blueprint", "new", name, "--url", url)
    assert done.returncode == 0, done.stdout + done.stderr
    for file, anchor in (("app.py", '    "dev",\n'), (NAVIGATION, '    ("/for-clinicians"')):
        line = next(line for line in done.stdout.splitlines() if file in line).rpartition("  ")[2]
        place = project / file
        place.write_text(place.read_text().replace(anchor, f"    {line}\n{anchor}"))


def copy(folder: Path, root: Path = ROOT) -> Path:
    """With its environment and its test tools linked."""
    project = folder / "project"
    shutil.copytree(root, project, ignore=lambda _, names: {*LEFT_OUT, *CACHES} & set(names))
    (project / ".venv").symlink_to(ROOT / ".venv")
    tools = Path("tests") / "tools" / "node_modules"
    if (ROOT / tools).exists():
        (project / tools).symlink_to(ROOT / tools)
    for name in sorted(features(project) - SHIPPED):
        _remove_feature(project, name)
    _remove_migrations(project)
    return project


def features(project: Path) -> set[str]:
    return {init.parent.name for init in (project / "blueprints").glob("*/__init__.py")}


def _remove_feature(project: Path, name: str) -> None:
    url = re.findall(r'url_prefix="([^"]+)"', (project / "blueprints" / name / "__init__.py").read_text())
    for folder in OF_A_FEATURE:
        shutil.rmtree(project / folder / name, ignore_errors=True)
    for file, entry in (("app.py", f'    "{name}",\n'), (NAVIGATION, rf'    \("{"".join(url)}(/[^"]*)?", .*\n')):
        place = project / file
        place.write_text(re.sub(entry, "", place.read_text()))


def _remove_migrations(project: Path) -> None:
    """Those that name no table of a shipped feature. The chain closes over them."""
    shipped = tables(project)
    for file in sorted((project / "migrations" / "versions").glob("*.py")):
        text = file.read_text()
        if shipped & set(re.findall(r'"(\w+)"', text)):
            continue
        file.unlink()
        (revision,) = re.findall(r'^revision = "(\w+)"', text, re.MULTILINE)
        (previous,) = re.findall(r"^down_revision = (.+)", text, re.MULTILINE)
        for later in file.parent.glob("*.py"):
            later.write_text(later.read_text().replace(f'down_revision = "{revision}"', f"down_revision = {previous}"))


def tables(project: Path) -> set[str]:
    models = [file for folder in ("core", "blueprints") for file in (project / folder).rglob("*.py")]
    return {name for file in models for name in re.findall(r'__tablename__ = "(\w+)"', file.read_text())}


def run(project: Path, *command: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """On SQLite alone: PostgreSQL has had its turn."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "TEST_POSTGRES", "CI"))
    }
    environment = {**kept, "PYTHONDONTWRITEBYTECODE": "1", "FLASK_SKIP_DOTENV": "1", **settings}
    return subprocess.run(
        command, cwd=project, env=environment, input=typed, capture_output=True, text=True, timeout=300
    )
