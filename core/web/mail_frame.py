"""The HTML of an email inside a page. It is an answer of its own, in a frame that runs nothing."""

from __future__ import annotations

from werkzeug.wrappers import Response

from core.web.security import CONTENT_SECURITY_POLICY

# Mail has inline styles, and its links open in a new window.
OF_A_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


def with_frame(page: Response) -> Response:
    """A page that shows an answer of `of_mail`."""
    page.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
    return page


def of_mail(html: str) -> Response:
    """The HTML part of an email alone."""
    response = Response(html.replace("<head>", '<head><base target="_blank">', 1), mimetype="text/html")
    response.headers["Content-Security-Policy"] = OF_A_MAIL
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
