"""Codes of authenticator apps. Each is accepted once, also if two requests bring it at the same moment."""

from __future__ import annotations

import io
from typing import Any

import qrcode
from flask_security import Totp
from markupsafe import Markup
from passlib.exc import TokenError
from passlib.totp import TotpMatch
from qrcode.image.svg import SvgPathImage

from core.extensions import db


class CodesOnce(Totp):
    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Whether the code is right and newer than the last that was accepted. The member's row stays locked until the
        caller's transaction ends, so a second request with the same code waits and then sees that it was used."""
        db.session.refresh(user, with_for_update=True)
        is_new_secret = totp_secret != user.tf_totp_secret
        last = None if is_new_secret else self.get_last_counter(user)
        try:
            match = self._totp.verify(token.replace(" ", ""), totp_secret, window=window, last_counter=last)
        except (TokenError, ValueError):
            return False
        self.set_last_counter(user, match)
        return True

    def get_last_counter(self, user: Any) -> int | None:
        counter: int | None = user.tf_last_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        user.tf_last_counter = tmatch.counter

    def generate_qrcode(self, username: str, totp: str) -> str:
        """As SVG in the page: the policy of the site allows no images in data: addresses."""
        image = qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathImage, border=2)
        written = io.BytesIO()
        image.save(written)
        # Markup of the library, made of a path's numbers only.
        return Markup(written.getvalue().decode().partition("?>")[2])  # noqa: S704
