"""The referral form: the questions, the rules between them, and the details that a valid form gives."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, FieldList, HiddenField
from wtforms.validators import StopValidation

from blueprints.referrals.assessment.models import AssessmentInput, years_between
from blueprints.referrals.details import ReferralData
from blueprints.referrals.forms import validators
from blueprints.referrals.forms.history import MAX_HISTORY, MAX_TRIALS, HistoryQuestions
from blueprints.referrals.forms.identity import Questions
from blueprints.referrals.forms.safety import SafetyQuestions
from blueprints.referrals.forms.sections import SECTIONS
from blueprints.referrals.terminology.answers import OUTCOME, SAFETY, YES_NO_UNKNOWN
from blueprints.referrals.terminology.diagnoses import matching
from core import clinic
from core.forms.base import Honeypot, Parts
from core.forms.validators import e164, empty


class ReferralForm(Questions, HistoryQuestions, SafetyQuestions):
    check_endpoint = "referrals.check_field"
    sections = SECTIONS
    opened = HiddenField()
    """When the page was opened, signed (routes.py)."""
    website = Honeypot(id="referral-website")

    def questions(self) -> list[Field]:
        """In the order of the page."""
        return [field for section in self.sections for question in section.questions for field in self._asked(question)]

    def _asked(self, question: str | Parts) -> list[Field]:
        if isinstance(question, Parts):
            return [self[name] for name in question.names]
        field = self[question]
        return [part for entry in field for part in entry.form] if isinstance(field, FieldList) else [field]

    def typed(self) -> dict[str, list[str]]:
        """A row that is still blank stays on the page. What tells how the form was filled in is kept with it."""
        beside = {"opened": self.opened.data, "website": "filled" if self.website.is_filled else ""}
        kept = {name: [value] for name, value in beside.items() if value}
        return {**{entry.form.medication.name: [""] for entry in self.trials}, **super().typed(), **kept}

    def process(self, *args: Any, **kwargs: Any) -> None:
        """A whole date that was pasted in one box of three fills all three. Rows that do not fit are named."""
        super().process(*args, **kwargs)
        if self.trials.left_out:
            self.form_errors = [_left_out(self.trials.left_out)]
        parts = [self.patient_birth_date_month, self.patient_birth_date_day, self.patient_birth_date_year]
        whole = next((found for part in parts if (found := validators.split_date(part.data or ""))), None)
        for part, value in zip(parts, whole or (), strict=False):
            part.data, part.raw_data = value, [value]

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators) and not self.trials.left_out)

    def has_answers(self) -> bool:
        """Something was typed or chosen that the empty form does not have."""
        return any(not empty(field) and field.data != field.default for field in self.questions())

    def validate_patient_agrees(self, field: Field) -> None:
        if field.data == "no":
            raise StopValidation("Talk with the patient first. A referral needs the patient's agreement.")

    def group_of(self, field: Field) -> str:
        """A day that does not exist is mended in the month's box as well."""
        whole = (q.id for s in self.sections for q in s.questions if isinstance(q, Parts) and field.name in q.names)
        return f"{next(whole, field.id)}-group"

    @property
    def is_emergency(self) -> bool:
        return bool(self.emergency.data == "yes")

    def birth_date(self) -> date | None:
        parts = (self.patient_birth_date_month, self.patient_birth_date_day, self.patient_birth_date_year)
        return validators.to_date(*(part.data or "" for part in parts))

    def assessment_input(self) -> AssessmentInput:
        """What is known so far, for the assessment. An answer that will not do, or is not asked, is not known."""
        found, born = matching(self.diagnosis.data or ""), self.birth_date()
        phq9_done = not self.phq9_not_done.data
        return AssessmentInput(
            today=clinic.today(),
            trials=self.tried(),
            no_trials_known=bool(self.no_trials_known.data and not self.tried()),
            diagnosis_code=found[0].code if len(found) == 1 else "",
            age=years_between(born, clinic.today()) if born else None,
            services=tuple(self.service_requested.data or ()),
            phq9_score=_number(self.phq9_score) if phq9_done else None,
            phq9_date=validators.read_date(self.phq9_date.data or "") if phq9_done else None,
            phq9_item9=_number(self.phq9_item9) if phq9_done else None,
            suicide_risk=self.suicide_risk.data or "",
            safety_plan=self.safety_plan.data or "",
            safety={name: self[name].data or "" for name in SAFETY},
            systolic=_number(self.systolic),
            diastolic=_number(self.diastolic),
            current_medications=self.current_medications.data or "",
        )

    def referral_data(self) -> ReferralData:
        """The answers of a valid form, in standard shapes. Answers to questions that no longer apply are dropped."""
        (diagnosis,) = matching(self.diagnosis.data)
        return ReferralData(
            **self._as_typed(),
            **self._as_said_of_phq9(),
            referrer_npi="" if self.referrer_no_npi.data else validators.tidy_npi(self.referrer_npi.data),
            referrer_phone=e164(self.referrer_phone.data),
            referrer_fax=e164(self.referrer_fax.data or ""),
            patient_birth_date=_iso(self.birth_date()),
            patient_phone=e164(self.patient_phone.data),
            insurance_member_id=(self.insurance_member_id.data or "").upper().replace(" ", ""),
            service_requested=tuple(self.service_requested.data),
            priority="urgent" if self.suicide_risk.data == "high" else self.priority.data,
            priority_reason=self.priority_reason.data if self.priority.data == "urgent" else "",
            diagnosis_code=diagnosis.code,
            diagnosis_title=diagnosis.title,
            trials=self.tried(),
            no_trials_known=bool(self.no_trials_known.data and not self.tried()),
            safety={name: self[name].data for name in SAFETY},
            systolic=_number(self.systolic),
            diastolic=_number(self.diastolic),
            weight_kg=validators.kilograms(self.weight_kg.data),
            safety_plan="" if self.suicide_risk.data == "none_known" else self.safety_plan.data or "",
            urgent_handoff=self.urgent_handoff.data or "" if self.suicide_risk.data == "high" else "",
        )

    def _as_typed(self) -> dict[str, Any]:
        return {name: self[name].data if self[name].data is not None else "" for name in AS_TYPED}

    def _as_said_of_phq9(self) -> dict[str, Any]:
        if self.phq9_not_done.data:
            return {"phq9_score": None, "phq9_date": "", "phq9_item9": None}
        return {
            "phq9_score": int(self.phq9_score.data),
            "phq9_date": _iso(validators.read_date(self.phq9_date.data or "")),
            "phq9_item9": int(self.phq9_item9.data),
        }


