"""The shape of the input, and the words of its errors."""

from __future__ import annotations

from wtforms import EmailField, StringField

from core.forms.base import Form
from core.forms.validators import EmailAddress, MaxLength, Required


class ThingForm(Form):
    check_endpoint = "things.check_field"

    contact_name = StringField(
        "Your name",
        validators=[Required("Enter your name."), MaxLength(100, "Your name")],
        render_kw={"autocomplete": "name"},
    )
    contact_email = EmailField(
        "Your email address",
        validators=[Required("Enter your email address."), MaxLength(254, "Your email address"), EmailAddress()],
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )
