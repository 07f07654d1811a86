"""Forms: text is stripped, control characters are refused, one field can be checked alone. Rules: validators.py."""

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
    """One question with several boxes."""

    id: str
    legend: str
    hint: str
    names: tuple[str, ...]


class PlainText:
    """How the fields of our forms are bound: all text is stripped and looked through."""

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
    """A box for robots, which fill in whatever they find. People never see it (components/field.html honeypot), and
    neither browsers nor password managers fill it in. What is typed in it is never an error."""

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
    """One of several alike: an entry of a FieldList, with names like trials-0-medication."""

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
        """The fields to put on the page."""
        return list(self)


class Rows(FieldList):
    """Rows alike, at most `max_entries`. Only names that the page itself writes are bound: <rows>-<0…99>-<field>."""

    left_out: list[dict[str, str]]
    """What was typed in rows beyond the last one that fits, by field."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        beyond = sorted(set(self._extract_indices(self.name, formdata or ())))[self.max_entries :]
        typed = [{name: formdata.get(f"{self.name}-{index}-{name}", "") for name in self.names} for index in beyond]
        self.left_out = [row for row in typed if any(map(str.strip, row.values()))]

    @property
    def names(self) -> tuple[str, ...]:
        """The fields of a row."""
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
    """The view that checks one field of this form: POST …/check/<field>."""

    marks_required: ClassVar[bool] = False
    """Whether labels mark what is required, because most questions are not, instead of what is optional."""

    strict = HiddenField(default="0")

    class Meta(PlainText, FlaskForm.Meta):
        pass

    def questions(self) -> list[Field]:
        """The fields that a person answers, in order, those of rows among them."""
        return [f for f in self if not isinstance(f, HiddenField) and f.type != "CSRFTokenField"]

    def field(self, name: str) -> Field | None:
        """The question of that name, also in a row."""
        return next((field for field in self.questions() if field.name == name), None)

    def problems(self) -> list[tuple[str, str]]:
        """(anchor, message) of each field in error, for the summary; the message is the slot's."""
        return [(anchor(field), field.errors[0]) for field in self.questions() if field.errors]

    def check(self, name: str) -> None:
        """Validate one field. An empty answer is an error only after a first try to send."""
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
        """The id of the element in which typing may fix this field's error."""
        return f"{field.id}-group"

    def typed(self) -> dict[str, list[str]]:
        """What the person typed, as it came: the shape of a draft."""
        return {f.name: list(f.raw_data) for f in self.questions() if f.raw_data and any(f.raw_data)}


def anchor(field: Field) -> str:
    """The id that an error link leads to: the control itself, or the first one of a group."""
    return f"{field.id}-0" if isinstance(field, Radio | Checkboxes) else str(field.id)


class Radio(RadioField):
    """One of a few answers. Words for a wrong answer are ours."""

    def __init__(self, label: str, answers: Mapping[str, str], **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, form: Any) -> None:
        _check_choice(form, self, [] if empty(self) else [self.data])


class Select(SelectField):
    """One of many answers, the first of which is a prompt unless a default is given."""

    def __init__(self, label: str, answers: Mapping[str, str], prompt: str = "", **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        if prompt:
            choices.insert(0, SelectChoice("", prompt))
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, form: Any) -> None:
        _check_choice(form, self, [] if empty(self) else [self.data])


class Checkboxes(SelectMultipleField):
    """Any of a few answers."""

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
