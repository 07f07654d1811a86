"""The referral form: its questions, the rules between them, and the data that a valid form gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, FieldList, HiddenField
from wtforms.validators import StopValidation

from blueprints.referrals import facts
from blueprints.referrals.assessment.models import AssessmentInput, years_between
from blueprints.referrals.details import ReferralData, weight_words
from blueprints.referrals.forms import problems, reading, trial_rows
from blueprints.referrals.forms.history import HistoryQuestions, TrialRow
from blueprints.referrals.forms.identity import Questions
from blueprints.referrals.forms.problems import ProblemGroup
from blueprints.referrals.forms.safety import SafetyQuestions
from blueprints.referrals.forms.sections import SECTIONS, Section
from blueprints.referrals.terminology import understood
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY
from blueprints.referrals.terminology.diagnoses import Diagnosis, read
from core import clinic
from core.forms.base import Honeypot, Parts, row_of
from core.forms.validators import e164, empty, likely_email


class ReferralForm(Questions, HistoryQuestions, SafetyQuestions):
    check_endpoint = "referrals.check_field"
    marks_required = True
    sections = SECTIONS
    opened = HiddenField()
    """When the page was opened, signed (routes.py)."""
    draft = HiddenField()
    version = HiddenField(default="0")
    tab = HiddenField()
    seq = HiddenField(default="0")
    website = Honeypot(id="referral-website")

    def questions(self) -> list[Field]:
        """In the order of the page."""
        return [field for section in self.sections for field in self.questions_of(section)]

    def questions_of(self, section: Section) -> list[Field]:
        return [field for question in section.questions for field in self._asked(question)]

    def contraindications(self) -> list[Field]:
        """Answered one by one."""
        return [self[name] for name in CONTRAINDICATIONS]

    def other_screens(self) -> list[Field]:
        """The safety questions that one button can answer No together."""
        return [self[name] for name in SAFETY if name not in CONTRAINDICATIONS]

    def _asked(self, question: str | Parts) -> list[Field]:
        if isinstance(question, Parts):
            return [self[name] for name in question.names]
        field = self[question]
        return [part for entry in field for part in entry.form] if isinstance(field, FieldList) else [field]

    def typed(self) -> dict[str, list[str]]:
        """Also which rows are there, blank ones included, and how the form was filled in."""
        beside = {
            "opened": self.opened.data,
            "website": "filled" if self.website.is_filled else "",
            "answered_together": ",".join(self.together()),
        }
        kept = {name: [value] for name, value in beside.items() if value}
        return {**{entry.form.medication.name: [""] for entry in self.trials}, **super().typed(), **kept}

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Fill each part of what was typed whole in one box: a date, a blood pressure, a weight with its unit."""
        super().process(*args, **kwargs)
        if self.trials.left_out:
            self.form_errors = [trial_rows.left_out_words(self.trials.left_out)]
        date_boxes = (self.patient_birth_date_month, self.patient_birth_date_day, self.patient_birth_date_year)
        _spread(date_boxes, reading.split_date)
        _spread((self.systolic, self.diastolic), reading.pressure)
        weight = reading.weight(self.weight.data)
        if weight and weight[1] and empty(self.weight_unit):
            _fill(self.weight, f"{weight[0]:g}")
            _fill(self.weight_unit, weight[1])
        if clinic.current().phone is None:
            _remove_choice(self.urgent_handoff, "calling_clinic_now")

    def validate(self, extra_validators: Any = None) -> bool:
        return bool(super().validate(extra_validators) and not self.trials.left_out)

    def has_answers(self) -> bool:
        """Whether something was typed or chosen that the empty form does not have."""
        given = [field for field in self.questions() if not empty(field) and field.data != field.default]
        return any(field is not self.remember_me for field in given)

    def together(self) -> list[str]:
        """The questions answered with "No to all the rest" that still say No."""
        names = (self.answered_together.data or "").split(",")
        return [name for name in SAFETY if name in names and self[name].data == "no"]

    def note_of(self, field: Field) -> str | None:
        if isinstance(row := row_of(field), TrialRow):
            return row.note_of(field)
        if field is self.diagnosis:
            return understood.diagnosis(field.data or "")
        if field is self.weight:
            kg = self.kilograms()
            return "" if kg is None else f"= {weight_words(kg, self.weight_unit.data)}"
        if field in (self.referrer_email, self.patient_email):
            likely = likely_email(field.data or "")
            return f"Did you mean {likely}? If not, leave it as it is." if likely else ""
        return None

    def noted_with(self, field: Field) -> list[Field]:
        row = row_of(field)
        if isinstance(row, TrialRow) and field is row.medication:
            return [row.medication, row.weeks]
        if field is self.weight_unit:
            return [self.weight]
        return super().noted_with(field)

    def problem_groups(self) -> list[ProblemGroup]:
        """The errors, for the summary."""
        return problems.grouped(self.sections, self.questions_of)

    def validate_patient_agrees(self, field: Field) -> None:
        if field.data == "no":
            raise StopValidation("Talk with the patient first. A referral needs the patient's agreement.")

    def group_of(self, field: Field) -> str:
        """A day that does not exist may be corrected in the month's box."""
        whole = (q.id for s in self.sections for q in s.questions if isinstance(q, Parts) and field.name in q.names)
        return f"{next(whole, field.id)}-group"

    @property
    def is_emergency(self) -> bool:
        return bool(self.emergency.data == "yes")

    def birth_date(self) -> date | None:
        parts = (self.patient_birth_date_month, self.patient_birth_date_day, self.patient_birth_date_year)
        return reading.to_date(*(part.data or "" for part in parts))

    def diagnosis_read(self) -> Diagnosis | None:
        """None if the words match no code: they are kept as typed."""
        return read(self.diagnosis.data or "")

    def assessment_input(self) -> AssessmentInput:
        """What is known so far. An answer that cannot be used, or is not asked, is not known."""
        found, born = self.diagnosis_read(), self.birth_date()
        phq9_done = not self.phq9_not_done.data
        as_typed = (*HAD, "suicide_risk", "safety_plan", "prior_attempts", "lethal_means", "current_medications")
        return AssessmentInput(
            today=clinic.today(),
            trials=self.tried(),
            no_trials_known=bool(self.no_trials_known.data and not self.tried()),
            diagnosis_code=found.code if found else "",
            age=years_between(born, clinic.today()) if born else None,
            services=tuple(self.service_requested.data or ()),
            phq9_score=reading.phq9(self.phq9_score.data) if phq9_done else None,
            phq9_date=reading.recent_date(self.phq9_date.data or "") if phq9_done else None,
            phq9_item9=_number(self.phq9_item9) if phq9_done else None,
            safety=self._safety(),
            systolic=_number(self.systolic),
            diastolic=_number(self.diastolic),
            **facts.current().hold_levels(),
            **_as_typed(self, as_typed),
        )

    def referral_data(self) -> ReferralData:
        """The answers of a valid form, in standard shapes. Answers to questions that no longer apply are dropped."""
        has_risk = self.suicide_risk.data != "none_known"
        return ReferralData(
            **_as_typed(self, AS_TYPED),
            **self._diagnosis(),
            **self._phq9(),
            referrer_npi="" if self.referrer_no_npi.data else reading.npi(self.referrer_npi.data or ""),
            referrer_phone=e164(self.referrer_phone.data or ""),
            referrer_fax=e164(self.referrer_fax.data or ""),
            patient_birth_date=_iso(self.birth_date()),
            patient_phone=e164(self.patient_phone.data),
            insurance_member_id=(self.insurance_member_id.data or "").upper().replace(" ", ""),
            service_requested=tuple(self.service_requested.data),
            priority="urgent" if self.suicide_risk.data == "high" else self.priority.data,
            priority_reason=self.priority_reason.data or "" if self.priority.data == "urgent" else "",
            trials=self.tried(),
            no_trials_known=bool(self.no_trials_known.data and not self.tried()),
            safety=self._safety(),
            answered_together=tuple(self.together()),
            systolic=_number(self.systolic),
            diastolic=_number(self.diastolic),
            weight_kg=self.kilograms(),
            weight_unit=self.weight_unit.data or "" if self.kilograms() else "",
            safety_plan=self.safety_plan.data or "" if has_risk else "",
            urgent_handoff=self.urgent_handoff.data or "" if self.suicide_risk.data == "high" else "",
        )

    def _safety(self) -> dict[str, str]:
        """The safety questions that were answered."""
        return {name: str(self[name].data) for name in SAFETY if self[name].data}

    def _diagnosis(self) -> dict[str, Any]:
        found = self.diagnosis_read()
        return {
            "diagnosis_code": found.code if found else "",
            "diagnosis_title": found.title if found else self.diagnosis.data,
        }

    def _phq9(self) -> dict[str, Any]:
        done = not self.phq9_not_done.data
        return {
            "phq9_score": reading.phq9(self.phq9_score.data) if done else None,
            "phq9_date": _iso(reading.recent_date(self.phq9_date.data or "")) if done else "",
            "phq9_item9": _number(self.phq9_item9) if done else None,
        }


