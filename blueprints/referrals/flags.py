"""What stands out for whoever reads a referral: red for what must be settled first, amber for what must be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from blueprints.referrals.data.interactions import DO_NOT_STOP, WATCHED

# Spravato's label, contraindications.
CONTRAINDICATIONS = {
    "aneurysmal_disease": "an aneurysm",
    "arteriovenous_malformation": "an arteriovenous malformation",
    "intracerebral_hemorrhage": "a history of bleeding in the brain",
    "ketamine_hypersensitivity": "an allergy to ketamine or esketamine",
}
SCREENED = {
    "uncontrolled_hypertension": ("red", "High blood pressure that is not controlled must be treated first."),
    "recent_cardiovascular_event": ("red", "After a recent heart attack or stroke a cardiologist should be asked."),
    "psychosis": ("red", "Psychosis: the center’s physician must review this first."),
    "mania": ("red", "Mania or hypomania: the center’s physician must review this first."),
    "pregnancy": ("red", "Pregnancy, planned or present, or breastfeeding: harm to the child is possible."),
    "substance_use_disorder": (
        "amber",
        "A substance use disorder: the center will ask about use and treatment.",
    ),
    "severe_liver_disease": (
        "red",
        "Severe liver disease: the center’s physician must review this first.",
    ),
    "bladder_disease": ("amber", "Bladder disease: ketamine can make it worse."),
    "sleep_apnea": ("amber", "Sleep apnea: sedation can make breathing worse."),
}


@dataclass(frozen=True)
class Flag:
    level: Literal["red", "amber"]
    code: str
    words: str


def contraindications(safety: Mapping[str, str]) -> Iterator[Flag]:
    """To Spravato. The referral can be sent all the same, and a physician reads it."""
    for code, what in CONTRAINDICATIONS.items():
        if safety.get(code) == "yes":
            yield Flag("red", code, f"Spravato is contraindicated with {what}. You can still send the referral.")
        elif safety.get(code) == "unknown":
            yield Flag("amber", code, f"It must be known before Spravato whether the patient has {what}.")


def screened(safety: Mapping[str, str]) -> Iterator[Flag]:
    for code, (level, words) in SCREENED.items():
        if safety.get(code) == "yes":
            yield Flag("red" if level == "red" else "amber", code, words)


def blood_pressure(systolic: int | None, diastolic: int | None) -> Iterator[Flag]:
    """mmHg."""
    upper, lower = systolic or 0, diastolic or 0
    if upper >= 180 or lower >= 120:
        words = "Blood pressure of 180/120 or more needs care today, before and apart from this referral."
        yield Flag("red", "blood_pressure", words)
    elif upper >= 140 or lower >= 90:
        words = "Blood pressure of 140/90 or more: treatment may have to wait until it is lower."
        yield Flag("amber", "blood_pressure", words)


def medicines(text: str) -> Iterator[Flag]:
    for watched in WATCHED:
        if found := watched.found_in(text):
            yield Flag("amber", watched.code, f"{watched.words} Named here: {', '.join(found)}. {DO_NOT_STOP}")


def suicide(risk: str, item9: int | None) -> Iterator[Flag]:
    if risk == "high":
        words = "The suicide risk is high, so this referral is sent as urgent. If in doubt, call 911 or 988 now."
        yield Flag("red", "suicide_risk", words)
    if item9 and risk in ("none_known", "not_assessed"):
        words = "PHQ-9 item 9 is above 0, and no suicide risk is stated. Please check that both are right."
        yield Flag("amber", "item9", words)
