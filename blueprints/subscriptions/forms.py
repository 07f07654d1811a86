"""The subscribe form. Its pages set no cookie, so it has no CSRF token: the origin check, the honeypot
and rate limits protect it (docs/adr/0003)."""

from __future__ import annotations

from typing import Any

from wtforms import EmailField

from blueprints.subscriptions import consent
from core.forms.base import Form, Honeypot
from core.forms.validators import EmailAddress, MaxLength, Required


class SubscribeForm(Form):
    check_endpoint = "subscriptions.check_field"

    class Meta(Form.Meta):
        csrf = False

    email = EmailField(
        "Email address",
        validators=[Required("Enter your email address."), MaxLength(254, "Email address"), EmailAddress()],
        render_kw={"autocomplete": "email", "spellcheck": "false", "class": "w-full"},
    )
    website = Honeypot()

    @property
    def is_from_a_robot(self) -> bool:
        return bool(self.website.is_filled)


def blank() -> dict[str, Any]:
    """Template context: the footer's empty form and the consent text beside its button."""
    return {"subscribe_form": SubscribeForm(formdata=None), "consent": consent.TEXT}
