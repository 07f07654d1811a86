"""The questions about safety: what may speak against treatment, vital signs, and the risk of suicide; then the end."""

from __future__ import annotations

from wtforms import BooleanField, StringField, TextAreaField

from blueprints.referrals.forms import validators
from blueprints.referrals.forms.identity import DIGITS, PATIENT
from blueprints.referrals.terminology import answers
from core.forms.base import Form, Radio
from core.forms.validators import AppliesWhen, MaxLength, Optional, Required, WholeNumber, empty

MMHG = {**PATIENT, **DIGITS, "class": "w-4"}


class SafetyQuestions(Form):
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


def _screen(name: str, words: str) -> Radio:
    offered = answers.PREGNANCY if name == "pregnancy" else answers.YES_NO_UNKNOWN
    return Radio(words, offered, validators=[Required("Choose Yes, No or Not known.")])


for name, words in answers.SAFETY.items():
    setattr(SafetyQuestions, name, _screen(name, words))
