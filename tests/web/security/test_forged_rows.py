"""Somebody can write to the database, but does not know SECRET_KEY: no row that they make or change lets anybody in."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import insert, update

from tests.web.support.owners import Session, person_id
from web.identity.credentials.access_tokens import READ, NewToken, create_token
from web.identity.current_user import SECOND_FACTOR
from web.identity.row_signatures import sign_row
from web.identity.sessions import token_digest
from web.worklist.queries import store_calendar
from workflow.storage import tables
from workflow.storage.engine import write_transaction

IN_THE_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
A_TOKEN = "pa_forged"


@pytest.mark.parametrize(
    "forged", [{"person_id": True}, {"content": {SECOND_FACTOR: "code"}}, {"signature": None}, {"signature": "0" * 64}]
)
def test_ac40_a_changed_session_is_nobody_s(app: Flask, forged: Mapping[str, object]) -> None:
    browser = Session(app, "admin")
    assert browser.client.get("/account").status_code == 200
    change(app, "sessions", forged)
    assert browser.client.get("/account").status_code == 302


@pytest.mark.parametrize("forged", [{"person_id": True}, {"scope": "read and write"}, {"ends_at": IN_THE_FUTURE}, {"proof": "code"}])
def test_ac40_a_changed_access_token_is_refused(app: Flask, forged: Mapping[str, object]) -> None:
    with app.app_context():
        council = app.extensions["council"]
        token = create_token(council, council.store.directory().people[person_id(app, "admin")], NewToken(scope=READ))
    caller, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    assert caller.get("/api/v1/notices", headers=headers).status_code == 200
    change(app, "tokens", forged)
    assert caller.get("/api/v1/notices", headers=headers).status_code == 401


@pytest.mark.parametrize("forged", [{"person_id": True}, {"proof": "code"}, {"signature": None}])
def test_ac40_a_changed_calendar_address_is_not_there(app: Flask, forged: Mapping[str, object]) -> None:
    council = app.extensions["council"]
    values = {"person_id": person_id(app, "admin"), "digest": token_digest("an-address"), "proof": ""}
    store_calendar(council.engine, values | {"signature": sign_row(council.settings, "calendars", values)}, datetime.now(UTC))
    assert app.test_client().get("/calendar/an-address.ics").status_code == 200
    change(app, "calendars", forged)
    assert app.test_client().get("/calendar/an-address.ics").status_code == 404


def test_ac40_a_row_that_was_made_up_is_nobody_s(app: Flask) -> None:
    now = datetime.now(UTC)
    times = {"created_at": now, "ends_at": IN_THE_FUTURE}
    made_up = {"digest": token_digest(A_TOKEN), "person_id": person_id(app, "hos.ppqa"), "name": "x", "scope": READ, "proof": "code"}
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(insert(tables.tokens).values(made_up | times))
    assert app.test_client().get("/api/v1/notices", headers={"Authorization": f"Bearer {A_TOKEN}"}).status_code == 401


def change(app: Flask, table: str, forged: Mapping[str, object]) -> None:
    """`person_id` becomes the director’s."""
    director = person_id(app, "director.safeguarding")
    values = {name: director if name == "person_id" else value for name, value in forged.items()}
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(update(tables.metadata.tables[table]).values(values))
