"""Signing in with a council account: the redirects, each method alone, and what is stored afterwards."""

import json
import logging
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from tests.web.identity.oidc.conftest import Opened, with_issuer
from tests.web.identity.oidc.fake_provider import CLIENT, COMES_BACK_TO, SECRET, Issuer
from tests.web.identity.oidc.visitor import Visitor, answered
from web.identity.oidc.account_linking import used_second_factor
from workflow.storage import tables
from workflow.storage.engine import read_transaction


def test_signing_in_returns_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    assert visitor.signs_in("/audits?state=shared").headers["Location"] == "/audits?state=shared"
    assert visitor.is_signed_in
    assert visitor.signs_in().headers["Location"] == "/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\0b"])
def test_a_redirect_to_another_site_is_ignored(visitor: Visitor, elsewhere: str) -> None:
    assert visitor.signs_in(elsewhere).headers["Location"] == "/"


def test_the_request_to_the_issuer_has_the_agreed_parameters(visitor: Visitor) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(visitor.leaves_for()).query).items()}
    secret = {asked.pop(name) for name in ("state", "nonce", "code_challenge")}
    assert len(secret) == 3
    assert min(map(len, secret)) >= 43
    assert asked == {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": COMES_BACK_TO, "scope": "openid email profile",
        "code_challenge_method": "S256",
    }  # fmt: skip


def test_only_a_form_of_this_service_starts_it(visitor: Visitor) -> None:
    assert visitor.client.post("/sign-in/council").status_code == 400
    assert visitor.client.get("/sign-in/council").status_code == 405


def test_the_session_is_new_and_holds_no_token(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.account["amr"] = ["pwd", "mfa"]
    before = visitor.client.get_cookie("session")
    visitor.signs_in()
    after = visitor.client.get_cookie("session")
    assert after is not None
    assert before is None or before.value != after.value
    with read_transaction(app.extensions["council"].engine) as connection:
        session = connection.execute(select(tables.sessions)).one()
        assert set(session.content) == {"second_proof", "council_sign_in_at", "csrf_token"}
        assert session.content["second_proof"] == "council account"
        assert connection.execute(select(tables.sign_in_attempts)).all() == []


def test_signing_out_ends_the_session(visitor: Visitor) -> None:
    visitor.signs_in()
    kept = visitor.client.get_cookie("session")
    assert kept is not None
    page = visitor.client.get("/").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    visitor.client.post("/sign-out", data={"csrf_token": token})
    visitor.client.set_cookie("session", kept.value)
    assert not visitor.is_signed_in


def test_no_secret_is_logged(issuer: Issuer, visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    given = answered(visitor.leaves_for())
    visitor.comes_back_with(**given)
    issuer.forge = json.dumps
    again = answered(visitor.leaves_for())
    visitor.comes_back_with(**again)
    assert len([one for one in caplog.records if one.name != "practice_audit.request"]) == 2
    secret = {*given.values(), *again.values(), SECRET, "an-access-token", "auditor@demo.example", "a-1"}
    assert [word for word in secret if any(word in line for line in caplog.messages)] == []


@pytest.mark.parametrize(
    ("claims", "was"),
    [
        ({}, False), ({"amr": ["pwd"]}, False), ({"amr": ["pwd", "mfa"]}, True), ({"amr": "mfa"}, False), ({"acr": "1"}, False),
        ({"acr": "mfa"}, True), ({"amr": None, "acr": None}, False),
    ],
)  # fmt: skip
def test_a_second_factor_counts_only_if_the_issuer_states_it(claims: dict[str, object], was: bool) -> None:
    assert used_second_factor(claims) is was


@pytest.mark.parametrize("amr", [["pwd"], ["pwd", "mfa"]])
def test_a_role_that_needs_a_second_factor_sets_up_ours_if_the_issuer_used_none(opened: Opened, issuer: Issuer, amr: list[str]) -> None:
    app = opened(**with_issuer(issuer.url), MFA_ROLES="auditor", PASSWORDS="off")
    issuer.account["amr"] = amr
    visitor = Visitor(app)
    visitor.signs_in()
    assert visitor.client.get("/audits").status_code == (200 if "mfa" in amr else 302)
    if "mfa" not in amr:
        assert visitor.client.get("/audits").headers["Location"] == "/account/second-proof"


def test_passwords_can_be_turned_off(opened: Opened, issuer: Issuer) -> None:
    app = opened(**with_issuer(issuer.url), PASSWORDS="off")
    visitor = Visitor(app)
    page = visitor.client.get("/sign-in").get_data(as_text=True)
    assert 'type="password"' not in page
    assert "Sign in with your council account" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    typed = {"email": "auditor@demo.example", "password": "correct horse"}
    nothing = visitor.client.post("/nothing-here", data=typed)
    for form in (typed, {**typed, "csrf_token": token}):
        refused = visitor.client.post("/sign-in", data=form)
        assert (refused.status_code, refused.data) == (nothing.status_code, nothing.data) == (404, nothing.data)
    assert not visitor.is_signed_in
    assert visitor.signs_in().headers["Location"] == "/"


def test_without_an_issuer_council_sign_in_is_not_found(opened: Opened) -> None:
    visitor = Visitor(opened())
    page = visitor.client.get("/sign-in?council=refused").get_data(as_text=True)
    assert "council account" not in page
    nothing = visitor.client.get("/nothing-here")
    for answer in (visitor.client.post("/sign-in/council"), visitor.client.get("/sign-in/council/answer?state=x&code=y")):
        assert (answer.status_code, answer.data) == (404, nothing.data)


def test_starting_needs_neither_the_issuer_nor_its_libraries() -> None:
    loaded = (
        "import sys, web.app, web.cli.main, web.identity.oidc.routes; print(sorted({'authlib', 'requests', 'joserfc'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.strip() == "[]"
