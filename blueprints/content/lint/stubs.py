"""Entries for the ledger, made from the numbers of the site that it lacks."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator

from blueprints.content.lint.numbers import Use


def of(missing: Iterable[Use], today: datetime.date) -> Iterator[str]:
    """TOML, one entry for each sentence and its first source. Whoever adds it writes population and checked_by."""
    entries: dict[tuple[str, str], list[str]] = {}
    for use in missing:
        source = min(use.sources)
        entries.setdefault((use.sentence.plain, source), []).append(use.quantity.words.strip())
    for (sentence, source), numbers in entries.items():
        yield _entry(sentence, list(dict.fromkeys(numbers)), source, today)


def _entry(sentence: str, numbers: list[str], source: str, today: datetime.date) -> str:
    lines = {"claim": sentence, "numbers": numbers, "source": source, "population": "", "checked_by": ""}
    words = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items()]
    return "\n".join(["[[claim]]", *words, f"checked_on = {today}", ""])
