"""Every address of the desk, with nobody and with each role, against the permission that it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from blueprints.staff import access, roles
from tests.page import Client
from tests.staff.conftest import SignedIn

ENDS_THE_SESSION = {"staff.sign_out", "staff.sign_out_everywhere"}


def addresses(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Method, path and endpoint of each."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/staff"):
            path = re.sub(r"<int:[^>]+>", "999999", rule.rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, re.sub(r"<[^>]+>", "x", path), rule.endpoint


def ask(client: Client, method: str, path: str) -> TestResponse:
    """Some answers are no whole pages."""
    return client.client.open(path, method=method, data=client.token() if method == "POST" else None)


def is_of_an_invitation(app: Flask, endpoint: str) -> bool:
    return app.view_functions[endpoint].__module__.startswith("blueprints.staff.people")


def test_every_address_declares_a_permission(sqlite_app: Flask) -> None:
    known = {*access.DECLARED, *(p for allowed in roles.PERMISSIONS.values() for p in allowed)}
    with sqlite_app.app_context():
        needed = {endpoint: access.needs(endpoint) for _method, _path, endpoint in addresses(sqlite_app)}
    assert len(needed) > 20
    assert set(needed.values()) <= known


def test_an_address_without_a_permission_is_found_and_answers_nobody(sqlite_app: Flask, signed_in: SignedIn) -> None:
    sqlite_app.add_url_rule("/staff/forgotten", "staff.forgotten", lambda: "patients")
    endpoints = [endpoint for _method, _path, endpoint in addresses(sqlite_app)]
    with sqlite_app.app_context(), pytest.raises(access.NoPermissionRule):
        list(map(access.needs, endpoints))
    assert signed_in("manager").get("/staff/forgotten").status == 500


def test_nobody_sees_no_more_than_the_pages_of_signing_in(sqlite_app: Flask) -> None:
    seen = set()
    for method, path, endpoint in addresses(sqlite_app):
        answer = ask(Client(sqlite_app), method, path)
        with sqlite_app.app_context():
            needed = access.needs(endpoint)
        if needed == access.ANYBODY:
            seen.add(endpoint)
            assert answer.status_code < 500, path
        elif method == "POST" and not endpoint.startswith("security."):
            assert answer.status_code == 401, path
        else:
            assert (answer.status_code, (answer.location or "").partition("?")[0]) == (303, "/staff/sign-in"), path
    ours = {"staff.sign_out", "staff.signed_out"}
    views = {"login", "tf_select", "two_factor_token_validation", "two_factor_rescue", "two_factor_setup_validate"}
    views |= {"mf_recovery", "wan_signin", "wan_signin_response"}
    assert {name for name in seen if not is_of_an_invitation(sqlite_app, name)} == ours | {
        f"security.{view}" for view in views
    }


@pytest.mark.parametrize("role", roles.PERMISSIONS)
def test_each_role_opens_what_it_may_and_nothing_else(sqlite_app: Flask, signed_in: SignedIn, role: str) -> None:
    client, allowed = signed_in(role), roles.PERMISSIONS[role]
    refused = 0
    for method, path, endpoint in addresses(sqlite_app):
        if endpoint in ENDS_THE_SESSION:
            continue
        with sqlite_app.app_context():
            needed = access.needs(endpoint)
        answer = ask(client, method, path)
        may = needed in access.DECLARED or needed in allowed
        assert (answer.status_code == 403) != may, f"{method} {path} {needed}"
        assert answer.status_code != 401, path
        assert answer.status_code < 500, path
        assert not (answer.location or "").startswith("/staff/sign-in?"), path
        refused += not may
    assert refused > 0
