"""The questions about safety: what may speak against treatment, vital signs, and the risk of suicide; then the end."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import BooleanField, StringField, TextAreaField

from blueprints.referrals.forms import validators
from blueprints.referrals.forms.identity import DIGITS, PATIENT
from blueprints.referrals.terminology import answers
from core.forms.base import Form, Radio
from core.forms.validators import AppliesWhen, MaxLength, Optional, Required, WholeNumber, empty

MMHG = {**PATIENT, **DIGITS, "class": "w-4"}


def _screen(name: str, offered: Mapping[str, str] = answers.YES_NO_UNKNOWN) -> Radio:
    return Radio(answers.SAFETY[name], offered, validators=[Required("Choose Yes, No or Not known.")])


class SafetyQuestions(Form):
    aneurysmal_disease = _screen("aneurysmal_disease")
    arteriovenous_malformation = _screen("arteriovenous_malformation")
    intracerebral_hemorrhage = _screen("intracerebral_hemorrhage")
    ketamine_hypersensitivity = _screen("ketamine_hypersensitivity")
    uncontrolled_hypertension = _screen("uncontrolled_hypertension")
    recent_cardiovascular_event = _screen("recent_cardiovascular_event")
    psychosis = _screen("psychosis")
    mania = _screen("mania")
    pregnancy = _screen("pregnancy", answers.PREGNANCY)
    substance_use_disorder = _screen("substance_use_disorder")
    severe_liver_disease = _screen("severe_liver_disease")
    bladder_disease = _screen("bladder_disease")
    sleep_apnea = _screen("sleep_apnea")

    systolic = StringField(
        "Systolic",
        validators=[Optional(), WholeNumber(60, 260, "Systolic pressure"), validators.AboveDiastolic()],
        render_kw=MMHG,
    )
    diastolic = StringField(
        "Diastolic",
        validators=[
            AppliesWhen(lambda form: not empty(form.systolic) or not empty(form.diastolic)),
            Required("Enter the diastolic pressure too."),
            WholeNumber(30, 160, "Diastolic pressure"),
        ],
        render_kw=MMHG,
    )
    weight_kg = StringField(
        "Weight",
        description="In kg, or in pounds like 180 lb.",
        validators=[Optional(), validators.Weight()],
        render_kw={**PATIENT, "class": "w-10"},
    )
    current_medications = TextAreaField(
        "Current medications, with doses",
        description="All of them, not only for depression. Up to 2,000 characters.",
        validators=[Optional(), MaxLength(2000, "Current medications")],
        render_kw={"rows": 3},
    )
    allergies = TextAreaField("Allergies", validators=[Optional(), MaxLength(500, "Allergies")], render_kw={"rows": 2})

    suicide_risk = Radio(
        "Suicide risk, as you assess it now",
        answers.SUICIDE_RISK,
        validators=[Required("Choose the risk, or Not assessed.")],
    )
    safety_plan = Radio(
        "Is there a safety plan?",
        answers.YES_NO_UNKNOWN,
        validators=[
            AppliesWhen(lambda f: f.suicide_risk.data not in (None, "", "none_known")),
            Required("Say whether there is a safety plan."),
        ],
    )
    urgent_handoff = Radio(
        "The risk is high. What have you arranged?",
        answers.URGENT_HANDOFF,
        description="This form is not read around the clock. Your answer makes the referral urgent.",
        validators=[
            AppliesWhen(lambda f: f.suicide_risk.data == "high"),
            Required("Choose what you have arranged for today."),
        ],
    )

    submitted_by = StringField(
        "Name of the person filling this in, if not the clinician",
        validators=[Optional(), MaxLength(120, "Name")],
        render_kw={"autocomplete": "off", "class": "w-20"},
    )
    attestation = BooleanField(
        "I send this for the patient's treatment, and it is accurate as far as I know",
        validators=[Required("Tick the box to confirm before you send.")],
    )
