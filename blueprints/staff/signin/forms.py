"""The forms of signing in. They have the fields and attributes that Flask-Security's views read, and words of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import current_app, g, session
from flask_security import (
    ChangePasswordForm,
    LoginForm,
    MfRecoveryCodesForm,
    MfRecoveryForm,
    TwoFactorRescueForm,
    TwoFactorSelectForm,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
    WebAuthnDeleteForm,
    WebAuthnRegisterForm,
    WebAuthnRegisterResponseForm,
    WebAuthnSigninResponseForm,
    current_user,
)
from wtforms import EmailField, HiddenField, PasswordField, StringField

from blueprints.staff.keyring import passwords
from blueprints.staff.signin import answers, browser, credentials, settings, steps
from blueprints.staff.signin.webauthn_util import FIRST
from core.forms.base import Form, Radio
from core.forms.validators import MaxLength, Required

if TYPE_CHECKING:
    from blueprints.staff.models import StaffMember

WRONG = "The address or the password is not right. Check both, and whether Caps Lock is on."
WRONG_PASSWORD = "The password is not right. Check whether Caps Lock is on."  # noqa: S105 - words
CODE_BOX = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "class": "code"}
LONGEST = MaxLength(200, "Password")


def _password(label: str, autocomplete: str, missing: str, **kwargs: Any) -> PasswordField:
    return PasswordField(
        label, validators=[Required(missing), LONGEST], render_kw={"autocomplete": autocomplete}, **kwargs
    )


class OwnNext:
    """Where to go on afterwards: an address of the desk, or nothing."""

    next: HiddenField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not answers.is_own(self.next.data or ""):
            self.next.data = ""

    def validate_next(self, field: HiddenField) -> None:
        """Not Flask-Security's own check, which lets any address of the site pass."""


