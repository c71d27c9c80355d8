"""Every form of every page under a stale token, an ended session and a changed password: every word is in its box again."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete
from time_machine import Traveller

from tests.factories import NOW, World, an_audit, assign
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.web.support.browser import Browser, token_in
from tests.web.support.forms import Form, forms_of
from web.request.view_options import options_of
from workflow.storage.engine import write_transaction
from workflow.storage.tables import sessions

# The audit by its state and grade; then, for each person, the pages that have forms for them.
Stage = tuple[str, str]
STAGES: dict[str, Stage] = {
    "draft": ("practitioner_consulted", "good"), "graded": ("graded", "good"), "shared": ("shared", "good"), "moderated": ("moderated", "good"),
    "closed": ("actions_closed", "good"), "escalated": ("moderated", "inadequate"),
}  # fmt: skip
PAGES: dict[str, tuple[str, ...]] = {
    "auditor": (
        *(f"/audits/{{draft}}/sections/{key}" for key in ("details", "summary", "area_1", "area_12", "actions", "consultation", "declaration")),
        "/audits/{draft}/actions/new", "/audits/{graded}/actions/1", "/audits/{draft}/moves/withdraw",
        "/audits/{graded}/safeguarding", "/connections", "/delegations", "/emergencies",
    ),
    "moderator": ("/audits/{shared}/sections/moderation", "/audits/{shared}/actions/new"),
    "practitioner": ("/audits/{moderated}/actions/1",),
    "team.manager": ("/audits/{moderated}/actions/1",),
    "head.of.service": ("/audits/{escalated}/escalation", "/audits/{escalated}/actions/new"),
    "qa": (
        "/audits/new", "/audits/{draft}/auditor", "/audits/{shared}/moderator", "/audits/{shared}/moves/waive_moderation", "/audits/{moderated}/actions/1", "/audits/{moderated}/actions/new",
        "/audits/{shared}/people/team_manager", "/audits/{moderated}/actions/1/owner", "/audits/{moderated}/escalation", "/people/{person}/connections",
    ),
    "hos.ppqa": ("/audits/{moderated}/moves/return_for_correction", "/audits/{closed}/moves/reopen"),
    "admin": (
        "/people/new", "/people/{person}/change", "/people/{person}/roles", "/people/{person}/teams", "/people/{person}/delegations", "/people/teams/new/team",
        "/people/teams/team/assessment-east",
    ),
}  # fmt: skip
# A button and nothing to type or choose; or the page’s script, which sends what the form beside it does.
WORDLESS = {
    "actions.remove", "emergencies.let_in", "emergencies.refuse", "own.end_connection", "own.end_delegation", "people.come_back", "people.leave_now",
    "people.take", "posts.answer", "sections.autosave", "sections.discard", "undelivered.again", "undelivered.settle",
}  # fmt: skip


def ended(app: Flask, browser: Browser, name: str, clock: Traveller) -> None:
    clock.shift(timedelta(minutes=31))


def stale(app: Flask, browser: Browser, name: str, clock: Traveller) -> None:
    """They signed in again in another tab."""
    sign_in_again(browser, name)


def password_changed(app: Flask, browser: Browser, name: str, clock: Traveller) -> None:
    """Elsewhere, which deletes every session of the person."""
    with write_transaction(app.extensions["council"].engine) as connection:
        connection.execute(delete(sessions))


Failure = Callable[[Flask, Browser, str, Traveller], None]
FAILURES: tuple[Failure, ...] = (ended, stale, password_changed)


def test_every_word_of_a_sample_is_offered_back(app: Flask, world: World, bar: Bar) -> None:
    """Each day another failure for each person, and every form once."""
    random, people = chance("every form"), list(PAGES)
    random.shuffle(people)
    _lose_nothing(app, world, bar, [(name, FAILURES[at % len(FAILURES)]) for at, name in enumerate(people)])


@pytest.mark.long
def test_every_word_is_offered_back(app: Flask, world: World, bar: Bar) -> None:
    _lose_nothing(app, world, bar, [(name, failure) for name in PAGES for failure in FAILURES])


def test_what_a_sample_of_forms_refuses_is_still_in_their_boxes(app: Flask, world: World) -> None:
    _show_again(app, world, chance("refused forms").sample(list(PAGES), 3))


@pytest.mark.long
def test_what_every_form_refuses_is_still_in_its_boxes(app: Flask, world: World) -> None:
    assert _show_again(app, world, list(PAGES)) > 30


def _show_again(app: Flask, world: World, names: list[str]) -> int:
    places, refused = _places(world), 0
    for name, page in [(one, page) for one in names for page in PAGES[one]]:
        browser, path = Browser(app, name), page.format(**places)
        for form in _forms(app, browser, path):
            _fill(form, unstorable="\x07")
            answer = browser.client.post(form.path, data=form.sent())
            if any(not one.is_choice for one in form.asked.values()):
                assert answer.status_code == 422, (name, form.path)
                again = {one.path: one for one in forms_of(answer.get_data(as_text=True), form.path)}[form.path]
                assert {key: again.fields[key].values for key in form.asked} == {key: one.values for key, one in form.asked.items()}, (
                    name,
                    form.path,
                )
                refused += 1
    return refused


def _places(world: World) -> dict[str, str]:
    places = {key: an_audit(world, at=state, grade=grade) for key, (state, grade) in STAGES.items()}
    assign(world, places["shared"])
    return {**places, "person": str(world.person("moderator2").id)}


def _lose_nothing(app: Flask, world: World, bar: Bar, tried: list[tuple[str, Failure]]) -> None:
    places = _places(world)
    wanted, seen, endpoints = 0, 0, set[str]()
    for name, failure in tried:
        pages = [path.format(**places) for path in PAGES[name]]
        for form, before, after in _typed_and_put_back(app, name, pages, failure):
            endpoints.add(app.url_map.bind("").match(form.path, "POST")[0])
            for field in before.asked:
                wanted += 1
                seen += after is not None and after.fields[field].values == before.fields[field].values
                assert after, (name, failure.__name__, form.path)
                assert after.fields[field].values == before.fields[field].values, (name, failure.__name__, form.path, field)
    with app.app_context():
        posted = {
            rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ()) and options_of(rule.endpoint).replays_form
        }
    assert posted - endpoints == WORDLESS
    bar("F12", wanted=wanted, seen=seen)


def _typed_and_put_back(app: Flask, name: str, pages: list[str], failure: Failure) -> Iterator[tuple[Form, Form, Form | None]]:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, name)
        forms = {path: [form for form in _forms(app, browser, path) if form.asked] for path in pages}
        assert [path for path, found in forms.items() if not found] == [], name
        failure(app, browser, name, clock)
        for form in (form for found in forms.values() for form in found):
            _fill(form)
            answer = browser.client.post(form.path, data=form.sent())
            assert answer.status_code == 400 or (answer.location or "").startswith("/sign-in?"), (name, form.path, answer.status_code)
        sign_in_again(browser, name)
        for path, found in forms.items():
            again = {form.path: form for form in _forms(app, browser, path)}
            yield from ((form, form, again.get(form.path)) for form in found)


def _forms(app: Flask, browser: Browser, path: str) -> list[Form]:
    found = forms_of(browser.get(path).get_data(as_text=True), path)
    with app.app_context():
        return [form for form in found if options_of(app.url_map.bind("").match(form.path, "POST")[0]).replays_form]


def _fill(form: Form, unstorable: str = "") -> None:
    for name, field in form.asked.items():
        if field.is_choice:
            field.values = [one for one in field.offered if one][-1:]
        else:
            field.values = [f"Words <of> “{name}” & more.{unstorable}"]


def sign_in_again(browser: Browser, name: str) -> None:
    browser.token = token_in(browser.get("/sign-in").get_data(as_text=True))
    assert browser.post("/sign-in", email=f"{name}@demo.example", password="correct horse").status_code == 302
    browser.token = token_in(browser.get("/audits").get_data(as_text=True))
