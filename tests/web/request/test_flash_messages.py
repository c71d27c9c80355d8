"""A message about what was done is shown once, on the next page, to the person who did it, and nothing is stored for it."""

from datetime import timedelta

import time_machine
from flask import Flask
from sqlalchemy import event

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from web.council import Council

SAID = "Success Saved."


def says(browser: Browser, path: str) -> bool:
    return SAID in text_of(browser.get(path).get_data(as_text=True))


def save(browser: Browser, world: World, reference: str) -> str:
    path = f"/audits/{reference}/sections/area_1"
    assert browser.post(path, seen=world.audit(reference).version, evidence="Seen.").status_code == 303
    return path


def test_a_message_is_shown_once_on_the_next_page(app: Flask, world: World) -> None:
    browser = Browser(app, "auditor")
    here = save(browser, world, an_audit(world, at="practitioner_consulted"))
    assert [says(browser, path) for path in ("/nowhere", here, here)] == [False, True, False]
    for _ in range(2):
        save(browser, world, here.split("/")[2])
    assert text_of(browser.get(here).get_data(as_text=True)).count(SAID) == 2


def test_a_message_is_shown_to_nobody_else_and_for_two_minutes(app: Flask, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    browser, other = Browser(app, "auditor"), Browser(app, "auditor2")
    here = save(browser, world, reference)
    said = browser.client.get_cookie("said")
    assert said
    for value in (said.value, said.value[:-1] + ("A" if said.value[-1] != "A" else "B"), "", "."):
        other.client.set_cookie("said", value)
        assert not says(other, "/account")
    with time_machine.travel(timedelta(minutes=3), tick=False):
        assert not says(browser, here)


def test_signing_out_drops_the_message(app: Flask, world: World) -> None:
    browser = Browser(app, "auditor")
    save(browser, world, an_audit(world, at="practitioner_consulted"))
    browser.post("/sign-out")
    browser.get("/sign-in")
    assert browser.client.get_cookie("said") is None


def test_a_message_writes_no_session(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    browser, reference, written = Browser(app, "auditor"), an_audit(world, at="practitioner_consulted"), list[str]()
    browser.get("/")
    event.listen(council.engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: written.append(sql) if "sessions" in sql else None)
    assert says(browser, save(browser, world, reference))
    assert written
    assert [sql for sql in written if not sql.startswith("SELECT")] == []
