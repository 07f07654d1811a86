"""What `flask content check` finds, and that the site's content has no problems."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from flask import Flask

from blueprints.content import lint, readability
from tests.content.words import CONTENT, change, load

ADDRESSES = {"/refer", "/refer/print", "/subscribe", "/references.json", "/updates.atom"}


def found(folder: Path, today: datetime.date | None = None) -> list[str]:
    """Problems, as of the day the content was last edited unless told otherwise."""
    library = load(folder)
    day = today or max(page.reviewed_on for page in library.pages.values())
    return [str(problem) for problem in lint.problems(library, ADDRESSES, day)]


def test_the_words_of_the_site_stand_the_checks() -> None:
    assert found(CONTENT) == []


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("It helped 60% of them.", "“60%” needs a source"),
        ("It helped. [@reif2023] But 12.5 % left.", "“12.5 %” needs a source"),
        ("A study had 40 older adults.", "“40 older adults” needs a source"),
        ("It helps one in three.", "“one in three” needs a source"),
        ("| A | B |\n|---|---|\n| One | 40% |", "“40%” needs a source"),
        ("- It is safe.", "“safe” promises too much"),
        ("Results are guaranteed.", "promises too much"),
        ("See [this](/nowhere).", "/nowhere is a broken link"),
        ("See [this](/journey#nowhere).", "/journey#nowhere is a broken link"),
        ("See [this](#nowhere).", "#nowhere is a broken link"),
        ("## One\n\n#### Two", "a heading of level 4 follows one of 2"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(folder: Path, added: str, message: str) -> None:
    file = folder / "treatments" / "spravato.md"
    file.write_text(file.read_text() + "\n" + added + "\n")
    (problem,) = found(folder)
    last = len(file.read_text().splitlines())
    assert problem.startswith(f"{file}:{last}: ")
    assert message in problem


@pytest.mark.parametrize(
    "added",
    [
        "It helped 60% of them.[@reif2023] Others left.",
        "| A | B |\n|---|---|\n| One[@reif2023] | 40% |",
        "See [this](/journey#on-the-day), [that](/refer) and [more](#risks).",
        "Call two people. Stay 2 hours.",
    ],
)
def test_what_is_right_is_left_alone(folder: Path, added: str) -> None:
    file = folder / "treatments" / "spravato.md"
    file.write_text(file.read_text() + "\n" + added + "\n")
    assert found(folder) == []


def test_a_page_is_due_for_another_look_after_its_day(folder: Path) -> None:
    due = load(folder).pages["/crisis"].review_due
    assert due
    assert not [p for p in found(folder, due) if "crisis.md" in p]
    assert [p for p in found(folder, due + datetime.timedelta(days=1)) if "crisis.md:1: the review was due" in p]


def test_a_page_that_is_hard_to_read_is_named(folder: Path) -> None:
    change(
        folder / "crisis.md",
        "## What to expect\n",
        "## What to expect\n\n" + "Notwithstanding considerable organizational responsibilities, " * 60 + "reply.\n",
    )
    assert any("crisis.md:1: reading grade" in problem and "is above 8" in problem for problem in found(folder))


def test_the_grade_is_flesch_and_kincaids() -> None:
    # 13 words, 2 sentences, 15 syllables (hap-pi-ly: 3), counted by hand.
    text = ["The cat sat on the mat.", "Then it went to sleep there happily."]
    assert readability.grade(text, set()) == pytest.approx(0.39 * 13 / 2 + 11.8 * 15 / 13 - 15.59)
    assert readability.grade(["Esketamine helps."], {"esketamine"}) < readability.grade(["Esketamine helps."], set())


def test_the_command_prints_each_grade_and_says_when_something_is_wrong(sqlite_app: Flask, folder: Path) -> None:
    run = sqlite_app.test_cli_runner()
    store = sqlite_app.extensions["content"]
    store.folder = folder
    change(folder / "crisis.md", "## What to expect\n", "## What to expect\n\nIt is a cure.\n")
    result = run.invoke(args=["content", "check"])
    assert result.exit_code == 1
    assert "of 8  /crisis" in result.output
    assert "“cure” promises too much" in result.output
