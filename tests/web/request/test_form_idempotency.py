"""A form that adds something is sent twice, as when the first response was lost: it is added once."""

import html
import re

from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser
from tests.web.support.outages import away
from workflow.errors import IdempotencyKeyReused

ACTION = {
    "text": "Visit her at school.",
    "owner": "practitioner@demo.example",
    "due_on__day": 14,
    "due_on__month": 12,
    "due_on__year": 2027,
}
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


def key_on(browser: Browser, path: str) -> str:
    found: dict[str, str] = dict(HIDDEN.findall(browser.get(path).get_data(as_text=True)))
    return found["once"]


def test_an_action_is_added_once(app: Flask, world: World) -> None:
    reference = an_audit(world, at="graded")
    browser, path, before = Browser(app, "auditor"), f"/audits/{reference}/actions/new", world.audit(reference).actions
    key = key_on(browser, path)
    answers = [browser.post(path, once=key, **ACTION) for _ in range(3)]
    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, f"/audits/{reference}#actions")}
    assert len(world.audit(reference).actions) == len(before) + 1
    assert browser.post(path, once=key_on(browser, path), **ACTION).status_code == 303
    assert len(world.audit(reference).actions) == len(before) + 2


def test_sending_changed_text_with_the_same_key_is_refused(app: Flask, world: World) -> None:
    reference = an_audit(world, at="graded")
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/actions/new"
    key = key_on(browser, path)
    browser.post(path, once=key, **ACTION)
    before = world.audit(reference)
    answer = browser.post(path, once=key, **{**ACTION, "text": "Visit her at home."})
    assert answer.status_code == 422
    page = html.unescape(answer.get_data(as_text=True))
    assert IdempotencyKeyReused().sentence in page
    assert "Visit her at home." in page
    assert dict(HIDDEN.findall(page))["once"] != key
    assert world.audit(reference) == before


def test_an_audit_is_started_once(app: Flask) -> None:
    browser = Browser(app, "auditor")
    key = key_on(browser, "/audits/new")
    assert len({browser.post("/audits/new", once=key).headers["Location"] for _ in range(3)}) == 1
    others = Browser(app, "auditor2").post("/audits/new", once=key)
    assert others.headers["Location"] not in browser.post("/audits/new", once=key).headers["Location"]
    qa = Browser(app, "qa")
    allocated = [qa.post("/audits/new", once="one", auditor="auditor2@demo.example").headers["Location"] for _ in range(2)]
    assert len(set(allocated)) == 1


def test_the_outage_page_sends_the_same_key(app: Flask, world: World) -> None:
    app.testing = False
    reference = an_audit(world, at="graded")
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/actions/new"
    key = key_on(browser, path)
    with away(app.extensions["council"]):
        page = browser.post(path, once=key, **ACTION)
    assert page.status_code == 503
    assert dict(HIDDEN.findall(page.get_data(as_text=True)))["once"] == key


def test_a_malformed_key_is_refused_with_a_sentence(app: Flask, world: World) -> None:
    reference = an_audit(world, at="graded")
    browser, before = Browser(app, "auditor"), world.audit(reference)
    for key in ("x" * 201, "a\0b", "\ud800"):
        answer = browser.client.post(
            f"/audits/{reference}/actions/new", data={"csrf_token": browser.token, "once": key.encode("utf-8", "surrogatepass")}
        )
        assert answer.status_code == 422
    assert world.audit(reference) == before