class SignInForm(OwnNext, Form, LoginForm):
    email = EmailField(
        "Email address",
        validators=[Required("Enter your email address."), MaxLength(254, "Email address")],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = _password("Password", "current-password", "Enter your password.")
    remember = None
    submit = None
    next = HiddenField()
    user: StaffMember | None = None

    def validate(self, extra_validators: Any = None, **_options: Any) -> bool:
        """The right password opens the key at once; the session is of no use until all factors are done."""
        if not super(LoginForm, self).validate(extra_validators):
            return False
        password = self.password.data or ""
        member, may_go_on = credentials.check(self.email.data or "", password)
        if member is None or not may_go_on:
            steps.refused(member, "password")
            self.form_errors.append(WRONG)
            return False
        browser.lead_to(self.next.data)
        steps.password_was_right(member, password)
        self.user = member
        return True


class AgainForm(OwnNext, Form, VerifyForm):
    """The password once more, before second factors are changed."""

    password = _password("Password", "current-password", "Enter your password.")
    submit = None
    next = HiddenField()

    def validate(self, extra_validators: Any = None, **_options: Any) -> bool:
        if not super(VerifyForm, self).validate(extra_validators):
            return False
        _member, is_right = credentials.check(self.user.email, self.password.data or "")
        if not is_right:
            steps.refused(self.user, "password")
            self.password.errors = [WRONG_PASSWORD]
        return is_right


class UnlockForm(OwnNext, Form):
    password = _password("Password", "current-password", "Enter your password.")
    next = HiddenField()


class NewPasswordForm(Form, ChangePasswordForm):
    password = _password("Password you have now", "current-password", "Enter the password you have now.")
    new_password = _password(
        "New password",
        "new-password",
        "Enter a new password.",
        description="At least 12 characters. Four words at random are easy to remember and hard to guess.",
    )
    new_password_confirm = _password("New password again", "new-password", "Enter the new password again.")
    submit = None

    def validate(self, extra_validators: Any = None, **_options: Any) -> bool:
        if not super(ChangePasswordForm, self).validate(extra_validators):
            return False
        old, new = self.password.data or "", self.new_password.data or ""
        member = current_user._get_current_object()
        if wrong := passwords.problem(new, member.email, member.name):
            self.new_password.errors = [wrong]
        elif new != self.new_password_confirm.data:
            self.new_password_confirm.errors = ["The two are not the same. Enter the new password again."]
        elif new == old:
            self.new_password.errors = ["This is the password you have now. Choose another."]
        elif not credentials.check(member.email, old)[1]:
            steps.refused(member, "password")
            self.password.errors = [WRONG_PASSWORD]
        else:
            self.new_password.data = credentials.normalized(new)
            g.staff_passwords = (old, new)
        return not self.errors


class SetupForm(Form, TwoFactorSetupForm):
    """Its one answer is in the buttons: set up an app, or stop asking for its codes."""

    setup = HiddenField()
    phone = HiddenField()
    submit = None

    def validate(self, extra_validators: Any = None, **_options: Any) -> bool:
        if not super(TwoFactorSetupForm, self).validate(extra_validators):
            return False
        if self.setup.data == "disable" and self._is_last():
            self.form_errors.append("You need a second factor. Add a passkey first.")
            return False
        if self.setup.data not in ("authenticator", "disable"):
            self.form_errors.append(settings.MESSAGES["TWO_FACTOR_METHOD_NOT_AVAILABLE"])
        return not self.form_errors

    def _is_last(self) -> bool:
        """Whether the app is a second factor that the person has to have."""
        return settings.needs_second_factor(current_app) and not (self.user and self.user.webauthn)


class CodeForm(Form, TwoFactorVerifyCodeForm):
    code = StringField(
        "Code of the authenticator app",
        validators=[Required("Enter the six digits that the app shows."), MaxLength(12, "Code")],
        render_kw=CODE_BOX,
    )
    submit = None

    def validate(self, extra_validators: Any = None, **options: Any) -> bool:
        if TwoFactorVerifyCodeForm.validate(self, **options):
            return True
        if self.code.data and not self.is_setup:
            steps.refused(self.user, "code")
        return False


class RecoveryForm(Form, MfRecoveryForm):
    code = StringField(
        "Recovery code",
        validators=[Required("Enter one of your recovery codes."), MaxLength(40, "Code")],
        render_kw={"autocomplete": "off", "spellcheck": "false", "class": "code"},
    )
    submit = None

    def validate(self, extra_validators: Any = None, **options: Any) -> bool:
        if MfRecoveryForm.validate(self, **options):
            steps.recovery_code_was_right()
            return True
        if self.code.data:
            steps.refused(self.user, "recovery code")
        return False


class CodesForm(Form, MfRecoveryCodesForm):
    show_codes = HiddenField()
    generate_new_codes = HiddenField()

    def validate(self, extra_validators: Any = None, **options: Any) -> bool:
        if not MfRecoveryCodesForm.validate(self, **options):
            return False
        steps.codes_made(current_user._get_current_object())
        return True


class ChooseForm(Form, TwoFactorSelectForm):
    """Flask-Security gives its choices as pairs, of which WTForms warns. The page makes buttons of them, and the view
    refuses what is none."""

    which = HiddenField()
    submit = None


class HelpForm(TwoFactorRescueForm):
    """Not shown: the page of the code links to recovery codes. Without pairs, as above."""

    help_setup = Radio("", {})
    submit = None


class PasskeyForm(Form, WebAuthnRegisterForm):
    name = StringField(
        "Name of the passkey",
        validators=[Required("Give the passkey a name, such as the device it is on."), MaxLength(64, "Name")],
        description="The device or key it is on, for example “Work laptop”.",
        render_kw={"autocomplete": "off"},
    )
    usage = HiddenField()
    submit = None

    def validate(self, extra_validators: Any = None, **options: Any) -> bool:
        is_valid = bool(WebAuthnRegisterForm.validate(self, **options))
        self.usage.data = FIRST
        return is_valid


class NewPasskeyForm(WebAuthnRegisterResponseForm):
    prf = HiddenField()

    def validate(self, **options: Any) -> bool:
        """What the browser said of extensions is not kept but for this: an output of PRF opens the key."""
        if not super().validate(**options):
            return False
        self.extensions = json.dumps({"prf": bool(self.prf.data)})
        g.staff_prf = steps.prf_of(self.prf.data)
        return True


class PasskeyAnswerForm(WebAuthnSigninResponseForm):
    remember = HiddenField()
    prf = HiddenField()

    def validate(self, **options: Any) -> bool:
        """A passkey is first and second factor; as the second it has to be of the person whose password was right."""
        is_second, self.is_secondary = self.is_secondary, False
        is_valid = super().validate(**options) and not self.errors
        self.is_secondary = is_second
        if is_valid and is_second and _is_somebody_elses(self.user):
            self.credential.errors = [settings.MESSAGES["WEBAUTHN_UNKNOWN_CREDENTIAL_ID"]]
            is_valid = False
        if not is_valid:
            steps.refused(self.user, "passkey")
            return False
        g.staff_passkey, g.staff_prf = self.cred, steps.prf_of(self.prf.data)
        return True


def _is_somebody_elses(user: Any) -> bool:
    return bool(user.fs_uniquifier != session.get("tf_user_id"))


class RemovePasskeyForm(Form, WebAuthnDeleteForm):
    name = HiddenField(validators=[Required("Say which passkey to remove.")])
    submit = None

    def validate(self, extra_validators: Any = None, **options: Any) -> bool:
        if not WebAuthnDeleteForm.validate(self, **options):
            return False
        is_last = len(current_user.webauthn) == 1 and not current_user.tf_primary_method
        if is_last and settings.needs_second_factor(current_app):
            self.name.errors = ["This is your only second factor. Set up another one first."]
            return False
        return True
