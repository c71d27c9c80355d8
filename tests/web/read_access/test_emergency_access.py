"""Reading in an emergency: two people, a quarter of an hour, a reason, and everybody who must know told in the same commit."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.factories import NOW, World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from web.council import Council
from web.read_access.emergency_routes import ASKED
from workflow.commands import emergency_access
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import emergencies, outbox, readings

WORDS, WHY = "Seen on the file.", "A neighbour rang about the kitchen."
STRANGER = "auditor2"


def with_emergency_access(app: Flask, reference: str) -> Browser:
    browser = Browser(app, STRANGER)
    browser.post("/emergencies", reference=reference, reason=WHY)
    page = Browser(app, "hos.ppqa").post("/emergencies/1/let-in")
    assert page.status_code == 303
    return browser


def test_every_read_is_logged_with_its_emergency_from_request_to_end(app: Flask, world: World) -> None:
    reference, council = an_audit(world, "moderated"), app.extensions["council"]
    browser = Browser(app, STRANGER)
    assert browser.get(f"/audits/{reference}").status_code == 404
    browser = with_emergency_access(app, reference)
    assert WORDS in browser.get(f"/audits/{reference}/read").get_data(as_text=True)
    assert WORDS in browser.get(f"/audits/{reference}/sections/area_1").get_data(as_text=True)
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(readings)).all()
    assert [(row.what, row.emergency_id) for row in rows] == [("audits.read", 1), ("sections.show/area_1", 1)]
    log = text_of(Browser(app, "governance").get(f"/audits/{reference}/readings").get_data(as_text=True))
    assert log.count("Emergency 1") == 2


def test_it_can_only_be_read(app: Flask, world: World) -> None:
    reference = an_audit(world, "moderated")
    browser, before = with_emergency_access(app, reference), world.audit(reference)
    typed = {"moves/withdraw": {"reason": "x"}, "escalation/moves/raise": {"reason": "x"}}
    for path in ("sections/area_1", "moves/withdraw", "actions/new", "moderator", "escalation/moves/raise", "actions/1/moves/report"):
        assert browser.post(f"/audits/{reference}/{path}", **typed.get(path, {})).status_code in {403, 404}, path
    assert world.audit(reference) == before


@pytest.mark.parametrize("reference", ["zzzz-zzzz", "draft", "shared"])
def test_the_answer_to_a_request_is_the_same_for_any_reference(app: Flask, world: World, reference: str) -> None:
    named = reference if "-" in reference else an_audit(world, reference)
    browser = Browser(app, STRANGER)
    answer = browser.post("/emergencies", reference=named, reason=WHY)
    page = text_of(browser.get("/emergencies").get_data(as_text=True))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/emergencies")
    assert ASKED in page
    assert f"Audit {named}" in page
    task = text_of(Browser(app, "hos.ppqa").get("/").get_data(as_text=True))
    assert "may read an audit in an emergency" in task


def test_a_request_without_a_reason_or_a_reference_is_refused_with_what_was_typed(app: Flask) -> None:
    answer = Browser(app, STRANGER).post("/emergencies", reference="x'); DROP", reason=" ")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Say why you must read it now." in page
    assert "Give the audit’s reference" in page
    assert "x&#39;); DROP" in page


@pytest.mark.parametrize(("person", "status"), [("admin", 403), ("governance", 403)])
def test_administrators_and_governance_neither_ask_nor_decide(app: Flask, world: World, person: str, status: int) -> None:
    reference, browser = an_audit(world, "shared"), Browser(app, person)
    Browser(app, STRANGER).post("/emergencies", reference=reference, reason=WHY)
    assert browser.get("/emergencies").status_code == status
    assert browser.post("/emergencies", reference=reference, reason=WHY).status_code == status
    assert {browser.post(f"/emergencies/1/{answer}").status_code for answer in ("let-in", "refuse")} == {404}


def test_only_the_person_who_decides_sees_the_reason(app: Flask, world: World, caller: ApiClient) -> None:
    reference = an_audit(world, "shared")
    caller.emails()
    with_emergency_access(app, reference)
    council: Council = app.extensions["council"]
    emergency_access.ask_to_read_in_emergency(council.command_context(), world.person("practitioner2"), reference, WHY)
    for name in ("qa", "director.safeguarding", "governance", "auditor", "practitioner2"):
        browser = Browser(app, name)
        for path in ("/", "/emergencies", "/notices", f"/audits/{reference}", f"/audits/{reference}/readings", "/readings"):
            assert WHY not in browser.get(path).get_data(as_text=True), (name, path)
    assert WHY in Browser(app, "hos.ppqa").get("/emergencies").get_data(as_text=True)
    emails = caller.emails()
    told = {str(email["To"]) for email in emails if "given emergency access" in str(email["Subject"])}
    assert {"hos.ppqa@demo.example", "governance@demo.example", "qa.inbox@demo.example", "auditor@demo.example"} == told
    assert not [email for email in emails if WHY in email.as_string() or "kitchen" in email.as_string()]


def test_an_answered_request_stays_answered(app: Flask, world: World) -> None:
    reference = an_audit(world, "shared")
    with_emergency_access(app, reference)
    for answer in ("let-in", "refuse"):
        assert Browser(app, "hos.ppqa").post(f"/emergencies/1/{answer}").status_code == 409


def test_the_alert_is_in_the_commit_that_allows_access(app: Flask, world: World) -> None:
    """If the outbox can’t be written, access is not granted."""
    reference, council = an_audit(world, "shared"), app.extensions["council"]
    emergency_access.ask_to_read_in_emergency(council.command_context(), world.person(STRANGER), reference, WHY)
    with council.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON outbox WHEN NEW.event = 'read_in_emergency' BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    with pytest.raises(Exception, match="full"):
        emergency_access.let_in(council.command_context(), world.person("hos.ppqa"), 1)
    asked = council.store.emergency(1)
    assert asked is not None
    assert asked.ends_at is None
    assert council.store.directory(NOW + timedelta(days=9)).emergencies == {}
    with read_transaction(council.engine) as connection:
        assert connection.execute(select(outbox).where(outbox.c.event == "read_in_emergency")).all() == []


def test_invented_requests_hide_no_real_one(app: Flask, world: World) -> None:
    """Fifty-five, by nineteen people, before and after it."""
    reference, context = an_audit(world, "moderated"), world.command_context()
    may_ask = [one for one in context.directory.people.values() if emergency_access.may_ask(context, one) and "hos_ppqa" not in one.roles]
    assert may_ask
    invented = [{"reference": f"aaaa-{n:04}", "asked_by": may_ask[n % len(may_ask)].id, "asked_at": NOW, "reason": "x"} for n in range(55)]
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(insert(emergencies), invented[:30])
        connection.execute(insert(emergencies), {"reference": reference, "asked_by": may_ask[0].id, "asked_at": NOW, "reason": WHY})
        connection.execute(insert(emergencies), invented[30:])
    browser, path, shown = Browser(app, "hos.ppqa"), "/emergencies", []
    while path:
        page = browser.get(path).get_data(as_text=True)
        shown.append(re.findall(r"asks to read audit (\S+?)</h2>", page))
        path = next(iter(re.findall(r'href="(/emergencies\?cursor=\d+)"', page)), "")
    assert [len(page) for page in shown] == [20, 20, 16]
    assert shown[1][5] == reference
    assert shown[0][0] == "aaaa-0054"
