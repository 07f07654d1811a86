"""What the referral form accepts and refuses, over the real routes, plain and with htmx."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from blueprints.referrals.forms.safety import SafetyQuestions
from blueprints.referrals.terminology.answers import SAFETY
from core.forms.base import Radio
from tests.builders import REFERRAL, referral
from tests.page import Answer, Client, Element


def refused(client: Client, **changes: Any) -> Answer:
    answer = client.post("/refer", {**client.token(), "action": "review", **referral(**changes)})
    assert answer.status == 422
    return answer


# Wrong answers to questions that other answers have taken away.
NOT_ASKED: list[dict[str, Any]] = [
    {"referrer_npi": "12", "referrer_no_npi": "y"},
    {"phq9_score": "99", "phq9_date": "99/99/9999", "phq9_item9": None, "phq9_not_done": "y"},
    {"priority": "routine", "priority_reason": "soon"},
]

NO_TRIALS: dict[str, Any] = {name: None for name in REFERRAL if name.startswith("trials-")}

WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("emergency", "Choose Yes or No", {"emergency": None}),
    ("referrer_npi", "10 digits", {"referrer_npi": "12345"}),
    ("referrer_npi", "10 digits", {"referrer_npi": "١٢٣٤٥٦٧٨٩٣"}),
    ("referrer_npi", "start with 1 or 2", {"referrer_npi": "3234567893"}),
    ("referrer_npi", "check digit", {"referrer_npi": "1234567890"}),
    ("referrer_given_name", "Enter your first name", {"referrer_given_name": "  "}),
    ("referrer_given_name", "80 characters", {"referrer_given_name": "a" * 81}),
    ("referrer_family_name", "must be letters", {"referrer_family_name": "R2-D2"}),
    ("referrer_credentials", "40 characters", {"referrer_credentials": "M" * 41}),
    ("referrer_specialty", "answers in the list", {"referrer_specialty": "astrology"}),
    ("referrer_organization", "120 characters", {"referrer_organization": "x" * 121}),
    ("referrer_phone", "10-digit US phone", {"referrer_phone": "555-0123"}),
    ("referrer_phone", "10-digit US phone", {"referrer_phone": "911-555-0123"}),
    ("referrer_phone", "phone number or your email", {"referrer_phone": "", "referrer_email": ""}),
    ("referrer_phone", "Only US numbers", {"referrer_phone": "+44 20 7946 0018"}),
    ("referrer_phone", "Only US numbers", {"referrer_phone": "0044 20 7946 0018"}),
    ("referrer_fax", "10-digit US phone", {"referrer_fax": "call me"}),
    ("referrer_email", "correct format", {"referrer_email": "a@b"}),
    ("referrer_email", "correct format", {"referrer_email": "a@b.com\nBcc: c@d.com"}),
    ("patient_given_name", "cannot be printed", {"patient_given_name": "Ze\u202ebedee"}),
    ("patient_given_name", "cannot be printed", {"patient_given_name": "Ze\x00bedee"}),
    ("patient_birth_date_month", "1 to 12", {"patient_birth_date_month": "13"}),
    ("patient_birth_date_day", "1 to 31", {"patient_birth_date_day": "0"}),
    ("patient_birth_date_day", "has no day 31", {"patient_birth_date_day": "31"}),
    ("patient_birth_date_year", "4 digits of the year. Is it 1985?", {"patient_birth_date_year": "85"}),
    ("patient_birth_date_year", "Is it 1926?", {"patient_birth_date_year": "26"}),
    ("patient_birth_date_year", "Is it 1961?", {"patient_birth_date_month": "4/17/61"}),
    ("patient_birth_date_year", "4 digits, like", {"patient_birth_date_year": "985"}),
    ("patient_birth_date_year", "18 or older", {"patient_birth_date_year": str(date.today().year - 10)}),
    ("patient_birth_date_year", "in the past", {"patient_birth_date_year": str(date.today().year + 2)}),
    ("patient_birth_date_year", "older than 120", {"patient_birth_date_year": "1880"}),
    ("patient_postal_code", "5 digits", {"patient_postal_code": "9004"}),
    ("patient_language", "answers in the list", {"patient_language": "tlh"}),
    ("insurance_member_id", "2 to 30", {"insurance_member_id": "a/b"}),
    ("patient_agrees", "patient's agreement", {"patient_agrees": "no"}),
    ("service_requested", "at least one", {"service_requested": None}),
    ("service_requested", "answers in the list", {"service_requested": ["spravato", "leeches"]}),
    ("priority_reason", "at least 10", {"priority": "urgent", "priority_reason": "soon"}),
    ("diagnosis", "as a code or in words", {"diagnosis": ""}),
    ("diagnosis", "200 characters", {"diagnosis": "x" * 201}),
    ("phq9_score", "0 to 27", {"phq9_score": "28"}),
    ("phq9_score", "0 to 27", {"phq9_score": "27/21"}),
    ("phq9_date", "future", {"phq9_date": f"12/31/{date.today().year % 100}"}),
    ("phq9_date", "real date", {"phq9_date": "02/30/2026"}),
    ("phq9_date", "future", {"phq9_date": (date.today() + timedelta(days=3)).isoformat()}),
    ("clinical_summary", "4000 characters", {"clinical_summary": "x" * 4001}),
    ("trials-0-medication", "Enter the medication", {"trials-0-medication": ""}),
    ("trials-0-daily_dose_mg", "above 0", {"trials-0-daily_dose_mg": "0"}),
    ("trials-0-daily_dose_mg", "above 0", {"trials-0-daily_dose_mg": "a lot"}),
    ("trials-0-daily_dose_mg", "usual maximum of 200 mg", {"trials-0-daily_dose_mg": "1,500"}),
    ("trials-0-weeks", "0 to 520", {"trials-0-weeks": "521"}),
    ("trials-0-weeks", "0 to 520", {"trials-0-weeks": "2.5"}),
    ("trials-0-weeks", "0 to 520", {"trials-0-weeks": "3 months"}),
    ("trials-0-daily_dose_mg", "above 0", {"trials-0-daily_dose_mg": "50 mg bid"}),
    ("trials-1-outcome", "answers in the list", {"trials-1-outcome": "cured"}),
    ("history_details", "2000 characters", {"history_details": "x" * 2001}),
    ("pregnancy", "answers in the list", {"pregnancy": "perhaps"}),
    ("systolic", "60 to 260", {"systolic": "30"}),
    ("diastolic", "diastolic pressure too", {"diastolic": ""}),
    ("diastolic", "30 to 160", {"diastolic": "29"}),
    ("systolic", "wrong way around", {"systolic": "80", "diastolic": "80"}),
    ("systolic", "wrong way around", {"systolic": "82/128", "diastolic": ""}),
    ("weight", "like 168", {"weight": "heavy"}),
    ("weight", "45 to 771 lb", {"weight": "44"}),
    ("weight", "45 to 771 lb", {"weight": "772"}),
    ("weight", "20 to 350 kg", {"weight": "19", "weight_unit": "kg"}),
    ("weight", "20 to 350 kg", {"weight": "351", "weight_unit": "kg"}),
    ("weight_unit", "lb or kg", {"weight": "168", "weight_unit": None}),
    ("weight_unit", "You typed lb after the weight, but chose kg", {"weight": "168 lb", "weight_unit": "kg"}),
    ("weight_unit", "answers in the list", {"weight_unit": "st"}),
    ("allergies", "500 characters", {"allergies": "x" * 501}),
    ("suicide_risk", "Not assessed", {"suicide_risk": None}),
    ("urgent_handoff", "arranged", {"suicide_risk": "high"}),
    ("attestation", "Tick the box", {"attestation": None}),
]


@pytest.mark.parametrize(("field", "message", "changes"), WRONG)
def test_a_wrong_answer_is_named_beside_its_field_and_in_the_summary(
    sqlite_client: Client, field: str, message: str, changes: dict[str, Any]
) -> None:
    answer = refused(sqlite_client, **changes)
    assert message in answer.error(field)
    links = {e.attributes["href"].removeprefix("#"): e.text for e in answer.document.all("a")}
    (anchor,) = [place for place in links if place.startswith(field) and answer.document.by_id(place)]
    assert links[anchor].casefold().endswith(answer.error(field).casefold()), "the summary has the same words"
    assert answer.document.all("title")[0].text.startswith("Error: ")


RIGHT: list[dict[str, Any]] = [
    {},
    {"referrer_npi": "1558-598 797"},
    {"referrer_npi": "", "referrer_no_npi": "y"},
    {"patient_given_name": "Zoë-Anne", "patient_family_name": "O’Brien"},
    {"patient_given_name": "नरेंद्र", "patient_family_name": "موسوی\u200cزاده"},
    {"patient_birth_date_month": "April", "patient_birth_date_day": "7"},
    {"patient_birth_date_month": "", "patient_birth_date_day": "1961-04-17", "patient_birth_date_year": ""},
    {"patient_birth_date_month": "apr. 17, 1961", "patient_birth_date_day": "", "patient_birth_date_year": ""},
    {"patient_postal_code": "90048"},
    {"priority": "urgent", "priority_reason": "Worse every day this week."},
    {"diagnosis": "f332"},
    {"diagnosis": "F33.2 Major depressive disorder, recurrent severe without psychotic features"},
    {"diagnosis": "generalized anxiety disorder"},
    {"phq9_score": "", "phq9_item9": None, "phq9_date": "", "phq9_not_done": "y"},
    {"suicide_risk": "none_known", "safety_plan": None},
    {"suicide_risk": "high", "urgent_handoff": "emergency_care_arranged"},
    {"priority": None},
    {"priority": "urgent", "priority_reason": ""},
    {"clinical_summary": "x" * 4000},
    {**NO_TRIALS, "no_trials_known": "y"},
    {"trials-0-medication": "a study drug", "trials-0-daily_dose_mg": "37.5 mg", "trials-0-weeks": "unknown"},
    {"trials-0-daily_dose_mg": "1500", "trials-0-dose_confirmed": "y"},
    # 4 times the usual maximum of sertraline, 200 mg, and not more.
    {"trials-0-daily_dose_mg": "800"},
    {"trials-4-medication": "", "trials-4-daily_dose_mg": "", "trials-4-outcome": ""},
    {"systolic": "", "diastolic": "", "weight": "", "weight_unit": None},
    {"pregnancy": "not_applicable", "weight": "82.5 kg", "weight_unit": None},
    {"weight": "45"},
    {"weight": "771"},
    {"weight": "20", "weight_unit": "kg"},
    {"weight": "350", "weight_unit": "kg"},
    {"referrer_npi": "NPI: 1234567893"},
    {"referrer_npi": "", "referrer_phone": ""},
    {"referrer_email": ""},
    {"referrer_email": "someone@gmial.com"},
    {"phq9_score": "21/27", "phq9_date": "11/1/26"},
    {"diagnosis": "F25.1"},
    {"diagnosis": "F31.75"},
    {"diagnosis": "major depressive"},
    {"diagnosis": "MDD recurrent severe"},
    {"trials-0-daily_dose_mg": "20mg", "trials-0-weeks": "6 weeks"},
    {"trials-0-daily_dose_mg": "20 mg/day", "trials-0-weeks": "8+"},
    {"systolic": "128/82", "diastolic": ""},
    {"patient_birth_date_month": "04171961", "patient_birth_date_day": "", "patient_birth_date_year": ""},
    {"patient_birth_date_month": "", "patient_birth_date_day": "17 April 1961", "patient_birth_date_year": ""},
    dict.fromkeys(("had_ect", "aneurysmal_disease", "psychosis", "pregnancy"), "unknown"),
    *NOT_ASKED,
]


@pytest.mark.parametrize("changes", RIGHT)
def test_a_right_answer_leads_to_the_review(sqlite_client: Client, changes: dict[str, Any]) -> None:
    answer = sqlite_client.post("/refer", {**sqlite_client.token(), "action": "review", **referral(**changes)})
    assert answer.status == 303, answer.text
    assert answer.location.startswith("/refer/review")


def test_nothing_that_was_typed_is_lost(client: Client) -> None:
    answer = refused(client, referrer_npi="1234567890", other_diagnoses='<script>alert("x")</script>')
    values = {e.attributes.get("name"): e.attributes.get("value") for e in answer.document.all("input")}
    assert values["referrer_npi"] == "1234567890"
    assert values["patient_given_name"] == "Zebedee"
    assert answer.document.by_id("other_diagnoses").text.strip() == '<script>alert("x")</script>'
    checked = {e.attributes["id"] for e in answer.document.all("input") if "checked" in e.attributes}
    assert {"emergency-1", "service_requested-0", "service_requested-3", "attestation"} <= checked
    selected = [e.attributes["value"] for e in answer.document.all("option") if "selected" in e.attributes]
    assert selected == ["psychiatry", "en", "1", "yes", "none", "unknown", "partial"]
    assert answer.document.all("input", name="strict")[0].attributes["value"] == "1"


def test_more_medications_than_fit_are_refused_and_kept(sqlite_client: Client) -> None:
    rows = {
        name.replace("-0-", f"-{row}-"): value
        for row in range(13)
        for name, value in REFERRAL.items()
        if name.startswith("trials-0-")
    }
    answer = refused(sqlite_client, **rows)
    assert "12 medications fit here" in answer.text
    assert len([e for e in answer.document.elements if "data-trial" in e.attributes]) == 12
    assert (
        "These were left out: sertraline, mg a day: 150, weeks at an adequate dose: 12, in the current episode: Yes"
        in answer.text
    )


def test_htmx_gets_the_same_form_without_the_page_around_it(htmx_client: Client) -> None:
    answer = refused(htmx_client, referrer_npi="1234567890")
    assert "<html" not in answer.text
    assert "check digit" in answer.error("referrer_npi")
    assert answer.document.by_id("referral-form").tag == "form"
    assert "autofocus" in answer.document.by_id("error-summary-title").attributes


def test_htmx_goes_to_the_review_by_header(htmx_client: Client) -> None:
    answer = htmx_client.post("/refer", {**htmx_client.token(), "action": "review", **referral()})
    assert answer.status == 204
    assert answer.response.headers["HX-Redirect"].startswith("/refer/review")


def test_enter_in_a_field_presses_the_button_that_checks(sqlite_client: Client) -> None:
    first = sqlite_client.get("/refer").document.all("button", type="submit", name="action")[0]
    assert (first.attributes["form"], first.attributes["value"]) == ("referral-form", "review")


def test_every_field_of_the_form_has_its_hooks(sqlite_client: Client) -> None:
    document = sqlite_client.get("/refer").document
    names = {e.attributes.get("name", "") for tag in ("input", "select", "textarea") for e in document.all(tag)}
    for name in names - {"email", "website", *document.fields()}:
        assert document.by_id(f"{name}-error").text == ""
        assert document.by_id(f"{name}-group")


@pytest.mark.parametrize(
    ("tag", "name", "described_by"),
    [
        ("input", "patient_family_name", "patient_family_name-error"),
        ("textarea", "current_medications", "current_medications-hint current_medications-error"),
        ("radiogroup", "suicide_risk", "suicide_risk-error"),
        ("radiogroup", "urgent_handoff", "urgent_handoff-hint urgent_handoff-error"),
        ("input", "attestation", "attestation-error"),
    ],
)
def test_a_control_is_described_by_its_hint_and_its_error(
    sqlite_client: Client, tag: str, name: str, described_by: str
) -> None:
    place = f"{name}-group" if tag == "radiogroup" else name
    element = sqlite_client.get("/refer").document.by_id(place)
    assert tag in (element.tag, element.attributes.get("role"))
    assert element.attributes.get("aria-describedby") == described_by


def test_the_blank_form_asks_every_question(sqlite_client: Client) -> None:
    form, paper = sqlite_client.get("/refer"), sqlite_client.get("/refer/print")
    questions = {e.attributes["id"].removesuffix("-group") for e in form.document.elements if is_question(e)}
    not_on_paper = {"email", "referrer_no_npi", "remember_me", "trials_list", "weight_unit"}
    rows = {name for name in questions if name.startswith("trials-")}
    boxes = {"patient_birth_date", "blood_pressure"}
    parts = {name for name in questions if any(name.startswith(f"{box}_") for box in boxes)} | {"systolic", "diastolic"}
    for name in questions - not_on_paper - rows - boxes - parts:
        assert paper.document.by_id(f"write-{name}")
    for words in ("Date of birth", "Blood pressure in mmHg", "Weight", "Medication that was tried"):
        assert words in paper.text


def is_question(element: Element) -> bool:
    return element.attributes.get("class") in ("field", "screen")


def test_each_question_of_the_safety_list_is_a_field_with_its_words(sqlite_app: Flask) -> None:
    with sqlite_app.test_request_context():
        form = SafetyQuestions(formdata=None)
    asked = {field.name: field.label.text for field in form if isinstance(field, Radio)}
    assert {name: words for name, words in asked.items() if name in SAFETY} == SAFETY
    risk = {"suicide_risk", "safety_plan", "urgent_handoff", "prior_attempts", "lethal_means"}
    assert asked.keys() - SAFETY.keys() == {*risk, "weight_unit"}
