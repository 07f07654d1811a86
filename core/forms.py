"""Forms: text is stripped, control characters are refused, one field can be checked alone.

A validator's words are the form's, never a library's. A validator that knows a format carries the
`format` flag: the templates then check that field while the page is open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

# Bidirectional overrides can make a name or a dose read differently from what is stored.
BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Co"})


def strip(value: str | None) -> str | None:
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


@dataclass(frozen=True)
class Parts:
    """One question with several boxes."""

    id: str
    legend: str
    hint: str
    names: tuple[str, ...]


class Form(FlaskForm):
    """The base of every form of the site."""

    check_endpoint: ClassVar[str]
    """The view that checks one field of this form: POST …/check/<field>."""

    strict = HiddenField(default="0")

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Form, unbound_field: Any, options: dict[str, Any]) -> Field:
            if issubclass(unbound_field.field_class, StringField):
                given = unbound_field.kwargs
                options = {
                    **options,
                    "filters": [strip, *given.get("filters", ())],
                    "validators": [plain_text, *given.get("validators", ())],
                }
            field: Field = unbound_field.bind(form=form, **options)
            return field

    def questions(self) -> list[Field]:
        """The fields that a person answers, in order."""
        return [f for f in self if not isinstance(f, HiddenField) and f.type != "CSRFTokenField"]

    def problems(self) -> list[tuple[str, str]]:
        """(anchor, message) of each field in error, for the summary; the message is the slot's."""
        return [(anchor(field), field.errors[0]) for field in self.questions() if field.errors]

    def check(self, name: str) -> None:
        """Validate one field. An empty answer is an error only after a first try to send."""
        field = self[name]
        if self.strict.data == "1" or not empty(field):
            field.validate(self)

    def group_of(self, field: Field) -> str:
        """The id of the element in which typing may mend this field's error."""
        return f"{field.id}-group"

    def typed(self) -> dict[str, list[str]]:
        """What the person typed, as it came: the shape of a draft."""
        return {f.name: list(f.raw_data) for f in self.questions() if f.raw_data and any(f.raw_data)}


def anchor(field: Field) -> str:
    """The id that an error link leads to: the control itself, or the first one of a group."""
    return f"{field.id}-0" if isinstance(field, Radio | Checkboxes) else str(field.id)


def empty(field: Field) -> bool:
    return not field.raw_data or not any(str(value).strip() for value in field.raw_data)


def plain_text(_form: Form, field: Field) -> None:
    """Both databases must behave alike, and no name may reverse the words after it."""
    for character in field.data or "":
        if character in "\n\t":
            continue
        if unicodedata.category(character) in REFUSED_CATEGORIES or character in BIDI_OVERRIDES:
            field.errors = []
            raise StopValidation("Remove the characters that cannot be printed. Typing it again usually helps.")


class AppliesWhen:
    """The other answers of the form decide whether this question is asked. Where it is not, whatever was
    typed in it counts for nothing, and is no error."""

    def __init__(self, test: Callable[[Any], bool]) -> None:
        self.test = test

    def __call__(self, form: Form, field: Field) -> None:
        if not self.test(form):
            field.errors = []
            raise StopValidation


def applies(form: Form, field: Field) -> bool:
    return all(rule.test(form) for rule in field.validators if isinstance(rule, AppliesWhen))


class Required:
    """Something must be given."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: Form, field: Field) -> None:
        if empty(field):
            field.errors = []
            raise StopValidation(self.message)


class Optional:
    """May be left empty; the label says so."""

    field_flags = {"optional": True}

    def __call__(self, _form: Form, field: Field) -> None:
        if empty(field):
            field.errors = []
            raise StopValidation


class MaxLength:
    def __init__(self, limit: int, what: str) -> None:
        self.limit, self.what = limit, what
        self.field_flags = {"limit": limit}

    def __call__(self, _form: Form, field: Field) -> None:
        if len(field.data or "") > self.limit:
            over = len(field.data) - self.limit
            raise StopValidation(f"{self.what} must be {self.limit} characters or fewer. You have {over} too many.")


class Pattern:
    """The whole answer matches. `tidy` prepares it first, for example by dropping spaces."""

    field_flags = {"format": True}

    def __init__(self, pattern: str, message: str, tidy: Callable[[str], str] = str) -> None:
        self.pattern, self.message, self.tidy = re.compile(pattern), message, tidy

    def __call__(self, _form: Form, field: Field) -> None:
        if not self.pattern.fullmatch(self.tidy(field.data)):
            raise StopValidation(self.message)


class EmailAddress:
    """RFC 5322 address as email-validator reads it, at most 254 characters. No DNS is asked."""

    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        try:
            validate_email(field.data, check_deliverability=False)
        except EmailNotValidError as error:
            message = "Enter an email address in the correct format, like name@example.com."
            raise StopValidation(message) from error


def parse_phone(text: str) -> phonenumbers.PhoneNumber | None:
    """A valid US number, however it is written, with its extension; otherwise None."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    return number if number.country_code == 1 and phonenumbers.is_possible_number(number) else None


def e164(text: str) -> str:
    """RFC 3966 digits: +13105550123, with ;ext=12 where there is an extension. Empty for no number."""
    number = parse_phone(text) if text else None
    if number is None:
        return ""
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


class USPhone:
    field_flags = {"format": True}

    def __call__(self, _form: Form, field: Field) -> None:
        number = parse_phone(field.data)
        digits = str(number.national_number) if number else ""
        if not re.fullmatch(r"[2-9](?!11)\d\d[2-9](?!11)\d{6}", digits):
            raise StopValidation("Enter a 10-digit US phone number, like 310-555-0123.")


class Radio(RadioField):
    """One of a few answers. Words for a wrong answer are ours."""

    def __init__(self, label: str, answers: Mapping[str, str], **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, _form: Any) -> None:
        _known(self.answers, [] if empty(self) else [self.data])


class Select(SelectField):
    """One of many answers, the first of which is a prompt unless a default is given."""

    def __init__(self, label: str, answers: Mapping[str, str], prompt: str = "", **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        if prompt:
            choices.insert(0, SelectChoice("", prompt))
        super().__init__(label, choices=choices, validate_choice=False, **kwargs)
        self.answers = answers

    def pre_validate(self, _form: Any) -> None:
        _known(self.answers, [] if empty(self) else [self.data])


class Checkboxes(SelectMultipleField):
    """Any of a few answers."""

    def __init__(self, label: str, answers: Mapping[str, str], **kwargs: Any) -> None:
        choices = [SelectChoice(value, text) for value, text in answers.items()]
        widget, option = ListWidget(prefix_label=False), CheckboxInput()
        super().__init__(label, choices=choices, validate_choice=False, widget=widget, option_widget=option, **kwargs)
        self.answers = answers

    def pre_validate(self, _form: Any) -> None:
        _known(self.answers, self.data or [])


def _known(answers: Mapping[str, str], given: Sequence[str]) -> None:
    if any(value not in answers for value in given):
        raise StopValidation("Choose one of the answers in the list.")
