"""The forms of newsletters and of the mailing list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from wtforms import Field, StringField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation
from wtforms.widgets import TextArea

from core.forms.base import Checkboxes, Form, Radio
from core.forms.validators import MaxLength, Required

NUMBER = re.compile(r"\d{1,3}(?:[, ]?\d{3}){0,2}|\d{1,9}")
OWN_STATUS = "column"
STATUSES = {
    OWN_STATUS: "The list says it: it has a column “status”",
    "confirmed": "Everybody on it agreed to get mail from the center",
    "left": "Everybody on it unsubscribed",
    "suppressed": "Nobody on it may ever be mailed: bounces and complaints",
}
EXPORTED = {
    "pending": "Pending: asked, not confirmed yet",
    "confirmed": "Confirmed",
    "left": "Left",
    "suppressed": "Suppressed: never mailed again",
}


class Act(Form):
    """A button alone, with its token."""


class Lines(Field):
    """Many lines of text, exactly as they were pasted, so that their numbers are right. Its data is "" if empty."""

    widget = TextArea()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = valuelist[0] if valuelist else ""

    def _value(self) -> str:
        return self.data or ""


def whole_number(_form: BaseForm, field: Field) -> None:
    if not NUMBER.fullmatch(field.data or ""):
        raise StopValidation("Type the number in digits, such as 312.")


class SendForm(Form):
    check_endpoint = "staff.check_send"

    people = StringField(
        "Type the number of people to confirm",
        validators=[Required("Type the number of people it goes to."), whole_number],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "class": "short"},
    )

    @property
    def number(self) -> int:
        """What was typed, once it is valid."""
        return int(re.sub(r"\D", "", self.people.data))

    def refuse(self, readers: int) -> None:
        """It goes to another number of people now."""
        self.people.errors = [f"It goes to {readers:,} people now, and you typed {self.number:,}. Nothing was sent."]


class ImportForm(Form):
    check_endpoint = "staff.check_import"

    origin = StringField(
        "Where does the list come from?",
        description="Kept with each address as the record of its consent. For example: Mailchimp, export of May 2026.",
        validators=[Required("Say where the list comes from."), MaxLength(60, "Where the list comes from")],
        render_kw={"autocomplete": "off"},
    )
    status = Radio("What is their status?", STATUSES, validators=[Required("Say what the status of these people is.")])
    lines = Lines(
        "The list, as CSV",
        description="The first line names the columns. One of them is “email”. Others may be “status”, “consent_text”, "
        "“consented_at”, as in our export.",
        validators=[Required("Paste the list.")],
        render_kw={"rows": "10", "spellcheck": "false", "autocomplete": "off"},
    )

    @property
    def status_of_all(self) -> str | None:
        """None: the list says it of each."""
        return None if self.status.data == OWN_STATUS else str(self.status.data)


class ExportForm(Form):
    check_endpoint = "staff.check_export"

    states = Checkboxes("Whom?", EXPORTED, validators=[Required("Choose at least one.")])

    def whom(self) -> list[Any]:
        """In the order of the choices."""
        return [state for state in EXPORTED if state in (self.states.data or ())]
