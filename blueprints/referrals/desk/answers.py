"""Every answer of a referral in words, for whoever reads it at the clinic. Nothing that was sent is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.referrals.assessment.assess import GUIDANCE
from blueprints.referrals.assessment.models import years_between
from blueprints.referrals.details import ReferralData, weight_words
from blueprints.referrals.review import grouped, trial_words
from blueprints.referrals.terminology import answers
from core.forms.validators import phone_words

__all__ = ["GUIDANCE", "Answer", "Screen", "Section", "age", "contraindications", "sections"]
LONG = 60
"""Characters from which an answer takes the whole width."""


@dataclass(frozen=True)
class Answer:
    question: str
    words: str

    @property
    def is_long(self) -> bool:
        return len(self.words) > LONG


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    answers: tuple[Answer, ...]
    unanswered: tuple[str, ...]
    """Questions that apply and were not answered."""


@dataclass(frozen=True)
class Screen:
    """One of the four contraindications of Spravato's label."""

    question: str
    words: str
    level: str
    """red (yes) | amber (not known, not answered) | green (no)."""


def chosen(from_: Mapping[str, str]) -> Callable[[Any], str]:
    """Words for a stored value, or for each of several. A value that no form offers is shown as it is."""

    def words(value: Any) -> str:
        values = [value] if isinstance(value, str) else value
        return ", ".join(from_.get(one, one) for one in values if one)

    return words


