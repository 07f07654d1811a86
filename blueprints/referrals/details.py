"""The content of a valid referral: plain values that pass from the form to the service.

When a field is added, removed or changed, raise VERSION and add a sealed sample of the new version with
`python -m tests.referrals.samples`. Referrals of every earlier version must stay readable forever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

VERSION = 3
KG_IN_A_POUND = 0.45359237


@dataclass(frozen=True)
class Trial:
    """One medication that was tried. None and "" mean that it is not known."""

    medication: str
    """As typed."""
    generic: str = ""
    """Generic name in terminology/medications.csv, or "" if it is not listed."""
    daily_dose_mg: float | None = None
    weeks: int | None = None
    """Weeks at the highest dose. Asked up to version 2; always None since."""
    current_episode: str = "unknown"
    """yes | no | unknown | "" (not answered)."""
    outcome: str = "unknown"
    """none | partial | response_lost | intolerant | unknown | "" (not answered)."""
    adequate_weeks: int | None = None
    """Weeks at or above the medication's smallest adequate dose (minimum_mg in terminology/medications.csv)."""


@dataclass(frozen=True)
class ReferralData:
    """Dates are ISO 8601, phones E.164 (RFC 3966 extension), languages BCP 47, diagnoses ICD-10-CM.

    "", None and () mean that the question was not answered. It was not answered "no".
    """

    referrer_npi: str
    referrer_given_name: str
    referrer_family_name: str
    referrer_credentials: str
    referrer_specialty: str
    referrer_organization: str
    referrer_phone: str
    referrer_fax: str
    referrer_email: str
    patient_given_name: str
    patient_family_name: str
    patient_preferred_name: str
    patient_birth_date: str
    patient_sex: str
    patient_phone: str
    patient_email: str
    patient_postal_code: str
    patient_language: str
    patient_interpreter: bool
    insurance_payer: str
    insurance_member_id: str
    service_requested: tuple[str, ...]
    priority: str
    priority_reason: str
    diagnosis_code: str
    """Well-formed ICD-10-CM, or "" if the words match no code."""
    diagnosis_title: str
    """Title in terminology/icd10cm.csv; "" for a code that is not in it; without a code, the words as typed."""
    other_diagnoses: str
    phq9_score: int | None
    phq9_date: str
    phq9_item9: int | None
    clinical_summary: str
    trials: tuple[Trial, ...]
    no_trials_known: bool
    had_ect: str
    had_tms: str
    had_psychotherapy: str
    had_ketamine: str
    history_details: str
    safety: dict[str, str]
    """yes | no | unknown (| not_applicable for pregnancy) for each question of SAFETY in terminology/answers.py.
    Questions that were not answered are "" or missing."""
    systolic: int | None
    """mmHg, like diastolic."""
    diastolic: int | None
    weight_kg: float | None
    """With two decimals, so that pounds can be recovered."""
    current_medications: str
    allergies: str
    suicide_risk: str
    safety_plan: str
    urgent_handoff: str
    submitted_by: str
    answered_together: tuple[str, ...] = ()
    """Names of the safety questions that were answered with the one button "No to all the rest"."""
    weight_unit: str = ""
    """lb | kg: how the weight was typed. Up to version 2 it was not asked, and a number without one was taken as kg."""
    prior_attempts: str = ""
    """Suicide attempt, ever: yes | no | unknown | ""."""
    lethal_means: str = ""
    """Access to firearms or stored medication: yes | no | unknown | ""."""

    def as_json(self) -> dict[str, Any]:
        """The JSON that is sealed. `version` tells later code how to read it."""
        return {"version": VERSION, **asdict(self)}


def weight_words(kg: float | None, unit: str) -> str:
    """168 lb (76 kg), or 76 kg (168 lb): first as it was typed. "" if there is none."""
    if kg is None:
        return ""
    words = {"lb": f"{kg / KG_IN_A_POUND:.0f} lb", "kg": f"{kg:.0f} kg"}
    first = unit if unit in words else "kg"
    other = "kg" if first == "lb" else "lb"
    return f"{words[first]} ({words[other]})"


def read(data: Mapping[str, Any]) -> ReferralData:
    """Read JSON of any version. Fields that it lacks are blank; fields that only a later version has are dropped.

    Raises ValueError, naming the field, if a value has the wrong type. This check is needed because anyone with a
    public key can seal anything.
    """
    version_of(data)
    return ReferralData(**{f.name: _value(f.type, f.name, data) for f in fields(ReferralData)})


def version_of(data: Mapping[str, Any]) -> int:
    """The version number. Raises ValueError unless it is an integer of at least 1."""
    version = data.get("version")
    if type(version) is not int or version < 1:
        raise ValueError("its version is not a number")
    return version


def _value(kind: Any, name: str, data: Mapping[str, Any]) -> Any:
    blank, reader = KINDS[kind]
    try:
        return reader(data[name]) if name in data else blank
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not what a form would send") from None


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def reader(value: Any) -> Any:
        if type(value) not in kinds or (isinstance(value, float) and not math.isfinite(value)):
            raise TypeError
        return value

    return reader


def _text(value: Any) -> str:
    _exactly(str)(value).encode()  # A lone surrogate could be sealed in JSON but not written out as UTF-8.
    return str(value)


def _all(reader: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    listed = _exactly(list, tuple)
    return lambda value: tuple(map(reader, listed(value)))


def _words(value: Any) -> dict[str, str]:
    return {_text(name): _text(answer) for name, answer in _exactly(dict)(value).items()}


def _trial(value: Any) -> Trial:
    known = {"medication": "", **_exactly(dict)(value)}
    return Trial(**{f.name: _value(f.type, f.name, known) for f in fields(Trial) if f.name in known})


# For each field annotation: the value of a missing field, and the function that reads a value.
KINDS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "str": ("", _text),
    "bool": (False, _exactly(bool)),
    "int | None": (None, _exactly(int, type(None))),
    "float | None": (None, _exactly(float, int, type(None))),
    "tuple[str, ...]": ((), _all(_text)),
    "tuple[Trial, ...]": ((), _all(_trial)),
    "dict[str, str]": ({}, _words),
}
