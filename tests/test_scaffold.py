"""What `flask blueprint new` writes passes every check at once, beside the shipped features and the tutorial's."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from scaffold import commands
from tests import project as projects
from tests.project import NEW_FEATURE
from tests.servers import ROOT

pytestmark = pytest.mark.xdist_group("project")
NAME, URL = NEW_FEATURE
ARCHITECTURE = "each_feature_declares_who_may_use_it or no_get_commits or each_macro_is_used or migrations or address"


def run(project: Path, tool: str, *arguments: str) -> str:
    done = projects.run(project, f".venv/bin/{tool}", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--quiet", "."),
        ("ruff", "format", "--check", "--quiet", "."),
        ("mypy", "--no-error-summary"),
        ("lint-imports",),
        ("djlint", "--lint", "--quiet", "templates"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_it_lints_and_types_at_once(project: Path, command: tuple[str, ...]) -> None:
    run(project, *command)


def test_its_tests_and_those_of_the_architecture_pass(project: Path) -> None:
    files = (f"tests/{NAME}", "tests/test_conventions.py", "tests/test_architecture.py")
    assert " passed" in run(project, "pytest", "-q", *files, "-k", f"{NAME} or conventions or {ARCHITECTURE}")


def test_it_touches_nothing_else(tmp_path: Path) -> None:
    project = projects.copy(tmp_path)
    before = files(project)
    projects.add_feature(project, NAME, URL)
    changed = {path for path, text in files(project).items() if before.get(path) != text}
    own = {f"{folder}/{NAME}" for folder in projects.OF_A_FEATURE}
    others = sorted(path for path in changed if str(Path(path).parent) not in own)
    assert others[0] == "app.py"
    assert others[1].startswith("migrations/versions/")
    assert others[2:] == ["templates/components/nav.html"]


@pytest.mark.full
def test_a_copy_holds_only_what_is_shipped(tmp_path: Path) -> None:
    """Somebody's features, and the tutorial's own, do not reach the copy in which the tutorial is followed."""
    shipped, theirs = projects.copy(tmp_path / "shipped"), projects.copy(tmp_path / "theirs")
    for name in ("evenings", "waiting_lists"):
        projects.add_feature(theirs, name, f"/{name.replace('_', '-')}")
    assert projects.features(theirs) - projects.features(shipped) == {"evenings", "waiting_lists"}
    assert files(projects.copy(tmp_path / "again", theirs)) == files(shipped)


def files(project: Path) -> dict[str, str]:
    """What the project's own files say, by their paths."""
    known = (".py", ".html", ".md", ".ini", ".toml")
    paths = [p for p in project.rglob("*") if p.suffix in known and not {".venv", "node_modules"} & set(p.parts)]
    return {str(path.relative_to(project)): path.read_text() for path in paths}


@pytest.mark.parametrize("name", ["Evenings", "open-days", "class", "1st", "", "../x", "referrals", "outbox"])
def test_a_name_that_cannot_be_is_refused_kindly(sqlite_app: Flask, name: str) -> None:
    answer = sqlite_app.test_cli_runner().invoke(args=["blueprint", "new", name])
    assert answer.exit_code == 1
    assert "cannot name a Python package" in answer.output or "already exists" in answer.output


@pytest.mark.parametrize("url", ["call-back", "/Call", "/", "/call back", "/refer", "/treatments/spravato"])
def test_an_address_that_cannot_be_is_refused_kindly(sqlite_app: Flask, url: str) -> None:
    answer = sqlite_app.test_cli_runner().invoke(args=["blueprint", "new", "never_made", "--url", url])
    assert answer.exit_code == 1
    assert "--url" in answer.output
    assert not (ROOT / "blueprints" / "never_made").exists()


def test_names_are_written_as_people_write_them() -> None:
    text = 'class ThingForm: """Things, of things."""; url_for("things.answer"); "/things"; nothing; <h1>Things</h1>'
    assert commands.renamed(text, "open_days", "/visit/open-days") == (
        'class OpenDayForm: """Open days, of open days."""; url_for("open_days.answer"); "/visit/open-days"; nothing; '
        "<h1>Open days</h1>"
    )
    assert [commands.singular(name) for name in ("replies", "seats", "news")] == ["reply", "seat", "new"]
