"""The questions about the referrer, the patient and the reason, and what is said if an answer cannot be used.

Only a question with `Required` must be answered before a referral is sent.
"""

from __future__ import annotations

from wtforms import BooleanField, EmailField, Field, StringField, TelField, TextAreaField
from wtforms.validators import StopValidation

from blueprints.referrals.forms import reading, validators
from blueprints.referrals.terminology import answers
from core.forms.base import Checkboxes, Form, Radio, Select
from core.forms.validators import (
    AppliesWhen,
    EmailAddress,
    MaxLength,
    Optional,
    Pattern,
    Required,
    USPhone,
    WholeNumber,
    empty,
)

DIGITS = {"inputmode": "numeric"}
# The browser would offer the clinician's own data, and would keep the patient's.
PATIENT = {"autocomplete": "off"}
PAYER_ANSWERS = ("Self-pay", "Not known")
PHQ9_WAS_DONE = AppliesWhen(lambda f: not f.phq9_not_done.data)


class NeededUnless:
    """One of two answers is enough."""

    def __init__(self, other: str, message: str) -> None:
        self.other, self.message = other, message

    def __call__(self, form: Form, field: Field) -> None:
        if not empty(field):
            return
        field.errors = []
        raise StopValidation(self.message if empty(form[self.other]) else "")


