"""What the tests of drafts do in a browser, and what they look at."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from blueprints.referrals.models import Draft, Referral
from core.extensions import db
from tests.builders import referral
from tests.page import Answer, Client

LOST = "The draft that was saved in this browser cannot be opened any more"
PHONE = "patient_phone"
HELD = ("csrf_token", "opened", "draft", "version", "tab", "seq")


class Tab:
    """A page of the form in one tab, which holds its hidden fields as static/js/referral.js or a reload would."""

    def __init__(self, client: Client, path: str = "/refer", **answers: Any) -> None:
        self.client, self.answers = client, referral(**answers)
        self._hold(client.get(path))

    @property
    def id(self) -> str:
        return self.held["draft"]

    def typing(self, **changes: Any) -> dict[str, Any]:
        """Change answers. What a save in the background would send now, sooner or later."""
        self.answers |= changes
        self.held["seq"] = str(int(self.held["seq"]) + 1)
        return self._form(action="save", background="1")

    def send(self, form: dict[str, Any]) -> Answer:
        """A request that reaches the server now."""
        answer = self.client.post("/refer", form)
        if form["draft"] == self.id and "Draft-Id" in answer.response.headers:
            self.held["draft"] = answer.response.headers["Draft-Id"]
            self.held["version"] = answer.response.headers["Draft-Version"]
        return answer

    def autosave(self, **changes: Any) -> Answer:
        return self.send(self.typing(**changes))

    def press(self, action: str = "save", **changes: Any) -> Answer:
        """A button, with JavaScript or without. The page that follows stands in this tab."""
        self.answers |= changes
        if self.client.headers:
            self.held["seq"] = str(int(self.held["seq"]) + 1)
        answer = self.send(self._form(action=action))
        if answer.document.all("input", name="tab"):
            self._hold(answer)
        elif answer.location.startswith("/refer?"):
            self._hold(self.client.get(answer.location))
        return answer

    def go_to_send(self) -> dict[str, str]:
        """Press "Check your answers": what the button on the review page sends."""
        self.press("review")
        return self.client.get(f"/refer/review?draft={self.id}").document.fields()

    def _hold(self, answer: Answer) -> None:
        self.answer, fields = answer, answer.document.fields()
        self.held = {name: fields[name] for name in HELD}

    def _form(self, **more: str) -> dict[str, Any]:
        return {**self.answers, **self.held, **more}


def save(client: Client, **changes: Any) -> Answer:
    """A new referral in a new tab, saved with the button."""
    return Tab(client, **changes).press()


def draft_id(answer: Answer) -> str:
    return answer.response.headers["Draft-Id"]


def reopen(client: Client, answer: Answer) -> Answer:
    """The page of the draft that was just saved."""
    return client.get(f"/refer?draft={draft_id(answer)}")


def half(client: Client) -> str:
    """The half of the token in the draft's own cookie."""
    cookie = client.client.get_cookie("referral_draft")
    return cookie.value if cookie else ""


def plant(client: Client, token: str) -> None:
    client.client.set_cookie("referral_draft", token)


def token_of(client: Client) -> str:
    with client.client.session_transaction() as session:
        return half(client) + str(session["referral_draft"])


def rows(app: Flask) -> list[Draft]:
    """Open and closed ones, in the order of their last save."""
    with app.app_context():
        return list(db.session.scalars(select(Draft).order_by(Draft.saved_at)))


def keys(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(func.distinct(Referral.key_hash)))) or 0


def typed(answer: Answer, name: str = "patient_family_name") -> str:
    return answer.document.by_id(name).attributes.get("value", "")


def offered(answer: Answer) -> list[str]:
    """The addresses of the drafts that the page offers to continue."""
    return [e.attributes["href"] for e in answer.document.all("a") if e.text.startswith("Continue")]


def stored(client: Client, draft: str, name: str = PHONE) -> str:
    return typed(client.get(f"/refer?draft={draft}"), name)


def send_it(tab: Tab) -> None:
    tab.client.post("/refer/send", tab.go_to_send())


def two_tabs(client: Client) -> tuple[Tab, Tab]:
    """Both have the same draft; the second one saved a newer version."""
    one = Tab(client)
    one.press()
    two = Tab(client, f"/refer?draft={one.id}")
    two.press(patient_phone="213.555.0102", **{"trials-0-weeks": "9"})
    return one, two
