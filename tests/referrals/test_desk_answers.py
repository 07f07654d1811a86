"""What was sent is shown whole to whoever reads it at the clinic."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from blueprints.referrals.desk import answers
from blueprints.referrals.details import ReferralData
from tests.referrals.charts import FULL, details, unknown

IN_WORDS = {"answered_together", "safety", "trials", "systolic", "diastolic", "weight_kg", "weight_unit"}
"""Fields that are said together with others."""


def test_each_field_has_a_place() -> None:
    placed = {field for _, _, rows in answers.SECTIONS for field, _, _ in rows}
    assert placed | IN_WORDS == {field.name for field in fields(ReferralData)}
    assert not placed & IN_WORDS


def test_what_was_typed_is_shown_as_it_was_typed() -> None:
    said = " ".join(answer.words for section in answers.sections(details()) for answer in section.answers)
    typed = [value for value in FULL.values() if isinstance(value, str) and value.startswith("canary ")]
    left = {"canary weight_unit"}
    assert [value for value in typed if value not in said and value not in left] == []
    for words in ("sertraline (Zoloft)", "150 mg", "8 weeks", "canary powder", "128/82 mmHg", "158 lb (72 kg)"):
        assert words in said
    for words in ("April 17, 1961", "(310) 555-0123 ext. 12", "Chinese (Cantonese)", "1, several days"):
        assert words in said


def test_a_value_that_no_form_offers_is_shown_as_it_is() -> None:
    said = " ".join(
        answer.words
        for section in answers.sections(details(patient_sex="canary sex", safety={"canary": "perhaps"}))
        for answer in section.answers
    )
    assert "canary sex" in said
    assert "perhaps" in said


def test_what_was_not_answered_is_named() -> None:
    sections = answers.sections(unknown())
    missing = {question for section in sections for question in section.unanswered}
    assert {"Blood pressure", "Weight", "Medications", "Phone", "Pregnant, planning a pregnancy, or breastfeeding"} <= (
        missing
    )
    assert "Why it is urgent" not in missing
    assert "Safety plan" not in missing


def test_contraindications_have_their_level() -> None:
    given = {"aneurysmal_disease": "yes", "arteriovenous_malformation": "unknown", "intracerebral_hemorrhage": "no"}
    levels = [(screen.words, screen.level) for screen in answers.contraindications(details(safety=given))]
    assert levels == [("Yes", "red"), ("Not known", "amber"), ("No", "green"), ("Not answered", "amber")]


def test_age_counts_birthdays() -> None:
    assert answers.age(details(), date(2026, 4, 16)) == 64
    assert answers.age(details(), date(2026, 4, 17)) == 65
    assert answers.age(details(patient_birth_date="?"), date(2026, 4, 17)) is None
