"""The steps of signing in and out, and what each does to the key's session and to the audit trail."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g, request, session
from flask_security import (
    current_user,
    logout_user,
    password_changed,
    tf_disabled,
    tf_profile_changed,
    user_authenticated,
    wan_deleted,
    wan_registered,
)
from flask_security.proxies import _datastore

from blueprints.staff.keyring import sessions, wraps
from blueprints.staff.signin import browser, settings
from core import audit
from core.audit import Actor
from core.clients import network
from core.extensions import db
from core.mail import outbox

if TYPE_CHECKING:
    from blueprints.staff.models import StaffMember

PRF_BYTES = 32


def connect(app: Flask) -> None:
    user_authenticated.connect(_authenticated, app)
    tf_profile_changed.connect(_app_set, app)
    tf_disabled.connect(_app_removed, app)
    wan_registered.connect(_passkey_added, app)
    wan_deleted.connect(_passkey_removed, app)
    password_changed.connect(_password_changed, app)


def actor(member: StaffMember) -> Actor:
    return Actor(member.name, member.id, member.email, _place())


def refused(member: Any, what: str) -> None:
    """Notes a try that failed, of this member, or of nobody (None). Of an address that nobody has, nothing is kept.
    Commits."""
    db.session.rollback()
    subject = f"staff:{member.id}" if member is not None else ""
    audit.add(Actor("not signed in", place=_place()), "session.refused", subject, factor=what)
    db.session.commit()


def password_was_right(member: StaffMember, password: str) -> None:
    """Opens the key. Its session is of no use until all factors are done. Commits."""
    browser.carry(sessions.begin(member.id, wraps.open_with_password(member.id, password)))


def recovery_code_was_right() -> None:
    g.staff_factor = "recovery code"


def unlock(member_id: int, password: str) -> bool:
    """Puts the key into a session that has none. False: there is no copy of the key under this password."""
    private_key = wraps.open_with_password(member_id, password)
    if private_key is None:
        return False
    sessions.unlock(browser.token(), member_id, private_key)
    return True


def sign_out(person: Actor | None) -> None:
    """Ends the session of this browser, whether or not somebody is still signed in."""
    if person is not None:
        audit.add(person, "session.ended", f"staff:{person.id}")
    if browser.token():
        sessions.end(browser.token())
    db.session.commit()
    logout_user()
    browser.drop()
    session.clear()


def sign_out_everywhere(person: Actor) -> None:
    member = current_user._get_current_object()
    # Flask-Security knows its sessions by this.
    _datastore.set_uniquifier(member)
    audit.add(person, "session.ended", f"staff:{member.id}", where="everywhere")
    sessions.end_all(member.id)
    sign_out(None)


def codes_made(member: StaffMember) -> None:
    audit.add(actor(member), "codes.made", f"staff:{member.id}")


def prf_of(text: str | None) -> bytes:
    """The output of the passkey's PRF extension, from base64url; empty if there is none."""
    try:
        prf = urlsafe_b64decode((text or "") + "=" * (-len(text or "") % 4))
    except (binascii.Error, ValueError):
        return b""
    return prf if len(prf) == PRF_BYTES else b""


def _authenticated(_app: Flask, user: StaffMember, authn_via: list[str] | None = None, **_more: Any) -> None:
    """Flask-Security has let somebody in: their password and second factor, or their passkey, were right."""
    how = authn_via or []
    if "change" in how:
        _renew(user)
        return
    if "webauthn" in how:
        passkey = g.staff_passkey
        key = wraps.open_with_passkey(passkey.id, g.staff_prf) if g.staff_prf else None
        browser.carry(sessions.begin(user.id, key))
    elif "password" in how and settings.needs_second_factor(current_app):
        # Flask-Security asks for the second factors that somebody has. These have none.
        browser.start_setting_up()
        return
    _complete(user, "passkey" if "webauthn" in how else g.get("staff_factor", ""))


def _complete(user: StaffMember, factor: str = "") -> None:
    """All factors are done."""
    browser.end_setting_up()
    browser.remember(user.email)
    audit.add(actor(user), "session.started", f"staff:{user.id}", **({"factor": factor} if factor else {}))
    sessions.complete(browser.token(), user.id)
    g.pop("staff_person", None)
    g.staff_completed = True


def _renew(user: StaffMember) -> None:
    """The password was changed: the key is wrapped by the new one, and every session ends but a new one here."""
    old, new = g.staff_passwords
    private_key = wraps.open_with_password(user.id, old)
    if private_key is not None:
        wraps.add_password_wrap(user.id, new, private_key)
    audit.add(actor(user), "password.changed", f"staff:{user.id}")
    sessions.end_all(user.id)
    token = sessions.begin(user.id, private_key)
    sessions.complete(token, user.id)
    browser.carry(token)


def _app_set(_app: Flask, user: StaffMember, **_more: Any) -> None:
    _factor_set(user, "authenticator app")


def _app_removed(_app: Flask, user: StaffMember, **_more: Any) -> None:
    audit.add(actor(user), "factor.removed", f"staff:{user.id}", factor="authenticator app")
    _tell(user, "An authenticator app was removed", "Codes of your authenticator app are not asked for any more.")


def _passkey_added(_app: Flask, user: StaffMember, name: str = "", **_more: Any) -> None:
    member = user._get_current_object() if hasattr(user, "_get_current_object") else user
    db.session.flush()
    _wrap_by_passkey(member, name)
    _factor_set(member, "passkey")


def _wrap_by_passkey(member: StaffMember, name: str) -> None:
    """A passkey whose authenticator has PRF can open the key as the password does."""
    from blueprints.staff import access

    if not g.get("staff_prf") or not access.has_key():
        return
    passkey = next(passkey for passkey in member.webauthn if passkey.name == name)
    wraps.add_passkey_wrap(member.id, passkey.id, g.staff_prf, access.private_key())


def _passkey_removed(_app: Flask, user: StaffMember, **_more: Any) -> None:
    audit.add(actor(user), "factor.removed", f"staff:{user.id}", factor="passkey")
    _tell(user, "A passkey was removed", "A passkey of yours was removed.")


def _factor_set(user: StaffMember, what: str) -> None:
    audit.add(actor(user), "factor.set", f"staff:{user.id}", factor=what)
    _tell(user, "A second factor was set up", f"A second factor was set up for you: {what}.")
    if browser.is_setting_up():
        _complete(user, what)


def _password_changed(_app: Flask, user: StaffMember, **_more: Any) -> None:
    g.pop("staff_passwords", None)


def _tell(user: StaffMember, subject: str, words: str) -> None:
    body = f"{words}\n\nIf that was not you, tell a manager of the clinic at once."
    outbox.enqueue(user.email, subject, "email/staff_notice.md", body=body)


def _place() -> str:
    return network(request.remote_addr or "")
