"""Text that takes too long to work on is refused at once, and a page shows it again."""

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, token_in

# In this order normalising sorts them, which takes time that grows with the square of their number.
MARKS = "\u0301\u0323" * 30_000
AUDITOR = "auditor@demo.example"
SENTENCE = "more than 30 accents or other marks on one letter"


def test_a_password_is_refused_with_a_sentence_and_not_shown(app: Flask) -> None:
    visitor = app.test_client()
    token = token_in(visitor.get("/sign-in").get_data(as_text=True))
    answer = visitor.post("/sign-in", data={"csrf_token": token, "email": AUDITOR, "password": MARKS})
    assert (answer.status_code, SENTENCE in answer.text, "\u0323" in answer.text) == (422, True, False)


@pytest.mark.parametrize("password", ["x" * 200_000, "x" * 129])
def test_a_password_longer_than_any_is_wrong(app: Flask, password: str) -> None:
    visitor = app.test_client()
    token = token_in(visitor.get("/sign-in").get_data(as_text=True))
    assert visitor.post("/sign-in", data={"csrf_token": token, "email": AUDITOR, "password": password}).status_code == 422


def test_a_search_is_refused_with_a_sentence(app: Flask) -> None:
    answer = Browser(app, "auditor").post("/audits/search", q=MARKS)
    assert (answer.status_code, SENTENCE in answer.text) == (422, True)


def test_a_form_is_shown_again_with_all_that_was_typed(app: Flask, world: World) -> None:
    reference = an_audit(world, "draft")
    answer = Browser(app, "auditor").post(f"/audits/{reference}/actions/new", text=f"Visit {MARKS}", owner=AUDITOR)
    assert (answer.status_code, SENTENCE in answer.text, MARKS in answer.text, "Send it again" in answer.text) == (422, True, True, True)


@pytest.mark.parametrize("text", [MARKS, "x" * 200_001])
def test_a_section_says_it_beside_the_field_and_keeps_the_text(app: Flask, world: World, text: str) -> None:
    reference = an_audit(world, "draft")
    answer = Browser(app, "auditor").post(f"/audits/{reference}/sections/summary", seen=world.audit(reference).version, case_summary=text)
    assert (answer.status_code, text in answer.text, 'id="case_summary-error"' in answer.text) == (422, True, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"q": MARKS}, 422), ({MARKS: "q"}, 422), ({"q": "x" * 200_001}, 422), ({"q": ["x"] * 2_001}, 413), ({str(n): n for n in range(2_001)}, 413),
        ({"q": [[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}, 400),
    ],
)  # fmt: skip
def test_json_has_the_same_limits(caller: ApiClient, body: dict[str, object], status: int) -> None:
    assert caller.call(AUDITOR, "POST", "/audits/search", body).status_code == status


def test_a_visitor_sends_no_form_that_takes_seconds_to_decode(app: Flask) -> None:
    visitor = app.test_client()
    body = f"csrf_token={token_in(visitor.get('/sign-in').get_data(as_text=True))}&email={AUDITOR}&password={'%41' * 400_000}"
    assert visitor.post("/sign-in", data=body, content_type="application/x-www-form-urlencoded").status_code == 413


def test_json_may_hold_much_text_with_brackets_in_it(caller: ApiClient) -> None:
    assert caller.call(AUDITOR, "POST", "/audits/search", {"q": '"[{, \\' * 5_000}).status_code in {200, 422}
