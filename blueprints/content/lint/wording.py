"""Searches sentences for what no page may say, clause by clause: “does not prevent suicide” is right."""

from __future__ import annotations

import re
from collections.abc import Iterator

from blueprints.content.lint.places.passages import CITATION, Passage, Problem, Sentence
from blueprints.content.lint.rules import RULES, Rule

DENIAL = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|neither|nor|cannot|hardly|without|whether|unproven|unknown|forbids?"
    r"|wrong|false|myth)\b|n[’']t\b",
    re.IGNORECASE,
)
# They begin like a denial and are none. “No other treatment prevents suicide.”
NO_DENIAL = re.compile(
    r"\b(?:not only|not just|no other|nothing else|no doubt|no longer|no matter|no question)\b", re.IGNORECASE
)
# A denial ends where the next clause begins: “It is no pill; it prevents suicide.”
SUBJECT = r"(?:it|you|we|they|this|that|there|ketamine|esketamine|spravato|infusions?|injections?)"
CLAUSE = re.compile(
    rf"[;:–—]|,? but\b|, (?=(?:and |so |yet |then |which )?{SUBJECT}\b|then\b)|\band (?={SUBJECT} |then )",
    re.IGNORECASE,
)
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
DATED = re.compile(r"\b(?:19|20)\d\d\b")


def problems(passage: Passage) -> Iterator[Problem]:
    for sentence in passage.claims():
        for rule in RULES:
            if said := _said(rule, sentence):
                yield Problem(passage.file, sentence.line, f"“{said.strip()}” {rule.instead}")


def _said(rule: Rule, sentence: Sentence) -> str:
    """The words that break the rule, or nothing."""
    words = sentence.plain
    if not rule.says.search(words):
        return ""
    if rule.may_ask and words.rstrip('”"’)').endswith("?"):
        return ""
    if rule.may_quote and (CITATION.search(sentence.text) or DATED.search(words)):
        words = QUOTED.sub("", words)
    if rule.unless.search(words) or rule.unless.search(sentence.text):
        return ""
    for clause in CLAUSE.split(words):
        match = rule.says.search(clause)
        if match and (rule.is_denial or not _denied(clause[: match.end()])):
            return match[0]
    return ""


def _denied(clause: str) -> bool:
    return bool(DENIAL.search(NO_DENIAL.sub("", clause)))
