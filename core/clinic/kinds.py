"""What a fact may be in the file, and the words for what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from core.clinic.facts import COMMON, Person, Photograph, Price

NUMBERS = ("phone", "fax")
"""Facts that may be written as a number without quotes."""
ENTRIES: dict[str, type] = {"people": Person, "prices": Price, "rooms": Photograph}
"""Facts with a [[table]] for each entry."""
TEXT_LISTS = ("insurers",)
SWITCHES = ("made_up",)
PICTURES = (".avif", ".jpeg", ".jpg", ".png", ".svg", ".webp")
# Where an entry names a file, and where its description in words is.
FILES = {"people": ("photograph", "photograph_alt"), "rooms": ("file", "alt")}


def common_problems(given: Mapping[str, Any], static: Path) -> Iterator[str]:
    """Of the facts that all pages share."""
    lists = {*ENTRIES, *TEXT_LISTS, *SWITCHES}
    yield from wrong_texts({name: value for name, value in given.items() if name not in lists})
    yield from (f"{name} is missing" for name in ("name", "place") if not str(given.get(name, "")).strip())
    yield from _unknown_zone(given.get("timezone"))
    yield from _wrong_numbers(given)
    if (link := given.get("map_link")) and isinstance(link, str) and not link.startswith("https://"):
        yield f"map_link must be an address that starts with https://, not {link!r}"
    if not isinstance(made_up := given.get("made_up", False), bool):
        yield f"made_up must be true or false, not {kind_of(made_up)}"
    for name in TEXT_LISTS:
        yield from _wrong_list(name, given.get(name, []))
    for name, kind in ENTRIES.items():
        yield from _wrong_entries(name, kind, given.get(name, []), static)


def wrong_texts(given: Mapping[str, Any]) -> list[str]:
    return [
        f'{name} must be text in quotes, like {name} = "…", not {kind_of(value)}'
        for name, value in given.items()
        if not _is_text(name, value)
    ]


def home(name: str) -> str:
    """In TOML, every key below a table's heading belongs to that table."""
    return " (it belongs above the first table)" if name in COMMON else ""


def kind_of(value: object) -> str:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return kinds.get(type(value), "a date or time")


def is_blank(value: object) -> bool:
    return not str(value).strip()


def _is_text(name: str, value: object) -> bool:
    return isinstance(value, str) or (name in NUMBERS and isinstance(value, int) and not isinstance(value, bool))


def _wrong_numbers(given: Mapping[str, Any]) -> Iterator[str]:
    for name in NUMBERS:
        value = given.get(name, "")
        if _is_text(name, value) and not is_blank(value) and sum(c.isdigit() for c in str(value)) < 7:
            yield f"{name} must be a phone number, like (310) 555-0123, not {value!r}"


def _wrong_list(name: str, value: object) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        yield f'{name} must be a list of texts in quotes, like {name} = ["…", "…"]'


def _wrong_entries(name: str, kind: type, value: object, static: Path) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        yield f"{name} must be written as tables, [[{name}]] above each, not as {kind_of(value)}"
        return
    for number, entry in enumerate(value, 1):
        problems = [*_wrong_entry(kind, entry), *_wrong_picture(name, entry, static)]
        yield from (f"[[{name}]] number {number}: {problem}" for problem in problems)


def _wrong_entry(kind: type, entry: Mapping[str, Any]) -> Iterator[str]:
    known = {f.name: f.default is MISSING for f in fields(kind)}
    unknown = [name for name in entry if name not in known]
    yield from (f"unknown {name}{home(name)}; known are {', '.join(known)}" for name in unknown)
    yield from wrong_texts({name: value for name, value in entry.items() if name in known})
    yield from (f"{name} is missing" for name, needed in known.items() if needed and is_blank(entry.get(name, "")))


def _wrong_picture(name: str, entry: Mapping[str, Any], static: Path) -> Iterator[str]:
    """A picture is a file of static/, and has words for people who do not see it."""
    if name not in FILES:
        return
    of_file, of_alt = FILES[name]
    file, alt = entry.get(of_file, ""), entry.get(of_alt, "")
    if not isinstance(file, str) or not file.strip():
        return
    if not file.lower().endswith(PICTURES):
        yield f"{of_file} must be a picture ({', '.join(PICTURES)}), not {file}"
    elif not _is_inside(static, file):
        yield f"{of_file}: there is no {file} in static/"
    if is_blank(alt) and of_alt == "photograph_alt":
        yield f"{of_alt} is missing: say in words what the photograph shows"


def _is_inside(static: Path, file: str) -> bool:
    path = (static / file).resolve()
    return path.is_relative_to(static.resolve()) and path.is_file()


def _unknown_zone(name: object) -> list[str]:
    if not isinstance(name, str) or not name.strip():
        return []
    try:
        ZoneInfo(name.strip())
    except (OSError, ValueError, KeyError):  # a folder, a path or an unknown name
        return [f"timezone {name!r} is not a time zone; an example is America/Los_Angeles"]
    return []
