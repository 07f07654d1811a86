"""What `flask content check` finds, and that the site's content has no problems."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from flask import Flask

from blueprints.content.lint import readability
from tests.content import planting
from tests.content.planting import TEMPLATES, Site
from tests.content.words import CONTENT, change, load

PAGE = "treatments/spravato.md"


@pytest.fixture
def site(folder: Path) -> Site:
    """Its templates are the site's own: tests here change its content."""
    return Site(folder, TEMPLATES)


def test_the_words_of_the_site_stand_the_checks() -> None:
    assert [str(problem) for problem in Site(CONTENT, TEMPLATES).problems()] == []


@pytest.mark.parametrize(
    ("added", "message"),
    [
        ("It helped 60% of them.", "“60%” needs a source"),
        ("It helped. [@reif2023] But 12.5 % left.", "“12.5 %” needs a source"),
        ("| A | B |\n|---|---|\n| One | 40% |", "“40%” needs a source"),
        ("- It is safe.", "“is safe” promises too much"),
        ("See [this](/nowhere).", "/nowhere is a broken link"),
        ("See [this](/journey#nowhere).", "/journey#nowhere is a broken link"),
        ("See [this](#nowhere).", "#nowhere is a broken link"),
        ("## One\n\n#### Two", "a heading of level 4 follows one of 2"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(folder: Path, added: str, message: str) -> None:
    file = planting.append(folder / PAGE, added)
    (problem,) = Site(folder, TEMPLATES).added()
    assert problem.startswith(f"content/{PAGE}:{len(file.read_text().splitlines())}: {message}")


@pytest.mark.parametrize(
    "added",
    [
        "It helped 27% of them.[@reif2023] Others left.",
        "| A | B |\n|---|---|\n| One | 27%[@reif2023] |",
        "See [this](/journey#on-the-day), [that](/refer) and [more](#risks).",
        "Call two people.",
    ],
)
def test_what_is_right_is_left_alone(site: Site, added: str) -> None:
    planting.append(site.content / PAGE, added)
    assert site.added() == []


def test_a_page_is_due_for_another_look_after_its_day(site: Site) -> None:
    due = load(site.content).pages["/crisis"].review_due
    assert due
    assert not [problem for problem in site.problems(due) if "was due" in problem.message]
    late = [str(problem) for problem in site.problems(due + datetime.timedelta(days=1))]
    assert [problem for problem in late if "crisis.md:1: the review was due" in problem]


def test_a_page_that_is_hard_to_read_is_named(site: Site) -> None:
    hard = "Notwithstanding considerable organizational responsibilities, " * 60 + "reply."
    planting.append(site.content / "crisis.md", hard)
    assert any("crisis.md:1: reading grade" in problem and "is above 8" in problem for problem in site.added())


def test_the_grade_is_flesch_and_kincaids() -> None:
    # 13 words, 2 sentences, 15 syllables (hap-pi-ly: 3), counted by hand.
    text = ["The cat sat on the mat.", "Then it went to sleep there happily."]
    assert readability.grade(text, set()) == pytest.approx(0.39 * 13 / 2 + 11.8 * 15 / 13 - 15.59)
    assert readability.grade(["Esketamine helps."], {"esketamine"}) < readability.grade(["Esketamine helps."], set())
    assert readability.grade([], set()) == 0


@pytest.mark.parametrize(
    ("syllables", "words"),
    [
        (1, "the helped times make care pills staff score called dose isn’t eyes"),
        (2, "people needed table being studies doses someone trial body"),
        (3, "suicide ketamine’s medicine idea remission opioid violence animal hospital"),
        (4, "anxiety emergency emergencies"),
        (5, "university electricity pharmacology communication’s"),
    ],
)
def test_syllables_are_counted_by_spelling(syllables: int, words: str) -> None:
    """The dictionary of Carnegie Mellon gives the same; a few words in a hundred differ by one."""
    assert {word: readability.syllables(word) for word in words.split()} == dict.fromkeys(words.split(), syllables)


@pytest.fixture
def checked(sqlite_app: Flask, folder: Path) -> Flask:
    """An application with the copied content."""
    sqlite_app.extensions["content"].folder = folder
    return sqlite_app


def test_the_command_prints_each_grade_and_says_when_something_is_wrong(checked: Flask, folder: Path) -> None:
    planting.append(folder / "crisis.md", "It is a cure.")
    result = checked.test_cli_runner().invoke(args=["content", "check"])
    assert result.exit_code == 1
    assert "of 8  /crisis" in result.output
    assert "“cure” promises too much" in result.output


def test_a_release_needs_pages_that_a_clinician_reviewed(checked: Flask, folder: Path) -> None:
    run = checked.test_cli_runner()
    for file in folder.rglob("*.md"):
        if file.name != "crisis.md":
            file.write_text(file.read_text().replace("reviewed_by: not yet reviewed", "reviewed_by: A. Example, MD"))
    told = "crisis.md:5: not reviewed: a clinician must read the page and be named here"
    noted = run.invoke(args=["content", "check"]).output
    assert [line for line in noted.splitlines() if "not reviewed" in line and line.startswith("note: ")] == [
        f"note: {folder}/{told}"
    ]
    refused = run.invoke(args=["content", "check", "--release"])
    assert refused.exit_code == 1
    assert f"\n{folder}/{told}" in refused.output
    change(folder / "crisis.md", "reviewed_by: not yet reviewed", "reviewed_by: A. Example, MD")
    assert "not reviewed" not in run.invoke(args=["content", "check", "--release"]).output
