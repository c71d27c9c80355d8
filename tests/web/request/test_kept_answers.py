"""What is stored for a while: answers to requests that may be repeated, and text that could not be saved."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from notifications.queries import KEEP_ANSWERS, KEEP_UNSAVED
from notifications.scheduling.sweep import sweep
from tests.factories import NOW, World, an_audit
from tests.web.support.api_client import ApiClient
from web.council import Council
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import once, unsaved, unsaved_forms

WORD, AUDITOR = "Quillfeather", "auditor@demo.example"


def starts(caller: ApiClient, key: str = "k") -> Any:
    return caller.call(AUDITOR, "POST", "/audits", {"details": {"child_id": WORD}}, Idempotency_Key=key)


def test_a_kept_answer_is_not_in_clear_and_is_given_again(caller: ApiClient) -> None:
    first = starts(caller)
    with read_transaction(caller.council.engine) as connection:
        kept = connection.execute(select(once.c.answer)).scalar_one()
    assert WORD in first.text
    assert WORD not in kept
    assert first.json["reference"] not in kept
    assert starts(caller).text == first.text


def test_what_the_release_before_answered_is_given_again(caller: ApiClient) -> None:
    first = starts(caller)
    with write_transaction(caller.council.engine) as connection:
        connection.execute(update(once).values(answer=first.text))
    assert starts(caller).text == first.text


def test_an_answer_that_no_key_opens_does_not_have_the_request_carried_out_again(app: Flask, caller: ApiClient) -> None:
    starts(caller)
    caller.council = app.extensions["council"] = replace(
        caller.council, settings=replace(caller.council.settings, secret_key="another" * 6)
    )
    caller.tokens.clear()
    again = starts(caller)
    assert (again.status_code, again.json["type"]) == (422, "urn:practice-audit:used-for-another")


@pytest.mark.parametrize(("table", "lasts"), [(once, KEEP_ANSWERS), (unsaved, KEEP_UNSAVED), (unsaved_forms, KEEP_UNSAVED)])
def test_what_is_old_is_deleted_within_a_day(council: Council, world: World, table: Any, lasts: timedelta) -> None:
    reference, person = an_audit(world, "draft"), world.person("auditor").id
    of_one: dict[Any, Callable[[int], dict[str, Any]]] = {
        once: lambda number: {"digest": "", "answer": "x", "key": str(number)},
        unsaved: lambda number: {"reference": reference, "section": f"area_{number + 5}", "seen": 1, "typed": {"case_summary": WORD}},
        unsaved_forms: lambda number: {"path": "/audits/new", "page": "/audits/new", "opened": str(number), "typed": [["reason", WORD]]},
    }
    rows = [{"person_id": person, "at": NOW - lasts + timedelta(minutes=minutes)} | of_one[table](minutes) for minutes in (-1, 1)]
    with write_transaction(council.engine) as connection:
        connection.execute(insert(table), rows)
    sweep(council.worker_context, NOW)
    with read_transaction(council.engine) as connection:
        assert connection.execute(select(table.c.at).where(table.c.person_id == person)).scalars().all() == [rows[1]["at"]]
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 1
