"""The payloads work: on a page without a policy many of them run."""

import re

import pytest
from playwright.sync_api import Browser, Route

from tests.e2e.support.xss_payloads import IN_TURN, payloads

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_those_that_need_nobodys_help_do_run_where_nothing_stops_them(browser: Browser) -> None:
    """As they were typed, each in a page of its own, without a policy: a list that could do nothing would prove nothing."""
    page, ran, as_typed = browser.new_page(), set[int](), range(0, len(payloads()), 1 + IN_TURN)
    page.context.expose_binding("ran", lambda _, number=None: ran.add(int(number)))
    page.on("dialog", lambda dialog: dialog.dismiss())

    def answer(route: Route) -> None:
        number = re.search(r"/raw/(\d+)$", route.request.url)
        frames = "".join(f'<iframe src="/raw/{at}"></iframe>' for at in as_typed) + "<title>all</title>"
        html = payloads()[int(number[1])] if number else frames if route.request.url.endswith("/all") else ""
        route.fulfill(body=f"<!DOCTYPE html><body>{html}", content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto("http://raw.localhost/all")
    page.wait_for_load_state("networkidle")
    print(f"{len(ran & set(as_typed))} of {len(as_typed)} run by themselves where nothing stops them")
    assert len(ran & set(as_typed)) > len(as_typed) // 3
    page.context.close()
