"""The questions about earlier treatment: medication trials as rows, and what else was tried."""

from __future__ import annotations

from wtforms import BooleanField, Field, FormField, StringField, TextAreaField

from blueprints.referrals.details import Trial
from blueprints.referrals.forms import reading, validators
from blueprints.referrals.forms.identity import DIGITS, PATIENT
from blueprints.referrals.terminology import answers, medications, understood
from core.forms.base import Form, Radio, Row, Rows, Select
from core.forms.validators import AppliesWhen, MaxLength, Optional, Required, WholeNumber

MAX_TRIALS = 12
MAX_HISTORY = 2000
MAX_LIST = 4000
IN_USE = AppliesWhen(lambda row: not row.is_blank)


class TrialRow(Row):
    medication = StringField(
        "Medication",
        description="Generic or brand name.",
        validators=[IN_USE, Required("Enter the medication, or remove this line."), MaxLength(120, "Medication")],
        render_kw={**PATIENT, "list": "medication-list", "data-suggest": "medications", "spellcheck": "false"},
    )
    daily_dose_mg = StringField(
        "Highest mg a day",
        validators=[IN_USE, Optional(), validators.DailyDose()],
        render_kw={**PATIENT, "inputmode": "decimal", "class": "w-10"},
    )
    dose_confirmed = BooleanField("This dose is right", validators=[AppliesWhen(lambda row: row.has_high_dose)])
    weeks = StringField(
        "Weeks at an adequate dose",
        validators=[
            IN_USE,
            Optional(),
            WholeNumber(0, 520, "Weeks", read=reading.weeks, or_unknown=True),
        ],
        render_kw={**PATIENT, **DIGITS, "class": "w-10"},
    )
    current_episode = Radio("In this episode?", answers.YES_NO_UNKNOWN, validators=[IN_USE, Optional()])
    outcome = Select("Outcome", answers.OUTCOME, prompt="Choose an outcome", validators=[IN_USE, Optional()])

    @property
    def has_high_dose(self) -> bool:
        return validators.dose_to_confirm(self.medication.data, self.daily_dose_mg.data) is not None

    def note_of(self, field: Field) -> str | None:
        name = self.medication.data or ""
        if field is self.medication:
            return understood.medication(name)
        return (
            understood.adequate_weeks_label(name)
            if field is self.weeks and name
            else ""
            if field is self.weeks
            else None
        )

    def shown(self) -> list[Field]:
        return [field for field in self if field is not self.dose_confirmed or self.has_high_dose]

    def trial(self) -> Trial:
        """What is known so far: also of a row that is half filled in."""
        known = medications.find(self.medication.data or "")
        return Trial(
            medication=self.medication.data or "",
            generic=known.generic if known else "",
            daily_dose_mg=reading.dose(self.daily_dose_mg.data),
            adequate_weeks=reading.weeks(self.weeks.data),
            current_episode=_known(self.current_episode),
            outcome=_known(self.outcome),
        )


TRIAL_NAMES = tuple(TrialRow()._fields)


def _known(field: Radio | Select) -> str:
    return str(field.data) if field.data in field.answers else ""


def _tried(what: str) -> Radio:
    return Radio(what, answers.YES_NO_UNKNOWN, validators=[Optional()])


class HistoryQuestions(Form):
    trials = Rows(FormField(TrialRow), min_entries=1, max_entries=MAX_TRIALS)
    no_trials_known = BooleanField(
        "No medication trials are known",
        validators=[AppliesWhen(lambda form: not form.tried()), Optional()],
    )
    trials_list = TextAreaField(
        "Paste a list",
        description="One medication a line, like “sertraline 200 mg 12 weeks no response”.",
        validators=[Optional(), MaxLength(MAX_LIST, "The list")],
        render_kw={**PATIENT, "rows": 5, "spellcheck": "false"},
    )
    had_ect = _tried("Electroconvulsive therapy (ECT), ever?")
    had_tms = _tried("Transcranial magnetic stimulation (TMS), ever?")
    had_psychotherapy = _tried("Psychotherapy, ever?")
    had_ketamine = _tried("Ketamine or esketamine, ever?")
    history_details = TextAreaField(
        "More about earlier treatment",
        description=f"For example courses, dates, side effects, or more medications. Up to {MAX_HISTORY:,} characters.",
        validators=[Optional(), MaxLength(MAX_HISTORY, "More about earlier treatment")],
        render_kw={"rows": 3},
    )

    def tried(self) -> tuple[Trial, ...]:
        """The rows that are in use."""
        return tuple(entry.form.trial() for entry in self.trials if not entry.form.is_blank)
