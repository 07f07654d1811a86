"""Addresses, headers and answers that nobody means well: each gets a calm answer, and never a fault."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

import pytest

from core.extensions import limiter
from tests.page import Client

WORDS = (
    *("%00", "KTC-%00", "%FF", "%ED%A0%80", "%F0%9F%98%80", "..%2f..%2fapp.py", "' or 1=1--", "{{7*7}}", "a/b"),
    *("%0d%0aSet-Cookie: x", "a" * 5000, "__class__", "csrf_token", "strict", "data", "validate"),
)
ADDRESSES = (
    *("/{}", "/static/{}", "/treatments/{}", "/refer/{}", "/refer/sent/{}", "/refer/check/{}"),
    *("/subscribe/confirm/{}", "/subscribe/leave/{}", "/subscribe/check/{}", "/dev/{}"),
)
HEADERS = (
    *({"Origin": value} for value in ("null", "http://[", "http://[::1", "//", "")),
    *({"Referer": value} for value in ("http://[", "x", "")),
    *({"Sec-Fetch-Site": "x"}, {"Host": "[::1"}, {"Host": "a b"}, {"Range": "bytes=9-1"}, {"If-None-Match": '"'}),
    *({"If-Modified-Since": "x"}, {"Accept-Encoding": "gzip;q=x"}, {"Cookie": "session=x; referral_draft=\x7f"}),
)
ANSWERS = (
    *("\0", "\ud800", "\u202eabc", "\r\nBcc: x", "٣٤", "１２", "Ⅷ", "9" * 40, "-1", "1e5", "=cmd()", "é" * 300),
    *("\ufeff", "\u200b", "<script>", "[]", "a" * 5000),
)
FORMATS = (
    *("referrer_npi", "referrer_given_name", "referrer_phone", "referrer_email", "patient_postal_code"),
    *("patient_birth_date_month", "patient_birth_date_day", "patient_birth_date_year", "insurance_member_id"),
    *("trials-0-daily_dose_mg", "trials-0-weeks", "weight_kg", "systolic"),
    *("diagnosis", "phq9_score", "phq9_date", "priority_reason", "patient_agrees", "service_requested"),
)


@pytest.fixture
def stranger(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody whom no limit stops."""
    monkeypatch.setattr(limiter, "enabled", False)
    return client


@pytest.mark.database_decides
def test_no_address_is_a_fault(stranger: Client) -> None:
    for address in ADDRESSES:
        for word in WORDS:
            path = address.format(word)
            for answer in (stranger.client.get(path, buffered=True), stranger.client.post(path)):
                assert answer.status_code < 500, path


@pytest.mark.parametrize("headers", HEADERS, ids=str)
def test_no_header_is_a_fault(sqlite_client: Client, headers: dict[str, str]) -> None:
    for path in ("/", "/refer", "/subscribe", "/static/css/site.css"):
        assert sqlite_client.client.get(path, headers=headers, buffered=True).status_code < 500
        assert sqlite_client.client.post(path, data={"email": "x"}, headers=headers).status_code < 500


@pytest.mark.parametrize("typed", ANSWERS, ids=range(len(ANSWERS)))
def test_no_answer_is_a_fault(stranger: Client, typed: str) -> None:
    form = stranger.get("/refer").document
    names = {e.attributes["name"] for e in form.elements if "name" in e.attributes} - {"csrf_token", "emergency"}
    given = quote_from_bytes(typed.encode("utf-8", "surrogatepass"))
    body = f"csrf_token={form.fields()['csrf_token']}&key={given}&" + "&".join(f"{name}={given}" for name in names)
    checks = [f"/refer/check/{name}" for name in names & set(FORMATS)]
    for path in (
        "/refer",
        "/refer/assess",
        "/refer/suggest",
        "/refer/send",
        "/subscribe",
        "/subscribe/check/email",
        *checks,
    ):
        answer = stranger.client.post(path, data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code < 500, path


ACTIONS = ("remove_trial:-1", "remove_trial:99999999999", "restore_trial:0", "add_trial:", "remove_trial:٣", "\0")


@pytest.mark.parametrize("action", ACTIONS)
def test_no_action_is_a_fault(stranger: Client, action: str) -> None:
    strange = {"removed-x": "1", "removed-medication": "<script>", "removed-../a": "2", "trials-0-medication": "a"}
    # One row more than fits, and once far more: each is written out again, which takes its time.
    rows = range(150 if action == ACTIONS[0] else 13)
    form = {**stranger.token(), **strange, **{f"trials-{n}-weeks": "1" for n in rows}, "action": action}
    assert stranger.client.post("/refer", data=form).status_code < 500
    page = stranger.get("/refer")
    assert "<script>" not in page.text.split("<body")[1]
