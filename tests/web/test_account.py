"""One’s own account: every copy of a session ends when it should, and a password is changed by who knows it."""

from pathlib import Path

import pytest
from flask import Flask

from tests.factories import a_council, settings
from tests.web.browser import PASSWORD, Browser, text_of
from web.app import create_app
from web.browsers import browser_named

NEW = "kettle orbit marmalade"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    a_council(tmp_path).engine.dispose()
    return create_app(settings(tmp_path))


def _is_in(browser: Browser) -> bool:
    return browser.get("/audits").status_code == 200


def test_a_new_password_ends_every_other_session(app: Flask) -> None:
    here, there = Browser(app, "auditor"), Browser(app, "auditor")
    colleague = Browser(app, "qa")
    answer = here.post("/account/password", password=PASSWORD, new=NEW)
    assert answer.status_code == 303
    assert (_is_in(here), _is_in(there), _is_in(colleague)) == (True, False, True)
    with pytest.raises(AssertionError, match="422"):
        Browser(app, "auditor")


@pytest.mark.parametrize(
    ("password", "new", "said"),
    [
        ("wrong", NEW, "not your password now"), (PASSWORD, "kettle orbit", "at least 12"), (PASSWORD, "password12345", "guessed first"),
        (PASSWORD, "AmaraOkafor12", "guessed first"), (PASSWORD, "x" * 201, "at most 200"), (PASSWORD, "", "at least 12"),
    ],
)  # fmt: skip
def test_a_password_that_will_not_do_changes_nothing(app: Flask, password: str, new: str, said: str) -> None:
    here, there = Browser(app, "auditor"), Browser(app, "auditor")
    answer = here.post("/account/password", password=password, new=new[:11] if new == "kettle orbit" else new)
    assert answer.status_code == 422
    assert said in text_of(answer.get_data(as_text=True))
    assert _is_in(there)
    Browser(app, "auditor")


def test_one_session_or_all_others_can_be_ended(app: Flask) -> None:
    here, there, elsewhere = (Browser(app, "auditor") for _ in range(3))
    page = here.get("/account").get_data(as_text=True)
    assert page.count("Sign it out") == 2
    session = page.split("/account/sessions/")[1].split("/")[0]
    assert here.post(f"/account/sessions/{session}/end").status_code == 303
    assert sorted((_is_in(there), _is_in(elsewhere))) == [False, True]
    here.post("/account/sessions/end-others")
    assert (_is_in(here), _is_in(there), _is_in(elsewhere)) == (True, False, False)


def test_nobody_ends_anothers_session(app: Flask) -> None:
    auditor, other = Browser(app, "auditor"), Browser(app, "qa")
    Browser(app, "auditor")
    page = auditor.get("/account").get_data(as_text=True)
    other.post(f"/account/sessions/{page.split('/account/sessions/')[1].split('/')[0]}/end")
    assert auditor.get("/account").get_data(as_text=True).count("Sign it out") == 1


def test_a_session_that_was_ended_stays_ended_whatever_was_under_way(app: Flask) -> None:
    here, there = Browser(app, "auditor"), Browser(app, "auditor")
    with there.client.session_transaction() as under_way:
        here.post("/account/sessions/end-others")
        under_way["anything"] = "written when it is over"
    assert not _is_in(there)


def test_a_browser_is_named_as_people_name_it() -> None:
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
    assert [browser_named(one) for one in (edge, iphone, "curl/8.1", "")] == ["Edge on Windows", "Safari on iPhone", "", ""]
