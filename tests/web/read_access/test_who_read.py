"""Who may see who read what: two roles and nobody else, never a word, and a flag on who reads very much."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.audit_pages import CASE_TEXT
from tests.web.support.browser import Browser, text_of
from tests.web.test_pages_for_everybody import PEOPLE
from web.council import Council
from workflow.ports import ReadLogEntry

WATCHERS = {"hos.ppqa", "governance"}


def read_by(app: Flask, world: World, name: str, references: list[str], at: datetime | None = None) -> None:
    person = world.person(name)
    rows = [ReadLogEntry(person.id, person.name, one, 1, 1, "page", "audits.read", at or datetime.now(UTC)) for one in references]
    app.extensions["council"].store.log_readings(rows)


@pytest.mark.parametrize("at", ["draft", "shared"])
def test_only_two_roles_see_who_read_an_audit_and_only_of_those_they_know(app: Flask, world: World, caller: ApiClient, at: str) -> None:
    reference = an_audit(world, at)
    Browser(app, "auditor").get(f"/audits/{reference}/read")
    sees = WATCHERS if at == "shared" else {"governance"}
    for name in PEOPLE:
        browser, email = Browser(app, name), world.person(name).email
        pages = [browser.get(f"/audits/{reference}/readings"), browser.get(f"/readings?reference={reference}")]
        answer = caller.call(email, "GET", f"/audits/{reference}/readings")
        assert (pages[0].status_code == 200, answer.status_code == 200) == (name in sees, name in sees), name
        assert (pages[1].status_code == 200) == (name in WATCHERS), name
        for page in pages:
            assert ("The whole audit" in page.get_data(as_text=True)) == (name in sees), name
            assert not [words for words in CASE_TEXT if words in page.get_data(as_text=True)], name
        link = f"/audits/{reference}/readings" in browser.get(f"/audits/{reference}").get_data(as_text=True)
        assert link == (name in sees), name


def test_over_json_each_row_says_who_where_when_and_nothing_of_the_case(app: Flask, world: World, caller: ApiClient) -> None:
    reference = an_audit(world, "moderated")
    Browser(app, "qaro").get(f"/audits/{reference}/sections/area_3")
    caller.ok("qa@demo.example", "GET", f"/audits/{reference}")
    rows = caller.ok("governance@demo.example", "GET", f"/audits/{reference}/readings")["readings"]
    assert [(row["by"], row["door"], row["what"], row["edition"], row["emergency"]) for row in rows] == [
        ("qa@demo.example", "json", "api_audits.show", 1, None), ("qaro@demo.example", "page", "sections.show/area_3", 1, None),
    ]  # fmt: skip


def test_fifty_are_on_a_page_newest_first_by_person_and_by_audit(app: Flask, world: World) -> None:
    first, second = an_audit(world, "shared"), an_audit(world, "shared")
    read_by(app, world, "qa", [first] * 60)
    read_by(app, world, "qaro", [second])
    browser = Browser(app, "hos.ppqa")
    newest = browser.get("/readings").get_data(as_text=True)
    of_qa = browser.get(f"/readings?person={world.person('qa').id}").get_data(as_text=True)
    earlier = browser.get(f"/readings?person={world.person('qa').id}&cursor=11").get_data(as_text=True)
    assert (newest.count(f">{first}<"), newest.count(f">{second}<")) == (49, 1)
    assert (of_qa.count(f">{first}<"), of_qa.count(f">{second}<")) == (50, 0)
    assert earlier.count(f">{first}<") == 10
    assert "Earlier" in of_qa
    assert browser.get(f"/readings?reference={second}").get_data(as_text=True).count(f">{second}<") == 1
    assert browser.get("/readings?cursor=x").status_code == 422


def test_reading_too_many_audits_in_an_hour_is_flagged_and_notified_once(app: Flask, world: World, caller: ApiClient) -> None:
    council: Council = app.extensions["council"]
    most = council.notification_policy.clocks["many_audits_read_in_an_hour"]
    caller.emails()
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    read_by(app, world, "qa", [f"aaaa-{n:04}" for n in range(most)] * 2, hour)
    read_by(app, world, "hos.ppqa", [f"bbbb-{n:04}" for n in range(most + 1)], hour)
    page = text_of(Browser(app, "governance").get("/readings").get_data(as_text=True))
    assert f"{most + 1} audits" in page
    assert f"{most} audits" not in page.replace(f"than {most} audits", "")
    assert caller.emails() == []
    read_by(app, world, "hos.ppqa", [f"cccc-{n:04}" for n in range(most + 1)])
    emails = caller.emails()
    assert [str(email["To"]) for email in emails] == ["governance@demo.example"]
    assert "/readings" in emails[0].get_content()
    assert "cccc-" not in emails[0].get_content()
    assert caller.emails() == []
    assert "Somebody is reading many audits" in Browser(app, "governance").get("/notices").get_data(as_text=True)
