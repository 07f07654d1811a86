"""Validators. Error messages are our own, never a library's.

A validator with the `format` flag makes the templates check its field as soon as it is changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

# Bidirectional overrides can make a name or a dose read differently from what is stored.
BIDI_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Co"})


def empty(field: Field) -> bool:
    return not field.raw_data or not any(str(value).strip() for value in field.raw_data)


def plain_text(_form: BaseForm, field: Field) -> None:
    """Rejects control characters, which the two databases treat differently, and bidirectional overrides, which can
    make text read differently from what is stored. Tabs and line breaks are fine."""
    for character in field.data or "":
        if character in "\n\t":
            continue
        if unicodedata.category(character) in REFUSED_CATEGORIES or character in BIDI_OVERRIDES:
            field.errors = []
            raise StopValidation("Remove the characters that cannot be printed. Typing it again usually helps.")


class AppliesWhen:
    """The question is asked only if `test(form)` is true for the other answers. If it is false, whatever was typed is
    ignored and is not an error."""

    def __init__(self, test: Callable[[Any], bool]) -> None:
        self.test = test

    def __call__(self, form: BaseForm, field: Field) -> None:
        if not self.test(form):
            field.errors = []
            raise StopValidation


def applies(form: BaseForm, field: Field) -> bool:
    return all(rule.test(form) for rule in field.validators if isinstance(rule, AppliesWhen))


class Required:
    """The answer must not be empty. Forms in which most questions may stay unanswered mark its label."""

    field_flags = {"needed": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if empty(field):
            field.errors = []
            raise StopValidation(self.message)


class Optional:
    """The answer may be empty. The label says that it is optional."""

    field_flags = {"optional": True}

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if empty(field):
            field.errors = []
            raise StopValidation


class MaxLength:
    def __init__(self, limit: int, what: str) -> None:
        self.limit, self.what = limit, what
        self.field_flags = {"limit": limit}

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if len(field.data or "") > self.limit:
            over = len(field.data) - self.limit
            raise StopValidation(f"{self.what} must be {self.limit} characters or fewer. You have {over} too many.")


class Pattern:
    """The whole answer must match. `tidy` is applied first, for example to remove spaces."""

    field_flags = {"format": True}

    def __init__(self, pattern: str, message: str, tidy: Callable[[str], str] = str) -> None:
        self.pattern, self.message, self.tidy = re.compile(pattern), message, tidy

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if not self.pattern.fullmatch(self.tidy(field.data)):
            raise StopValidation(self.message)


UNKNOWN = {"not known", "unknown", "unk", "?"}


def is_unknown(text: str | None) -> bool:
    return (text or "").strip().casefold().rstrip(".") in UNKNOWN


def whole(text: str) -> int | None:
    """Digits alone, at most four."""
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None


class WholeNumber:
    """A whole number in a range. `read` finds it in what was typed; `or_unknown` accepts "Not known" too."""

    field_flags = {"format": True}

    def __init__(
        self, least: int, most: int, what: str, read: Callable[[str], int | None] = whole, or_unknown: bool = False
    ) -> None:
        self.least, self.most, self.what, self.read, self.or_unknown = least, most, what, read, or_unknown

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if self.or_unknown and is_unknown(field.data):
            return
        found = self.read(field.data)
        if found is None or not self.least <= found <= self.most:
            rest = ", or Not known" if self.or_unknown else ""
            raise StopValidation(f"{self.what} must be a whole number from {self.least} to {self.most}{rest}.")


class EmailAddress:
    """An RFC 5322 address as email-validator reads it, at most 254 characters. There is no DNS lookup."""

    field_flags = {"format": True}

    def __call__(self, _form: BaseForm, field: Field) -> None:
        if not is_email(field.data):
            raise StopValidation("Enter an email address in the correct format, like name@example.com.")


def is_email(text: str) -> bool:
    return normalized_email(text) is not None


def normalized_email(text: str) -> str | None:
    """The address as email-validator normalizes it, casefolded; None if it is not a valid internet address."""
    try:
        return validate_email(text, check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        return None


COMMON_DOMAINS = ["gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "aol.com", "comcast.net"]


def likely_email(text: str) -> str:
    """The address with the domain that was probably meant, if a well-known one is misspelled; otherwise ""."""
    name, _, domain = text.strip().casefold().rpartition("@")
    close = get_close_matches(domain, COMMON_DOMAINS, n=1, cutoff=0.85) if name else []
    return f"{name}@{close[0]}" if close and close[0] != domain else ""


def parse_phone(text: str) -> phonenumbers.PhoneNumber | None:
    """The US number in the text, however it is written, with its extension; None if there is none."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    return number if number.country_code == 1 and phonenumbers.is_possible_number(number) else None


def e164(text: str) -> str:
    """The number as in RFC 3966: +13105550123, with ;ext=12 if there is an extension. Empty if it is not a number."""
    number = parse_phone(text) if text else None
    if number is None:
        return ""
    plain = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{plain};ext={number.extension}" if number.extension else plain


def phone_words(number: str) -> str:
    """(310) 555-0123 ext. 12 for +13105550123;ext=12. Anything else stays as it is."""
    match = re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})(?:;ext=(\d+))?", number)
    if not match:
        return number
    return f"({match[1]}) {match[2]}-{match[3]}" + (f" ext. {match[4]}" if match[4] else "")


class USPhone:
    field_flags = {"format": True}

    def __call__(self, _form: BaseForm, field: Field) -> None:
        number = parse_phone(field.data)
        digits = str(number.national_number) if number else ""
        if re.fullmatch(r"[2-9](?!11)\d\d[2-9](?!11)\d{6}", digits):
            return
        if re.match(r"\s*(\+|00)\s*(?!1)\d", field.data):
            raise StopValidation("Only US numbers fit here. Write a number of another country in the notes.")
        raise StopValidation("Enter a 10-digit US phone number, like 310-555-0123.")
