"""Which events to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from core.forms.base import Form, Select

REFERENCE = re.compile(r"KTC-[0-9A-Z]{8}")


def reference_in(text: str) -> str:
    """The reference as it is stored, however it was typed; "" if it is none."""
    typed = re.sub(r"\s", "", text).upper()
    found = typed if typed.startswith("KTC-") else f"KTC-{typed.removeprefix('KTC')}"
    return found if REFERENCE.fullmatch(found) else ""


def _reference(_form: Any, field: Any) -> None:
    if field.data and not reference_in(field.data):
        raise StopValidation("Enter a reference, such as KTC-2345BCDF. Names are not kept in the audit trail.")


class FilterForm(Form):
    """It is posted, so that what is typed by mistake, such as a name, gets into no address."""

    check_endpoint = "staff.check_audit"

    reference = StringField(
        "Referral", validators=[_reference], render_kw={"autocomplete": "off", "spellcheck": "false"}
    )
    mentioned = BooleanField("Also lists and searches that showed this referral (slower)")
    person = Select("Person", {}, prompt="Everybody")

    def offer(self, people: Mapping[int, str]) -> None:
        """Staff to choose from: id → words."""
        answers = {str(number): words for number, words in people.items()}
        self.person.answers = answers
        self.person.choices = [SelectChoice("", "Everybody"), *(SelectChoice(*answer) for answer in answers.items())]

    @property
    def address(self) -> dict[str, Any]:
        """Its answers as parameters of an address."""
        reference = reference_in(self.reference.data or "")
        mentioned = "1" if reference and self.mentioned.data else ""
        given = {"reference": reference, "mentioned": mentioned, "person": self.person.data or ""}
        return {name: value for name, value in given.items() if value}
