"""People with a council account sign in with it alone; and passwords can be off for one person, before they have one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import insert, select

from notifications.delivery.encryption import decrypt
from tests.web.identity.oidc.conftest import with_issuer
from tests.web.identity.oidc.fake_provider import Issuer
from tests.web.identity.oidc.visitor import Visitor as CouncilVisitor
from tests.web.security.test_abuse_of_signing_in import NETWORKS, has_to_wait
from tests.web.support.browser import text_of
from tests.web.support.sign_in import Visitor
from web.cli.main import main
from web.council import Council
from web.identity.credentials.passkeys import person_for_assertion
from web.identity.credentials.security_app import security_app
from workflow.errors import NotFound
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction

AUDITOR, NEW = "auditor@demo.example", "three wet lampposts"


@pytest.fixture
def linked(app: Flask, issuer: Issuer) -> tuple[Visitor, str]:
    """The auditor had a password and asked for a link to choose another; then they sign in with their council account."""
    before, link = Visitor(app), a_link(app)
    assert before.tries(AUDITOR).status_code == 302
    issuer.account = {"sub": "a-1", "email": AUDITOR, "email_verified": True, "amr": ["mfa"]}
    assert CouncilVisitor(app).signs_in().headers["Location"] == "/"
    return before, link


def a_link(app: Flask) -> str:
    assert Visitor(app, "198.51.100.1").send("/forgotten-password", email=AUDITOR).status_code == 200
    return decrypt(app.extensions["council"].settings, waiting(app, "password_reset")[-1].locked).partition("localhost")[2]


def waiting(app: Flask, event: str) -> list[Any]:
    rows = select(tables.outbox).where(tables.outbox.c.event == event, tables.outbox.c.state == "waiting")
    with read_transaction(app.extensions["council"].engine) as connection:
        return list(connection.execute(rows))


def auditor_of(app: Flask) -> int:
    person = app.extensions["council"].store.directory().by_email(AUDITOR)
    assert person
    return int(person.id)


def at_the_command_line(app: Flask, *words: str, **more: str) -> str:
    council: Council = app.extensions["council"]
    environment = {"PRACTICE_AUDIT_DATA": str(council.settings.data), **{f"PRACTICE_AUDIT_{name}": value for name, value in more.items()}}
    return CliRunner().invoke(main, words, env=environment).output


def sets_password(app: Flask, link: str) -> int:
    return Visitor(app).send("/sign-in", "/new-password", token=link.partition("=")[2], new=NEW).status_code


def test_ac28_an_old_password_and_an_old_link_no_longer_work(app: Flask, linked: tuple[Visitor, str]) -> None:
    before, link = linked
    assert not before.is_in()
    assert Visitor(app).tries(AUDITOR).status_code == 422
    assert Visitor(app).get(link).status_code == 422
    assert sets_password(app, link) == 422
    assert waiting(app, "password_reset") == []


def test_ac28_a_forgotten_password_gives_nothing_and_looks_the_same(app: Flask, linked: tuple[Visitor, str]) -> None:
    answers = [Visitor(app).send("/forgotten-password", email=email) for email in (AUDITOR, "nobody@demo.example", "qa@demo.example")]
    pages = {re.sub(r'value="[^"]+"', "", answer.get_data(as_text=True)) for answer in answers}
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(pages) == 1
    assert [row.recipient for row in waiting(app, "password_reset")] == [
        app.extensions["council"].store.directory().by_email("qa@demo.example").id
    ]


def test_ac28_somebody_linked_can_set_no_password_and_add_no_passkey(app: Flask, issuer: Issuer, linked: tuple[Visitor, str]) -> None:
    browser = CouncilVisitor(app)
    browser.signs_in()
    page = text_of(browser.client.get("/account").get_data(as_text=True))
    assert "Password" not in page
    assert "Passkeys" not in page
    for path in ("/account/password", "/account/passkeys", "/account/passkeys/new"):
        assert browser.client.get(path).status_code == 404, path
    with app.app_context(), security_app().context() as security:
        from flask_security.recoverable import update_password

        with pytest.raises(NotFound):
            update_password(security.datastore.find_user(id=auditor_of(app)), NEW)


def test_ac28_a_password_of_before_does_not_come_back_with_the_unlinking(app: Flask, linked: tuple[Visitor, str]) -> None:
    """Also one that was stored before passwords were removed on linking."""
    with write_transaction(app.extensions["council"].engine) as connection:
        hashes = select(tables.people.c.password_hash).where(tables.people.c.password_hash.is_not(None)).limit(1)
        old = connection.execute(hashes).scalar_one()
        connection.execute(tables.people.update().where(tables.people.c.id == auditor_of(app)).values(password_hash=old))
    assert Visitor(app).tries(AUDITOR).status_code == 422
    assert "no council account any more" in at_the_command_line(app, "identities", "unlink", AUDITOR)
    assert Visitor(app, "192.0.2.77").tries(AUDITOR).status_code == 422
    assert sets_password(app, linked[1]) == 422
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert sets_password(app, a_link(app)) == 302
        assert Visitor(app, "192.0.2.78").tries(AUDITOR, NEW).status_code == 302


def test_a_passkey_of_somebody_linked_proves_nothing(app: Flask, linked: tuple[Visitor, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """They are removed on linking; one that came to be there all the same is not accepted, before its answer is checked."""
    stored = {"credential_id": "AQID", "public_key": b"k", "sign_count": 0, "name": "Phone", "transports": [], "made_at": datetime.now(UTC)}
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(insert(tables.passkeys).values(person_id=auditor_of(app), **stored))
        connection.execute(tables.accounts.update().where(tables.accounts.c.person_id == auditor_of(app)).values(handle="handle"))
    answer = (
        '{"id": "AQID", "rawId": "AQID", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA",'
        ' "signature": "AAAA", "userHandle": "aGFuZGxl"}}'
    )
    monkeypatch.setattr("webauthn.verify_authentication_response", lambda **given: pytest.fail("the answer was checked"))
    with app.test_request_context():
        assert person_for_assertion("challenge", answer) is None


def test_passwords_are_turned_off_and_on_for_one_person(app: Flask, issuer: Issuer) -> None:
    council_accounts = with_issuer(issuer.url)
    browser, link = Visitor(app), a_link(app)
    browser.tries(AUDITOR)
    assert "set PRACTICE_AUDIT_OIDC_ISSUER first" in at_the_command_line(app, "passwords", "off", AUDITOR)
    said = at_the_command_line(app, "passwords", "off", AUDITOR, **council_accounts)
    assert said == f"{AUDITOR} can’t sign in with a password any more, is signed out everywhere, and gets an email about it.\n"
    assert not browser.is_in()
    assert [sets_password(app, link), Visitor(app).tries(AUDITOR).status_code] == [422, 422]
    Visitor(app).send("/forgotten-password", email=AUDITOR)
    assert waiting(app, "password_reset") == []
    assert len(waiting(app, "passwords_turned_off")) == 1
    assert at_the_command_line(app, "passwords", "off", AUDITOR, **council_accounts) == "Passwords are off for them already.\n"
    assert at_the_command_line(app, "passwords", "on", "nobody@demo.example") == "Nobody here has that email address.\n"
    assert "can choose a password" in at_the_command_line(app, "passwords", "on", AUDITOR)
    assert at_the_command_line(app, "passwords", "on", AUDITOR) == "Passwords are on for them already.\n"
    assert Visitor(app, "192.0.2.77").tries(AUDITOR).status_code == 422
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert sets_password(app, a_link(app)) == 302
    with read_transaction(app.extensions["council"].engine) as connection:
        verbs = connection.execute(select(tables.directory_history.c.verb).where(tables.directory_history.c.person_id == auditor_of(app)))
        assert [verb for verb in verbs.scalars() if verb.startswith("passwords")] == ["passwords_off", "passwords_on"]


def test_passwords_stay_off_for_people_with_a_council_account(app: Flask, linked: tuple[Visitor, str]) -> None:
    assert "unlink it first" in at_the_command_line(app, "passwords", "on", AUDITOR)


def test_wrong_codes_do_not_slow_a_council_account(app: Flask, linked: tuple[Visitor, str]) -> None:
    for address in NETWORKS[:20]:
        has_to_wait(app, "code", AUDITOR, address)
    assert has_to_wait(app, "code", AUDITOR, "198.51.100.4") > 0
    browser = CouncilVisitor(app)
    browser.signs_in()
    assert browser.is_signed_in
