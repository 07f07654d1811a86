"""Each wrong sentence is found in each place, with its line and the words to write instead; right ones are left alone.

All sentences are planted in one place at a time, so that the site is read once for each place.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprints.content.lint import ledger, numbers, wording
from blueprints.content.lint.places.passages import Kind, Passage
from tests.content import planting
from tests.content.planting import PLACES
from tests.content.sentences import NUMBERS, RIGHT, WRONG


@pytest.mark.parametrize("place", list(PLACES))
def test_a_wrong_sentence_is_found_where_it_stands_and_told_what_to_write(tmp_path: Path, place: str) -> None:
    site = planting.copy(tmp_path)
    # The center's own facts hold numbers that no study gives: telephone numbers, prices, years.
    planted = WRONG if place == "facts of the clinic" else (*WRONG, *NUMBERS)
    file = PLACES[place](site, [sentence for sentence, _, _ in planted])
    problems = [problem for problem in site.problems() if problem.file == file]
    for sentence, words, instead in planted:
        lines = planting.lines_of(file, sentence)
        said = [problem.message for problem in problems if problem.line in lines]
        assert any(f"“{words}”" in one and instead in one for one in said), (sentence, said)


@pytest.mark.parametrize("place", list(PLACES))
def test_a_right_sentence_is_left_alone_wherever_it_stands(tmp_path: Path, place: str) -> None:
    site = planting.copy(tmp_path)
    PLACES[place](site, RIGHT)
    assert site.added() == []


@pytest.mark.parametrize("sentence", [sentence for sentence, _, _ in (*WRONG, *NUMBERS)])
def test_each_wrong_sentence_is_found_by_itself(sentence: str) -> None:
    passage = Passage(Path("page.md"), 7, f"It is raining.\n{sentence}", Kind.PAGE)
    empty = ledger.Ledger(Path("claims.toml"))
    found = [*wording.problems(passage), *numbers.problems([passage], empty, ())]
    assert found
    assert {problem.line for problem in found} == {8}


def test_what_the_earlier_page_said_may_be_told_in_a_correction_only() -> None:
    empty = ledger.Ledger(Path("claims.toml"))
    for said in ("The earlier page said that ketamine prevents suicide.", "The earlier page said that it helps 70%."):
        for file, is_found in (("content/updates/a.md", False), ("content/journey.md", True)):
            passage = Passage(Path(file), 1, said)
            assert bool([*wording.problems(passage), *numbers.problems([passage], empty, ())]) == is_found


def test_praise_may_be_quoted_with_its_speaker_and_year() -> None:
    quoted = "In 2014 its director called it “the most important breakthrough in decades.”"
    assert not list(wording.problems(Passage(Path("a.md"), 1, quoted)))
    assert list(wording.problems(Passage(Path("a.md"), 1, quoted.replace("In 2014 its", "Its"))))
