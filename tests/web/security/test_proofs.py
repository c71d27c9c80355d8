"""A proof counts for what it was asked for, in the session and the time it was asked in, once (decision 55)."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from time_machine import Traveller

from tests.web.support.browser import PASSWORD
from tests.web.support.device import Device
from tests.web.support.owners import Owner, Session, equipped, person_id
from tests.web.support.proof_steps import ADD, CHALLENGES, NEW, SIGN_IN, STEPS, challenge, stores
from tests.web.support.sign_in import App
from tests.web.support.tally import Tally
from web.identity.account.proofs import Purpose
from web.identity.credentials import passwords, queries
from web.identity.sessions import token_digest
from workflow.storage.engine import read_transaction
from workflow.storage.tables import sessions


@pytest.fixture
def other(app: Flask, clock: Traveller) -> Owner:
    return equipped(app, "auditor")


def test_a_code_confirms_one_thing_once(app: Flask, other: Owner, clock: Traveller, tally: Tally) -> None:
    for purpose, kind in product(STEPS, ("code", "recovery code")):
        owner, session = equipped(app, "qa"), Session(app, "qa")
        early = owner.shows
        clock.shift(90)
        right = owner.shows if kind == "code" else owner.codes[3]
        wrong = {
            "another’s": other.shows,
            "another’s recovery code": other.codes[0],
            "too old": early,
            "none": "",
            "a password": PASSWORD,
            "cut": right[:-1],
        }
        for why, typed in wrong.items():
            tally.says(stores(session, purpose, proof_code=typed), purpose, why)
        tally.says(stores(session, purpose, proof_password=PASSWORD), purpose, "the password, although there is a factor")
        tally.says(stores(session, purpose, proof_code=right), purpose, kind, right=True)
        tally.says(stores(Session(app, "qa"), purpose, proof_code=right), purpose, kind, "again")
    tally.done()


def test_a_password_confirms_where_there_is_nothing_more(app: Flask, clock: Traveller, tally: Tally) -> None:
    """Codes can’t be replaced by somebody who has none, nor can a passkey be removed."""
    with app.app_context():
        passwords.change(person_id(app, "moderator"), NEW)
    for purpose in (Purpose.APP, Purpose.PASSKEY, Purpose.TOKEN, Purpose.CALENDAR):
        session = Session(app, "moderator")
        for wrong in (PASSWORD, "", NEW[:-1], "000000"):
            tally.says(stores(session, purpose, proof_password=wrong), purpose, "a wrong password")
        tally.says(stores(session, purpose, proof_code=NEW), purpose, "the password as a code")
        tally.says(stores(session, purpose, proof_password=NEW), purpose, "the password", right=True)
    for purpose in (Purpose.RECOVERY_CODES, Purpose.REMOVE_PASSKEY):
        tally.says(stores(Session(app, "moderator"), purpose, proof_password=NEW), purpose, "nothing to change")
    tally.done()


def test_a_passkey_answers_the_challenge_of_its_purpose_alone(app: Flask, other: Owner, clock: Traveller, tally: Tally) -> None:
    for purpose in STEPS:
        owner, session, elsewhere = equipped(app, "qa"), Session(app, "qa"), Session(app, "qa")
        for asked in CHALLENGES:
            if asked not in (purpose, ADD):
                tally.says(
                    stores(session, purpose, proof_credential=owner.device.get(challenge(session, asked))), purpose, "asked for", asked
                )
        tally.says(
            stores(session, purpose, proof_credential=owner.device.get(challenge(elsewhere, purpose))), purpose, "of another session"
        )
        tally.says(stores(session, purpose, proof_credential=other.device.get(challenge(session, purpose))), purpose, "of another person")
        tally.says(stores(session, purpose, proof_credential=Device().get(challenge(session, purpose))), purpose, "of no device here")
        tally.says(stores(session, purpose, proof_credential=owner.device.get(challenge(session, purpose), flags=0)), purpose, "unverified")
        late = owner.device.get(challenge(session, purpose))
        clock.shift(timedelta(minutes=5, seconds=1))
        tally.says(stores(session, purpose, proof_credential=late), purpose, "too late")
        right = owner.device.get(challenge(session, purpose))
        tally.says(stores(session, purpose, proof_credential=right), purpose, "a passkey", right=True)
        tally.says(stores(Session(app, "qa"), purpose, proof_credential=right), purpose, "again")
    tally.done()


def test_ac23_a_challenge_to_sign_in_adds_no_passkey(app: Flask, clock: Traveller, tally: Tally) -> None:
    """Signed in by password: ask to sign in by passkey, and answer with a new one."""
    session = Session(app, "moderator")
    for asked in (one for one in CHALLENGES if one != ADD):
        tally.says(adds(session, challenge(session, asked)), "asked for", asked)
        stores(session, Purpose.PASSKEY, proof_password=PASSWORD)
        tally.says(adds(session, challenge(session, asked)), "confirmed, and asked for", asked)
    assert session.posts("/account/passkeys/new", proof_password=PASSWORD).status_code == 302
    elsewhere = Session(app, "moderator")
    assert elsewhere.posts("/account/passkeys/new", proof_password=PASSWORD).status_code == 302
    tally.says(adds(elsewhere, challenge(session, ADD)), "in another session")
    options = challenge(session, ADD)
    clock.shift(timedelta(minutes=5, seconds=1))
    tally.says(adds(session, options), "too late")
    options = challenge(session, ADD)
    clock.shift(timedelta(minutes=5))
    tally.says(adds(session, options), "confirmed more than ten minutes before")
    assert session.posts("/account/passkeys/new", proof_password=PASSWORD).status_code == 302
    options = challenge(session, ADD)
    tally.says(adds(session, options), "as it should be", right=True)
    tally.says(adds(session, options), "again")
    tally.done()


def adds(session: Session, options: dict[str, Any]) -> bool:
    """Whether a new device was added with this challenge."""
    own = {"id": "AAAA", "name": session.name}
    before = len(queries.passkeys_of(session.council.engine, person_id(session.app, session.name)))
    session.posts("/account/passkeys", name="laptop", credential=Device().create({"user": own, **options}))
    return len(queries.passkeys_of(session.council.engine, person_id(session.app, session.name))) > before


def test_what_was_confirmed_for_one_thing_confirms_no_other(app: Flask, clock: Traveller, tally: Tally) -> None:
    for confirmed, purpose in product((Purpose.APP, Purpose.PASSKEY), STEPS):
        owner, session, elsewhere = equipped(app, "qa"), Session(app, "qa"), Session(app, "qa")
        assert stores(session, confirmed, proof_code=owner.codes[0])
        tally.says(stores(session, purpose), "confirmed for", confirmed, "stored for", purpose, right=purpose is confirmed)
        tally.says(stores(elsewhere, purpose), "confirmed for", confirmed, "stored for", purpose, "in another session")
        clock.shift(timedelta(minutes=10, seconds=1))
        tally.says(stores(session, purpose), "confirmed for", confirmed, "stored for", purpose, "too late")
    tally.done()


def test_of_two_requests_with_one_confirmation_one_stores(app: Flask, clock: Traveller, tally: Tally) -> None:
    """Both read the session before either has stored it again."""
    session = Session(app, "moderator")
    assert stores(session, Purpose.APP, proof_password=PASSWORD)
    with read_transaction(session.council.engine) as connection:
        content = connection.execute(select(sessions.c.content).where(sessions.c.digest == token_digest(session.cookie()))).scalar_one()
    twin = Session(app, "moderator", **content)
    for one, right in ((session, True), (twin, False)):
        phone = App(one.get("/account/second-proof/scan").get_data(as_text=True))
        path, code = "/account/second-proof/scan", phone.shows()
        tally.says(one.posts(path, code=code).status_code == 200, "confirmed once", right=right)
    tally.done()


def test_ac23_of_two_requests_with_one_answer_one_signs_in(app: Flask, clock: Traveller, tally: Tally) -> None:
    """A visitor’s challenge is in their cookie, of which somebody may keep a copy; asking for it makes no row."""
    owner, visitor = equipped(app, "qa"), Session(app)
    answer = owner.device.get(challenge(visitor, SIGN_IN))
    copy = Session(app)
    copy.client.set_cookie("session", visitor.cookie())
    with read_transaction(visitor.council.engine) as connection:
        assert connection.execute(select(func.count()).select_from(sessions)).scalar_one() == 0
    tally.says(signs_in(visitor, answer), "a passkey", right=True)
    copy.token = visitor.token
    tally.says(signs_in(copy, answer), "the same answer from a copy of the cookie")
    tally.done()


def test_a_passkey_signs_in_with_a_challenge_to_sign_in(app: Flask, other: Owner, clock: Traveller, tally: Tally) -> None:
    owner = equipped(app, "qa")
    for asked in (one for one in CHALLENGES if one not in (SIGN_IN, ADD)):
        session = Session(app, "moderator")
        tally.says(signs_in(session, owner.device.get(challenge(session, asked))), "asked for", asked)
    visitor, elsewhere = Session(app), Session(app)
    tally.says(signs_in(visitor, owner.device.get(challenge(elsewhere, SIGN_IN))), "asked for in another browser")
    late = owner.device.get(challenge(visitor, SIGN_IN))
    clock.shift(timedelta(minutes=5, seconds=1))
    tally.says(signs_in(visitor, late), "too late")
    claimed = owner.device
    claimed.handle, own = other.device.handle, claimed.handle
    tally.says(signs_in(visitor, claimed.get(challenge(visitor, SIGN_IN))), "naming somebody else")
    claimed.handle = own
    tally.says(signs_in(visitor, claimed.get(challenge(visitor, SIGN_IN), flags=0)), "unverified")
    tally.says(signs_in(visitor, claimed.get(challenge(visitor, SIGN_IN))), "a passkey", right=True)
    tally.done()


def signs_in(session: Session, credential: str) -> bool:
    """As the owner of the passkey, no matter who was signed in there before."""
    session.posts("/sign-in/passkey", credential=credential)
    return "Ana Quirke" in session.get("/account").get_data(as_text=True)
