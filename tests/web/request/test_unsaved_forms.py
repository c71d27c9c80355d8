"""Any posted form survives the end of a session, a stale token and a password changed elsewhere: it is put back into its boxes."""

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from time_machine import Traveller

from tests.factories import NOW, World, an_audit
from tests.web.support.browser import Browser, text_of, token_in
from tests.web.support.forms import forms_of
from web.request.form_filling import fill_form
from workflow.commands.directory.connections import declare_connection
from workflow.storage.engine import write_transaction
from workflow.storage.tables import sessions

WORDS = "Seen with her brother & calm.\nThen <asleep>."
PAGE = (
    '<p>a &amp; b&#39;s</p><form method="post" action="/x"><input name="other" value="1"></form>'
    '<details class="d"><summary>More</summary><form method="post" novalidate><input type="hidden" name="csrf_token" value="t">'
    '<input type="hidden" name="seen" value="4"><input id="n" name="name" value="old"><textarea name="text" rows="8">old &lt;b&gt;</textarea>'
    '<input type="radio" name="one" value="a" checked><input type="radio" name="one" value="b"><input type="checkbox" name="many" value="c">'
    '<select name="role"><option value="">Choose</option><option value="x" selected>X</option><option value="y">Y</option></select>'
    "</form></details>"
)
TYPED = {"seen": ["3"], "name": ['"new" <'], "text": [WORDS], "one": ["b"], "many": ["c"], "role": ["y"]}


def sign_in_again(browser: Browser, name: str) -> None:
    browser.token = token_in(browser.get("/sign-in").get_data(as_text=True))
    assert browser.post("/sign-in", email=f"{name}@demo.example", password="correct horse").status_code == 302
    browser.token = token_in(browser.get("/audits").get_data(as_text=True))


