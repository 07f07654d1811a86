"""Flask-Security within the desk: its set-up, and its blueprint's place beside the staff's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, g, request, session, url_for
from flask.blueprints import BlueprintSetupState
from flask_limiter import RateLimitExceeded
from flask_security import Security, SQLAlchemyUserDatastore, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from blueprints.staff import access as staff_access
from blueprints.staff.models import Passkey, StaffMember
from blueprints.staff.signin import answers, browser, forms, pages, settings, steps, throttle
from blueprints.staff.signin.mail_util import OutboxMail
from blueprints.staff.signin.recovery import HashedCodes
from blueprints.staff.signin.totp import CodesOnce
from blueprints.staff.signin.webauthn_util import AnyAuthenticator
from core import clock
from core.extensions import db
from core.web import access, hypermedia

View = Callable[..., Any]
PERMISSIONS = {
    "login": staff_access.ANYBODY,
    "tf_select": staff_access.ANYBODY,
    "two_factor_token_validation": staff_access.ANYBODY,
    "mf_recovery": staff_access.ANYBODY,
    "wan_signin": staff_access.ANYBODY,
    "wan_signin_response": staff_access.ANYBODY,
    "verify": staff_access.SETTING_UP,
    "two_factor_setup": staff_access.SETTING_UP,
    "wan_register": staff_access.SETTING_UP,
    "wan_register_response": staff_access.SETTING_UP,
    "wan_delete": staff_access.SIGNED_IN,
    "mf_recovery_codes": staff_access.SIGNED_IN,
    "change_password": staff_access.SIGNED_IN,
}
"""Of Flask-Security's views. Those that are not here are off."""
FORMS: dict[str, Any] = {
    "login_form": forms.SignInForm,
    "verify_form": forms.AgainForm,
    "change_password_form": forms.NewPasswordForm,
    "two_factor_setup_form": forms.SetupForm,
    "two_factor_verify_code_form": forms.CodeForm,
    "two_factor_rescue_form": forms.HelpForm,
    "two_factor_select_form": forms.ChooseForm,
    "mf_recovery_form": forms.RecoveryForm,
    "mf_recovery_codes_form": forms.CodesForm,
    "wan_register_form": forms.PasskeyForm,
    "wan_register_response_form": forms.NewPasskeyForm,
    "wan_signin_response_form": forms.PasskeyAnswerForm,
    "wan_delete_form": forms.RemovePasskeyForm,
}


STEPS = ("/staff/two-factor", "/staff/passkeys/sign-in")
"""Between the password and the desk."""


class NobodysRole:
    """There is no table of roles: a member's are in StaffMember.role_names, and blueprints/staff/roles.py says what
    they allow."""


class DeskSecurity(Security):
    def _check_modules(self, module: str, config_name: str) -> Any:
        """Flask-Security cleans the names of passkeys with nh3; ours are checked in webauthn_util.py."""
        return None if module == "nh3" else cast(Any, super())._check_modules(module, config_name)


def init(state: BlueprintSetupState) -> None:
    """For `bp.record_once` of the staff's blueprint."""
    app = cast(Flask, state.app)
    settings.apply(app)
    security = DeskSecurity(
        app,
        SQLAlchemyUserDatastore(db, StaffMember, cast(Any, NobodysRole), Passkey),
        mail_util_cls=OutboxMail,
        totp_cls=CodesOnce,
        mf_recovery_codes_util_cls=HashedCodes,
        webauthn_util_cls=AnyAuthenticator,
        render_template=cast(Any, pages.for_security),
        **FORMS,
    )
    security.want_json(lambda request: False)
    # Nobody signs in by a token in an address or header.
    security.login_manager.request_loader(lambda request: None)
    bp = cast(Blueprint, app.blueprints[settings.BLUEPRINT])
    access.public(bp, access.STAFF)
    _declare(app)
    _keep_to_the_desk(app, bp)
    _answer(app, bp)
    steps.connect(app)


def _declare(app: Flask) -> None:
    own = [name for name in app.view_functions if name.startswith(f"{settings.BLUEPRINT}.")]
    for endpoint in own:
        name = endpoint.rpartition(".")[2]
        view = throttle.VIEWS.get(name, app.view_functions[endpoint]) if name in PERMISSIONS else _off
        app.view_functions[endpoint] = _with_permission(view, PERMISSIONS.get(name, staff_access.ANYBODY))


def _with_permission(view: View, permission: str) -> View:
    @wraps(view)
    def declared(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return staff_access.requires(permission)(declared)


def _off(**_values: str) -> Response:
    abort(404)


def _keep_to_the_desk(app: Flask, bp: Blueprint) -> None:
    """Flask-Login and Flask-Principal look into the session at every request. The site's public pages are the same for
    everybody and never look: they would not be kept by the page cache any more (docs/adr/0007). The desk needs neither
    hook: it remembers nobody, and its permissions are its own."""
    all_hooks: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs, app.template_context_processors)
    for hooks in all_hooks:
        hooks[None][:] = [hook for hook in hooks[None] if not _is_of(hook, ("flask_login", "flask_principal"))]
    of_the_desk = app.template_context_processors["staff"]
    of_the_desk.append(_context)
    app.template_context_processors[bp.name].extend(of_the_desk)


def _context() -> dict[str, Any]:
    return {"staff_access": staff_access, "staff_session_seconds": _seconds_left}


def _seconds_left() -> int:
    """Until the session ends, if nothing is done until then."""
    return int((staff_access.expires_at() - clock.now()).total_seconds())


def _is_of(hook: object, packages: tuple[str, ...]) -> bool:
    return str(getattr(hook, "__module__", "")).startswith(packages)


def _answer(app: Flask, bp: Blueprint) -> None:
    app.before_request_funcs.setdefault(bp.name, []).extend((staff_access.check, _no_code_is_asked))
    app.after_request_funcs.setdefault(bp.name, []).append(_stay_within)
    for name in (bp.name, "staff"):
        _handle(app, name, CSRFError, answers.stale)
        _handle(app, name, staff_access.KeyLocked, _locked)
    _handle(app, bp.name, RateLimitExceeded, _slow_down)


def _handle(app: Flask, blueprint: str, error: type[Exception], handler: View) -> None:
    """As Blueprint.register_error_handler does, which may not be called after the blueprint is registered."""
    code = getattr(error, "code", None)
    app.error_handler_spec[blueprint][code][error] = handler


def _locked(_error: Exception) -> Response:
    return answers.locked()


def _no_code_is_asked() -> Response | None:
    """Flask-Security signs out whoever opens the page of the code at another time."""
    is_asked = session.get("tf_state") == "validating_profile" or not current_user.is_authenticated
    if request.endpoint == "security.two_factor_token_validation" and not is_asked:
        return hypermedia.go_to(url_for("staff.account"))
    return None


def _slow_down(error: RateLimitExceeded) -> Response:
    """The limiter adds Retry-After."""
    return pages.show("staff/signin/wait.html", 429, words=throttle.words(error))


def _stay_within(response: Response) -> Response:
    """Flask-Security leads on with 302, and to any address of the site that `next` names."""
    if response.status_code != 302:
        return response
    response.status_code = 303
    response.headers["Location"] = _own_target(response.headers["Location"])
    return response


def _own_target(address: str) -> str:
    target = urlsplit(address)
    if g.get("staff_completed") and (wanted := browser.led_to()):
        return wanted
    if target.path.startswith(STEPS):
        return target.path  # browser.py knows where to go on
    own = target.path + (f"?{target.query}" if target.query else "")
    is_here = target.netloc in ("", request.host)
    return own if is_here and answers.is_own(own) else url_for("staff.landing")
