"""Suggestions while a medication or a diagnosis is typed. Nothing is filled in unless the person chooses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from blueprints.referrals.terminology.diagnoses import Diagnosis, diagnoses
from blueprints.referrals.terminology.medications import (
    FORM,
    Medication,
    find,
    medications,
    without_dose,
    without_form,
)
from blueprints.referrals.terminology.spelling import FAR, slips, slips_allowed

# Other names of diagnoses, with the first characters of their codes. Titles of ICD-10-CM need no entry.
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
# Among equal matches, the diagnoses that this center sees most come first.
COMMON = ("F33.2", "F32.2", "F33.1", "F32.1", "F33.9", "F32.9", "F33.3", "F32.3", "G89.4")
# Limits on letters and words, so that pasted text takes no longer to search than a name.
LONGEST = 80
MOST_WORDS = 6
LONGEST_WHOLE = 28


@dataclass(frozen=True)
class Suggestion:
    value: str
    """Text that choosing it puts into the field."""
    label: str
    """Text that is shown in the list."""
    note: str = ""
    """Remark shown beside it, or ""."""


@dataclass(frozen=True, eq=False)
class _Entry:
    """One suggestion and the names by which it is found, in lower case and without punctuation."""

    suggestion: Suggestion
    names: tuple[str, ...]
    words: frozenset[str]
    rank: int
    parts: tuple[str, ...] = ()
    """The drugs of a combination. Each of them must be typed, at least in part, before it is suggested."""


def suggest_medications(text: str, limit: int = 8) -> list[Suggestion]:
    """Best match first: a name that was typed in full, the beginning of a name, part of one, small misspellings.

    Doses, release forms and salts are ignored, so "bupropion xl" suggests bupropion.
    """
    typed, entries = without_dose(text[:LONGEST]), _medication_entries()
    name, by_letters = _begun(typed), _search(typed, entries)
    found = [*_named(typed), *by_letters, *_search(name, entries)]
    if not by_letters and find(typed) is None:
        found += _misspelled(typed, entries) or _misspelled(name, entries)
    return _unique(found)[:limit]


def suggest_diagnoses(text: str, limit: int = 8) -> list[Suggestion]:
    """By code with or without its dot, by the words of ICD-10-CM, and by other names of the diagnosis."""
    typed, entries = _plain(text[:LONGEST]), _diagnosis_entries()
    return (_search(typed, entries) or _misspelled(typed, entries))[:limit]


def _named(typed: str) -> list[Suggestion]:
    """The medication that the first words name, unless what is typed may still become a longer name in the table."""
    words = typed.split()[:MOST_WORDS]
    size, medication = next(((n, m) for n in range(len(words), 0, -1) if (m := find(" ".join(words[:n])))), (0, None))
    rest = " ".join(words[size:])
    if medication is None or (rest and not _is_common_salt(rest) and _begins_a_name(typed)):
        return []
    named = (name for name in (*medication.brands, medication.generic) if _is_in(name, words[:size]))
    return [_suggestion(medication, next(named, medication.generic))]


def _is_in(name: str, words: list[str]) -> bool:
    return set(_plain(name).split()) <= set(words)


def _is_common_salt(begun: str) -> bool:
    """ "bupropion h" is far more often the hydrochloride than the hydrobromide."""
    return any(salt.startswith(begun) for salt in ("hcl", "hydrochloride"))


def _begins_a_name(typed: str) -> bool:
    return any(name.startswith(typed) for entry in _medication_entries() for name in entry.names if not entry.parts)


def _begun(typed: str) -> str:
    """Without release forms and salts, including one that is still being typed as the last word."""
    *words, last = without_form(typed).split() or [""]
    return " ".join(words) if words and any(form.startswith(last) for form in FORM) else without_form(typed)


def _search(typed: str, entries: tuple[_Entry, ...]) -> list[Suggestion]:
    """Entries that contain what is typed, letter by letter."""
    return _ordered((_by_letters(typed, entry), entry) for entry in entries) if typed else []


def _ordered(scored: Iterable[tuple[int, _Entry]]) -> list[Suggestion]:
    """Lowest score first, then rank."""
    hits = sorted(((score, entry.rank, entry) for score, entry in scored if score < FAR), key=lambda hit: hit[:2])
    return _unique(entry.suggestion for _, _, entry in hits)


def _unique(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """A suggestion that is found by two of its names is listed once, at its better place."""
    found: dict[str, Suggestion] = {}
    for suggestion in suggestions:
        found.setdefault(suggestion.value, suggestion)
    return list(found.values())


def _by_letters(typed: str, entry: _Entry) -> int:
    if not _names_each_part(typed, entry):
        return FAR
    if typed in entry.names:
        return 0
    if any(name.startswith(typed) for name in entry.names):
        return 1
    if all(any(word.startswith(part) for word in entry.words) for part in typed.split()):
        return 2
    # One or two letters are inside nearly every name.
    return 3 if len(typed) > 2 and any(typed in name for name in entry.names) else FAR


def _misspelled(typed: str, entries: tuple[_Entry, ...]) -> list[Suggestion]:
    """Each word may have a slip or two; or the whole text may, where a space is missing or too much."""
    if not typed:
        return []
    near = []
    for part in typed.split()[:MOST_WORDS]:
        near.append(_near_words(part, entries))
        if not near[-1]:
            break  # like nothing we have, so the rest is not worth the time
    most = slips_allowed(typed) if len(typed) <= LONGEST_WHOLE else 0
    return _ordered((min(_word_slips(near, entry), _whole(typed, entry, most)), entry) for entry in entries)


def _word_slips(near: list[dict[str, int]], entry: _Entry) -> int:
    """A combination needs a word for each of its drugs."""
    return FAR if len(near) < len(entry.parts) else sum(_nearest(entry.words, part) for part in near)


def _near_words(part: str, entries: tuple[_Entry, ...]) -> dict[str, int]:
    """Slips from `part` to each word that is near enough. A word that begins one of them is spelled right."""
    most = 0 if any(word.startswith(part) for word in _vocabulary(entries)) else slips_allowed(part)
    tried = ((word, slips(part, word, most)) for word in _vocabulary(entries))
    return {word: count for word, count in tried if count < FAR}


@cache
def _vocabulary(entries: tuple[_Entry, ...]) -> frozenset[str]:
    return frozenset[str]().union(*(entry.words for entry in entries))


def _nearest(words: frozenset[str], near: dict[str, int]) -> int:
    return min((near[word] for word in words & near.keys()), default=FAR)


def _whole(typed: str, entry: _Entry, most: int) -> int:
    """Only the first name is compared: comparing them all takes too long. One drug alone is no combination."""
    is_one_part = len(typed) <= max(map(len, entry.parts), default=0)
    return FAR if is_one_part or not most else slips(typed, entry.names[0], most)


def _names_each_part(typed: str, entry: _Entry) -> bool:
    return all(any(part.startswith(word) for word in typed.split()) for part in entry.parts)


@cache
def _medication_entries() -> tuple[_Entry, ...]:
    """Antidepressants before the rest, generic names before brands, then the order of the table."""
    named = [(medication, name) for medication in medications() for name in _names(medication)]
    ranked = sorted(named, key=lambda pair: (pair[0].role != "antidepressant", pair[1] in pair[0].brands))
    return tuple(_medication_entry(medication, name, rank) for rank, (medication, name) in enumerate(ranked))


def _names(medication: Medication) -> tuple[str, ...]:
    return (medication.generic, *medication.aliases, *medication.brands)


def _medication_entry(medication: Medication, name: str, rank: int) -> _Entry:
    parts = () if name in medication.brands else medication.parts
    return _entry(_suggestion(medication, name), (name,), rank, parts)


def _suggestion(medication: Medication, name: str) -> Suggestion:
    """A brand is suggested as such, with its generic name; an alias leads to the generic name."""
    if name in medication.brands:
        return Suggestion(name, f"{name} ({medication.generic})")
    return Suggestion(medication.generic, medication.generic)


@cache
def _diagnosis_entries() -> tuple[_Entry, ...]:
    by_code = {code: place for place, code in enumerate(COMMON)}
    ranked = sorted(diagnoses(), key=lambda diagnosis: by_code.get(diagnosis.code, len(COMMON)))
    return tuple(entry for rank, diagnosis in enumerate(ranked) for entry in _diagnosis_named(diagnosis, rank))


def _diagnosis_named(diagnosis: Diagnosis, rank: int) -> Iterable[_Entry]:
    """One entry with its title, code and other names; one more, with a note, for names that have no code."""
    others = [name for name, codes in OTHER_WORDS.items() if diagnosis.code.startswith(codes)]
    plain = [name for name in others if name not in NO_CODE]
    names = (diagnosis.title, diagnosis.code, diagnosis.code.replace(".", ""), *plain)
    yield _entry(Suggestion(str(diagnosis), str(diagnosis)), names, rank)
    if coded := tuple(name for name in others if name in NO_CODE):
        yield _entry(Suggestion(str(diagnosis), str(diagnosis), NO_CODE_NOTE), coded, rank)


def _entry(suggestion: Suggestion, names: tuple[str, ...], rank: int, parts: tuple[str, ...] = ()) -> _Entry:
    plain = tuple(_plain(name) for name in names)
    return _Entry(suggestion, plain, frozenset(" ".join(plain).split()), rank, parts)


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
