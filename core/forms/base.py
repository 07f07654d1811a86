"""Base classes of all forms: text is stripped, control characters are rejected, and a single field can be checked. The
validators are in validators.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import wtforms
from flask_wtf import FlaskForm
from wtforms import Field, FieldList, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from core.forms.validators import applies, empty, plain_text


def strip(value: str | None) -> str | None:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


@dataclass(frozen=True)
class Parts:
    """One question with several input fields, such as the month, day and year of a date."""

    id: str
    legend: str
    hint: str
    names: tuple[str, ...]


class PlainText:
    """Mixin for a form's Meta: strips every text field and rejects control characters in it."""

    def bind_field(self, form: BaseForm, unbound_field: Any, options: dict[str, Any]) -> Field:
        if issubclass(unbound_field.field_class, StringField) and not issubclass(unbound_field.field_class, Honeypot):
            given = unbound_field.kwargs
            options = {
                **options,
                "filters": [strip, *given.get("filters", ())],
                "validators": [plain_text, *given.get("validators", ())],
            }
        field: Field = unbound_field.bind(form=form, **options)
        return field


class Honeypot(StringField):
    """A hidden text field that bots fill in. People never see it (components/field.html honeypot), and neither browsers
    nor password managers fill it in. Its content is never a form error."""

    LEFT_ALONE = {
        "autocomplete": "off",
        "tabindex": "-1",
        "data-1p-ignore": "",
        "data-bwignore": "",
        "data-lpignore": "true",
        "data-form-type": "other",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("Leave this empty", render_kw=self.LEFT_ALONE, **kwargs)

    @property
    def is_filled(self) -> bool:
        return bool(self.data)


class Row(wtforms.Form):
    """One entry of Rows. Its fields have names like trials-0-medication."""

    class Meta(PlainText, wtforms.Form.Meta):
        pass

    def process(self, *args: Any, **kwargs: Any) -> None:
        super().process(*args, **kwargs)
        for field in self:
            field.row = self

    @property
    def is_blank(self) -> bool:
        return all(empty(field) for field in self)

    def shown(self) -> list[Field]:
        """The fields that the page shows."""
        return list(self)


class Rows(FieldList):
    """A list of rows, at most `max_entries`. Only names that the page itself uses are read: <rows>-<0…99>-<field>."""

    left_out: list[dict[str, str]]
    """What was typed in the rows beyond `max_entries`: field name → text."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        beyond = sorted(set(self._extract_indices(self.name, formdata or ())))[self.max_entries :]
        typed = [{name: formdata.get(f"{self.name}-{index}-{name}", "") for name in self.names} for index in beyond]
        self.left_out = [row for row in typed if any(map(str.strip, row.values()))]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of a row's fields."""
        return _names_of(self.unbound_field.args[0])

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        own = re.compile(rf"{re.escape(prefix)}-(0|[1-9][0-9]?)-(?:{'|'.join(self.names)})")
        return (int(match[1]) for name in formdata if (match := own.fullmatch(name)))


@cache
def _names_of(row: type[Row]) -> tuple[str, ...]:
    return tuple(field.name for field in row())


def row_of(field: Field) -> Row | None:
    return getattr(field, "row", None)


class Form(FlaskForm):
    """The base of every form of the site."""

    check_endpoint: ClassVar[str]
    """Endpoint of the view that checks one field of this form: POST …/check/<field>. Forms that ask for a password have
    none."""

    marks_required: ClassVar[bool] = False
    """Whether labels mark what is required, because most questions are not, instead of what is optional."""

    strict = HiddenField(default="0")

    class Meta(PlainText, FlaskForm.Meta):
        pass

    def questions(self) -> list[Field]:
        """The fields that a person answers, in order, including those of rows."""
        return [f for f in self if not isinstance(f, HiddenField) and f.type != "CSRFTokenField"]

    def field(self, name: str) -> Field | None:
        """The question with this name, also within rows; None if there is none."""
        return next((field for field in self.questions() if field.name == name), None)

    def problems(self) -> list[tuple[str, str]]:
        """(anchor, message) for each field with an error, for the error summary. The field shows the same message."""
        return [(anchor(field), field.errors[0]) for field in self.questions() if field.errors]

    def check(self, name: str) -> None:
        """Validate one field. An empty answer is an error only after the first attempt to send the form (`strict`)."""
        field = self.field(name)
        if field and (self.strict.data == "1" or not empty(field)):
            field.validate(row_of(field) or self)

    def note_of(self, field: Field) -> str | None:
        """What was understood of the answer, shown below it; "" for nothing yet, None if this field has no note."""
        return None

    def noted_with(self, field: Field) -> list[Field]:
        """The fields whose notes follow from this one."""
        return [] if self.note_of(field) is None else [field]

    def group_of(self, field: Field) -> str:
        """The id of the element that contains the field, or all fields whose answers may fix its error."""
        return f"{field.id}-group"

    def typed(self) -> dict[str, list[str]]:
        """Field name → raw values as typed, without empty ones: the contents of a draft."""
        return {f.name: list(f.raw_data) for f in self.questions() if f.raw_data and any(f.raw_data)}


def anchor(field: Field) -> str:
    """The id that an error link points to: the control, or the first control of a group."""
    return f"{field.id}-0" if isinstance(field, Radio | Checkboxes) else str(field.id)


class Radio(RadioField):
    """One of a few answers, as radio buttons. The error for an unknown answer is our own."""

    def __init__(self, label: str, answers: Mapping[str, str], **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, form: Any) -> None:
        _check_choice(form, self, [] if empty(self) else [self.data])


class Select(SelectField):
    """One of many answers, in a drop-down list. With `prompt`, the list starts with that text as an empty answer."""

    def __init__(self, label: str, answers: Mapping[str, str], prompt: str = "", **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        if prompt:
            choices.insert(0, SelectChoice("", prompt))
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, form: Any) -> None:
        _check_choice(form, self, [] if empty(self) else [self.data])


class Checkboxes(SelectMultipleField):
    """Any number of a few answers, as checkboxes."""

    def __init__(self, label: str, answers: Mapping[str, str], **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        widget, option = ListWidget(prefix_label=False), CheckboxInput()
        super().__init__(label, choices=choices, validate_choice=False, widget=widget, option_widget=option, **kwargs)
        self.answers = answers

    def pre_validate(self, form: Any) -> None:
        _check_choice(form, self, self.data or [])


def _check_choice(form: Any, field: Any, given: Sequence[str]) -> None:
    """A question that is not asked is never in error: nobody could see why."""
    if applies(form, field) and any(value not in field.answers for value in given):
        raise StopValidation("Choose one of the answers in the list.")
