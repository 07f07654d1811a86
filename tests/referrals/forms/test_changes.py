"""The form's own buttons: a pasted list becomes rows to check, and "No to all the rest" fills only what is open."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from blueprints.referrals import services
from blueprints.referrals.forms import pasted_list
from blueprints.referrals.terminology.answers import CONTRAINDICATIONS, SAFETY
from tests.builders import referral
from tests.page import Answer, Client

NO_TRIALS: dict[str, Any] = {name: None for name in referral() if name.startswith("trials-")}


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (
            "sertraline 200 mg 12 wk no response",
            {"medication": "sertraline", "daily_dose_mg": "200", "weeks": "12", "outcome": "none"},
        ),
        (
            "- Effexor XR 225mg daily x 8 weeks; partial response, this episode",
            {
                "medication": "Effexor XR",
                "daily_dose_mg": "225",
                "weeks": "8",
                "outcome": "partial",
                "current_episode": "yes",
            },
        ),
        (
            "2. bupropion\t300 mg\t6w\tstopped working\tprior episode",
            {
                "medication": "bupropion",
                "daily_dose_mg": "300",
                "weeks": "6",
                "outcome": "response_lost",
                "current_episode": "no",
            },
        ),
        ("lithium", {"medication": "lithium"}),
        ("St. John's wort 900 mg", {"medication": "St. John's wort", "daily_dose_mg": "900"}),
        # Not understood, so it stays where it is seen.
        ("mirtazapine 45 mg in 2019", {"medication": "mirtazapine in 2019", "daily_dose_mg": "45"}),
        ("sertraline 50 mg then 200 mg 12 wk", {"medication": "sertraline 50 mg then 200 mg", "weeks": "12"}),
        ("fluoxetine failed", {"medication": "fluoxetine failed"}),
        (
            "paroxetine no response, stopped for side effects",
            {"medication": "paroxetine no response stopped for side effects"},
        ),
        ("fluoxetine 3 months", {"medication": "fluoxetine 3 months"}),
    ],
)
def test_a_line_becomes_a_row_and_nothing_is_guessed(line: str, row: dict[str, str]) -> None:
    assert pasted_list.row(line) == {name: [value] for name, value in row.items()}


def press(client: Client, action: str, **changes: Any) -> Answer:
    answer = client.post("/refer", {**client.token(), **referral(**changes), "action": action})
    assert answer.status == 200
    return answer


def value(answer: Answer, name: str) -> str:
    return answer.document.by_id(name).attributes.get("value", "")


def checked(answer: Answer, name: str) -> list[str]:
    return [e.attributes["value"] for e in answer.document.all("input", name=name) if "checked" in e.attributes]


@pytest.fixture(params=["plain", "htmx"])
def clinician(request: pytest.FixtureRequest, sqlite_app: Flask) -> Client:
    return Client(sqlite_app, {"HX-Request": "true"} if request.param == "htmx" else {})


def test_a_pasted_list_becomes_lines_to_check(clinician: Client) -> None:
    answer = press(clinician, "read_list", **NO_TRIALS, trials_list="sertraline 200 mg 12 wk\n\nlithium 900 mg")
    assert [value(answer, f"trials-{row}-medication") for row in (0, 1)] == ["sertraline", "lithium"]
    assert value(answer, "trials-0-weeks") == "12"
    assert checked(answer, "trials-0-current_episode") == []
    assert answer.document.by_id("trials_list").text.strip() == ""
    assert "2 lines were read" in answer.text


def test_rows_that_were_filled_in_stay(clinician: Client) -> None:
    answer = press(clinician, "read_list", trials_list="lithium 900 mg")
    assert [value(answer, f"trials-{row}-medication") for row in range(3)] == ["sertraline", "Effexor", "lithium"]


def test_lines_that_do_not_fit_stay_in_the_box(clinician: Client) -> None:
    pasted = "-----\n" + "\n".join(f"drug {letter}" for letter in "abcdefghijklm")
    answer = press(clinician, "read_list", trials_list=pasted)
    assert value(answer, "trials-11-medication") == "drug j"
    assert answer.document.by_id("trials_list").text.split()[1::2] == ["k", "l", "m"]
    assert "3 did not fit" in answer.text


@pytest.mark.parametrize("payer", ["Self-pay", "Not known"])
def test_a_button_fills_in_the_insurance_and_keeps_the_rest(clinician: Client, payer: str) -> None:
    answer = press(clinician, f"payer:{payer}", insurance_payer="")
    assert value(answer, "insurance_payer") == payer
    assert value(answer, "trials-1-medication") == "Effexor"


def test_an_empty_list_changes_nothing(clinician: Client) -> None:
    answer = press(clinician, "read_list", trials_list=" \n ")
    assert value(answer, "trials-1-medication") == "Effexor"


def test_no_to_the_rest_fills_what_is_open_and_is_marked(sqlite_app: Flask, clinician: Client) -> None:
    open_ = dict.fromkeys(SAFETY) | {"psychosis": "yes", "mania": "no"}
    answer = press(clinician, "no_to_the_rest", **open_)
    assert checked(answer, "psychosis") == ["yes"]
    assert checked(answer, "dementia") == ["no"]
    assert [checked(answer, name) for name in CONTRAINDICATIONS] == [[]] * 4
    form = {**answer.document.fields(), **referral(**open_), **dict.fromkeys(SAFETY, "no"), "psychosis": "yes"}
    form |= {"glaucoma": "yes", "action": "review"}
    done = clinician.post("/refer", form)
    review = clinician.get(done.location or done.response.headers["HX-Redirect"])
    assert "No, answered together" in review.text
    sent = clinician.post("/refer/send", review.document.fields())
    reference = (sent.location or sent.response.headers["HX-Redirect"]).removeprefix("/refer/sent/")
    with sqlite_app.app_context():
        kept = services.open_referral(reference, sqlite_app.config["SEALING_PRIVATE_KEY"]).data
    together = set(kept["answered_together"])
    assert together == set(SAFETY) - {*CONTRAINDICATIONS, "psychosis", "mania", "glaucoma"}, "glaucoma was changed"


def test_unanswered_is_not_no(sqlite_app: Flask, sqlite_client: Client) -> None:
    least = {name: None for name in referral() if name not in LEAST}
    done = sqlite_client.post("/refer", {**sqlite_client.token(), **referral(**least), "action": "review"})
    assert done.status == 303, done.text
    review = sqlite_client.get(done.location)
    assert "Not answered: " in review.text
    sent = sqlite_client.post("/refer/send", review.document.fields())
    reference = sent.location.removeprefix("/refer/sent/")
    with sqlite_app.app_context():
        kept = services.open_referral(reference, sqlite_app.config["SEALING_PRIVATE_KEY"]).data
    assert kept["safety"] == {}
    assert kept["trials"] == ()
    assert (kept["phq9_score"], kept["weight_kg"], kept["had_ect"], kept["priority"]) == (None, None, "", "routine")


LEAST = {
    *("emergency", "referrer_given_name", "referrer_family_name", "referrer_phone"),
    *("patient_given_name", "patient_family_name", "patient_phone", "patient_agrees"),
    *("patient_birth_date_month", "patient_birth_date_day", "patient_birth_date_year"),
    *("service_requested", "diagnosis", "suicide_risk", "attestation"),
}
