"""What `flask blueprint new` writes stands every check of the house at once, with a form, a table, both or neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from core import scaffold
from tests import project as projects
from tests.servers import ROOT

FEATURES = {"evenings": (), "open_questions": ("--form",), "replies": ("--model",), "seats": ("--form", "--model")}
FEATURE_LINE = '    "newsletters",\n'


def run(project: Path, tool: str, *arguments: str) -> str:
    done = projects.run(project, str(project / ".venv" / "bin" / tool), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a feature of each kind, and the line of app.py that each asks for."""
    project = projects.copy(tmp_path_factory.mktemp("scaffold"))
    for name, options in FEATURES.items():
        said = run(project, "flask", "blueprint", "new", name, *options)
        line = next(line for line in said.splitlines() if "app.py" in line).rpartition("  ")[2].strip()
        app = project / "app.py"
        app.write_text(app.read_text().replace(FEATURE_LINE, f"{FEATURE_LINE}    {line}\n"))
    return project


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


def test_its_tests_and_those_of_the_house_pass(project: Path) -> None:
    folders = [f"tests/{name}" for name in FEATURES]
    house = "tests/test_architecture.py::test_"
    rules = (
        f"{house}{name}" for name in ("each_feature_declares_who_may_use_it", "no_get_commits", "each_macro_is_used")
    )
    assert " passed" in run(project, "pytest", "-q", *folders, *rules)


def test_it_touches_nothing_else(project: Path) -> None:
    known = {path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file() and ".git" not in path.parts}
    written = {path.relative_to(project) for path in project.rglob("*") if path.is_file()} - known
    own = {part for name in FEATURES for part in (f"blueprints/{name}", f"templates/{name}", f"tests/{name}")}
    others = {p for p in written if not any(p.is_relative_to(part) for part in own)}
    assert {p.parent.as_posix() for p in others if p.suffix == ".py"} == {"migrations/versions"}


@pytest.mark.parametrize("name", ["Evenings", "open-days", "class", "1st", "", "../x", "referrals"])
def test_a_name_that_cannot_be_is_refused_kindly(sqlite_app: Flask, name: str) -> None:
    answer = sqlite_app.test_cli_runner().invoke(args=["blueprint", "new", name])
    assert answer.exit_code == 1
    assert "is no name for a folder" in answer.output or "is there already" in answer.output


def test_names_are_written_as_people_write_them() -> None:
    words = 'class ThingForm: """Things, of things."""; url_for("things.answer"); "/things"; nothing; <h1>Things</h1>'
    assert scaffold.named(words, "open_days") == (
        'class OpenDayForm: """Open days, of open days."""; url_for("open_days.answer"); "/open-days"; nothing; '
        "<h1>Open days</h1>"
    )
    assert [scaffold.singular(name) for name in ("replies", "seats", "news")] == ["reply", "seat", "new"]
