"""What the form suggests while a medication or a diagnosis is typed. It only suggests: the person chooses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from blueprints.referrals.terminology.diagnoses import Diagnosis, diagnoses
from blueprints.referrals.terminology.medications import Medication, medications, without_dose, without_form
from blueprints.referrals.terminology.spelling import FAR, slips, slips_allowed

# Other words for diagnoses, and how their codes begin. A name that ICD-10-CM itself uses needs no entry.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "MDD": ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F32.9", "F33"),
    "major depression": ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F32.9", "F33"),
    "clinical depression": ("F32.1", "F32.2", "F32.9", "F33.1", "F33.2", "F33.9"),
    "unipolar depression": ("F32.1", "F32.2", "F32.9", "F33.1", "F33.2", "F33.9"),
    "psychotic depression": ("F32.3", "F33.3"),
    "recurrent depression": ("F33",),
    "TRD": ("F33.1", "F33.2", "F33.3", "F32.1", "F32.2", "F32.3"),
    "treatment resistant depression": ("F33.1", "F33.2", "F33.3", "F32.1", "F32.2", "F32.3"),
    "treatment refractory depression": ("F33.1", "F33.2", "F33.3", "F32.1", "F32.2", "F32.3"),
    "PMDD": ("F32.81",),
    "dysthymia": ("F34.1",),
    "persistent depressive disorder": ("F34.1",),
    "PDD": ("F34.1",),
    "PPD": ("F53.0",),
    "postnatal depression": ("F53.0",),
    "bipolar depression": ("F31.3", "F31.4", "F31.5", "F31.81"),
    "bipolar 2": ("F31.81",),
    "manic depression": ("F31",),
    "PTSD": ("F43.1",),
    "posttraumatic stress disorder": ("F43.1",),
    "OCD": ("F42.2", "F42.8", "F42.9"),
    "obsessive compulsive disorder": ("F42.2", "F42.8", "F42.9"),
    "GAD": ("F41.1",),
    "social anxiety disorder": ("F40.10",),
    "CRPS": ("G90.5",),
    "reflex sympathetic dystrophy": ("G90.5",),
    "RSD": ("G90.5",),
    "SI": ("R45.851",),
    "suicidal thoughts": ("R45.851",),
}
NO_CODE = frozenset({"TRD", "treatment resistant depression", "treatment refractory depression"})
NO_CODE_NOTE = "ICD-10-CM has no code for treatment-resistant depression. Choose the episode and list what was tried."
# Among equals, what this center is most often referred for comes first.
COMMON = ("F33.2", "F32.2", "F33.1", "F32.1", "F33.9", "F32.9", "F33.3", "F32.3", "G89.4")
# Nobody types more before choosing, and a pasted page must not cost more than a name.
LONGEST = 80
MOST_WORDS = 6
LONGEST_WHOLE = 24


@dataclass(frozen=True)
class Suggestion:
    value: str
    """What is put in the field."""
    label: str
    """What is shown."""
    note: str = ""
    """What should be said beside it, mostly nothing."""


@dataclass(frozen=True, eq=False)
class _Entry:
    """One suggestion and the names by which it is found, all in the shape of `without_dose`."""

    suggestion: Suggestion
    names: tuple[str, ...]
    words: frozenset[str]
    rank: int


def suggest_medications(text: str, limit: int = 8) -> list[Suggestion]:
    """Best first: exact, beginning of a name, beginning of its words, inside it, small misspellings."""
    typed = without_dose(text[:LONGEST])
    return _search(typed, _medication_entries(), limit) or _search(without_form(typed), _medication_entries(), limit)


def suggest_diagnoses(text: str, limit: int = 8) -> list[Suggestion]:
    """By code with or without the point, by the words of ICD-10-CM, and by other words for it."""
    return _search(_plain(text[:LONGEST]), _diagnosis_entries(), limit)


def _search(typed: str, entries: tuple[_Entry, ...], limit: int) -> list[Suggestion]:
    """Misspellings only where no name has these letters: a look-alike is no help beside the right name."""
    if not typed:
        return []
    found = _ordered((_by_letters(typed, entry), entry) for entry in entries)
    return (found or _misspelled(typed, entries))[:limit]


def _ordered(scored: Iterable[tuple[int, _Entry]]) -> list[Suggestion]:
    """Lowest score first, then rank. A suggestion that is found by two of its names is there once."""
    hits = sorted(((score, entry.rank, entry) for score, entry in scored if score < FAR), key=lambda hit: hit[:2])
    return list({entry.suggestion.value: entry.suggestion for _, _, entry in reversed(hits)}.values())[::-1]


def _by_letters(typed: str, entry: _Entry) -> int:
    if typed in entry.names:
        return 0
    if any(name.startswith(typed) for name in entry.names):
        return 1
    if all(any(word.startswith(part) for word in entry.words) for part in typed.split()):
        return 2
    # One or two letters are inside nearly every name.
    return 3 if len(typed) > 2 and any(typed in name for name in entry.names) else FAR


def _misspelled(typed: str, entries: tuple[_Entry, ...]) -> list[Suggestion]:
    """Each word may be a little wrong, or the whole of it where spaces were lost or put in."""
    near = []
    for part in typed.split()[:MOST_WORDS]:
        near.append(_near_words(part, entries))
        if not near[-1]:
            break  # like nothing we have, so the rest is not worth the time
    most = slips_allowed(typed) if len(typed) <= LONGEST_WHOLE else 0
    return _ordered(
        (min(sum(_nearest(entry.words, part) for part in near), _whole(typed, entry, most)), entry) for entry in entries
    )


def _near_words(part: str, entries: tuple[_Entry, ...]) -> dict[str, int]:
    """Slips from `part` to each word near enough. Words that many names share, and right words, are not tried twice."""
    most = 0 if any(word.startswith(part) for word in _vocabulary(entries)) else slips_allowed(part)
    tried = ((word, slips(part, word, most)) for word in _vocabulary(entries))
    return {word: count for word, count in tried if count < FAR}


@cache
def _vocabulary(entries: tuple[_Entry, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(entry.words for entry in entries))


def _nearest(words: frozenset[str], near: dict[str, int]) -> int:
    return min((near[word] for word in words & near.keys()), default=FAR)


def _whole(typed: str, entry: _Entry, most: int) -> int:
    """Of many names, only the first is worth comparing letter by letter."""
    return slips(typed, entry.names[0], most) if most else FAR


@cache
def _medication_entries() -> tuple[_Entry, ...]:
    """Antidepressants before the rest, a generic name before brands, then the order of the table."""
    named = [pair for medication in medications() for pair in _named(medication)]
    ranked = sorted(named, key=lambda pair: (pair[0].role != "antidepressant", pair[1].value != pair[0].generic))
    return tuple(_entry(suggestion, (name,), rank) for rank, (_, suggestion, name) in enumerate(ranked))


def _named(medication: Medication) -> Iterable[tuple[Medication, Suggestion, str]]:
    generic = Suggestion(medication.generic, medication.generic)
    for name in (medication.generic, *medication.aliases):
        yield medication, generic, name
    for brand in medication.brands:
        yield medication, Suggestion(brand, f"{brand} ({medication.generic})"), brand


@cache
def _diagnosis_entries() -> tuple[_Entry, ...]:
    by_code = {code: place for place, code in enumerate(COMMON)}
    ranked = sorted(diagnoses(), key=lambda diagnosis: by_code.get(diagnosis.code, len(COMMON)))
    return tuple(entry for rank, diagnosis in enumerate(ranked) for entry in _diagnosis_named(diagnosis, rank))


def _diagnosis_named(diagnosis: Diagnosis, rank: int) -> Iterable[_Entry]:
    """One entry for its own and its other names; another with a note for names that have no code."""
    others = [name for name, codes in OTHER_WORDS.items() if diagnosis.code.startswith(codes)]
    plain = [name for name in others if name not in NO_CODE]
    names = (diagnosis.title, diagnosis.code, diagnosis.code.replace(".", ""), *plain)
    yield _entry(Suggestion(str(diagnosis), str(diagnosis)), names, rank)
    if coded := tuple(name for name in others if name in NO_CODE):
        yield _entry(Suggestion(str(diagnosis), str(diagnosis), NO_CODE_NOTE), coded, rank)


def _entry(suggestion: Suggestion, names: tuple[str, ...], rank: int) -> _Entry:
    plain = tuple(_plain(name) for name in names)
    return _Entry(suggestion, plain, frozenset(" ".join(plain).split()), rank)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
