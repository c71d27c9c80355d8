"""axe finds nothing on any page, wide and narrow, in each state of an audit, as it opens and as it is refused."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.e2e.support.crawler import Found
from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import WIDTHS, demo_council, every_page, faults_of, some_pages
from tests.support.bar_table import Bar
from web.cli.verify_history import list_references

# One council is enough for all: nothing here changes it. In one group, so that one worker builds it and follows its links once.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.xdist_group("accessibility")]

# Invalid input: characters that can't be stored, dates that do not exist, answers that the form does not have.
MISTAKES = """form => {
  for (const field of form.elements) {
    if (field.matches("textarea, [type=text], input:not([type])")) field.value = "\\u0001";
    if (field.matches("[type=radio], [type=checkbox]")) { field.value = "nonsense"; field.checked = true; }
    if (field.matches("select")) { field.add(new Option("nonsense", "nonsense")); field.value = "nonsense"; }
  }
}"""


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    council = demo_council(tmp_path_factory.mktemp("served"))
    served = LiveServer(browser, council.settings)
    yield served
    served.stop()
    council.engine.dispose()


@pytest.fixture(scope="module")
def sampled(served: LiveServer) -> list[Found]:
    return some_pages(served)


@pytest.mark.slow_because("a page that some people cannot use is a fault like any other, and every page has a template of its own")
def test_each_page_as_it_opens(served: LiveServer, sampled: list[Found], bar: Bar) -> None:
    _open_well(served, bar, sampled)


@pytest.mark.long
def test_every_variant_of_every_page_as_it_opens(served: LiveServer, bar: Bar) -> None:
    _open_well(served, bar, every_page(served))


def _open_well(served: LiveServer, bar: Bar, found: list[Found]) -> None:
    before = len(served.complaints)
    for name, path in found:
        page = served.page(name)
        page.goto(served.url + path)
        assert faults_of(page) == []
    bar("X1", wanted=len(found) * len(WIDTHS), seen=len(found) * len(WIDTHS))
    assert [words for words in served.complaints[before:] if "404" not in words] == []


# What a passkey’s form is refused for, the browser says: its journey looks at that.
FEWEST_FORMS = 20
FORMS = "main form[method=post]:not([data-passkey])"


@pytest.mark.slow_because("the errors of a form are shown by a template of their own")
def test_each_form_as_it_is_refused(served: LiveServer, sampled: list[Found], bar: Bar) -> None:
    _refuse_well(served, bar, sampled)


@pytest.mark.long
def test_every_form_of_every_page_as_it_is_refused(served: LiveServer, bar: Bar) -> None:
    _refuse_well(served, bar, every_page(served))


def _refuse_well(served: LiveServer, bar: Bar, found: list[Found]) -> None:
    before = _everything(served)
    tried = set()
    for name, path in found:
        page = served.page(name)
        page.goto(served.url + path)
        for number in range(page.locator(FORMS).count()):
            form = page.locator(FORMS).nth(number)
            if (asks := _asks(form)) and asks not in tried:
                tried.add(asks)
                _is_refused_well(page, form)
                page.goto(served.url + path)
    bar("X1", wanted=FEWEST_FORMS, seen=len(tried))
    assert len(tried) >= FEWEST_FORMS
    assert _everything(served) == before


def _asks(form: Locator) -> str:
    """What a form asks and for what, to tell it from others; nothing where it only has a button."""
    names = form.evaluate("form => [...form.querySelectorAll('textarea, select, input:not([type=hidden])')].map(one => one.name)")
    where = re.sub(r"\d+|/audits/\S{4}-\S{4}/", "", urlsplit(str(form.evaluate("form => form.action"))).path)
    return " ".join([where, *sorted(set(names))]) if names else ""


def _is_refused_well(page: Page, form: Locator) -> None:
    folded = form.locator("xpath=ancestor::details[not(@open)]/summary")
    if folded.count():
        folded.click()
    form.evaluate(MISTAKES)
    form.locator("button:not([type=button])").first.click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    assert page.title().startswith("Error: "), page.url
    page.locator(".govuk-error-summary:focus").wait_for()
    for problem in page.locator(".govuk-error-summary li").all():
        field = page.locator("[id='" + str(problem.locator("a").get_attribute("href")).removeprefix("#") + "']")
        beside = field.locator("xpath=ancestor::div[contains(@class, 'govuk-form-group--error')]").first
        assert problem.inner_text() in beside.inner_text(), page.url
    assert faults_of(page) == []


def _everything(served: LiveServer) -> list[object]:
    return [served.council.store.audit(reference) for reference in list_references(served.council)]
