"""Each link, token and council sign-in at the wrong time, in the wrong hands, or again."""

from datetime import timedelta

import pytest
from flask import Flask
from time_machine import Traveller

from tests.web.identity.oidc.visitor import answered
from tests.web.support.browser import PASSWORD, token_in
from tests.web.support.owners import Session
from tests.web.support.proof_steps import (
    GOVERNANCE,
    NEW,
    STEPS,
    calendar_of,
    calls,
    comes_back,
    enrolment_code,
    reset_link,
    started,
    stores,
    token_of,
)
from tests.web.support.roles import leaves
from tests.web.support.tally import Tally
from web.council import Council
from web.identity.account.proofs import FIELDS, Purpose
from web.identity.credentials.access_tokens import revoke_token


@pytest.fixture
def app(app_with_issuer: Flask) -> Flask:
    return app_with_issuer


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def test_a_reset_link_works_once_for_an_hour(app: Flask, council: Council, clock: Traveller, tally: Tally) -> None:
    link, twin = reset_link(app), reset_link(app)
    of_another = f"{reset_link(app, 'auditor').rpartition('.')[0]}.{link.rpartition('.')[2]}"
    for wrong in (link[:-2], link[::-1], of_another):
        tally.says(resets(app, wrong), "forged")
    clock.shift(timedelta(hours=1, seconds=1))
    tally.says(resets(app, link), "too late")
    link, twin = reset_link(app), reset_link(app)
    tally.says(resets(app, link), "a reset link", right=True)
    tally.says(resets(app, link), "again")
    tally.says(resets(app, twin), "made for the old password")
    link = reset_link(app)
    leaves(council, "qa")
    tally.says(resets(app, link), "of somebody who left")
    tally.done()


def resets(app: Flask, link: str) -> bool:
    return Session(app).posts("/new-password", token=link, new=NEW).status_code == 302


def test_an_enrolment_code_enrols_its_owner_once_for_a_day(app: Flask, council: Council, clock: Traveller, tally: Tally) -> None:
    for purpose in (Purpose.APP, Purpose.PASSKEY):
        replaced, code = enrolment_code(council), enrolment_code(council)
        clock.shift(timedelta(hours=24, seconds=1))
        tally.says(enrols(app, purpose, code), purpose, "too late")
        of_another, code = enrolment_code(council, "auditor"), enrolment_code(council)
        for wrong in (replaced, of_another, code[:-1], ""):
            tally.says(enrols(app, purpose, wrong), purpose, "another code")
        tally.says(enrols(app, purpose, code, password=NEW), purpose, "without the password")
        tally.says(enrols(app, purpose, code), purpose, "a code", right=True)
    session, code = Session(app, GOVERNANCE), enrolment_code(council)
    for purpose in (Purpose.TOKEN, Purpose.CALENDAR):
        tally.says("/account/second-proof" not in session.posts(STEPS[purpose][0]).headers["Location"], purpose, "before a factor")
    tally.done()


def enrols(app: Flask, purpose: Purpose, code: str, password: str = PASSWORD) -> bool:
    return stores(Session(app, GOVERNANCE), purpose, proof_password=password, proof_enrolment_code=code)


def test_calendars_and_tokens_end_with_what_they_were_made_for(app: Flask, council: Council, clock: Traveller, tally: Tally) -> None:
    first, second, token, short = calendar_of(app), calendar_of(app), token_of(council), token_of(council, "auditor")
    tally.says(fetches(app, first), "a replaced calendar")
    tally.says(fetches(app, second), "a calendar", right=True)
    tally.says(fetches(app, second[:-1]), "half a calendar address")
    tally.says(calls(app, token), "a token", right=True)
    tally.says(calls(app, token[:-1]), "half a token")
    revoke_token(council, 1)
    tally.says(calls(app, token), "a revoked token")
    leaves(council, "moderator")
    tally.says(fetches(app, second), "the calendar of somebody who left")
    clock.shift(timedelta(days=91))
    tally.says(calls(app, short), "a token that has ended")
    tally.done()


def fetches(app: Flask, address: str) -> bool:
    return app.test_client().get(f"/calendar/{address}.ics").status_code == 200


def test_a_council_sign_in_ends_in_its_browser_and_confirms_one_thing(app: Flask, council: Council, clock: Traveller, tally: Tally) -> None:
    """Of somebody who signs in with the council account alone: a password could be stolen."""
    visitor = Session(app)
    begun = answered(started(visitor))
    clock.shift(timedelta(minutes=10, seconds=1))
    tally.says(comes_back(visitor, begun), "too late")
    for purpose in (Purpose.TOKEN, Purpose.CALENDAR, Purpose.APP):
        visitor = council_account(app, tally)
        for field in FIELDS:
            tally.says(stores(Session(app, "auditor"), purpose, **{field: PASSWORD}), purpose, "without a council sign-in")
        tally.says(stores(visitor, purpose), purpose, "a council sign-in", right=True)
        for other in {Purpose.TOKEN, Purpose.CALENDAR, Purpose.APP, Purpose.PASSKEY} - ({purpose} & {Purpose.APP}):
            tally.says(stores(visitor, other), other, "with the same council sign-in as", purpose)
        visitor = council_account(app, tally)
        clock.shift(timedelta(minutes=10, seconds=1))
        tally.says(stores(visitor, purpose), purpose, "ten minutes after the council sign-in")
    tally.done()


def council_account(app: Flask, tally: Tally) -> Session:
    """Signed in with it. What came back from the issuer is refused in another browser, and a second time."""
    visitor, elsewhere = Session(app), Session(app)
    begun = answered(started(visitor))
    tally.says(comes_back(elsewhere, begun), "in another browser")
    copy = visitor.cookie()
    tally.says(comes_back(visitor, begun), "a council sign-in", right=True)
    elsewhere.client.set_cookie("session", copy)
    tally.says(comes_back(elsewhere, begun), "again, from a copy of the cookie")
    visitor.token = token_in(visitor.get("/account/second-proof").get_data(as_text=True))
    return visitor