HAD = ("had_ect", "had_tms", "had_psychotherapy", "had_ketamine")
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
    *HAD,
    "history_details",
    "current_medications",
    "allergies",
    "suicide_risk",
    "prior_attempts",
    "lethal_means",
    "submitted_by",
)


def _as_typed(form: ReferralForm, names: Sequence[str]) -> dict[str, Any]:
    return {name: "" if form[name].data is None else form[name].data for name in names}


def _spread(boxes: Sequence[Field], split: Callable[[str], Sequence[str] | None]) -> None:
    """Fill all boxes from the first that holds the whole."""
    whole = next((found for box in boxes if (found := split(box.data or ""))), None)
    for box, value in zip(boxes, whole or (), strict=False):
        _fill(box, value)


def _fill(field: Field, value: str) -> None:
    field.data, field.raw_data = value, [value]


def _remove_choice(field: Any, value: str) -> None:
    field.answers = {name: words for name, words in field.answers.items() if name != value}
    field.choices = [choice for choice in field.choices if choice.value != value]


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _number(field: Field) -> int | None:
    found = reading.number(field.data)
    return None if found is None else int(found)


class SendForm(FlaskForm):
    """The button on the review page. `key` makes a second press give the same reference. `seen` says which answers were
    reviewed, because another tab may have changed the draft since."""

    key = HiddenField()
    seen = HiddenField()
    draft = HiddenField()