TRIAL_WORDS = {
    "medication": "{}",
    "daily_dose_mg": "mg a day: {}",
    "weeks": "weeks: {}",
    "current_episode": "in the current episode: {}",
    "outcome": "outcome: {}",
}
AS_TYPED = (
    "referrer_given_name",
    "referrer_family_name",
    "referrer_credentials",
    "referrer_specialty",
    "referrer_organization",
    "referrer_email",
    "patient_given_name",
    "patient_family_name",
    "patient_preferred_name",
    "patient_sex",
    "patient_email",
    "patient_postal_code",
    "patient_language",
    "patient_interpreter",
    "insurance_payer",
    "other_diagnoses",
    "clinical_summary",
    "had_ect",
    "had_tms",
    "had_psychotherapy",
    "had_ketamine",
    "history_details",
    "current_medications",
    "allergies",
    "suicide_risk",
    "submitted_by",
)


def _left_out(rows: list[dict[str, str]]) -> str:
    """What was typed in rows beyond the last one that fits, to be copied; if it is too long for that, how many."""
    typed = "; ".join(map(_in_words, rows))
    what = f"These were left out: {typed}." if len(typed) <= MAX_HISTORY else f"{len(rows)} more were left out."
    return f"{MAX_TRIALS} medications fit here. Write about others under “More about earlier treatment”. {what}"


def _in_words(row: dict[str, str]) -> str:
    said = {name: YES_NO_UNKNOWN.get(value, OUTCOME.get(value, value)) for name, value in row.items()}
    return ", ".join(words.format(said[name]) for name, words in TRIAL_WORDS.items() if said[name].strip())


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _number(field: Field) -> int | None:
    found = validators.number(field.data)
    return None if found is None else int(found)


class SendForm(FlaskForm):
    """The button on the review page. `key` makes a second press give the same reference; `seen` tells which
    answers were read, because another tab of the same browser may have changed the draft since."""

    key = HiddenField()
    seen = HiddenField()
