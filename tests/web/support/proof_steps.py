"""Proofs, and the steps that take them."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask_security.recoverable import generate_reset_password_token

from tests.factories import World
from tests.web.support.browser import PASSWORD, token_in
from tests.web.support.owners import Session, person_id
from web.council import Council
from web.identity.account.proofs import Purpose
from web.identity.credentials import enrolment_codes, queries
from web.identity.credentials.access_tokens import NewToken, create_token
from web.identity.credentials.security_app import security_app
from workflow.commands.directory.enrolment import store_code_of_operator

QA, GOVERNANCE = "qa@demo.example", "governance"
Given = Mapping[str, str]
# What is sent to the step that stores, or to the first step where there are several.
STEPS: Mapping[Purpose, tuple[str, Mapping[str, str]]] = {
    Purpose.APP: ("/account/second-proof", {}),
    Purpose.PASSKEY: ("/account/passkeys/new", {}),
    Purpose.RECOVERY_CODES: ("/account/second-proof/recovery-codes", {}),
    Purpose.REMOVE_APP: ("/account/second-proof/remove", {}),
    Purpose.REMOVE_PASSKEY: ("/account/passkeys/remove", {}),
    Purpose.TOKEN: ("/tokens/new", {"name": "Dashboard", "scope": "read", "days": "7"}),
    Purpose.CALENDAR: ("/calendar", {}),
}
SIGN_IN, ADD = "sign in", "add"
CHALLENGES = (SIGN_IN, ADD, *Purpose)
NEW = "four quiet herons wading"


def stores(session: Session, purpose: Purpose, **proof: str) -> bool:
    """Whether this was let through, or on to the next step."""
    path, typed = STEPS[purpose]
    which = queries.passkeys_of(session.council.engine, person_id(session.app, session.name)) if purpose is Purpose.REMOVE_PASSKEY else ()
    return session.posts(path, **typed, **({"which": str(which[0].id)} if which else {}), **proof).status_code < 400


def challenge(session: Session, purpose: str) -> dict[str, Any]:
    """Asked for by a page’s script. A passkey is added only once that is confirmed, so that is done first."""
    if purpose == ADD:
        return session.asks("/account/passkeys/ask")
    return session.asks("/sign-in/passkey/ask" if purpose == SIGN_IN else f"/account/confirm/ask?purpose={purpose}")


def halfway(app: Flask, email: str = QA) -> Session:
    """Who has given only the password."""
    session = Session(app)
    session.posts("/sign-in", email=email, password=PASSWORD)
    session.token = token_in(session.get("/sign-in/code").get_data(as_text=True))
    return session


def passkey_visitor(app: Flask) -> Session:
    visitor = Session(app)
    challenge(visitor, SIGN_IN)
    return visitor


def started(visitor: Session) -> str:
    """The issuer’s address that the button leads to."""
    return visitor.posts("/sign-in/council", next="/audits").headers["Refresh"].removeprefix("0; url=")


def comes_back(visitor: Session, given: Given) -> bool:
    visitor.client.get("/sign-in/council/answer", query_string=dict(given))
    return visitor.is_in()


def calls(app: Flask, token: str) -> bool:
    return app.test_client().get("/api/v1/audits", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def reset_link(app: Flask, name: str = "qa") -> str:
    with app.app_context(), security_app().context() as security:
        token: str = generate_reset_password_token(security.datastore.find_user(id=person_id(app, name)))
    return token


def enrolment_code(council: Council, name: str = GOVERNANCE) -> str:
    code, person = enrolment_codes.new_code(), World(council.store).person(name)
    store_code_of_operator(council.command_context(), person.id, enrolment_codes.digest_of(council, person.id, code))
    return code


def calendar_of(app: Flask, name: str = "moderator") -> str:
    page = Session(app, name).posts("/calendar", proof_password=PASSWORD).get_data(as_text=True)
    return page.partition("/calendar/")[2].partition(".ics")[0] if "/calendar/" in page else ""


def token_of(council: Council, name: str = "moderator") -> str:
    return create_token(council, World(council.store).person(name), NewToken(), "")
