"""The forms on a referral's page: one for each action, and those of the timeline. What an action needs comes from the
transition table; here is how it is asked for, and the words if it is missing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from wtforms import Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import StopValidation

from blueprints.referrals.lifecycle.reasons import HEADINGS, NEEDS_WORDS, REASONS
from core.forms.base import Form, Radio, Select
from core.forms.validators import MaxLength, Optional, Required, empty

LONGEST = 4000
PRIORITIES = {"routine": "Routine", "urgent": "Urgent"}
CHANNELS = {"fax": "Fax", "post": "Post", "ehr": "Through the record system", "phone": "By phone", "other": "Otherwise"}
REACHED = {"yes": "Yes, we spoke", "no": "No, nobody answered"}
MOMENT = {"autocomplete": "off", "type": "datetime-local"}
OFF = {"autocomplete": "off"}


class DeskForm(Form):
    """Its fields have names of their own on the page, because several forms stand there together."""

    check_endpoint: ClassVar[str] = "staff.check_field"
    name: ClassVar[str] = ""

    class Meta(Form.Meta):
        # The site checks the token of every form; the template puts it in.
        csrf = False

    seen = HiddenField()
    """The version of the referral that was on the page."""
    view = HiddenField()
    """The list that the page was opened from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            field.id = f"{self.name}-{field.id}"
            field.label.field_id = field.id

    @property
    def seen_version(self) -> int:
        """0, which is never current, for what is no number."""
        text = self.seen.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def given(self) -> dict[str, str]:
        """Field name → what was typed or chosen, without empty ones."""
        return {f.name: (f.data or "").strip() for f in self.questions() if (f.data or "").strip()}

    def refuse(self, missing: Mapping[str, str]) -> None:
        """Put the words of the service beside their fields; those without a field above all."""
        for name, words in missing.items():
            if field := self.field(name):
                field.errors = [words]
        self.form_errors: list[str] = [words for name, words in missing.items() if not self.field(name)]


def text(label: str, *, needed: str = "", hint: str = "", rows: int = 3) -> TextAreaField:
    first = Required(needed) if needed else Optional()
    checks = [first, MaxLength(LONGEST, label)]
    return TextAreaField(label, description=hint, validators=checks, render_kw={**OFF, "rows": rows})


class Empty(DeskForm):
    """A button alone."""


class Accept(DeskForm):
    words = text("To the referrer", hint="Added to the letter that says you accept.")


class Ask(DeskForm):
    words = text("What we need, to the referrer", needed="Say what you need from the referrer.", rows=5)


class Answered(DeskForm):
    words = text("What was answered, for the team", needed="Say what was answered, and how.")


class Decline(DeskForm):
    reason = SelectField("Reason", validate_choice=False, validators=[Required("Choose a reason.")])
    words = text("In your own words, to the referrer", hint="Stands in the letter below the reason.", rows=4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggest(())

    def suggest(self, codes: Collection[str]) -> None:
        """All reasons by heading, below those that the answers speak for."""
        suggested = [(reason.code, reason.label) for reason in REASONS if reason.code in codes]
        groups = {head: [(r.code, r.label) for r in REASONS if r.heading == head] for head in HEADINGS}
        first = {"Suggested by the answers": suggested} if suggested else {}
        self.reason.choices = {"": [("", "Choose a reason")], **first, **groups}

    def validate_words(self, field: Field) -> None:
        if self.reason.data in NEEDS_WORDS and empty(field):
            raise StopValidation("Say why, in your own words.")


class Book(DeskForm):
    visit_on = StringField(
        "Day and time of the visit",
        description="In the clinic's time.",
        validators=[Required("Enter the day and time of the visit.")],
        render_kw=MOMENT,
    )
    words = text("For the team", rows=2)


class Report(DeskForm):
    channel = Radio("How was the report sent?", CHANNELS, validators=[Required("Say how the report was sent.")])
    words = text("For the team", rows=2)


class Priority(DeskForm):
    priority = Radio("Priority", PRIORITIES, validators=[Required("Choose a priority.")])
    words = text("Why, for the team", needed="Say why the priority changes.", rows=2)


class HandOver(DeskForm):
    to_id = Select("To", {}, prompt="Choose a colleague", validators=[Required("Choose a colleague.")])
    words = text("For the team", rows=2)

    def offer(self, people: Mapping[str, str]) -> None:
        """Whom it can go to: id → name."""
        self.to_id.answers = people
        self.to_id.choices = [("", "Choose a colleague"), *people.items()]


class Why(DeskForm):
    """For closing and reopening."""

    words = text("Why, for the team", needed="Say why.", rows=2)


class Words(DeskForm):
    words = text("For the team", rows=2)


class Note(DeskForm):
    words = text("The note", needed="Write the note.", hint="The referrer never sees it.")


class Message(DeskForm):
    words = text("The message", needed="Write the message.", hint="The referrer reads it.", rows=4)


class Call(DeskForm):
    spoke_with = StringField(
        "Who was called?",
        description="The referrer, the patient, or somebody else: name and role.",
        validators=[Required("Say whom you called."), MaxLength(120, "The name")],
        render_kw=OFF,
    )
    spoke_at = StringField(
        "When?",
        description="In the clinic's time.",
        validators=[Required("Say when.")],
        render_kw=MOMENT,
    )
    reached = Radio("Did you speak with them?", REACHED, validators=[Required("Say whether somebody answered.")])
    words = text("What was said and arranged", needed="Say what was said and arranged.")


class Find(DeskForm):
    words = StringField(
        "Find by reference or name",
        validators=[Required("Enter a reference or a name."), MaxLength(120, "What to find")],
        render_kw={**OFF, "spellcheck": "false"},
    )


ACTIONS: dict[str, type[DeskForm]] = {
    "claim": Empty,
    "take": Empty,
    "accept": Accept,
    "ask": Ask,
    "answered": Answered,
    "decline": Decline,
    "book": Book,
    "seen": Words,
    "no_show": Words,
    "report": Report,
    "withdraw": Why,
    "unreachable": Why,
    "error": Why,
    "reopen": Why,
    "release": Words,
    "hand_over": HandOver,
    "set_priority": Priority,
}
WRITING: dict[str, type[DeskForm]] = {"note": Note, "message": Message, "call": Call}
FORMS: dict[str, type[DeskForm]] = {
    name: type(form.__name__, (form,), {"name": name}) for name, form in {**ACTIONS, **WRITING, "find": Find}.items()
}
"""Name → its form, with ids of its own. `name` is the action, or what is written."""


def form_for(name: str, filled: bool = False) -> DeskForm | None:
    """`filled`: from what was posted. None: there is no such form."""
    kind = FORMS.get(name)
    if kind is None:
        return None
    return kind() if filled else kind(formdata=None)
