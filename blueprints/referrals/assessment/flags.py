"""What a clinician should see first. A flag points; it decides nothing, and no flag does not mean no risk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprints.referrals.assessment.models import STALE_DAYS, AssessmentInput, Flag, Level, number
from blueprints.referrals.assessment.trials import TrialResult
from blueprints.referrals.terminology.answers import SAFETY
from blueprints.referrals.terminology.interactions import named_in

CONTRAINDICATIONS = (
    "aneurysmal_disease",
    "arteriovenous_malformation",
    "intracerebral_hemorrhage",
    "ketamine_hypersensitivity",
)
SAFETY_LEVEL: dict[str, Level] = {
    "uncontrolled_hypertension": "red",
    "recent_cardiovascular_event": "red",
    "psychosis": "red",
    "mania": "red",
    "pregnancy": "red",
    "substance_use_disorder": "red",
    "severe_liver_disease": "red",
    "bladder_disease": "amber",
    "sleep_apnea": "amber",
}
INTERACTION = {
    "maoi": "MAO inhibitor: with ketamine it may raise blood pressure.",
    "stimulant": "Stimulant: with ketamine it may raise blood pressure.",
    "benzodiazepine": "Benzodiazepine: it adds to sedation and may weaken the effect.",
    "opioid": "Opioid: it adds to sedation.",
    "lamotrigine": "Lamotrigine: it may weaken the effect; the evidence is mixed.",
}
DO_NOT_STOP = "Do not stop any medicine for this referral."
PSYCHOTIC_CODES = frozenset({"F32.3", "F33.3", "F31.5"})
LABELED = ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.9", "F33")


def flags_of(case: AssessmentInput, results: Iterable[TrialResult]) -> tuple[Flag, ...]:
    """Red before amber; within a level in the order of the form."""
    found = [*_contraindications(case), *_safety(case), *_blood_pressure(case), *_phq9(case), *_risk(case)]
    found += [*_diagnosis(case), *_doses(results), *_medicines(case)]
    return tuple(sorted(found, key=lambda flag: flag.level != "red"))


def _contraindications(case: AssessmentInput) -> Iterator[Flag]:
    for code in CONTRAINDICATIONS:
        answer = case.safety.get(code, "")
        if answer == "yes":
            words = "Spravato is contraindicated. The referral can still be sent; a physician reviews it."
            yield Flag(code, "red", f"{SAFETY[code]}: {words}")
        elif answer == "unknown":
            yield Flag(code, "amber", f"{SAFETY[code]}: not known, ask. A yes would contraindicate Spravato.")


def _safety(case: AssessmentInput) -> Iterator[Flag]:
    for code, level in SAFETY_LEVEL.items():
        if case.safety.get(code) == "yes":
            yield Flag(code, level, f"{SAFETY[code]}: yes. A physician should weigh this before treatment.")
    if unknown := [SAFETY[code] for code in SAFETY_LEVEL if case.safety.get(code) == "unknown"]:
        yield Flag("safety_not_known", "amber", f"Not known, ask: {'; '.join(unknown)}.")


def _blood_pressure(case: AssessmentInput) -> Iterator[Flag]:
    systolic, diastolic = case.systolic or 0, case.diastolic or 0
    if systolic >= 180 or diastolic >= 120:
        words = "180/120 or more is urgent. Arrange medical care today."
        yield Flag("blood_pressure_urgent", "red", f"Blood pressure {case.blood_pressure()}: {words}")
    elif systolic >= 140 or diastolic >= 90:
        words = "140/90 or more. Ketamine and esketamine raise it further for some hours."
        yield Flag("blood_pressure", "amber", f"Blood pressure {case.blood_pressure()}: {words}")


def _phq9(case: AssessmentInput) -> Iterator[Flag]:
    age = case.phq9_age()
    if age is not None and age > STALE_DAYS:
        yield Flag("phq9_stale", "amber", f"The PHQ-9 is {age} days old: more than {STALE_DAYS} days.")
    if (case.phq9_item9 or 0) >= 1 and case.suicide_risk == "none_known":
        words = "yet suicide risk says that none is known. Check both."
        yield Flag("item9_against_risk", "amber", f"PHQ-9 item 9 is {case.phq9_item9}, {words}")


def _risk(case: AssessmentInput) -> Iterator[Flag]:
    if case.suicide_risk == "high":
        words = "This form is not an emergency service: 911 or 988, and a live contact today."
        yield Flag("suicide_risk_high", "red", f"Suicide risk is high, so this referral is sent as urgent. {words}")
    elif case.suicide_risk == "moderate":
        yield Flag("suicide_risk_moderate", "amber", "Suicide risk is moderate. Read this referral early.")
    elif case.suicide_risk == "not_assessed":
        yield Flag("suicide_risk_not_assessed", "amber", "Suicide risk is not assessed. Ask.")
    if case.suicide_risk in ("low", "moderate", "high") and case.safety_plan in ("no", "unknown"):
        known = "There is no safety plan" if case.safety_plan == "no" else "Whether there is a safety plan is not known"
        yield Flag("safety_plan", "amber", f"{known}, and suicide risk is {case.suicide_risk}.")


def _diagnosis(case: AssessmentInput) -> Iterator[Flag]:
    code = case.diagnosis_code
    if code in PSYCHOTIC_CODES and case.safety.get("psychosis") != "yes":
        yield Flag("psychosis_by_code", "amber", f"{code} says psychotic features; the answer on psychosis does not.")
    if code and "spravato" in case.services and not code.startswith(LABELED):
        words = "is no code for major depressive disorder, which Spravato's label is for."
        yield Flag("outside_label", "amber", f"{code} {words}")


def _doses(results: Iterable[TrialResult]) -> Iterator[Flag]:
    """A slip of a zero is easy; a high dose may be meant. Each medication and dose is said once, in order of name."""
    for name, dose, most in sorted(set(_high_doses(results))):
        words = f"{name} {number(dose)} mg is above the usual maximum of {number(most)} mg a day. Check the dose."
        yield Flag("dose_high", "amber", words)


def _high_doses(results: Iterable[TrialResult]) -> Iterator[tuple[str, float, float]]:
    for result in results:
        dose, most = result.trial.daily_dose_mg, result.medication and result.medication.maximum_mg
        if dose and most and dose > most:
            yield result.name, dose, most


def _medicines(case: AssessmentInput) -> Iterator[Flag]:
    for group, words in sorted(named_in(case.current_medications).items()):
        yield Flag(f"medicine_{group}", "amber", f"Named: {', '.join(words)}. {INTERACTION[group]} {DO_NOT_STOP}")
