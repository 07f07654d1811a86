"""What can be done on the page of a referral, over its real addresses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from blueprints.referrals.lifecycle.states import TRANSITIONS
from blueprints.staff import roles
from blueprints.staff.work import forms
from core import clock
from tests.page import Document
from tests.staff import referring
from tests.staff.conftest import SignedIn
from tests.staff.working import HIGH, HTMX, LIST, buttons, do, now, write


@pytest.mark.parametrize("role", list(roles.PERMISSIONS))
def test_the_buttons_are_those_that_the_service_accepts(sqlite_app: Flask, signed_in: SignedIn, role: str) -> None:
    """Each button that is shown works, and each action of the table that this role may not do is refused."""
    reference = referring.send(sqlite_app)
    client = signed_in(role)
    do(client, reference, "claim")
    shown = buttons(client.get(f"{LIST}/{reference}"))
    allowed = roles.allowed([role])
    expected = {row.action for row in TRANSITIONS if row.source == "reviewing" and row.permission in allowed}
    assert shown == expected - {"take"}, "whoever has it does not take it over"
    for action in {row.action for row in TRANSITIONS if row.source == "reviewing"} - expected:
        given = {"words": "canary words", "reason": "capacity", "priority": "urgent", "to_id": "1"}
        answer = do(client, reference, action, **given)
        assert answer.status == 409, action
        assert "Your role does not allow this." in answer.text
        assert "canary words" in answer.text
    assert referring.column(sqlite_app, reference, "status") == "reviewing"


def test_what_another_role_can_do_is_said(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("coordinator")
    do(client, reference, "claim")
    assert "A clinician can accept or decline." in client.get(f"{LIST}/{reference}").document.text_of("next")


def test_high_risk_waits_for_the_live_contact(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app, **HIGH)
    client = signed_in("clinician", "manager")
    page = client.get(f"{LIST}/{reference}")
    assert "claim" not in buttons(page)
    assert "Log the live contact first" in page.document.text_of("next")
    assert "open" in page.document.by_id("do-call").attributes
    refused = do(client, reference, "claim")
    assert refused.status == 409
    assert "Speak with the referrer or the patient first" in refused.text
    answer = write(client, reference, "call", **{**referring.CALL, "spoke_at": now(sqlite_app)})
    assert answer.status == 303
    page = client.get(answer.location)
    assert "claim" in buttons(page)
    assert "The patient is safe today." in page.document.text_of("timeline")
    assert do(client, reference, "claim").status == 303


def test_a_call_that_lacks_something_comes_back_filled(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app, **HIGH)
    client = signed_in("coordinator")
    refused = write(client, reference, "call", words="canary words", spoke_with="canary name")
    assert refused.status == 422
    assert refused.document.text_of("call-reached-error") == "Error: Say whether somebody answered."
    assert refused.document.by_id("call-words").text.strip() == "canary words"
    assert refused.document.by_id("call-spoke_with").attributes["value"] == "canary name"
    assert refused.document.all("title")[0].text.startswith(("Error: ", "(1) Error: "))
    later = f"{clock.now() + timedelta(days=3):%Y-%m-%dT%H:%M}"
    refused = write(client, reference, "call", **{**referring.CALL, "spoke_at": later})
    assert refused.status == 422
    assert "must not be in the future" in refused.document.text_of("call-spoke_at-error")
    assert refused.document.by_id("call-spoke_at").attributes["value"] == later


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_declining_shows_the_letter_first(sqlite_app: Flask, signed_in: SignedIn, headers: dict[str, str]) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician", headers=headers)
    do(client, reference, "claim")
    given = {"reason": "not_resistant", "words": "canary words for you"}
    preview = do(client, reference, "decline", then="preview", **given)
    assert preview.status == 200
    letter = preview.document.text_of("letter")
    assert "not show enough antidepressant trials" in letter
    assert "canary words for you" in letter
    assert "You may refer again when" in letter
    assert referring.column(sqlite_app, reference, "status") == "reviewing"
    part = client.client.post("/staff/letter", data={**client.token(), **given})
    assert " ".join(Document(part.text).by_id("letter").text.split()) == letter
    answer = do(client, reference, "decline", **given)
    where = answer.response.headers["HX-Redirect"] if headers else answer.location
    page = client.get(where)
    assert "Declined. The referrer is told why" in page.text
    assert "Not enough medicines tried" in page.text
    assert "canary words for you" in page.document.text_of("timeline")
    assert referring.column(sqlite_app, reference, "outcome") == "declined"


@pytest.mark.parametrize(
    ("action", "given", "field"),
    [
        ("decline", {"reason": ""}, "reason"),
        ("decline", {"reason": "nonsense", "words": "canary"}, "reason"),
        ("decline", {"reason": "other"}, "words"),
        ("ask", {"words": "  "}, "words"),
        ("set_priority", {"priority": "", "words": "canary"}, "priority"),
        ("withdraw", {"words": ""}, "words"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(
    sqlite_app: Flask, signed_in: SignedIn, action: str, given: dict[str, str], field: str
) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician", headers=HTMX)
    do(client, reference, "claim")
    refused = do(client, reference, action, **given)
    assert refused.status == 422
    assert refused.document.text_of(f"{action}-{field}-error").startswith("Error: ")
    assert "open" in refused.document.by_id(f"do-{action}").attributes
    assert "There is a problem" in refused.text
    assert given.get("words", "").strip() in refused.document.by_id(f"{action}-words").text
    assert referring.column(sqlite_app, reference, "status") == "reviewing"


def test_deciding_leads_to_the_next(sqlite_app: Flask, signed_in: SignedIn) -> None:
    client = signed_in("clinician")
    first, second, third = (referring.send(sqlite_app) for _ in range(3))
    for reference in (first, second, third):
        do(client, reference, "claim")
    answer = do(client, second, "accept", then="next", view="needs-me")
    assert answer.location == f"{LIST}/{third}?view=needs-me&done=accept&of={second}"
    page = client.get(answer.location)
    assert f"{second}: Accepted." in " ".join(page.document.text_of("case").split())
    assert "Here is the next one." in page.text
    do(client, third, "decline", then="next", view="needs-me", reason="capacity")
    answer = do(client, first, "withdraw", then="next", view="nobodys", words="It was sent twice.")
    assert answer.location.startswith(f"{LIST}?view=nobodys&done=withdraw")
    assert "Closed: withdrawn." in client.get(answer.location).text


def test_who_was_slower_sees_both_texts(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician")
    do(client, reference, "claim")
    seen = str(referring.version(sqlite_app, reference))
    referring.act(sqlite_app, reference, "set_priority", priority="urgent", words="their canary words")
    stale = do(client, reference, "ask", seen=seen, words="my canary words")
    assert stale.status == 409
    both = stale.document.text_of("conflict")
    assert "Dr. Test Colleague was faster" in both
    assert "their canary words" in both
    assert "my canary words" in both
    assert stale.document.by_id("ask-words").text.strip() == "my canary words"
    assert referring.column(sqlite_app, reference, "status") == "reviewing"
    newer = stale.document.fields()["seen"]
    assert do(client, reference, "ask", seen=newer, words="my canary words").status == 303


def test_what_cannot_be_done_anymore_is_kept_for_a_note(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician", headers=HTMX)
    do(client, reference, "claim")
    seen = str(referring.version(sqlite_app, reference))
    referring.act(sqlite_app, reference, "decline", reason="capacity")
    stale = do(client, reference, "accept", seen=seen, words="my canary words")
    assert stale.status == 409
    assert "cannot be done anymore" in stale.document.text_of("conflict")
    assert stale.document.by_id("note-words").text.strip() == "my canary words"
    assert "open" in stale.document.by_id("do-note").attributes


@pytest.mark.parametrize("seen", ["", "x", "0", "-1", "١", "99999999999999999999"])
def test_a_version_that_nobody_saw_is_an_old_one(sqlite_app: Flask, signed_in: SignedIn, seen: str) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("coordinator")
    answer = client.post(f"{LIST}/{reference}/do/claim", {**client.token(), "seen": seen})
    assert answer.status == 409
    assert referring.column(sqlite_app, reference, "owner_id") is None


def test_the_whole_way(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician", "manager", "coordinator")
    day = f"{clock.now() + timedelta(days=3):%Y-%m-%d}T10:30"
    steps = [
        ("claim", {}, "reviewing"),
        ("ask", {"words": "Which doses?"}, "waiting"),
        ("answered", {"words": "150 mg"}, "reviewing"),
        ("accept", {"words": ""}, "accepted"),
        ("book", {"visit_on": day}, "booked"),
        ("no_show", {}, "accepted"),
        ("book", {"visit_on": day}, "booked"),
        ("seen", {}, "seen"),
        ("report", {"channel": "fax"}, "closed"),
        ("reopen", {"words": "The report was for somebody else."}, "reviewing"),
        ("release", {}, "reviewing"),
        ("take", {}, "reviewing"),
    ]
    for action, given, state in steps:
        assert action in buttons(client.get(f"{LIST}/{reference}")), action
        assert do(client, reference, action, **given).status == 303, action
        assert referring.column(sqlite_app, reference, "status") == state


def test_each_action_of_the_table_has_its_form_with_what_it_needs() -> None:
    assert set(forms.ACTIONS) == {row.action for row in TRANSITIONS}
    by_service = {"to_name", "to_email"}
    for row in TRANSITIONS:
        asked = {name for name in dir(forms.ACTIONS[row.action]) if not name.startswith("_")}
        assert set(row.needs) - by_service <= asked, row.action
        assert set(row.takes) - by_service <= asked, row.action


def test_a_referral_can_be_handed_over(sqlite_app: Flask, signed_in: SignedIn) -> None:
    from tests.staff.people import make_member

    reference, colleague = referring.send(sqlite_app), make_member(sqlite_app, "clinician")
    client = signed_in("manager")
    page = client.get(f"{LIST}/{reference}")
    assert [e.text for e in page.document.all("option", value=str(colleague.id))] == ["Test Clinician"]
    nobody = do(client, reference, "hand_over", to_id="99999", words="canary words")
    assert nobody.status == 422
    assert "canary words" in nobody.text
    assert do(client, reference, "hand_over", to_id=str(colleague.id)).status == 303
    assert referring.column(sqlite_app, reference, "owner_id") == colleague.id
    assert referring.column(sqlite_app, reference, "owner_email") == colleague.email


def test_a_form_whose_token_is_over_comes_back_filled(sqlite_app: Flask, signed_in: SignedIn) -> None:
    reference = referring.send(sqlite_app)
    client = signed_in("clinician")
    for path in ("write/note", "do/withdraw"):
        refused = client.post(f"{LIST}/{reference}/{path}", {"words": "canary words"})
        assert refused.status == 400
        assert "canary words" in refused.text
    assert referring.column(sqlite_app, reference, "status") == "new"


def test_one_field_is_checked_while_it_is_put_right(sqlite_app: Flask, signed_in: SignedIn) -> None:
    client = signed_in("clinician", headers=HTMX)
    given = {**client.token(), "which": "ask", "strict": "1"}
    wrong = client.post("/staff/work/check/words", {**given, "words": ""})
    assert wrong.document.text_of("ask-words-error").startswith("Error: ")
    right = client.post("/staff/work/check/words", {**given, "words": "Which doses?"})
    assert right.document.text_of("ask-words-error") == ""
    assert client.post("/staff/work/check/nonsense", given).status == 404
    assert client.post("/staff/work/check/words", {**given, "which": "nonsense"}).status == 404