def day_words(iso: str) -> str:
    """April 17, 1961 for 1961-04-17. Anything else stays as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day:%B} {day.day}, {day.year}"


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _ticked(value: Any) -> str:
    return "Yes" if value else ""


def _item9(value: Any) -> str:
    return "" if value is None else answers.PHQ9_ITEM9.get(str(value), str(value))


YES_NO_UNKNOWN = chosen(answers.YES_NO_UNKNOWN)
Words = Callable[[Any], str]
SECTIONS: tuple[tuple[str, str, tuple[tuple[str, str, Words], ...]], ...] = (
    (
        "patient",
        "Patient",
        (
            ("patient_given_name", "Legal first name", _plain),
            ("patient_family_name", "Legal last name", _plain),
            ("patient_preferred_name", "Goes by", _plain),
            ("patient_birth_date", "Date of birth", day_words),
            ("patient_sex", "Sex", chosen(answers.SEX)),
            ("patient_phone", "Phone", phone_words),
            ("patient_email", "Email", _plain),
            ("patient_postal_code", "ZIP code", _plain),
            ("patient_language", "Language", chosen(answers.LANGUAGE)),
            ("patient_interpreter", "Needs an interpreter", _ticked),
            ("insurance_payer", "Insurance", _plain),
            ("insurance_member_id", "Member ID", _plain),
        ),
    ),
    (
        "reason",
        "Reason",
        (
            ("service_requested", "Asked for", chosen(answers.SERVICE)),
            ("priority", "Priority as sent", chosen(answers.PRIORITY)),
            ("priority_reason", "Why it is urgent", _plain),
            ("diagnosis_code", "Main diagnosis, code", _plain),
            ("diagnosis_title", "Main diagnosis", _plain),
            ("other_diagnoses", "Other diagnoses", _plain),
            ("phq9_score", "PHQ-9 total", _plain),
            ("phq9_date", "Date of the PHQ-9", day_words),
            ("phq9_item9", "PHQ-9 item 9", _item9),
            ("clinical_summary", "Clinical summary", _plain),
        ),
    ),
    (
        "history",
        "Treatment so far",
        (
            ("no_trials_known", "No medication trials are known", _ticked),
            ("had_ect", "ECT, ever", YES_NO_UNKNOWN),
            ("had_tms", "TMS, ever", YES_NO_UNKNOWN),
            ("had_psychotherapy", "Psychotherapy, ever", YES_NO_UNKNOWN),
            ("had_ketamine", "Ketamine or esketamine, ever", YES_NO_UNKNOWN),
            ("history_details", "More about earlier treatment", _plain),
        ),
    ),
    (
        "safety",
        "Safety",
        (
            ("current_medications", "Current medications", _plain),
            ("allergies", "Allergies", _plain),
        ),
    ),
    (
        "risk",
        "Suicide risk",
        (
            ("suicide_risk", "Risk, as the referrer assesses it", chosen(answers.SUICIDE_RISK)),
            ("urgent_handoff", "Arranged for today", chosen(answers.URGENT_HANDOFF)),
            ("safety_plan", "Safety plan", YES_NO_UNKNOWN),
            ("prior_attempts", "Suicide attempt, ever", YES_NO_UNKNOWN),
            ("lethal_means", "Access to firearms or stored medication", YES_NO_UNKNOWN),
        ),
    ),
    (
        "referrer",
        "Referrer",
        (
            ("referrer_given_name", "First name", _plain),
            ("referrer_family_name", "Last name", _plain),
            ("referrer_credentials", "Credentials", _plain),
            ("referrer_specialty", "Specialty", chosen(answers.SPECIALTY)),
            ("referrer_organization", "Practice", _plain),
            ("referrer_phone", "Phone", phone_words),
            ("referrer_fax", "Fax", phone_words),
            ("referrer_email", "Email", _plain),
            ("referrer_npi", "NPI", _plain),
            ("submitted_by", "Filled in by", _plain),
        ),
    ),
)
"""Section → fields of ReferralData with their question and how the value is said. What needs more than one field is
added in `_beside`."""
NOT_ASKED: dict[str, Callable[[ReferralData], bool]] = {
    "priority_reason": lambda d: d.priority != "urgent",
    "urgent_handoff": lambda d: d.suicide_risk != "high",
    **dict.fromkeys(("safety_plan", "prior_attempts", "lethal_means"), lambda d: d.suicide_risk in ("", "none_known")),
    **dict.fromkeys(("patient_interpreter", "no_trials_known", "submitted_by", "diagnosis_code"), lambda d: True),
}
"""When an empty answer is none that is missing."""


def sections(details: ReferralData) -> tuple[Section, ...]:
    """All answers, by section."""
    return tuple(_section(details, *section) for section in SECTIONS)


def _is_not_asked(field: str, details: ReferralData) -> bool:
    rule = NOT_ASKED.get(field)
    return rule is not None and rule(details)


def _section(details: ReferralData, name: str, title: str, fields: tuple[tuple[str, str, Words], ...]) -> Section:
    rows = [(field, question, words(getattr(details, field))) for field, question, words in fields]
    given = [Answer(question, said) for _, question, said in rows if said]
    missing = [q for field, q, said in rows if not said and not _is_not_asked(field, details)]
    beside = list(_beside(details, name))
    given = [*[a for a in beside if a.words], *given]
    missing = [*[a.question for a in beside if not a.words], *missing]
    return Section(name, title, tuple(given), tuple(missing))


def _beside(details: ReferralData, section: str) -> Iterator[Answer]:
    """The answers that are made of several fields; without words: not answered."""
    if section == "history":
        for place, trial in enumerate(details.trials, start=1):
            yield Answer(f"Medication {place}", trial_words(trial))
        if not details.trials and not details.no_trials_known:
            yield Answer("Medications", "")
    if section == "safety":
        yield from _screens(details)
        pressure = f"{details.systolic or '?'}/{details.diastolic or '?'} mmHg"
        yield Answer("Blood pressure", pressure if details.systolic or details.diastolic else "")
        yield Answer("Weight", weight_words(details.weight_kg, details.weight_unit))


def _screens(details: ReferralData) -> Iterator[Answer]:
    """Each answer but No has a row; all that say No share one, and those answered with one button another."""
    said = {name: details.safety.get(name, "") for name in answers.SAFETY}
    for name, answer in said.items():
        if answer != "no":
            yield Answer(answers.SAFETY[name], answers.PREGNANCY.get(answer, answer))
    for name, answer in details.safety.items():
        if name not in answers.SAFETY:
            yield Answer(name, answer)
    no = [name for name, answer in said.items() if answer == "no"]
    for heading, names in grouped(no, details.answered_together):
        yield Answer(heading, "; ".join(answers.SAFETY[name] for name in names))


def contraindications(details: ReferralData) -> tuple[Screen, ...]:
    """The four of Spravato's label, with what was answered."""
    levels = {"yes": "red", "no": "green"}
    said = [(answers.SAFETY[name], details.safety.get(name, "")) for name in answers.CONTRAINDICATIONS]
    return tuple(
        Screen(question, answers.YES_NO_UNKNOWN.get(answer, answer) or "Not answered", levels.get(answer, "amber"))
        for question, answer in said
    )


def diagnosis(details: ReferralData) -> str:
    """Code and title, or the words as typed."""
    return " ".join(part for part in (details.diagnosis_code, details.diagnosis_title) if part)


def patient(details: ReferralData) -> str:
    """The full name, and how they want to be called if that differs."""
    name = f"{details.patient_given_name} {details.patient_family_name}".strip()
    preferred = details.patient_preferred_name
    return f"{name} (“{preferred}”)" if preferred and preferred != details.patient_given_name else name


def age(details: ReferralData, today: date) -> int | None:
    try:
        return years_between(date.fromisoformat(details.patient_birth_date), today)
    except ValueError:
        return None


def services(details: ReferralData) -> str:
    return chosen(answers.SERVICE)(details.service_requested)


def risk(details: ReferralData) -> str:
    return chosen(answers.SUICIDE_RISK)(details.suicide_risk)


def sex(details: ReferralData) -> str:
    return "" if details.patient_sex == "unknown" else chosen(answers.SEX)(details.patient_sex).lower()
