"""Numbers that state no claim about treatment: dates, telephone numbers, names, and what the site says of itself."""

from __future__ import annotations

import re

from blueprints.content.lint.numerals import DIGITS, NUMBER, TO
from blueprints.content.lint.places.passages import LINK

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
YEAR = r"(?:1[89]\d\d|20\d\d)"
NEVER_CLAIMS = re.compile(
    rf"\b{MONTH} \d{{1,2}}(?:, {YEAR})?\b|\b{YEAR}-\d\d-\d\d\b|\b\d?\d(?::\d\d)+\b|T(?:\d\d:)+\d\dZ"
    rf"|\b{YEAR}(?:–{YEAR})?\b(?!\s*(?:%|percent|mg|people|patients|adults|trials|points))"
    # Telephone numbers, and what one presses or texts there.
    r"|(?<!\d)(?:\+?1[-. ])?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?!\d)|(?<![\d.,])(?:911|988|711)(?![\d%.,]*\d|\s*%)"
    r"|\bpress \d\b"
    # Names: PHQ-9, KARMA-Dep 2, TRANSFORM-3, version 2.2, phase 3.
    r"|(?-i:\b[A-Z][A-Z\d*]+-\d+\b|\b[A-Z]{3,}-[A-Z]\w+(?: \d+)?\b)"
    rf"|\b(?:version|level|step|table|figure|chart|page|phase|section|item|question|part) {DIGITS}\b"
    # The name of a statistic, and of the threshold that defines response.
    r"|\b95 ?% (?:confidence )?intervals?\b"
    r"|(?:\bmeans?\b|\bmeant\b|\bcounts?\b|\bdefined?\b|\bshare of\b)[^.]*\bby half or more\b"
    # The reader's own age, and the size of letters.
    rf"|\bif you(?: are|[’']re) {DIGITS} or (?:older|over)\b"
    r"|\btext\b[^.]*\btwice as (?:large|big)\b"
    # A value that a template fills in, of a hundred people who are drawn.
    rf"|…\s*of {DIGITS}\b|, of 100 people$|\beach dot is one person in a hundred\b",
    re.IGNORECASE,
)
MINUTES_OF_THE_FORM = re.compile(rf"(?:{NUMBER}(?:{TO}| or ))?{NUMBER} minutes", re.IGNORECASE)
OF_THE_FORM = re.compile(r"\b(?:form|refer(?:ral|s)?)\b", re.IGNORECASE)
TELEPHONE = re.compile(r"^(?:tel|sms):")
OF_THE_SITE = re.compile(
    r"\b(?:drafts?|forms?|referrals?|e?mails?|links?|subscri\w+|newsletters?|addresses|address|logs?|codes?|cookies?"
    r"|backups?|networks?|sites?|text|screens?|browsers?|delet\w+|stor\w+|encrypt\w+|spam|click|business)\b",
    re.IGNORECASE,
)
OF_TREATMENT = re.compile(
    r"\b(?:s?ketamine|esketamine|spravato|infus\w+|inject\w+|treat\w*|dos(?:e|es|ing)|sprays?|depress\w+|symptoms?"
    r"|remi(?:t|ssion)\w*|respon[ds]\w*|relaps\w+|stud(?:y|ies)|trials?|effects?|effective|suicid\w+|medicines?|pills?"
    r"|antidepress\w+|placebo|feel\w*|better|reli(?:ef|eve\w*)|people|patients?|moods?|driv\w+|sleep\w*|visits?)\b",
    re.IGNORECASE,
)


def speaks_of_the_site(sentence: str, is_template: bool) -> bool:
    """Its times are those of drafts, links and mail. A template speaks of nothing else, unless it names treatment."""
    return (is_template or bool(OF_THE_SITE.search(sentence))) and not OF_TREATMENT.search(sentence)


def without_exempt(sentence: str, passage: str) -> str:
    """With blanks for numbers that are no claims. `sentence`: Markdown, because a link tells telephone numbers."""
    words = LINK.sub(lambda link: " " * len(link[0]) if TELEPHONE.match(link[2]) else link[0], sentence)
    words = NEVER_CLAIMS.sub(_blank, words)
    of_the_form = OF_THE_FORM.search(words) or (words.startswith("It takes") and OF_THE_FORM.search(passage))
    return MINUTES_OF_THE_FORM.sub(_blank, words) if of_the_form else words


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