class Questions(Form):
    emergency = Radio(
        "Is the patient in immediate danger, or medically unstable?",
        answers.YES_NO,
        description="For example of suicide, of overdose, or of harming someone.",
        validators=[Required("Choose Yes or No. Nobody watches this form for emergencies.")],
    )

    referrer_npi = StringField(
        "Your NPI",
        description="10 digits.",
        validators=[AppliesWhen(lambda f: not f.referrer_no_npi.data), Optional(), validators.NPI()],
        render_kw={**DIGITS, "autocomplete": "off", "class": "w-10"},
    )
    referrer_no_npi = BooleanField("I do not have an NPI")
    referrer_given_name = StringField(
        "Your first name",
        validators=[
            Required("Enter your first name."),
            MaxLength(80, "First name"),
            validators.PersonName("First name"),
        ],
        render_kw={"autocomplete": "section-referrer given-name", "class": "w-20"},
    )
    referrer_family_name = StringField(
        "Your last name",
        validators=[Required("Enter your last name."), MaxLength(80, "Last name"), validators.PersonName("Last name")],
        render_kw={"autocomplete": "section-referrer family-name", "class": "w-20"},
    )
    referrer_credentials = StringField(
        "Your credentials",
        description="For example MD, PMHNP-BC or LCSW.",
        validators=[Optional(), MaxLength(40, "Credentials")],
        render_kw={"autocomplete": "section-referrer honorific-suffix", "class": "w-10"},
    )
    referrer_specialty = Select(
        "Your specialty",
        answers.SPECIALTY,
        prompt="Choose a specialty",
        validators=[Optional()],
    )
    referrer_organization = StringField(
        "Practice or organization",
        validators=[Optional(), MaxLength(120, "Practice or organization")],
        render_kw={"autocomplete": "section-referrer organization", "class": "w-full"},
    )
    referrer_phone = TelField(
        "Your phone",
        description="A phone or an email address is needed.",
        validators=[
            NeededUnless("referrer_email", "Enter your phone number or your email address."),
            MaxLength(40, "Phone"),
            USPhone(),
        ],
        render_kw={"autocomplete": "section-referrer tel", "class": "w-20"},
    )
    referrer_fax = TelField(
        "Your fax",
        validators=[Optional(), MaxLength(40, "Fax"), USPhone()],
        render_kw={"autocomplete": "section-referrer fax tel", "class": "w-20"},
    )
    referrer_email = EmailField(
        "Your email address",
        description="Mail from this site never holds patient details.",
        validators=[Optional(), MaxLength(254, "Email address"), EmailAddress()],
        render_kw={"autocomplete": "section-referrer email", "spellcheck": "false", "class": "w-full"},
    )

    remember_me = BooleanField("Remember my details on this computer")

    patient_given_name = StringField(
        "Legal first name",
        validators=[
            Required("Enter the patient's first name."),
            MaxLength(80, "First name"),
            validators.PersonName("First name"),
        ],
        render_kw={**PATIENT, "class": "w-20"},
    )
    patient_family_name = StringField(
        "Legal last name",
        validators=[
            Required("Enter the patient's last name."),
            MaxLength(80, "Last name"),
            validators.PersonName("Last name"),
        ],
        render_kw={**PATIENT, "class": "w-20"},
    )
    patient_preferred_name = StringField(
        "Name the patient goes by",
        validators=[Optional(), MaxLength(80, "Name")],
        render_kw={**PATIENT, "class": "w-20"},
    )
    patient_birth_date_month = StringField(
        "Month",
        validators=[Required("Enter the month of birth."), MaxLength(20, "Month"), validators.BirthMonth()],
        render_kw={**PATIENT, "class": "w-4"},
    )
    patient_birth_date_day = StringField(
        "Day",
        validators=[Required("Enter the day of birth."), MaxLength(20, "Day"), validators.BirthDay()],
        render_kw={**PATIENT, **DIGITS, "class": "w-2"},
    )
    patient_birth_date_year = StringField(
        "Year",
        validators=[Required("Enter the year of birth."), MaxLength(20, "Year"), validators.BirthYear()],
        render_kw={**PATIENT, **DIGITS, "class": "w-4"},
    )
    patient_sex = Radio("Sex", answers.SEX, validators=[Optional()])
    patient_phone = TelField(
        "Patient's phone",
        validators=[Required("Enter the patient's phone number."), MaxLength(40, "Phone"), USPhone()],
        render_kw={**PATIENT, "class": "w-20"},
    )
    patient_email = EmailField(
        "Patient's email address",
        validators=[Optional(), MaxLength(254, "Email address"), EmailAddress()],
        render_kw={**PATIENT, "spellcheck": "false", "class": "w-full"},
    )
    patient_postal_code = StringField(
        "ZIP code",
        validators=[
            Optional(),
            Pattern(r"[0-9]{5}(-?[0-9]{4})?", "ZIP code must be 5 digits, or 9 with a hyphen, like 90048.", str.strip),
        ],
        render_kw={**PATIENT, **DIGITS, "class": "w-10"},
    )
    patient_language = Select(
        "Language the patient prefers",
        answers.LANGUAGE,
        prompt="Choose a language",
        validators=[Optional()],
        render_kw=PATIENT,
    )
    patient_interpreter = BooleanField("Needs an interpreter")
    insurance_payer = StringField(
        "Insurance",
        description="The insurer's name, or Self-pay, or Not known.",
        validators=[Optional(), MaxLength(120, "Insurance")],
        render_kw={**PATIENT, "list": "payer-list", "class": "w-full"},
    )
    insurance_member_id = StringField(
        "Member ID",
        description="As on the card.",
        validators=[
            Optional(),
            Pattern(
                r"[A-Z0-9-]{2,30}",
                "Member ID must be 2 to 30 letters, digits or hyphens.",
                lambda text: text.upper().replace(" ", ""),
            ),
        ],
        render_kw={**PATIENT, "class": "w-20"},
    )
    patient_agrees = Radio(
        "Does the patient know about this referral, and agree to it?",
        answers.YES_NO,
        validators=[Required("Say whether the patient agrees to the referral.")],
    )

    service_requested = Checkboxes(
        "What do you ask for?",
        answers.SERVICE,
        description="Choose all that you would consider.",
        validators=[Required("Choose at least one, or let the center advise.")],
    )
    priority = Radio("Priority", answers.PRIORITY, default="routine", validators=[Optional()])
    priority_reason = TextAreaField(
        "Why is it urgent?",
        description="10 to 1,000 characters.",
        validators=[
            AppliesWhen(lambda f: f.priority.data == "urgent"),
            Optional(),
            MaxLength(1000, "The reason"),
            Pattern(r"[\s\S]{10,}", "Say a little more: at least 10 characters."),
        ],
        render_kw={"rows": 3},
    )
    diagnosis = StringField(
        "Main diagnosis",
        description="An ICD-10-CM code, like F33.2, or words.",
        validators=[Required("Enter the main diagnosis, as a code or in words."), MaxLength(200, "Main diagnosis")],
        render_kw={
            **PATIENT,
            "list": "diagnosis-list",
            "data-suggest": "diagnoses",
            "class": "w-full",
            "spellcheck": "false",
        },
    )
    other_diagnoses = TextAreaField(
        "Other diagnoses", validators=[Optional(), MaxLength(1000, "Other diagnoses")], render_kw={"rows": 2}
    )
    phq9_score = StringField(
        "PHQ-9 total",
        description="0 to 27.",
        validators=[
            PHQ9_WAS_DONE,
            Optional(),
            WholeNumber(0, 27, "PHQ-9 total", read=reading.phq9),
        ],
        render_kw={**PATIENT, **DIGITS, "class": "w-2"},
    )
    phq9_not_done = BooleanField("A PHQ-9 was not done")
    phq9_date = StringField(
        "Date of the PHQ-9",
        description="For example 11/20/2026.",
        validators=[PHQ9_WAS_DONE, Optional(), validators.PastDate("Date of the PHQ-9")],
        render_kw={**PATIENT, "class": "w-10"},
    )
    phq9_item9 = Radio(
        "Answer to PHQ-9 item 9",
        answers.PHQ9_ITEM9,
        description="Thoughts of being better off dead, or of self-harm.",
        validators=[PHQ9_WAS_DONE, Optional()],
    )
    clinical_summary = TextAreaField(
        "Clinical summary",
        description="Up to 4,000 characters. Please leave out psychotherapy notes.",
        validators=[Optional(), MaxLength(4000, "Clinical summary")],
        render_kw={"rows": 6},
    )
