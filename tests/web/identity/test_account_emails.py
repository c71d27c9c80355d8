"""What gives somebody access, or takes it away, is told to them by email, also where somebody else did it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from notifications.delivery.messages import build
from notifications.recipients import load_notification_rules
from tests.factories import NOW, World
from tests.notifications.support.outbox_assertions import sent_notices
from tests.notifications.test_message_snapshots import OF_ACCOUNT, TABLE
from tests.web.support.browser import PASSWORD
from tests.web.support.sign_in import Visitor, codes_on, set_up_app
from web.cli.main import main
from web.council import Council
from web.identity.credentials import queries
from web.identity.oidc.queries import link_identity
from workflow.storage import tables
from workflow.storage.engine import read_transaction

QA = "qa@demo.example"
# What an administrator changed is told with somebody else to ask.
ADVICE = ("contact your administrator", "it goes to the QA Service")


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def told(council: Council) -> list[tuple[str, str]]:
    return [(one.event, one.who) for one in sent_notices(council)]


def at_the_command_line(council: Council, *words: str) -> None:
    done = CliRunner().invoke(main, words, env={"PRACTICE_AUDIT_DATA": str(council.settings.data)})
    assert done.exit_code == 0, done.output


def test_each_change_of_how_somebody_signs_in_is_told_to_them_once(app: Flask, council: Council) -> None:
    browser, me = Visitor(app), World(council.store).person("qa").id
    browser.tries(QA)
    _, old = set_up_app(browser)
    codes = codes_on(browser.send("/account/second-proof", "/account/second-proof/recovery-codes", proof_code=old[0]))
    add_passkey(council, me)
    passkey = queries.passkeys_of(council.engine, me)[0]
    browser.send("/account/second-proof", "/account/passkeys/remove", proof_code=codes[0], which=str(passkey.id))
    browser.send("/account/second-proof", "/account/second-proof/remove", proof_code=codes[1])
    browser.send("/account/second-proof", "/account/second-proof/remove", proof_password=PASSWORD)
    browser.send("/account/password", old=PASSWORD, new="four quiet herons wading")
    assert told(council) == [
        ("authenticator_app_added", "qa"), ("recovery_codes_made", "qa"), ("passkey_added", "qa"), ("passkey_removed", "qa"),
        ("authenticator_app_removed", "qa"), ("password_changed", "qa"),
    ]  # fmt: skip


def test_what_lasts_is_told_to_its_owner_wherever_it_was_made(app: Flask, council: Council) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    browser.send("/tokens/new", name="The dashboard", scope="read", days="7", proof_password=PASSWORD)
    browser.send("/tokens/new", name="", scope="read", days="7")
    browser.send("/calendar", proof_password=PASSWORD)
    at_the_command_line(council, "tokens", "create", "auditor@demo.example")
    assert told(council) == [("access_token_made", "qa"), ("calendar_address_made", "qa"), ("access_token_made", "auditor")]


def test_what_the_operator_takes_away_is_told_to_its_owner(app: Flask, council: Council) -> None:
    me, issuer = World(council.store).person("qa").id, "https://issuer.example"
    assert link_identity(council.engine, issuer, "a-1", me, NOW)
    assert not link_identity(council.engine, issuer, "a-2", me, NOW)
    at_the_command_line(council, "identities", "unlink", QA)
    add_passkey(council, me)
    at_the_command_line(council, "people", "forget-second-proof", QA)
    assert [event for event, _ in told(council)] == [
        "council_account_linked", "council_account_unlinked", "passkey_added", "second_proof_changed"
    ]  # fmt: skip


def test_no_email_about_an_account_holds_what_somebody_typed(app: Flask, council: Council) -> None:
    """A thief would name a token so that its email calms its owner, or leads them elsewhere."""
    browser = Visitor(app)
    browser.tries(QA)
    browser.send("/tokens/new", name="Call 020 7946 0000 to confirm", scope="read", days="7", proof_password=PASSWORD)
    with read_transaction(council.engine) as connection:
        assert "7946" not in str(connection.execute(select(tables.outbox)).all())


def test_an_email_about_an_account_says_what_to_do_and_has_no_link() -> None:
    events = load_notification_rules(TABLE).events
    for name in OF_ACCOUNT - {"password_reset", "checkpoint_made"}:
        assert "leads_to" not in events[name], name
        assert any(advice in events[name]["does"] for advice in ADVICE), name


def add_passkey(council: Council, person_id: int) -> None:
    values = {"credential_id": f"k-{person_id}", "public_key": b"", "name": "Laptop", "sign_count": 0, "transports": []}
    queries.add_passkey(council.engine, values | {"person_id": person_id, "made_at": NOW})


def test_a_sign_in_from_a_new_place_is_told_once_a_day_but_the_first_one(app: Flask, council: Council) -> None:
    with time_machine.travel(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), tick=False) as clock:
        for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::ff:1", "2001:db8:0:100::1", "192.0.2.1"):
            assert Visitor(app, address).tries(QA).status_code == 302
        clock.shift(timedelta(days=1))
        Visitor(app, "2001:db8::1").tries(QA)
        assert told(council) == [("signed_in_from_new_place", "qa")] * 2
        with read_transaction(council.engine) as connection:
            row = connection.execute(select(tables.outbox)).first()
        person = council.store.directory().by_email(QA)
        text = build(row, person, load_notification_rules(TABLE), council.settings).get_content()
    assert "\nWhen: 1 July 2026 at 11:30pm\nBrowser: Another browser\n" in text
    assert "http" not in text
    assert not [part for part in ("192.0.2", "2001:", "db8") if part in f"{text}{row}"]


def test_a_password_without_the_factor_needed_is_told_each_day(app: Flask, council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner has signed in whole; a thief of the password is sent to set up a factor."""
    with time_machine.travel(datetime(2026, 7, 1, 8, tzinfo=UTC), tick=False) as clock:
        Visitor(app).tries(QA)
        monkeypatch.setattr("web.identity.current_user.needs_second_factor", lambda person: True)
        for _ in range(2):
            for _ in range(2):
                assert Visitor(app, "203.0.113.7").tries(QA).status_code == 302
            clock.shift(timedelta(days=1))
        assert told(council) == [("signed_in_from_new_place", "qa")] * 2
