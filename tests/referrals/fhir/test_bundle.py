"""A referral as FHIR: valid, closed in itself, and with everything that the referral says.

fhir.resources has no module for R4 (4.0.1): its main one is R5, so R4B (4.3.0) is taken, which differs from R4 in
resources about medicines as products, evidence and subscriptions, none of which are used here. It checks structure and
primitives; `problems` adds what its models know but do not enforce: required codes, and what a reference may point to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from blueprints.referrals.details import ReferralData, Trial
from blueprints.referrals.fhir import findings
from blueprints.referrals.fhir.bundle import bundle
from blueprints.referrals.terminology import answers
from tests.referrals.charts import details, unknown
from tests.thorough import examples

REFERENCE = "KTC-22222222"
RECEIVED = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

WORDS = {
    "referrer_specialty": answers.SPECIALTY,
    "patient_language": answers.LANGUAGE,
    "service_requested": answers.SERVICE,
    "suicide_risk": answers.SUICIDE_RISK,
    "urgent_handoff": answers.URGENT_HANDOFF,
    "phq9_item9": answers.PHQ9_ITEM9,
    "outcome": answers.OUTCOME,
    "current_episode": answers.YES_NO_UNKNOWN,
    **dict.fromkeys(("had_ect", "had_tms", "had_psychotherapy", "had_ketamine", "safety_plan"), answers.YES_NO_UNKNOWN),
    **dict.fromkeys(("prior_attempts", "lethal_means"), answers.YES_NO_UNKNOWN),
    "answered_together": answers.SAFETY,
}

# Anything a form could take: it refuses control characters.
text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.just("")
day = st.dates(date(1900, 1, 1)).map(str) | st.just("")
phone = st.sampled_from(["", "+13105550123", "+13105550123;ext=12"])
number = st.integers(1, 300) | st.none()
trials = st.builds(
    Trial,
    medication=text,
    generic=st.sampled_from(["", "sertraline"]),
    daily_dose_mg=st.floats(0.5, 2000) | st.none(),
    weeks=st.integers(0, 520) | st.none(),
    current_episode=st.sampled_from(["yes", "no", "unknown", ""]),
    outcome=st.sampled_from([*answers.OUTCOME, ""]),
    adequate_weeks=st.integers(0, 520) | st.none(),
)


def choice(words: dict[str, str]) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *words])


ANY: dict[str, st.SearchStrategy[Any]] = {
    **{field.name: text for field in fields(ReferralData)},
    **{name: choice(words) for name, words in WORDS.items() if name in {f.name for f in fields(ReferralData)}},
    **dict.fromkeys(("systolic", "diastolic", "weight_kg", "phq9_score"), number),
    **dict.fromkeys(("referrer_phone", "referrer_fax", "patient_phone"), phone),
    **dict.fromkeys(("patient_birth_date", "phq9_date"), day),
    **dict.fromkeys(("patient_interpreter", "no_trials_known"), st.booleans()),
    "referrer_npi": st.sampled_from(["", "1234567893"]),
    "diagnosis_code": st.sampled_from(["", "F33.2"]),
    "patient_sex": choice(answers.SEX),
    "priority": choice(answers.PRIORITY),
    "phq9_item9": st.integers(0, 3) | st.none(),
    "service_requested": st.lists(st.sampled_from(list(answers.SERVICE)), unique=True).map(tuple),
    "weight_unit": choice(answers.WEIGHT_UNIT),
    "prior_attempts": choice(answers.YES_NO_UNKNOWN),
    "lethal_means": choice(answers.YES_NO_UNKNOWN),
    "answered_together": st.lists(st.sampled_from(list(answers.SAFETY)), unique=True).map(tuple),
    "trials": st.lists(trials, max_size=3).map(tuple),
    "safety": st.dictionaries(
        st.sampled_from(list(answers.SAFETY)), st.sampled_from(["", "yes", "no", "unknown", "not_applicable"])
    ),
}


def made(chart: ReferralData) -> dict[str, Any]:
    return bundle(chart.as_json(), REFERENCE, RECEIVED)


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def problems(bundle: dict[str, Any]) -> list[str]:
    """What is wrong in it, by the models of R4B. A structure that does not fit raises."""
    kinds = {entry["fullUrl"]: entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert len(kinds) == len(bundle["entry"])
    return list(_problems(Bundle.model_validate(bundle), kinds))


def _problems(node: BaseModel, kinds: dict[str, str]) -> Iterator[str]:
    for name, field in type(node).model_fields.items():
        extra: dict[str, Any] = field.json_schema_extra or {}  # type: ignore[assignment]
        codes, targets = extra.get("enum_values", ["+"]), extra.get("enum_reference_types", ["Resource"])
        value = getattr(node, name)
        for part in value if isinstance(value, list) else [] if value is None else [value]:
            if "+" not in codes and part not in codes:
                yield f"{name} is {part}"
            address = getattr(part, "reference", None)
            if isinstance(address, str) and (address not in kinds or not {kinds[address], "Resource"} & set(targets)):
                yield f"{name} refers to {address}"
            if isinstance(part, BaseModel):
                yield from _problems(part, kinds)


def said(chart: ReferralData) -> Iterator[Any]:
    """Every value that the referral has, as a reader of the bundle should find it."""
    apart = ("trials", "safety", "version", *(["weight_unit"] if chart.weight_kg is None else []))
    values = [(name, value) for name, value in chart.as_json().items() if name not in apart]
    values += [pair for trial in chart.as_json()["trials"] for pair in trial.items()]
    values += [("", answers.SAFETY[name]) for name, answer in chart.safety.items() if answer]
    for name, value in values:
        for part in value if isinstance(value, tuple | list) else [value]:
            if name == "no_trials_known":
                yield "Medications tried: none known" if part else None
            elif name not in ("current_episode", "outcome") or part != "unknown":
                yield WORDS.get(name, {}).get(str(part), part)


def is_there(value: Any, found: list[Any]) -> bool:
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return True
    if isinstance(value, str):
        return any(value.strip().replace(";ext=", " ext. ") in leaf for leaf in found if isinstance(leaf, str))
    return any(value == leaf and type(value) is type(leaf) for leaf in found)


@settings(max_examples=examples(100), deadline=None)
@given(st.builds(ReferralData, **ANY))
def test_whatever_is_known_the_bundle_is_valid_and_has_it(chart: ReferralData) -> None:
    bundle = made(chart)
    assert problems(bundle) == []
    found = list(leaves(bundle))
    assert [value for value in said(chart) if not is_there(value, found)] == []
    assert None not in found
    assert "" not in found


def test_each_answer_can_be_read_out_of_the_bundle() -> None:
    """Two referrals that differ in one answer are two bundles."""
    full = made(details())
    for name, blank in unknown().as_json().items():
        if name not in ("version", "no_trials_known"):
            assert made(replace(details(), **{name: blank})) != full, name
    assert made(details(no_trials_known=True)) != full


def test_the_same_referral_is_the_same_bundle() -> None:
    assert made(details()) == made(details())
    other = bundle(details().as_json(), "KTC-33333333", RECEIVED)
    assert not {e["fullUrl"] for e in other["entry"]} & {e["fullUrl"] for e in made(details())["entry"]}


def test_nothing_known_invents_nothing() -> None:
    bundle = made(unknown())
    assert problems(bundle) == []
    assert [e["resource"]["resourceType"] for e in bundle["entry"]] == [
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "ServiceRequest",
        "Task",
        "Provenance",
    ]
    assert resources(bundle, "Patient") == [{"resourceType": "Patient"}]


def test_the_referral_says_who_asks_for_what_and_for_whom() -> None:
    bundle = made(details())
    (patient,), (role,), (request,) = (resources(bundle, k) for k in ("Patient", "PractitionerRole", "ServiceRequest"))
    url = {e["resource"]["resourceType"]: e["fullUrl"] for e in bundle["entry"]}
    assert patient["gender"] == "unknown"
    assert patient["communication"][0]["language"]["coding"] == [{"system": "urn:ietf:bcp:47", "code": "yue"}]
    assert role["specialty"][0]["coding"] == [{"system": "http://nucc.org/provider-taxonomy", "code": "2084P0800X"}]
    assert role["telecom"][0] == {"system": "phone", "value": "+13105550123 ext. 12", "use": "work"}
    (practitioner,) = resources(bundle, "Practitioner")
    assert practitioner["identifier"] == [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}]
    assert request["identifier"] == [{"value": REFERENCE}]
    assert [kind["coding"] for kind in (*request["category"], request["code"])] == [
        [{"system": "http://snomed.info/sct", "code": "3457005"}],
        [{"system": "http://snomed.info/sct", "code": "306206005"}],
    ]
    assert (request["status"], request["intent"], request["priority"]) == ("active", "order", "urgent")
    assert request["authoredOn"] == "2026-11-24T09:30:00+00:00"
    assert request["requester"]["reference"] == url["PractitionerRole"]
    assert request["subject"]["reference"] == url["Patient"]
    assert request["reasonReference"][0]["reference"] == url["Condition"]
    assert [o["text"] for o in request["orderDetail"]] == [answers.SERVICE["spravato"], "The center should advise"]
    assert {"text": "Clinical summary: canary clinical_summary"} in request["note"]
    (task,) = resources(bundle, "Task")
    assert task["focus"]["reference"] == url["ServiceRequest"]
    (provenance,) = resources(bundle, "Provenance")
    assert len(provenance["target"]) == len(bundle["entry"]) - 2
    assert provenance["agent"][1]["who"] == {"display": "canary submitted_by"}


def test_scores_and_vital_signs_carry_their_codes_and_units() -> None:
    found = {
        o["code"]["coding"][0]["code"]: o for o in resources(made(details()), "Observation") if "coding" in o["code"]
    }
    assert found["44261-6"]["valueInteger"] == 21
    assert found["44261-6"]["effectiveDateTime"] == "2026-11-20"
    assert found["44260-8"]["valueCodeableConcept"]["coding"][0]["code"] == "LA6569-3"
    systolic, diastolic = found["85354-9"]["component"]
    assert (systolic["code"]["coding"][0]["code"], systolic["valueQuantity"]["value"]) == ("8480-6", 128)
    assert (diastolic["code"]["coding"][0]["code"], diastolic["valueQuantity"]["code"]) == ("8462-4", "mm[Hg]")
    assert found["29463-7"]["valueQuantity"] == {
        "value": 71.5,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    }
    half = made(unknown(systolic=120))
    (pressure,) = resources(half, "Observation")
    assert pressure["component"][1]["dataAbsentReason"]["coding"][0]["code"] == "unknown"


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("yes", ("valueCodeableConcept", "Y")),
        ("no", ("valueCodeableConcept", "N")),
        ("unknown", ("dataAbsentReason", "asked-unknown")),
        ("not_applicable", ("dataAbsentReason", "not-applicable")),
    ],
)
def test_a_safety_question_is_answered_or_says_why_not(answer: str, value: tuple[str, str]) -> None:
    (observation,) = resources(made(unknown(safety={"pregnancy": answer})), "Observation")
    element, code = value
    assert observation["code"] == {"text": answers.SAFETY["pregnancy"]}
    assert observation[element]["coding"][0]["code"] == code


def test_a_trial_is_a_medication_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "rxcui", {"sertraline": "36437"}.get)
    known, powder = resources(made(details()), "MedicationStatement")
    (coding,) = known["medicationCodeableConcept"]["coding"]
    assert coding == {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "36437", "display": "sertraline"}
    assert known["medicationCodeableConcept"]["text"] == "Zoloft"
    assert known["dosage"][0]["doseAndRate"][0]["rateRatio"]["numerator"]["value"] == 150
    assert "timing" not in known["dosage"][0], "200 mg for 8 weeks is not what was said"
    assert known["dosage"][1]["timing"]["repeat"]["boundsDuration"]["value"] == 8
    assert known["status"] == "unknown"
    assert powder["medicationCodeableConcept"] == {"text": "canary powder"}
    assert powder["status"] == "stopped"
    assert "dosage" not in powder


def test_a_referral_from_before_the_treatment_history_is_read() -> None:
    later = {"trials", "no_trials_known", "history_details", "safety", "systolic", "diastolic", "weight_kg"}
    later |= {"had_ect", "had_tms", "had_psychotherapy", "had_ketamine", "current_medications", "allergies"}
    first = {name: value for name, value in details().as_json().items() if name not in later} | {"version": 1}
    exported = bundle(first, REFERENCE, RECEIVED)
    assert problems(exported) == []
    assert resources(exported, "MedicationStatement") == []


def test_the_checker_of_these_tests_sees_wrong_codes_and_lost_references() -> None:
    bundle = made(details())
    resources(bundle, "Patient")[0]["gender"] = "f"
    resources(bundle, "Task")[0]["for"] = {"reference": "urn:uuid:nowhere"}
    resources(bundle, "Task")[0]["focus"] = resources(bundle, "Task")[0]["requester"]
    resources(bundle, "ServiceRequest")[0]["subject"] = resources(bundle, "Task")[0]["requester"]
    found = problems(bundle)
    assert [problem.split()[0] for problem in found] == ["gender", "subject", "for_fhir"]
