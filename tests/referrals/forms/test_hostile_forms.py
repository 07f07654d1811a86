"""Whatever the fields of a form are called and hold, each address of the referral answers it, and is never at fault."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprints.referrals.forms.history import TRIAL_NAMES
from core.extensions import limiter
from core.web.security import FORM
from tests.builders import REFERRAL, referral
from tests.page import Client
from tests.thorough import examples

INDEXES = (
    *("0", "1", "11", "12", "99", "100", "007", "-1", "²", "٣", "１", "Ⅷ", "", " ", "1" * 5000, "0x1", "1_0", "+1"),
    *("1\n", "1.0", "trials-0"),
)
INNER = (*TRIAL_NAMES, "csrf_token", "strict", "", "trials-0-medication", "__class__", "weeks-0", "data", "errors")
OTHER = (
    *("csrf_token", "strict", "action", "key", "seen", "kind", "q", "emergency", "trials", "trials-", "removed-"),
    *("form_errors", "_fields", "meta", "validate", "removed-../a", "removed-medication", "removed-weeks"),
)
ACTIONS = (
    *("review", "save", "discard", "add_trial", "remove_trial:0", "remove_trial:99", "restore_trial:0"),
    *("restore_trial", "remove_trial:²", f"restore_trial:{'1' * 5000}", "add_trial:٣"),
)
VALUES = (
    *("", " ", "\0", "²", "٣٤", "１２", "Ⅷ", "½", "1" * 5000, "-1", "1e999", "1e-9999", "NaN", "inf", "0x10", "1_000"),
    *("yes", "no", "y", "not known", "on", "2/29/1999", "13/45/0000", "0", "00", "9999", "=cmd()", "a@b", "\u202e"),
    *("\ufeff", "\x7f", "\r\nBcc: x", "<script>", "{{7*7}}", "%s%n", "é" * 300, "💊" * 500, "180 lb", "1,2,3", "1/0"),
)

nested = (st.sampled_from(["trials", "removed"]), st.sampled_from(INDEXES), st.sampled_from(INNER))
names = st.one_of(
    st.sampled_from(sorted(REFERRAL) + list(OTHER)),
    st.builds("{}-{}-{}".format, *nested),
    st.text(max_size=20),
)
values = st.one_of(st.sampled_from(VALUES), st.text(max_size=40))
pairs = st.lists(st.tuples(names, values), max_size=30)
starts = st.sampled_from([{}, referral(), referral(emergency=None, strict="1")])


@pytest.mark.full
@settings(
    max_examples=examples(40),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(start=starts, strange=pairs, action=st.sampled_from(ACTIONS), field=names)
def test_no_form_is_a_fault(
    stranger: Client, start: dict[str, Any], strange: list[tuple[str, str]], action: str, field: str
) -> None:
    body = encoded(stranger, [*strange, *start.items(), ("action", action)])
    kinds = "".join(f"&kind={kind}" for kind in ("medications", "diagnoses"))
    checked = quote(field, safe="", errors="replace")
    for path in ("/refer", "/refer/assess", "/refer/suggest", f"/refer/check/{checked}", "/refer/send"):
        answer = stranger.client.post(path, data=body + kinds, content_type=FORM)
        assert answer.status_code < 500, (path, answer.status_code)
        for page in ("/refer", "/refer/review") if path == "/refer" else ():
            shown = stranger.client.get(page)
            assert shown.status_code in (200, 303), page
            assert shown.text.count("data-trial=") <= 12


def encoded(client: Client, form: list[tuple[str, Any]]) -> str:
    form = [*client.token().items(), *form]
    return urlencode(form, doseq=True, errors="replace")


@pytest.fixture
def stranger(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(limiter, "enabled", False)
    return client
