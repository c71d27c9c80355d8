"""A right that is gone is gone at the next request: from every list, page, feed, notice, email and kept answer (rules, invariant 15)."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from tests.factories import World
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import PASSWORD, Browser
from tests.web.support.lost_rights import WAYS, Loss, Scene
from tests.web.worklist.test_calendar_feed import address
from web.council import Council
from web.identity.credentials.access_tokens import revoke_token
from workflow.storage import tables
from workflow.storage.engine import read_transaction

LISTS = ("/", "/audits", "/notices", "/escalations")
OF_THE_AUDIT = ("", "/read", "/history", "/escalation", "/actions/1", "/sections/area_1", "/sections/moderation")
JSON_LISTS, JSON_OF_THE_AUDIT = ("/audits", "/notices", "/escalations"), ("", "/history", "/moves", "/readings")
CHECKS = len(LISTS + OF_THE_AUDIT + JSON_LISTS + JSON_OF_THE_AUDIT) + 4
"""And two searches, the calendar, and the emails."""
OF_TODAY = frozenset(chance("rights that ended").sample(sorted(WAYS), 6))


@pytest.mark.parametrize("way", [pytest.param(way, marks=() if way in OF_TODAY else pytest.mark.long) for way in WAYS])
def test_nothing_of_the_audit_is_left(app: Flask, world: World, caller: ApiClient, clock: Traveller, bar: Bar, way: str) -> None:
    loss, scene = WAYS[way], Scene(app.extensions["council"], world)
    loss.begin(scene)
    browser = Browser(app, loss.who)
    calendar, sends = address(browser), _change(caller, loss, scene)
    assert scene.reference in "".join(browser.get(path).text for path in LISTS)
    assert browser.get(f"/audits/{scene.reference}").status_code == 200
    answered = sends()
    loss.lose(scene)
    clock.move_to(world.now)
    left = [*_pages(app, browser, loss, scene, calendar), *_json(caller, loss, scene), *_emails(caller, loss, scene)]
    assert not left
    bar("A15", wanted=CHECKS, seen=CHECKS)
    again = sends()
    if answered is not None:
        assert answered.status_code in {200, 201}, answered.json
        assert again.status_code in {401, 404}, again.json
        assert scene.reference not in again.text
        bar("A15", wanted=1, seen=1)


def _change(caller: ApiClient, loss: Loss, scene: Scene) -> Any:
    """Sends the same change under the same key; None where this person can make none."""
    email = f"{loss.who}@demo.example"
    if not loss.changes:
        return lambda: None
    method, path, body = (loss.changes[name] for name in ("method", "path", "body"))
    headers = {"If_Match": f'"{scene.world.audit(scene.reference).version}"'} if method == "PUT" else {}
    return lambda: caller.call(email, method, path.format(scene.reference), body, Idempotency_Key="one key", **headers)


def _pages(app: Flask, browser: Browser, loss: Loss, scene: Scene, calendar: str) -> list[str]:
    shown = {path: browser.get(path).text for path in LISTS if path != "/notices" or not loss.is_emergency}
    shown |= {f"search for {typed}": _found(browser, typed) for typed in (scene.reference, "C-1001")}
    shown["calendar"] = app.test_client().get(calendar).text
    refused = {path: browser.get(f"/audits/{scene.reference}{path}").status_code for path in OF_THE_AUDIT}
    return [
        *(where for where, text in shown.items() if scene.reference in text),
        *(path or "the audit" for path, status in refused.items() if status not in {302, 404}),
    ]


def _found(browser: Browser, typed: str) -> str:
    return browser.post("/audits/search", q=typed).text.split("</form>")[-1]


def _json(caller: ApiClient, loss: Loss, scene: Scene) -> list[str]:
    email = f"{loss.who}@demo.example"
    listed = {path: caller.call(email, "GET", path) for path in JSON_LISTS if path != "/notices" or not loss.is_emergency}
    told = {path: caller.call(email, "GET", f"/audits/{scene.reference}{path}").status_code for path in JSON_OF_THE_AUDIT}
    return [
        *(f"JSON {path}" for path, answer in listed.items() if scene.reference in answer.text),
        *(f"JSON of the audit{path}" for path, status in told.items() if status not in {401, 404}),
    ]


def _emails(caller: ApiClient, loss: Loss, scene: Scene) -> list[str]:
    """The worker has not run before: everything that ever happened waits to be sent."""
    address = f"{loss.who}@demo.example"
    sent = [email for email in caller.emails() if address in str(email["To"]) and scene.reference in str(email.get_content())]
    return [str(email["Subject"]) for email in sent if not loss.is_emergency]


def test_what_was_not_sent_reached_somebody_else(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    scenes = {way: Scene(council, world) for way in ("role taken", "connection declared", "auditor replaced")}
    for way, scene in scenes.items():
        WAYS[way].begin(scene)
    for way, scene in scenes.items():
        WAYS[way].lose(scene)
    caller.emails()
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(tables.outbox)).all()
    cancelled = [row for row in rows if row.state == "cancelled"]
    assert cancelled
    sent = {(row.event, row.reference, row.action) for row in rows if row.state == "sent"}
    assert {(row.event, row.reference, row.action) for row in cancelled} <= sent
    assert {row.state for row in rows} == {"sent", "cancelled"}


def test_a_token_and_a_session_that_ended_open_nothing(app: Flask, world: World, caller: ApiClient, clock: Traveller, bar: Bar) -> None:
    council: Council = app.extensions["council"]
    scene = Scene(council, world)
    WAYS["leaves"].begin(scene)
    email, browser, other = "qaro@demo.example", Browser(app, "qaro"), Browser(app, "qaro")
    assert scene.reference in caller.call(email, "GET", "/audits").text
    revoke_token(council, 1)
    assert {caller.call(email, "GET", path).status_code for path in JSON_LISTS} == {401}
    changed = browser.post("/account/password", old=PASSWORD, new="four quiet herons wading")
    assert changed.status_code == 302
    assert {other.get(path).status_code for path in (*LISTS, f"/audits/{scene.reference}")} == {302}
    bar("A15", wanted=8, seen=8)
