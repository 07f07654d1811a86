"""The questions about safety: contraindications, vital signs and suicide risk; then the attestation."""

from __future__ import annotations

from collections.abc import Mapping

from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from blueprints.referrals.forms import reading, validators
from blueprints.referrals.forms.identity import DIGITS, PATIENT
from blueprints.referrals.terminology import answers
from core.forms.base import Form, Radio
from core.forms.validators import AppliesWhen, MaxLength, Optional, Required, WholeNumber, empty

MMHG = {**PATIENT, **DIGITS, "class": "w-4"}


AT_RISK = AppliesWhen(lambda form: form.suicide_risk.data not in (None, "", "none_known"))


def _screen(name: str, offered: Mapping[str, str] = answers.YES_NO_UNKNOWN) -> Radio:
    return Radio(answers.SAFETY[name], offered, validators=[Optional()])


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
    intracranial_pressure = _screen("intracranial_pressure")
    glaucoma = _screen("glaucoma")
    seizures = _screen("seizures")
    severe_lung_disease = _screen("severe_lung_disease")
    thyroid_disease = _screen("thyroid_disease")
    dementia = _screen("dementia")
    answered_together = HiddenField()
    """Names of the questions answered with "No to all the rest", separated by commas."""

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
            validators.BelowSystolic(),
        ],
        render_kw=MMHG,
    )
    weight = StringField(
        "Weight",
        description="Choose pounds or kilograms beside it.",
        validators=[Optional(), validators.Weight()],
        render_kw={**PATIENT, "inputmode": "decimal", "class": "w-4"},
    )
    weight_unit = Radio(
        "Unit of weight",
        answers.WEIGHT_UNIT,
        validators=[
            AppliesWhen(lambda form: not empty(form.weight)),
            Required("Choose lb or kg for the weight."),
            validators.UnitAsTyped(),
        ],
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
        validators=[AT_RISK, Optional()],
    )
    prior_attempts = Radio("Suicide attempt, ever?", answers.YES_NO_UNKNOWN, validators=[AT_RISK, Optional()])
    lethal_means = Radio(
        "Access to firearms or stored medication?", answers.YES_NO_UNKNOWN, validators=[AT_RISK, Optional()]
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

    def kilograms(self) -> float | None:
        """The weight, if it can be read and its unit is known."""
        found, unit = reading.weight(self.weight.data), self.weight_unit.data
        if found is None or unit not in answers.WEIGHT_UNIT or found[1] not in ("", unit):
            return None
        return reading.kilograms(found[0], unit)