def box(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?([^<]*)</textarea>', page)
    assert found, name
    return html.unescape(found[1])


def test_a_form_is_filled_whatever_its_fields_and_all_else_is_copied() -> None:
    filled = fill_form(PAGE, "/here", "/here", "m", TYPED)
    assert filled
    assert filled.startswith(PAGE[: PAGE.index("<details")] + '<details class="d" open>')
    for there in (
        'name="seen" value="3"', 'name="csrf_token" value="t"', 'value="&quot;new&quot; &lt;"', f">\n{html.escape(WORDS)}</textarea>", 'value="b" checked>',
        'value="c" checked>', '<option value="y" selected>', '<option value="x">', '<input type="hidden" name="unsaved" value="m">',
    ):  # fmt: skip
        assert there in filled, there
    assert filled.count("checked") == 2
    assert fill_form(PAGE, "/here", "/elsewhere", "m", TYPED) is None
    assert fill_form(PAGE, "/here", "/here", "m", None) == PAGE.replace(
        "novalidate>", 'novalidate><input type="hidden" name="unsaved" value="m">'
    )


@settings(max_examples=100, deadline=None)
@given(st.text(), st.text())
def test_any_text_stays_in_its_box(one_line: str, many: str) -> None:
    filled = fill_form(PAGE, "/here", "/here", "m", {"name": [one_line], "text": [many]})
    assert filled
    (_, form), (_, before) = (forms_of(page, "/here") for page in (filled, PAGE))
    assert (form.fields["name"].values, form.fields["text"].values) == ([one_line], [many])
    assert form.fields.keys() - {"unsaved"} == before.fields.keys()


def ended(app: Flask, browser: Browser, clock: Traveller) -> None:
    clock.shift(timedelta(minutes=31))


def stale(app: Flask, browser: Browser, clock: Traveller) -> None:
    """Signed in again in another tab, so that the open page has the token of an earlier session."""
    old = browser.token
    sign_in_again(browser, "hos.ppqa")
    browser.token = old


def password_changed(app: Flask, browser: Browser, clock: Traveller) -> None:
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(delete(sessions))


@pytest.mark.parametrize("happens", [ended, stale, password_changed])
def test_the_reason_of_a_move_is_put_back_and_goes_once_it_is_saved(
    app: Flask, world: World, happens: Callable[[Flask, Browser, Traveller], None]
) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/moves/return_for_correction"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "hos.ppqa")
        happens(app, browser, clock)
        answer = browser.post(path, reason=WORDS)
        assert answer.status_code in {302, 400}
        assert "ept what you typed" in browser.get(answer.location or path).get_data(as_text=True) + answer.get_data(as_text=True)
        assert world.audit(reference).state == "moderated"
        sign_in_again(browser, "hos.ppqa")
        page = browser.get(path).get_data(as_text=True)
        assert "What you typed on 23 November 2026" in text_of(page)
        assert box(page, "reason") == WORDS
        marker = re.search(r'name="unsaved" value="(\w+)"', page)
        assert marker
        refused = browser.post(path, reason="", unsaved=marker[1])
        assert refused.status_code == 422
        assert f'name="unsaved" value="{marker[1]}"' in refused.get_data(as_text=True)
        assert browser.post(path, reason=WORDS, unsaved=marker[1]).status_code == 303
        assert world.audit(reference).state == "graded"
        assert "Not saved yet" not in browser.get(path).get_data(as_text=True)


def test_two_tabs_lose_nothing_to_each_other(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/moves/reopen"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "hos.ppqa")
        first = browser.token
        clock.shift(timedelta(seconds=2))
        second = token_in(browser.get("/audits").get_data(as_text=True))
        clock.shift(timedelta(minutes=40))
        for browser.token, words in ((first, "Of the first tab."), (second, "Of the second tab.")):
            browser.post(path, reason=words)
            clock.shift(timedelta(seconds=1))
        sign_in_again(browser, "hos.ppqa")
        page = text_of(browser.get(path).get_data(as_text=True))
        assert "Of the first tab." in page
        assert "Of the second tab." in page


def test_what_somebody_typed_is_offered_to_nobody_else_and_can_be_discarded(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/moves/return_for_correction"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "hos.ppqa")
        clock.shift(timedelta(minutes=31))
        browser.post(path, reason=WORDS)
        # At a shared computer: the next person presses the button of a page that is still open.
        left_open = browser.token
        sign_in_again(browser, "qa")
        mine, browser.token = browser.token, left_open
        answer = browser.post(path, reason="Still hers.")
        assert (answer.status_code, "Still hers." in answer.get_data(as_text=True)) == (400, False)
        browser.token = mine
        assert "brother" not in browser.get(path).get_data(as_text=True)
        sign_in_again(browser, "hos.ppqa")
        page = browser.get(path).get_data(as_text=True)
        assert "Still hers." in page
        for opened in re.findall(r'name="opened" value="(\w+)"', page):
            sent = {"csrf_token": browser.token, "path": path, "opened": opened, "page": path}
            assert browser.client.post("/unsaved/discard", data=sent).location == path
        assert "Not saved yet" not in browser.get(path).get_data(as_text=True)


def test_another_site_plants_no_words(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/moves/return_for_correction"
    browser = Browser(app, "hos.ppqa")
    answer = browser.client.post(path, data={"reason": WORDS, "csrf_token": "stale"}, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, "brother" in answer.get_data(as_text=True)) == (400, False)
    assert "brother" not in browser.get(path).get_data(as_text=True)


def test_what_is_refused_outside_its_page_is_there_to_be_copied(app: Flask, world: World) -> None:
    """As when another tab has moved the audit on."""
    reference = an_audit(world, at="actions_closed")
    answer = Browser(app, "hos.ppqa").post(f"/audits/{reference}/moves/return_for_correction", reason=WORDS)
    assert answer.status_code in {403, 409}
    assert box(answer.get_data(as_text=True), "reason") == WORDS


def test_my_work_says_where_something_waits_unless_they_may_not_know_of_it(app: Flask, world: World) -> None:
    reference = an_audit(world, at="shared")
    path = f"/audits/{reference}/moves/waive_moderation"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "qa")
        clock.shift(timedelta(minutes=31))
        browser.post(path, reason=WORDS)
        browser.post("/people/99/connections", child_id="C-77")
        sign_in_again(browser, "qa")
        page = browser.get("/").get_data(as_text=True)
        assert re.search(rf'href="{path}">Audit {reference}, typed on 23 November 2026 at 10:01am', page)
        assert 'href="/people/99/connections">A page of no audit' in page
        declare_connection(world.command_context(), world.person("qa"), "C-1001")
        page = browser.get("/").get_data(as_text=True)
        assert (reference in page, browser.get(path).status_code, "brother" in browser.get(path).get_data(as_text=True)) == (
            False,
            404,
            False,
        )


def test_what_a_section_saves_automatically_from_an_old_page_is_put_back(app: Flask, world: World) -> None:
    reference = an_audit(world, at="draft")
    path = f"/audits/{reference}/sections/summary"
    browser = Browser(app, "auditor")
    old = browser.token
    sign_in_again(browser, "auditor")
    now, browser.token = browser.token, old
    answer = browser.post(f"{path}/autosave", seen=world.audit(reference).version, case_summary=WORDS)
    assert answer.status_code == 400
    assert answer.json is not None
    assert "We have kept what you typed" in answer.json["detail"]
    page = browser.get(path).get_data(as_text=True)
    assert box(page, "case_summary") == WORDS
    marker = re.search(r'name="unsaved" value="(\w+)"', page)
    assert marker
    # Sent again from an old page: what was in its boxes is there once.
    browser.token = "of another old page"
    assert browser.post(path, seen=1, case_summary=f"{WORDS} More.", unsaved=marker[1]).status_code == 400
    page = browser.get(path).get_data(as_text=True)
    assert (box(page, "case_summary"), page.count("Discard what you typed")) == (f"{WORDS} More.", 1)
    marker = re.search(r'name="unsaved" value="(\w+)"', page)
    assert marker
    browser.token = now
    assert browser.post(f"{path}/autosave", seen=world.audit(reference).version, case_summary=WORDS, unsaved=marker[1]).status_code == 200
    assert "Not saved yet" not in browser.get(path).get_data(as_text=True)


def test_more_than_can_be_stored_is_on_the_page_to_be_copied(app: Flask, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    text = "x" * 2_200_000
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        clock.shift(timedelta(minutes=31))
        answer = browser.post(f"/audits/{reference}/sections/area_1", seen=1, evidence=text)
        assert (answer.status_code, "Copy what you typed" in answer.get_data(as_text=True)) == (401, True)
        assert box(answer.get_data(as_text=True), "evidence") == text
