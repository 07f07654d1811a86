"""A question of the referral is asked, shown for review, kept and exported; one that is left out is named.

Each answer is changed alone, and what should say so must change with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, HiddenField
from wtforms.csrf.core import CSRFTokenField

from blueprints.referrals import review
from blueprints.referrals.fhir.bundle import bundle
from blueprints.referrals.forms.history import TrialRow
from blueprints.referrals.forms.referral import ReferralForm
from core.forms.base import Checkboxes, Honeypot
from tests.builders import referral

Changes = dict[str, Any]
NO_TRIALS = {f"trials-{row}-{name}": None for row in (0, 1) for name in TrialRow()._fields}
# Where two different answers cannot be told from the kind of the field.
TWO_ANSWERS: dict[str, tuple[Changes, Changes]] = {
    "referrer_npi": ({}, {"referrer_npi": "1245319599"}),
    "referrer_no_npi": ({}, {"referrer_npi": None, "referrer_no_npi": "y"}),
    "referrer_phone": ({}, {"referrer_phone": "213 555 0199"}),
    "referrer_fax": ({}, {"referrer_fax": "213 555 0199"}),
    "referrer_email": ({}, {"referrer_email": "other@example.com"}),
    "patient_birth_date_month": ({}, {"patient_birth_date_month": "5"}),
    "patient_birth_date_day": ({}, {"patient_birth_date_day": "18"}),
    "patient_birth_date_year": ({}, {"patient_birth_date_year": "1962"}),
    "patient_phone": ({}, {"patient_phone": "213 555 0199"}),
    "patient_email": ({}, {"patient_email": "other@example.com"}),
    "patient_postal_code": ({}, {"patient_postal_code": "90049"}),
    "insurance_member_id": ({}, {"insurance_member_id": "AB-12"}),
    "priority": ({}, {"priority": "urgent", "priority_reason": "It cannot wait."}),
    "priority_reason": (
        {"priority": "urgent", "priority_reason": "It cannot wait."},
        {"priority": "urgent", "priority_reason": "It can hardly wait."},
    ),
    "diagnosis": ({}, {"diagnosis": "F33.1"}),
    "phq9_score": ({}, {"phq9_score": "22"}),
    "phq9_not_done": ({}, {"phq9_not_done": "y"}),
    "phq9_date": ({}, {"phq9_date": "11/19/2026"}),
    "no_trials_known": ({}, NO_TRIALS | {"no_trials_known": "y"}),
    "systolic": ({}, {"systolic": "130"}),
    "diastolic": ({}, {"diastolic": "84"}),
    "weight": ({}, {"weight": "181"}),
    "urgent_handoff": (
        {"suicide_risk": "high", "urgent_handoff": "calling_clinic_now"},
        {"suicide_risk": "high", "urgent_handoff": "emergency_care_arranged"},
    ),
    "trials-0-daily_dose_mg": ({}, {"trials-0-daily_dose_mg": "100"}),
    "trials-0-weeks": ({}, {"trials-0-weeks": "10"}),
    "trials-0-medication": ({}, {"trials-0-medication": "fluoxetine"}),
}
# Without the one answer to these there is no referral, and so nothing to keep.
NOT_KEPT = {"emergency", "patient_agrees", "attestation", "trials-0-dose_confirmed"}
# For the form alone: the list becomes rows.
FORM_ALONE = {"remember_me", "trials_list"}


@pytest.fixture(autouse=True)
def _phone(sqlite_app: Flask) -> None:
    """So that the referrer can be offered to call."""
    sqlite_app.config["CLINIC"] = replace(sqlite_app.config["CLINIC"], phone="(310) 555-0100")


def form_of(app: Flask, changes: Changes) -> ReferralForm:
    with app.test_request_context():
        form = ReferralForm(MultiDict(referral(**changes)), meta={"csrf": False})
        form.validate()
        return form


def field_of(form: ReferralForm, name: str) -> Field:
    return getattr(form.trials[0].form, name.rpartition("-")[2]) if name.startswith("trials-") else form[name]


def two_answers(app: Flask, name: str) -> tuple[ReferralForm, ReferralForm]:
    """The same referral, with this answer changed."""
    first, second = TWO_ANSWERS.get(name) or _two_of_its_kind(field_of(form_of(app, {}), name))
    forms = form_of(app, first), form_of(app, second)
    for form in forms:
        assert not form.errors, f"{name}: add two answers that differ to TWO_ANSWERS: {form.errors}"
    return forms


def _two_of_its_kind(field: Field) -> tuple[Changes, Changes]:
    if isinstance(field, BooleanField):
        return {field.name: None}, {field.name: "y"}
    if answers := getattr(field, "answers", None):
        first, second = list(answers)[:2]
        many = isinstance(field, Checkboxes)
        return {field.name: [first] if many else first}, {field.name: [second] if many else second}
    return {field.name: "Ashley"}, {field.name: "Blake"}


def in_json(form: ReferralForm) -> Any:
    return form.referral_data().as_json()


def in_fhir(form: ReferralForm) -> Any:
    return bundle(form.referral_data().as_json(), "KTC-22222222", datetime(2026, 11, 24, tzinfo=UTC))


def fields(form: ReferralForm) -> list[Field]:
    """Each that a person fills in; those of the first medication stand for all its rows."""
    rows = [field for field in form.trials[0].form]
    beside = (CSRFTokenField, HiddenField, FieldList, Honeypot)
    return [field for field in [*form, *rows] if not isinstance(field, beside)]


def test_each_field_is_asked_in_a_section(sqlite_app: Flask) -> None:
    form = form_of(sqlite_app, {})
    asked = {field.name for field in form.questions()}
    missing = [field.name for field in fields(form) if field.name not in asked]
    assert not missing, f"the form does not ask for {', '.join(missing)}: add it to SECTIONS in sections.py"


@pytest.mark.parametrize(
    ("what", "place", "of"),
    [
        ("the review", "review.py", review.groups),
        ("the JSON of a referral", "details.py, and to details() or AS_TYPED in forms.py", in_json),
        ("the FHIR export", "fhir.py or fhir_findings.py", in_fhir),
    ],
    ids=["review", "details", "fhir"],
)
def test_each_answer_is_shown_kept_and_exported(
    sqlite_app: Flask, what: str, place: str, of: Callable[[ReferralForm], Any]
) -> None:
    names = [field.name for field in fields(form_of(sqlite_app, {})) if field.name not in NOT_KEPT | FORM_ALONE]
    with sqlite_app.test_request_context():
        missing = [name for name in names if len({repr(of(form)) for form in two_answers(sqlite_app, name)}) == 1]
    assert not missing, f"{what} says nothing of {', '.join(missing)}: add it to {place}"
