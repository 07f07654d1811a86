"""What a clinician should see first. A flag decides nothing, and no flag does not mean no risk.

A question that was not answered raises no flag; missing.py lists it. Sources, read in stored copies on 2026-11-24:
- contraindications, and the boxed warning on ages up to 24: Spravato's label, as quoted in a drug directory of 2021
  (the label of 2026 was not read);
- citalopram: FDA safety communication of March 2012, as reported at acpinternist.org/weekly/archives/2012/04/03/7.htm
  (older than 60) and by a news site (60 and older); the communication itself was not opened;
- medicines: terminology/interactions.py.
The levels, and all else, follow what such clinics usually do; their sources were not read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprints.referrals.assessment.models import STALE_DAYS, AssessmentInput, Flag, Level, number
from blueprints.referrals.assessment.trials import TrialResult
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY
from blueprints.referrals.terminology.interactions import named_in

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
    "intracranial_pressure": "red",
    "glaucoma": "amber",
    "seizures": "red",
    "severe_lung_disease": "red",
    "thyroid_disease": "amber",
    "dementia": "amber",
}
INTERACTION = {
    "maoi": "MAO inhibitor: with ketamine it may raise blood pressure.",
    "stimulant": "Stimulant: with ketamine it may raise blood pressure.",
    "sympathomimetic": "It may raise blood pressure, and more so with ketamine.",
    "benzodiazepine": "Benzodiazepine: it adds to sedation and may weaken the effect.",
    "opioid": "Opioid: it adds to sedation and may slow breathing.",
    "sedative": "Sedating medicine: it adds to sedation and may slow breathing.",
    "lamotrigine": "Lamotrigine: it may weaken the effect; the evidence is mixed.",
    "naltrexone": "Naltrexone: it may weaken the effect; the evidence is small and mixed.",
    "theophylline": "With ketamine it may make a seizure more likely.",
}
DO_NOT_STOP = "Do not stop any medicine for this referral."
# Beginnings of codes that say what a safety question asks.
BY_CODE = {
    "psychosis": (("F32.3", "F33.3", "F31.5", "F31.2", "F31.64", "F2"), "psychotic features or a psychotic disorder"),
    "mania": (("F30", "F31.0", "F31.1", "F31.2", "F31.6"), "mania or hypomania"),
    "dementia": (("F01", "F02", "F03"), "dementia"),
}
SUICIDALITY = ("R45.851", "T14.91")
"""Suicidal ideation; suicide attempt."""
REMISSION = {"F32.5": "full remission", "F33.42": "full remission", "F33.40": "remission"}
LABELED = ("F32.0", "F32.1", "F32.2", "F32.3", "F32.4", "F32.5", "F32.9", "F33")
NO_RISK = {"none_known": "none is known", "low": "it is low", "not_assessed": "it is not assessed"}
OLDEST_YOUNG_ADULT = 24
CITALOPRAM_MG, CITALOPRAM_AGE = 20, 60


def flags_of(case: AssessmentInput, results: Iterable[TrialResult]) -> tuple[Flag, ...]:
    """Red before amber; within a level in the order of the form."""
    rows = tuple(results)
    found = [*_contraindications(case), *_safety(case), *_blood_pressure(case), *_phq9(case), *_risk(case)]
    found += [*_lethality(case), *_age(case), *_diagnosis(case), *_doses(rows), *_citalopram(case, rows)]
    return tuple(sorted([*found, *_medicines(case)], key=lambda flag: flag.level != "red"))


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
    given = f"Blood pressure {case.blood_pressure()}:"
    if _reaches(case, 180, 120):
        yield Flag("blood_pressure_urgent", "red", f"{given} 180/120 or more is urgent. Arrange medical care today.")
    elif _reaches(case, case.hold_systolic, case.hold_diastolic):
        words = f"the center does not treat at or above {_hold(case)}; it asks for a new reading."
        yield Flag("blood_pressure_hold", "red", f"{given} {words}")
    elif _reaches(case, 140, 90):
        words = "140/90 or more. Ketamine and esketamine raise it further for some hours."
        yield Flag("blood_pressure", "amber", f"{given} {words}")


def _reaches(case: AssessmentInput, systolic: int | None, diastolic: int | None) -> bool:
    pairs = ((case.systolic, systolic), (case.diastolic, diastolic))
    return any(value is not None and limit is not None and value >= limit for value, limit in pairs)


def _hold(case: AssessmentInput) -> str:
    if case.hold_systolic is not None and case.hold_diastolic is not None:
        return f"{case.hold_systolic}/{case.hold_diastolic} mmHg"
    if case.hold_systolic is not None:
        return f"a systolic pressure of {case.hold_systolic} mmHg"
    return f"a diastolic pressure of {case.hold_diastolic} mmHg"


def _phq9(case: AssessmentInput) -> Iterator[Flag]:
    age, item9 = case.phq9_age(), case.phq9_item9 or 0
    if age is not None and age > STALE_DAYS:
        yield Flag("phq9_stale", "amber", f"The PHQ-9 is {age} days old: more than {STALE_DAYS} days.")
    # "Several days" fits a low risk; more than that does not.
    if item9 >= (2 if case.suicide_risk == "low" else 1) and case.suicide_risk in NO_RISK:
        words = f"PHQ-9 item 9 is {item9}, yet of suicide risk the form says that {NO_RISK[case.suicide_risk]}."
        yield Flag("item9_against_risk", "red" if item9 == 3 else "amber", f"{words} Check both.")


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


def _lethality(case: AssessmentInput) -> Iterator[Flag]:
    """An attempt or access to means weighs more where the risk is moderate or high."""
    level: Level = "red" if case.suicide_risk in ("moderate", "high") else "amber"
    if case.prior_attempts == "yes":
        yield Flag("prior_attempts", level, "A suicide attempt in the past. Weigh it in the risk, and ask when it was.")
    if case.lethal_means == "yes":
        yield Flag("lethal_means", level, "Access to firearms or stored medication. Ask about safe storage.")


def _age(case: AssessmentInput) -> Iterator[Flag]:
    if case.age is not None and 18 <= case.age <= OLDEST_YOUNG_ADULT:
        words = "Antidepressants raise the risk of suicidal thoughts and behavior in young adults (boxed warning)."
        yield Flag(
            "young_adult", "amber", f"Age {case.age}, so {OLDEST_YOUNG_ADULT} or younger. {words} Watch closely."
        )


def _diagnosis(case: AssessmentInput) -> Iterator[Flag]:
    code = case.diagnosis_code
    for question, (beginnings, what) in BY_CODE.items():
        if code.startswith(beginnings) and case.safety.get(question) != "yes":
            words = f"{code} is a code for {what}, but the safety question about it is not answered yes."
            yield Flag(f"{question}_by_code", "amber", words)
    if code.startswith(SUICIDALITY) and case.suicide_risk in ("none_known", "not_assessed"):
        words = f"{code} is for suicidal thoughts or an attempt, yet of suicide risk the form says that"
        yield Flag("suicidality_by_code", "red", f"{words} {NO_RISK[case.suicide_risk]}. Check both.")
    yield from _label(code, case.services)


def _label(code: str, services: tuple[str, ...]) -> Iterator[Flag]:
    if "spravato" not in services or not code:
        return
    if code in REMISSION:
        words = f"{code} says {REMISSION[code]}; Spravato's label is for depression that is there now."
        yield Flag("remission", "amber", words)
    elif not code.startswith(LABELED):
        words = f"{code} is no code for major depressive disorder, which Spravato's label is for."
        yield Flag("outside_label", "amber", words)


def _doses(results: Iterable[TrialResult]) -> Iterator[Flag]:
    """An extra zero is easily typed, but a high dose may be meant. Each medication and dose is listed once, by name."""
    for name, dose, most in sorted(set(_high_doses(results))):
        words = f"{name} {number(dose)} mg is above the usual maximum of {number(most)} mg a day. Check the dose."
        yield Flag("dose_high", "amber", words)


def _high_doses(results: Iterable[TrialResult]) -> Iterator[tuple[str, float, float]]:
    for result in results:
        dose, most = result.trial.daily_dose_mg, result.medication and result.medication.maximum_mg
        if dose and most and dose > most:
            yield result.name, dose, most


def _citalopram(case: AssessmentInput, results: Iterable[TrialResult]) -> Iterator[Flag]:
    highest = max((r.trial.daily_dose_mg or 0 for r in results if r.name == "citalopram"), default=0)
    if highest > CITALOPRAM_MG and case.age is not None and case.age >= CITALOPRAM_AGE:
        words = f"citalopram {number(highest)} mg at age {case.age}: FDA advises at most {CITALOPRAM_MG} mg a day from"
        yield Flag(
            "citalopram_age", "amber", f"{words} age {CITALOPRAM_AGE} (heart rhythm). Check whether it is taken now."
        )


def _medicines(case: AssessmentInput) -> Iterator[Flag]:
    for group, words in sorted(named_in(case.current_medications).items()):
        yield Flag(f"medicine_{group}", "amber", f"Named: {', '.join(words)}. {INTERACTION[group]} {DO_NOT_STOP}")
