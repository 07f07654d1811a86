"""Read a pasted list of medications, one a line, into rows.

Whatever is not understood stays with the medication's name, where the person sees it.
"""

from __future__ import annotations

import re

DOSE = re.compile(
    r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?) ?mg\b(?: ?/ ?d(?:ay)?\b| ?(?:a|per) day\b| ?daily\b| ?qd\b)?", re.I
)
WEEKS = re.compile(r"(?:\b(?:for|x) ?)?(?<![\w.])(\d{1,3}) ?\+? ?(?:weeks?|wks?|w)\b", re.I)
OUTCOMES = (
    ("response_lost", r"(?:lost|loss of) (?:the )?response|stopped (?:working|helping)|pooped? out"),
    ("intolerant", r"intoleran(?:t|ce)|not tolerated|side effects?|adverse (?:effects?|reactions?)"),
    ("partial", r"partial(?:ly)?(?: (?:response|improvement|benefit|helped))?|some (?:improvement|benefit)"),
    ("none", r"no (?:response|improvement|benefit|effect)|non-?responder|ineffective|did(?: not|n[’']t) (?:help|work)"),
)
EPISODES = (
    ("yes", r"(?:this|current|present) (?:depressive )?episode"),
    ("no", r"(?:prior|previous|earlier|past|last) (?:depressive )?episode"),
)
BULLET = re.compile(r"^\s*(?:[-*•·–]|\d{1,2}[.)](?!\d))\s*")
EDGES = " \t,;:|/–-."


def lines(text: str) -> list[str]:
    """The lines that say something."""
    return [line for line in text.splitlines() if line.strip(EDGES)]


def row(line: str) -> dict[str, list[str]]:
    """The answers of one row, as the form names them. Nothing is guessed."""
    line = BULLET.sub("", line)
    found: dict[str, str] = {}
    line = _take(line, DOSE, "daily_dose_mg", found)
    line = _take(line, WEEKS, "weeks", found)
    for name, choices in (("outcome", OUTCOMES), ("current_episode", EPISODES)):
        line = _choose(line, choices, name, found)
    medication = re.sub(r"[\s,;|]+", " ", line).strip(EDGES)
    return {"medication": [medication], **{name: [value] for name, value in found.items()}}


def _take(line: str, pattern: re.Pattern[str], name: str, found: dict[str, str]) -> str:
    """The line without what the pattern found. Two doses in a line are not chosen between: both stay."""
    matches = list(pattern.finditer(line))
    if len(matches) != 1:
        return line
    found[name] = matches[0][1].replace(",", "")
    return line[: matches[0].start()] + " " + line[matches[0].end() :]


def _choose(line: str, choices: tuple[tuple[str, str], ...], name: str, found: dict[str, str]) -> str:
    """Only where the line says one thing: “no response, stopped for side effects” stays for the person to decide."""
    said = [(value, match) for value, words in choices if (match := re.search(rf"\b(?:{words})\b", line, re.I))]
    if len(said) != 1:
        return line
    value, match = said[0]
    found[name] = value
    return line[: match.start()] + " " + line[match.end() :]
