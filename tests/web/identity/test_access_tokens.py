"""Access tokens: each has a scope and an end, is shown once, and stops working as soon as it is revoked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, select, update
from werkzeug.test import TestResponse

from tests.factories import World, an_audit
from tests.web.access_matrix.runner import bytes_of
from tests.web.api.test_errors import every_door
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import PASSWORD, Browser, text_of
from web.council import Council
from web.identity.credentials.access_tokens import READ, SAFE_METHODS, NewToken, create_token
from web.identity.credentials.queries import revoke_tokens_of
from workflow.storage import tables
from workflow.storage.engine import write_transaction


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def call(app: Flask, token: str, method: str = "GET", path: str = "/audits", body: Any = None) -> TestResponse:
    return app.test_client().open(f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}"})


def made(council: Council, name: str = "auditor", **given: object) -> str:
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person
    return create_token(council, person, NewToken(**given))


def rows(council: Council) -> list[Any]:
    with council.engine.connect() as connection:
        return list(connection.execute(select(tables.tokens).order_by(tables.tokens.c.id)))


def test_a_read_only_token_changes_nothing(app: Flask, council: Council, world: World) -> None:
    reference = an_audit(world, at="graded")
    before, tried, token = world.audit(reference), 0, made(council, scope=READ)
    for method, path, body in every_door(reference):
        answer = call(app, token, method, path, body)
        if method in SAFE_METHODS or path.endswith("/search"):
            assert answer.status_code == 200, path
            continue
        tried += 1
        assert (answer.status_code, answer.json["detail"]) == (403, "This access token can only read."), path  # type: ignore[index]
    assert tried > 8
    assert world.audit(reference) == before


def test_refusing_a_read_only_token_does_not_show_what_exists(app: Flask, council: Council, world: World) -> None:
    reference, token = an_audit(world, at="draft"), made(council, "practitioner", scope=READ)
    answers = [call(app, token, "POST", f"/audits/{name}/moves", {"move": "share"}) for name in (reference, "zzzz-zzzz")]
    assert answers[0].data == answers[1].data


def test_a_token_expires_after_its_days(app: Flask, council: Council) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False) as clock:
        token = made(council, days=30)
        clock.shift(timedelta(days=30, seconds=-1))
        assert call(app, token).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert call(app, token).status_code == 401


@pytest.mark.parametrize("days", [0, -1, 366, 10**30, "", "1.5", "٣", "12345", None])
def test_a_token_lasts_a_year_at_most(council: Council, days: object) -> None:
    with pytest.raises(Exception, match="can’t be accepted") as refused:
        made(council, days=days)
    assert [one.message for one in refused.value.missing] == ["Enter a number of days from 1 to 365."]  # type: ignore[attr-defined]
    assert rows(council) == []


def test_the_tokens_of_somebody_who_leaves_stop_working(app: Flask, council: Council) -> None:
    token = made(council)
    assert call(app, token).status_code == 200
    with write_transaction(council.engine) as connection:
        connection.execute(update(tables.people).where(tables.people.c.email == "auditor@demo.example").values(is_active=False))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    assert call(app, token).status_code == 401


def test_all_tokens_of_a_person_can_be_revoked_at_once(app: Flask, council: Council) -> None:
    mine, also_mine, another = made(council), made(council), made(council, "qa")
    with write_transaction(council.engine) as connection:
        revoke_tokens_of(connection, rows(council)[0].person_id, datetime.now(UTC))
    assert [call(app, token).status_code for token in (mine, also_mine, another)] == [401, 401, 200]


def test_its_use_is_recorded_to_the_minute_with_one_more_statement(app: Flask, council: Council) -> None:
    token, counts = made(council), []
    asked: list[str] = []
    event.listen(council.engine, "before_cursor_execute", lambda *args: asked.append(args[2]) if args[2][:5] != "BEGIN" else None)
    with time_machine.travel(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False) as clock:
        call(app, made(council, "qa"))
        for _ in range(3):
            asked.clear()
            assert call(app, token).status_code == 200
            counts.append(len(asked))
            clock.shift(timedelta(seconds=25))
        assert rows(council)[0].used_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
        call(app, token)
        assert rows(council)[0].used_at == datetime(2026, 11, 23, 9, 1, 15, tzinfo=UTC)
    print(f"statements: {counts[0]} where its use is noted, {counts[1]} where not")
    assert counts[0] == counts[1] + 1 == counts[2] + 1
    assert [words for words in asked if words.startswith(("INSERT", "DELETE"))] == []


def test_reading_works_on_a_full_disk(app: Flask, council: Council) -> None:
    token = made(council)

    @event.listens_for(council.engine, "connect")
    def _read_only(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    council.engine.dispose()
    assert call(app, token).status_code == 200
    assert rows(council)[0].used_at is None


def test_a_page_creates_a_token_shows_it_once_and_revokes_it(app: Flask, council: Council) -> None:
    browser = Browser(app, "auditor")
    assert "You have no access tokens." in text_of(browser.get("/tokens").get_data(as_text=True))
    answer = browser.post("/tokens/new", name="The dashboard", scope="read", days="7", proof_password=PASSWORD)
    found = re.search(r'value="(pa_[\w-]{43})"', answer.get_data(as_text=True))
    assert found
    assert answer.headers["Cache-Control"] == "no-store"
    assert call(app, found[1]).status_code == 200
    page = browser.get("/tokens").get_data(as_text=True)
    assert "The dashboard" in page
    assert found[1] not in page
    assert browser.post(f"/tokens/{rows(council)[0].id}/revoke").status_code == 303
    assert call(app, found[1]).status_code == 401
    assert "Revoked" in browser.get("/tokens").get_data(as_text=True)


@pytest.mark.parametrize("typed", [{"name": ""}, {"name": "a\nb"}, {"name": "x" * 101}, {"scope": "admin"}, {"scope": ""}, {"days": "366"}])
def test_each_error_is_shown_beside_its_field(app: Flask, council: Council, typed: dict[str, str]) -> None:
    answer = Browser(app, "auditor").post("/tokens/new", **{"name": "x", "scope": "read", "days": "9", **typed})
    assert answer.status_code == 422
    assert f'id="{next(iter(typed))}-error"' in answer.get_data(as_text=True)
    assert rows(council) == []


@pytest.mark.parametrize("number", ["{}", "999", str(2**70)])
def test_only_its_owner_can_revoke_a_token(app: Flask, council: Council, number: str) -> None:
    token = made(council, "qa")
    browser = Browser(app, "auditor")
    nowhere = browser.post("/tokens/12345/revoke")
    answer = browser.post(f"/tokens/{number.format(rows(council)[0].id)}/revoke")
    assert answer.status_code == 404
    assert bytes_of(answer) == bytes_of(nowhere)
    assert call(app, token).status_code == 200


def test_a_token_can_not_create_or_revoke_tokens(app: Flask, caller: ApiClient, council: Council) -> None:
    token = caller.token("auditor@demo.example")
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/tokens", headers=headers).status_code == 302
    for path in ("/tokens/new", f"/tokens/{rows(council)[0].id}/revoke"):
        assert app.test_client().post(path, data={"name": "x", "scope": "read", "days": "9"}, headers=headers).status_code == 400
    assert len(rows(council)) == 1
