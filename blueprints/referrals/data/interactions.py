"""Medications that the center wants to know of before ketamine or esketamine, by generic and US brand names.

Classes: Spravato's label on central nervous system depressants, psychostimulants and MAO inhibitors; lamotrigine
because studies disagree on whether it lessens the effect. Names are from general knowledge and not complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from blueprints.referrals.data.medications import medications

DO_NOT_STOP = "Do not stop any medicine for this referral."


@dataclass(frozen=True)
class Watched:
    code: str
    words: str
    names: tuple[str, ...]

    def found_in(self, text: str) -> list[str]:
        """The names that stand in the text as words of their own, in the order of the text."""
        return list(dict.fromkeys(name.casefold() for name in _pattern(self.names).findall(text)))


@cache
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", re.IGNORECASE)


def _maois() -> tuple[str, ...]:
    known = (name for medication in medications() if medication.drug_class == "MAOI" for name in medication.names)
    return (*known, "MAOI", "selegiline", "rasagiline", "Azilect", "safinamide", "linezolid")


WATCHED = (
    Watched("maoi", "An MAO inhibitor can raise blood pressure.", _maois()),
    Watched(
        "stimulant",
        "A stimulant can raise blood pressure.",
        (
            *("methylphenidate", "Ritalin", "Concerta", "dexmethylphenidate", "Focalin", "amphetamine"),
            *("dextroamphetamine", "Dexedrine", "Adderall", "lisdexamfetamine", "Vyvanse", "methamphetamine"),
        ),
    ),
    Watched(
        "benzodiazepine",
        "A benzodiazepine adds to sedation, and may lessen the effect.",
        (
            *("alprazolam", "Xanax", "lorazepam", "Ativan", "clonazepam", "Klonopin", "diazepam", "Valium"),
            *("temazepam", "Restoril", "oxazepam", "chlordiazepoxide", "triazolam", "Halcion", "clobazam"),
            "benzodiazepine",
        ),
    ),
    Watched(
        "opioid",
        "An opioid adds to sedation and can slow breathing.",
        (
            *("oxycodone", "OxyContin", "Percocet", "hydrocodone", "Norco", "Vicodin", "morphine", "hydromorphone"),
            *("Dilaudid", "fentanyl", "tramadol", "Ultram", "codeine", "methadone", "buprenorphine", "Suboxone"),
            *("tapentadol", "oxymorphone", "meperidine", "opioid"),
        ),
    ),
    Watched(
        "lamotrigine",
        "Lamotrigine may lessen the effect of ketamine; studies disagree.",
        ("lamotrigine", "Lamictal"),
    ),
)
