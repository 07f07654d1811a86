"""Numbers that state a claim: how they are read, which are none, and what the ledger says of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from blueprints.content import frontmatter
from blueprints.content.lint import ledger, numbers
from blueprints.content.lint.places import pages
from blueprints.content.lint.places.passages import Kind, Passage
from blueprints.content.lint.quantities import quantities
from tests.content import planting
from tests.content.words import change, load

LEDGER = """
[[claim]]
claim = "Response"
numbers = ["70.8%", "24 people", "two to three weeks", "7 in 10"]
source = "murrough2013"
population = "adults"
checked_by = "A. Reader, from the article"
checked_on = 2026-11-24

[[claim]]
claim = "Links between nerve cells"
numbers = ["50%"]
source = "modasava2019"
population = "mice"
checked_by = "A. Reader, from the article"
checked_on = 2026-11-24

[[practice]]
said = "Often about 2 hours"
given_by = "the center, by phone"
given_on = 2026-11-24
"""
ANIMAL = frozenset({"modasava2019"})


@pytest.fixture
def known(tmp_path: Path) -> ledger.Ledger:
    (tmp_path / "claims.toml").write_text(LEDGER)
    return ledger.load(tmp_path / "claims.toml")


def found(text: str, known: ledger.Ledger, kind: Kind = Kind.PAGE) -> list[str]:
    passages = list(pages.of_markdown(Path("page.md"), text, kind=kind))
    return [f"{problem.line}: {problem.message}" for problem in numbers.problems(passages, known, ANIMAL)]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("47% and 33 % and seventy per cent", ["47 %", "33 %", "70 %"]),
        ("seven in ten, 8 of 10, nine out of every ten", ["7/10 ratio", "8/10 ratio", "9/10 ratio"]),
        ("27 of 100 people", ["27 %"]),
        ("two-thirds, a third of them, half", ["1/2 fraction", "2/3 fraction", "1/3 fraction"]),
        ("twice as good, three times more, tenfold", ["2 multiple", "3 multiple", "10 multiple"]),
        ("twice a week for four weeks", ["2 a week", "4 week"]),
        ("two or three times a week", ["2 a week", "3 a week"]),
        ("six infusions over two to three weeks", ["6 dose", "2-3 week"]),
        ("56 or 84 mg, 0.5 mg per kg", ["0.5 mg/kg", "56 mg", "84 mg"]),
        ("62 hospital patients, ten small trials", ["62 person", "10 study"]),
        ("1,148 people", ["1148 person"]),
        ("at least two antidepressants", ["2 medicine"]),
        ("an hour or two", ["1-2 hour"]),
        ("Weeks 1 to 4, from week 9", ["1-4 week", "9 week"]),
        ("18 or older, under 18.", ["18 year", "18 year"]),
        ("above 140/90", ["140/90 "]),
        ("5 to 7 points on a 60-point scale", ["5-7 point", "60 point"]),
        ("403", ["403 "]),
        ("hundreds of people", ["hundreds many"]),
        ("one of the two, two small trials, these three treatments, one infusion, a third choice", []),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, read: list[str]) -> None:
    assert sorted(f"{q.value} {q.unit}" for q in quantities(text)) == sorted(read)


@pytest.mark.parametrize(
    "text",
    [
        "It helped 71%.[@murrough2013] Others left.",
        "It helped 70.8% of 24 people, over two to three weeks.[@murrough2013]",
        "Seven in ten responded.[@murrough2013]",
        "It helped 71%.[@reif2023; @murrough2013]",
        "| A | B |\n|---|---|\n| 24[@murrough2013] | 71%[@murrough2013] |",
        "| A | B |\n|---|---|\n| 24 people | Some[@murrough2013] |",
        "24 people\n: 71%[@murrough2013]",
        "Visit\n: Often about 2 hours",
        "In mice, 50% came back.[@modasava2019]",
    ],
)
def test_a_number_with_its_source_and_its_line_in_the_ledger_is_right(text: str, known: ledger.Ledger) -> None:
    assert found(text, known) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("It helped 71%. Others left.[@murrough2013]", "1: “71%” needs a source"),
        ("It helped.[@murrough2013] 71% got well.", "1: “71%” needs a source"),
        ("| A | B |\n|---|---|\n| One[@murrough2013] | 71% |", "3: “71%” needs a source"),
        ("| A | B | C |\n|---|---|---|\n| One | 71% | Some[@murrough2013] |", "3: “71%” needs a source"),
        ("| A | B | C |\n|---|---|---|\n| One | Some[@murrough2013] | 71% |", "3: “71%” needs a source"),
        ("Some left.\nIt helped 71%.", "2: “71%” needs a source"),
        ("It helped 72%.[@murrough2013]", "1: “72%” is not in claims.toml for murrough2013"),
        ("It helped 71 people.[@murrough2013]", "1: “71 people” is not in claims.toml for murrough2013"),
        ("It helped 71% in two days.[@reif2023]", "1: “71%”, “two days” are not in claims.toml for reif2023"),
        ("It works often about 2 hours.", "1: “2 hours” needs a source"),
        ("70% got well.[@modasava2019]", "1: “70%” is not in claims.toml for modasava2019"),
        ("50% got well.[@modasava2019]", "1: “50%” was found in mice, not in people: say so in the same sentence"),
        ("Links come back.[@modasava2019]", "1: modasava2019 studied animals: write “in mice” in this sentence"),
    ],
)
def test_a_number_without_its_source_or_its_line_is_named(text: str, message: str, known: ledger.Ledger) -> None:
    assert any(said.startswith(message) for said in found(text, known)), found(text, known)


def test_where_no_source_can_stand_only_times_of_the_ledger_may_be_named(known: ledger.Ledger) -> None:
    assert found("It takes two to three weeks.", known, Kind.PLAIN) == []
    (said,) = found("It helps 71%.", known, Kind.PLAIN)
    assert said.startswith("1: “71%” needs a source, which cannot stand here: say it in words")
    assert found("## Two to three weeks", known) == []
    assert found("## It helps 71%", known)[0].startswith("1: “71%” needs a source, which cannot stand here")
    assert found("The button works for 14 days.", known, Kind.TEMPLATE) == []
    assert found("Treatment works for 14 days.", known, Kind.TEMPLATE)


def test_lines_that_nothing_uses_are_told(known: ledger.Ledger) -> None:
    passage = Passage(Path("page.md"), 1, "It helped 71% of 24 people.[@murrough2013]")
    said = [f"{problem.line}: {problem.message}" for problem in numbers.unused([passage], known)]
    assert said == [
        "3: murrough2013: no page uses two to three weeks, 7 in 10",
        "11: modasava2019: no page uses 50%",
        "19: no page says “Often about 2 hours”",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "murrough2013"', 'source = "nobody1999"', "references.json has no nobody1999"),
        ('population = "mice"', 'population = "adults"', "modasava2019 studied animals"),
        ('"24 people"', '"many"', "“many” is not a number with its unit"),
        ("Often about 2 hours", "Often 84 mg", "“Often 84 mg” states a result or a dose"),
    ],
)
def test_a_line_that_fits_no_source_is_named(folder: Path, old: str, new: str, message: str) -> None:
    file = folder / "claims.toml"
    file.write_text(LEDGER)
    change(file, old, new)
    keys = {source.key for source in load(folder).references}
    (problem,) = ledger.problems(ledger.load(file), keys, ANIMAL)
    assert message in problem.message
    assert problem.line > 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('population = "adults"', 'population = ""', "population must be a text"),
        ("checked_on = 2026-11-24", 'checked_on = "today"', "checked_on must be a date"),
        ('claim = "Response"', 'claim = "Response"\npage = "x"', "page is not known"),
        ("[[claim]]", "[[claim", "is not TOML"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(LEDGER.replace(old, new, 1))
    with pytest.raises(frontmatter.ContentError, match=rf"claims\.toml:\d+: .*{message}"):
        ledger.load(file)


def test_a_source_tells_its_population_or_is_taken_by_its_design(folder: Path) -> None:
    by_key = {source.key: source.evidence.population for source in load(folder).references}
    assert by_key["modasava2019"] == "animal"
    assert by_key["reif2023"] == "human"
    change(folder / "references.json", '"finding": "After 8 weeks', '"population": "review", "finding": "After 8 weeks')
    assert {s.key: s.evidence.population for s in load(folder).references}["reif2023"] == "review"


def test_the_command_prints_what_the_ledger_lacks(sqlite_app: Flask, folder: Path) -> None:
    sqlite_app.extensions["content"].folder = folder
    run = sqlite_app.test_cli_runner()
    assert "[[claim]]" not in run.invoke(args=["content", "claims"]).output
    planting.append(folder / "journey.md", "It helped 12.5% of 999 people.[@reif2023]")
    printed = run.invoke(args=["content", "claims"]).output
    assert 'claim = "It helped 12.5% of 999 people."\nnumbers = ["12.5%", "999 people"]\nsource = "reif2023"' in printed
