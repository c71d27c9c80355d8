"""Ten thousand readings, one row each, written before the bytes leave; and where none can be written, nothing is shown."""

import pytest
from click.testing import CliRunner
from flask import Flask, Response, request
from sqlalchemy import func, select

from tests.factories import World, an_audit, save
from tests.support.bar_table import Bar
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from web.cli.main import main
from web.council import Council
from web.request.read_log import reveal_and_log
from workflow.commands import audit_moves
from workflow.commands.audit_view import see
from workflow.storage.engine import read_transaction
from workflow.storage.tables import readings

READ, FEWER, WORDS, ME = 10_000, 1_000, "Seen on the file.", "auditor@demo.example"
SENTENCE = "This can’t be shown now, because the service can’t record who reads it."


def noted(council: Council) -> int:
    with read_transaction(council.engine) as connection:
        return connection.execute(select(func.count()).select_from(readings)).scalar_one()


def test_each_reading_has_a_row_written_first(app: Flask, world: World, bar: Bar) -> None:
    bar("L4", wanted=FEWER, seen=_read_and_logged(app, world, FEWER))


@pytest.mark.long
def test_ten_thousand_readings_have_a_row_each_written_first(app: Flask, world: World, bar: Bar) -> None:
    bar("L4", wanted=READ, seen=_read_and_logged(app, world, READ))


def _read_and_logged(app: Flask, world: World, count: int) -> int:
    council: Council = app.extensions["council"]
    reference, at_leaving = an_audit(world, "moderated"), []

    def look(response: Response) -> Response:
        """After everything that the page is made of, before a byte is sent."""
        if request.path.endswith("/area_1") or request.path.startswith("/api"):
            with read_transaction(council.engine) as connection:
                at_leaving.append(connection.execute(select(func.max(readings.c.id))).scalar_one())
        return response

    app.after_request_funcs.setdefault(None, []).insert(0, look)
    browser, caller = Browser(app, "auditor"), ApiClient(council, app.test_client())
    for number in range(count // 20):
        for page in (browser.get(f"/audits/{reference}/sections/area_1"), caller.call(ME, "GET", f"/actions/{reference}-1")):
            assert page.status_code == 200, number
    token = {"Authorization": f"Bearer {caller.token(ME)}"}
    client = app.test_client()
    while len(at_leaving) < count:
        assert client.get(f"/api/v1/actions/{reference}-1", headers=token).status_code == 200
    print(f"{len(at_leaving):,} readings, {noted(council):,} rows")
    assert at_leaving == list(range(1, count + 1))
    assert noted(council) == count
    return count


BREAKS = {
    "the table is gone": "DROP TABLE readings",
    "the head of its chain is gone": "DELETE FROM chains WHERE name = 'readings'",
    "each row is refused": "CREATE TRIGGER full BEFORE INSERT ON readings BEGIN SELECT RAISE(ABORT, 'disk full'); END",
}


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS.keys())
def test_if_the_log_fails_every_interface_answers_503_and_a_sentence(app: Flask, world: World, caller: ApiClient, breaks: str) -> None:
    council: Council = app.extensions["council"]
    reference, draft = an_audit(world, "moderated", grade="inadequate"), an_audit(world, "graded")
    audit_moves.withdraw(world.command_context(), world.person("auditor"), reference, "Seen on the file.")
    browser, here = Browser(app, "auditor"), f"/audits/{reference}"
    with council.engine.begin() as connection:
        connection.exec_driver_sql(breaks)
    stale = f"/audits/{draft}/sections/area_1"
    answers = [
        *(browser.get(path) for path in (here, f"{here}/read", f"{here}/sections/area_1", f"{here}/actions/1", f"{here}/history",
                                         f"{here}/escalation", f"/audits/{draft}/moves/share")),
        browser.post(f"{here}/actions/1/moves/report"), browser.post(stale, seen=1, evidence="Mine."), browser.post(f"{stale}/autosave", seen=1, evidence="x"),
        *(caller.call(ME, "GET", path) for path in (here, f"/actions/{reference}-1", f"{here}/history")),
        caller.call(ME, "PUT", stale, {"evidence": "Mine."}, If_Match='"1"'),
    ]  # fmt: skip
    refused = [one for one in answers if one.status_code == 503]
    for one in answers:
        body = one.get_data(as_text=True)
        assert not [words for words in (WORDS, "Alex is safer.", "Book the visit.", "C-1001", "disk full") if words in body], (
            one.request.path
        )
        assert one.status_code == 503 or one.status_code == 403, one.request.path
        assert one.status_code == 403 or SENTENCE in body or SENTENCE in str(one.json), one.request.path
    assert len(refused) >= len(answers) - 1
    assert (browser.get("/").status_code, browser.get("/audits").status_code) == (200, 200)


def test_text_of_a_stale_save_is_stored_if_nothing_can_be_shown(app: Flask, world: World) -> None:
    draft, browser = an_audit(world, "draft"), Browser(app, "auditor")
    council: Council = app.extensions["council"]
    save(world, "auditor", draft, "summary", {"case_summary": "Theirs."})
    with council.engine.begin() as connection:
        connection.exec_driver_sql(BREAKS["each row is refused"])
    path = f"/audits/{draft}/sections/summary"
    assert browser.post(path, seen=1, case_summary="Mine.").status_code == 503
    with council.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert "Mine." in browser.get(path).get_data(as_text=True)


def test_the_export_is_logged_and_otherwise_prints_nothing(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    reference, data = an_audit(world, "moderated"), {"PRACTICE_AUDIT_DATA": str(council.settings.data)}
    done = CliRunner().invoke(main, ["audits", "export", reference], env=data)
    assert WORDS in done.stdout
    with read_transaction(council.engine) as connection:
        row = connection.execute(select(readings)).one()
    assert (row.person_id, row.reference, row.door) == (None, reference, "export")
    assert row.by_name.startswith("The command line, as ")
    with council.engine.begin() as connection:
        connection.exec_driver_sql(BREAKS["the table is gone"])
    done = CliRunner().invoke(main, ["audits", "export", reference], env=data)
    assert (done.exit_code, done.stdout) == (1, "")
    assert SENTENCE in done.stderr


def test_a_view_holds_no_case_text_until_it_is_logged(app: Flask, world: World) -> None:
    reference, council = an_audit(world, "moderated", grade="inadequate"), app.extensions["council"]
    seen = see(world.command_context(), world.person("auditor"), reference)
    assert not [words for words in (WORDS, "Alex is safer.", "Book the visit.", "C-1001", "Booked") if words in repr(seen)]
    assert seen.overall_grade is None
    with app.test_request_context(f"/audits/{reference}"):
        from flask import g

        g.actor = world.person("auditor")
        assert WORDS in repr(reveal_and_log(seen))
    assert noted(council) == 1
