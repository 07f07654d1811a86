"""What a referral says of the patient's health, as FHIR R4 Observation and MedicationStatement. Pure.

Answered questions that have no code of their own carry the words of the question and of the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.referrals.details import weight_words
from blueprints.referrals.fhir.types import (
    ABSENT,
    DATA_ABSENT,
    LOINC,
    RXNORM,
    TERMINOLOGY,
    Json,
    Refer,
    concept,
    noted,
    quantity,
)
from blueprints.referrals.terminology import answers, medications

QUESTIONS = {
    "had_psychotherapy": "Has had psychotherapy",
    "had_ect": "Has had electroconvulsive therapy (ECT)",
    "had_tms": "Has had transcranial magnetic stimulation (TMS)",
    "had_ketamine": "Has had ketamine or esketamine",
    "suicide_risk": "Suicide risk, as the referrer assesses it",
    "safety_plan": "There is a safety plan",
    "prior_attempts": "Has attempted suicide, ever",
    "lethal_means": "Has access to firearms or stored medication",
}
WORDS = {**answers.PREGNANCY, **answers.SUICIDE_RISK}
NO_VALUE = {"unknown": "asked-unknown", "not_applicable": "not-applicable", "not_assessed": "not-performed"}
YES_NO = {"yes": "Y", "no": "N"}

# LOINC's answers to the items of the PHQ-9, from 0 to 3.
PHQ9_ANSWERS = {0: "LA6568-5", 1: "LA6569-3", 2: "LA6570-1", 3: "LA6571-9"}


def observations(details: Mapping[str, Any], refer: Refer) -> Iterator[tuple[str, Json]]:
    """Each with the name of its part. What was not asked or not answered has none."""
    yield from _phq9(details, refer)
    yield from _vital_signs(details, refer)
    for name, question in QUESTIONS.items():
        if answer := details[name]:
            yield name, _answered(question, answer, refer)
    for name, answer in details["safety"].items():
        if answer:
            yield f"safety-{name}", _answered(answers.SAFETY.get(name, name), answer, refer)


def medication_statements(details: Mapping[str, Any], refer: Refer, asserted: str) -> Iterator[tuple[str, Json]]:
    """One for each trial. `asserted` is the dateTime of the referral."""
    for number, trial in enumerate(details["trials"], 1):
        yield f"medication-{number}", _medication_statement(trial, refer, asserted)


def rxcui(generic: str) -> str | None:
    """RxNorm's code of the ingredient; None where it is not known."""
    return found.rxcui or None if (found := medications.find(generic)) else None


def _observation(category: str, code: Json, refer: Refer, **value: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": TERMINOLOGY + "observation-category", "code": category}]}],
        "code": code,
        "subject": refer("patient"),
        **value,
    }


def _phq9(details: Mapping[str, Any], refer: Refer) -> Iterator[tuple[str, Json]]:
    score, item9, when = (details[name] for name in ("phq9_score", "phq9_item9", "phq9_date"))
    if score is not None or when:
        value = _unknown() if score is None else {"valueInteger": score}
        code = concept("PHQ-9 total", LOINC, "44261-6")
        yield "phq9", _observation("survey", code, refer, effectiveDateTime=when, **value)
    if item9 is not None:
        code = concept("PHQ-9 item 9, thoughts of death or self-harm", LOINC, "44260-8")
        answer = concept(answers.PHQ9_ITEM9.get(str(item9), str(item9)), LOINC, PHQ9_ANSWERS.get(item9))
        yield (
            "phq9-item9",
            _observation("survey", code, refer, effectiveDateTime=when, valueCodeableConcept=answer),
        )


def _vital_signs(details: Mapping[str, Any], refer: Refer) -> Iterator[tuple[str, Json]]:
    """The form does not ask when they were measured, and FHIR's vital signs profile wants to be told so."""
    systolic, diastolic, weight = (details[name] for name in ("systolic", "diastolic", "weight_kg"))
    when = {"_effectiveDateTime": ABSENT}
    if systolic is not None or diastolic is not None:
        code = concept("Blood pressure", LOINC, "85354-9")
        parts = [
            _pressure("Systolic blood pressure", "8480-6", systolic),
            _pressure("Diastolic blood pressure", "8462-4", diastolic),
        ]
        yield "blood-pressure", _observation("vital-signs", code, refer, component=parts, **when)
    if weight is not None:
        code, value = concept("Body weight", LOINC, "29463-7"), quantity(weight, "kg", "kg")
        said = [noted("As typed", weight_words(weight, details["weight_unit"]))] if details["weight_unit"] else []
        yield "weight", _observation("vital-signs", code, refer, valueQuantity=value, note=said, **when)


def _pressure(text: str, code: str, value: int | None) -> Json:
    measured = quantity(value, "mmHg", "mm[Hg]")
    return {"code": concept(text, LOINC, code), **({"valueQuantity": measured} if measured else _unknown())}


def _answered(question: str, answer: str, refer: Refer) -> Json:
    """Not known, not applicable and not assessed are no values but reasons for having none."""
    words = WORDS.get(answer, answer)
    if reason := NO_VALUE.get(answer):
        value = {"dataAbsentReason": concept(words, DATA_ABSENT, reason)}
    else:
        value = {"valueCodeableConcept": concept(words, TERMINOLOGY + "v2-0136", YES_NO.get(answer))}
    return _observation("survey", concept(question), refer, **value)


def _unknown() -> Json:
    return {"dataAbsentReason": concept("Not known", DATA_ABSENT, "unknown")}


def _medication_statement(trial: Mapping[str, Any], refer: Refer, asserted: str) -> Json:
    """Whether it is still taken is not asked, but for one that was stopped for its side effects."""
    return {
        "resourceType": "MedicationStatement",
        "status": "stopped" if trial["outcome"] == "intolerant" else "unknown",
        "medicationCodeableConcept": _medication(trial["medication"].strip(), trial["generic"]),
        "subject": refer("patient"),
        "informationSource": refer("role"),
        "dateAsserted": asserted,
        "dosage": [_highest(trial["daily_dose_mg"], trial["weeks"]), _adequate(trial["adequate_weeks"])],
        "note": [
            noted("Tried in the current episode", _said(answers.YES_NO, trial["current_episode"])),
            noted("Outcome", _said(answers.OUTCOME, trial["outcome"])),
        ],
    }


def _medication(typed: str, generic: str) -> Json:
    if not typed and not generic:
        return ABSENT
    code = rxcui(generic) if generic else None
    return {"coding": [{"system": RXNORM if code else None, "code": code, "display": generic}], "text": typed}


def _highest(daily_mg: float | None, weeks: int | None) -> Json:
    """The highest dose a day (a Ratio, because the form does not ask how often) and, up to version 2, its weeks."""
    a_day = quantity(daily_mg, "mg", "mg")
    return {
        "timing": {"repeat": {"boundsDuration": quantity(weeks, "wk", "wk")}},
        "doseAndRate": [{"rateRatio": {"numerator": a_day, "denominator": quantity(1, "d", "d")}}] if a_day else [],
    }


def _adequate(weeks: int | None) -> Json:
    """For how long it was taken at its smallest adequate dose or more."""
    if weeks is None:
        return {}
    return {"text": "At an adequate dose", "timing": {"repeat": {"boundsDuration": quantity(weeks, "wk", "wk")}}}


def _said(words: Mapping[str, str], answer: str) -> str:
    """The words of an answer; "" if it is not known or not given."""
    return "" if answer == "unknown" else words.get(answer, answer)
