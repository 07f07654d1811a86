"""Numbers that state a claim: each needs a source in its own sentence or table cell, and a line in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from blueprints.content.lint import exempt
from blueprints.content.lint.ledger import Claim, Ledger, Practice
from blueprints.content.lint.places.passages import Kind, Passage, Problem, Sentence
from blueprints.content.lint.quantities import Quantity, quantities
from blueprints.content.references import ANIMALS

ADD_SOURCE = "needs a source: add [@key] to its sentence or table cell, or leave the number out"
NO_SOURCE_HERE = "needs a source, which cannot stand here: say it in words, and give the number on the page"


@dataclass(frozen=True)
class Use:
    """A number on the site, the sources that its place names, and the lines of the ledger that agree with it."""

    passage: Passage
    sentence: Sentence
    quantity: Quantity
    sources: frozenset[str]
    claims: tuple[Claim, ...]

    @property
    def place(self) -> tuple[Path, int]:
        return self.passage.file, self.sentence.line


def uses(passages: Iterable[Passage], ledger: Ledger) -> Iterator[Use]:
    for passage in passages:
        if passage.is_furniture or passage.kind == Kind.CLINIC:
            continue
        for sentence in passage.claims():
            sources = passage.sources | sentence.keys
            for quantity in claimed(passage, sentence, ledger.practice):
                yield Use(passage, sentence, quantity, sources, _agreeing(quantity, sources, passage, ledger))


def claimed(passage: Passage, sentence: Sentence, practice: Iterable[Practice]) -> list[Quantity]:
    """The numbers of a sentence that state a claim."""
    if sentence.said in {known.said for known in practice}:
        return []
    words = Sentence(exempt.without_exempt(sentence.text, passage.text), sentence.line).plain
    of_the_site = exempt.speaks_of_the_site(sentence.plain, is_template=passage.kind == Kind.TEMPLATE)
    return [quantity for quantity in quantities(words) if quantity.is_result or not of_the_site]


def _agreeing(quantity: Quantity, sources: Collection[str], passage: Passage, ledger: Ledger) -> tuple[Claim, ...]:
    """Where no source can be named, a time, a visit or an age may come from any."""
    anywhere = not passage.can_cite and not quantity.is_result and not sources
    claims = ledger.claims if anywhere else ledger.of(sources)
    return tuple(claim for claim in claims if any(quantity.agrees_with(known) for known in claim.known()))


def problems(passages: Iterable[Passage], ledger: Ledger, animal: Collection[str]) -> Iterator[Problem]:
    passages = list(passages)
    wrong = ((use, _wrong(use, ledger)) for use in uses(passages, ledger))
    for (file, line, message), found in groupby(wrong, lambda each: (*each[0].place, each[1])):
        if message:
            words = list(dict.fromkeys(use.quantity.words.strip() for use, _ in found))
            yield Problem(file, line, f"{', '.join(f'“{word}”' for word in words)} {_plural(message, len(words))}")
    for passage in passages:
        yield from _animals(passage, animal)


def _plural(message: str, count: int) -> str:
    verb, _, rest = message.partition(" ")
    return message if count == 1 else f"{ {'needs': 'need', 'is': 'are', 'was': 'were'}[verb] } {rest}"


def _wrong(use: Use, ledger: Ledger) -> str:
    if not use.sources and not use.claims:
        return ADD_SOURCE if use.passage.can_cite else NO_SOURCE_HERE
    if not use.claims:
        named = " or ".join(sorted(use.sources))
        return f"is not in {ledger.file.name} for {named}: read the source, then correct the number or add the line"
    if all(claim.is_about_animals for claim in use.claims) and not ANIMALS.search(use.sentence.plain):
        return f"was found in {use.claims[0].population}, not in people: say so in the same sentence"
    return ""


def _animals(passage: Passage, animal: Collection[str]) -> Iterator[Problem]:
    """What is cited to a study of animals, with or without a number, says that it is about animals."""
    for sentence in passage.sentences():
        for key in sorted(sentence.keys & set(animal)):
            if not ANIMALS.search(sentence.plain):
                yield Problem(passage.file, sentence.line, f"{key} studied animals: write “in mice” in this sentence")


def unused(passages: Iterable[Passage], ledger: Ledger) -> Iterator[Problem]:
    """Lines of the ledger, and numbers in them, that nothing on the site uses."""
    passages = list(passages)
    used = {(claim, use.quantity) for use in uses(passages, ledger) for claim in use.claims}
    for claim in ledger.claims:
        gone = [n for n in claim.numbers if not any(_is_used(n, claim, used_by) for used_by in used)]
        if gone:
            yield Problem(ledger.file, claim.line, f"{claim.source}: no page uses {', '.join(gone)}")
    said = {sentence.said for passage in passages for sentence in passage.sentences()}
    for practice in ledger.practice:
        if practice.said not in said:
            yield Problem(ledger.file, practice.line, f"no page says “{practice.said}”")


def _is_used(number: str, claim: Claim, used: tuple[Claim, Quantity]) -> bool:
    return used[0] == claim and any(used[1].agrees_with(known) for known in quantities(number))
