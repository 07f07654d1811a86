"""The forms about people. Their errors are in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, EmailField, Field, PasswordField, StringField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from blueprints.staff import roles
from blueprints.staff.keyring import passwords
from core.forms.base import Checkboxes, Form, Select
from core.forms.validators import EmailAddress, MaxLength, Required

NAME = "Name"
NOBODY = "0"
ROLES = {
    roles.COORDINATOR: "Coordinator: reads referrals and works on them",
    roles.CLINICIAN: "Clinician: decides on them too",
    roles.MANAGER: "Manager: looks after people, the audit trail, newsletters and lists; hands over and reopens",
}


def _roles() -> Checkboxes:
    return Checkboxes("Roles", ROLES, validators=[Required("Choose at least one role.")])


def _name(label: str, missing: str) -> StringField:
    validators = [Required(missing), MaxLength(120, NAME)]
    hint = "As referrers and colleagues see it."
    return StringField(label, description=hint, validators=validators, render_kw={"autocomplete": "name"})


class PersonForm(Form):
    """Somebody new."""

    check_endpoint = "staff.check_person"

    email = EmailField(
        "Email address",
        # The page's footer may have an address of its own.
        id="person-email",
        validators=[Required("Enter their email address."), MaxLength(254, "Email address"), EmailAddress()],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    name = _name(NAME, "Enter their name.")
    roles = _roles()
    notify = BooleanField("Tell them by email that they are invited. The link is not in it.")


class RolesForm(Form):
    check_endpoint = "staff.check_person"

    roles = _roles()


class InviteForm(Form):
    """A new link for somebody who forgot their password, or lost what they sign in with."""

    check_endpoint = "staff.check_person"

    new_factor = BooleanField("They lost their second factor too: let them set up a new one.")
    notify = BooleanField("Tell them by email that they are invited. The link is not in it.")


class RemoveForm(Form):
    check_endpoint = "staff.check_person"

    heir: Select

    @classmethod
    def among(cls, others: Mapping[int, str], formdata: Any) -> RemoveForm:
        """`others`: who could take over the open referrals, by id."""
        answers = {NOBODY: "Nobody yet: they show as nobody’s", **{str(key): name for key, name in others.items()}}
        required = Required("Choose who takes over their open referrals.")
        label = "Who takes over their open referrals"
        form: type[RemoveForm] = type(
            "RemoveFormOf", (cls,), {"heir": Select(label, answers, "Choose", validators=[required])}
        )
        return form(formdata=formdata)

    @property
    def heir_id(self) -> int | None:
        return None if self.heir.data == NOBODY else int(self.heir.data)


class CodeForm(Form):
    check_endpoint = "staff.check_invitation"

    code = StringField(
        "Invitation code",
        description="The part of your link after the # sign.",
        validators=[Required("Enter the code of your invitation."), MaxLength(100, "The code")],
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"},
    )


class GoodPassword:
    def __call__(self, form: BaseForm, field: Field) -> None:
        # The field's data is without the spaces around it, which sign-in would not take away.
        typed = (field.raw_data or [""])[0]
        if problem := passwords.problem(typed, form.email, form.name.data or ""):  # type: ignore[attr-defined]
            raise StopValidation(problem)


class SameAgain:
    def __call__(self, form: BaseForm, field: Field) -> None:
        if not form["password"].errors and field.data != form["password"].data:
            raise StopValidation("The two passwords are not the same. Enter both once more.")


class PasswordForm(Form):
    """What an invited person says."""

    check_endpoint = "staff.check_invitation"

    email = ""
    """Theirs: a password must not be made of it."""
    name = _name("Your name", "Enter your name.")
    password = PasswordField(
        "Password",
        description=f"At least {passwords.SHORTEST} characters. Four or five words in a row are easy to remember.",
        validators=[Required("Choose a password."), GoodPassword()],
        render_kw={"autocomplete": "new-password", "maxlength": "200"},
    )
    again = PasswordField(
        "The same password again",
        validators=[Required("Enter the password again."), SameAgain()],
        render_kw={"autocomplete": "new-password", "maxlength": "200"},
    )
