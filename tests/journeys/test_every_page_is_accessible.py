"""axe finds nothing on any page, wide and narrow, in each state of an audit, as it opens and as it is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.pages import PAGES, REFUSED, WIDTHS, audits_of, complaints, demo
from tests.journeys.served import Served

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[tuple[Served, dict[str, str]]]:
    council = demo(tmp_path)
    served = Served(browser, council.settings)
    yield served, audits_of(council)
    served.stop()
    council.engine.dispose()


def _looked_at(page: Page) -> list[str]:
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{page.url} at {width}: {complaint}" for complaint in complaints(page)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found


def test_every_page_as_it_opens(opened: tuple[Served, dict[str, str]]) -> None:
    served, audits = opened
    for name, path in PAGES:
        page = served.page(name)
        page.goto(served.url + path.format(**audits))
        assert _looked_at(page) == []
    print(f"{len(PAGES)} pages at {len(WIDTHS)} widths: no violation")
    assert [words for words in served.complaints if "404" not in words] == []


def test_every_form_as_it_is_refused(opened: tuple[Served, dict[str, str]]) -> None:
    served, audits = opened
    for name, path in REFUSED:
        page = served.page(name)
        page.goto(served.url + path.format(**audits))
        page.locator("main form button[type=submit], main form button.govuk-button").last.click()
        page.get_by_role("heading", name="There is a problem").wait_for()
        assert page.title().startswith("Error: "), path
        page.wait_for_function("document.activeElement.classList.contains('govuk-error-summary')")
        for link in page.locator(".govuk-error-summary a[href^='#']").all():
            assert page.locator(str(link.get_attribute("href")).replace("#", "[id='") + "']").count() == 1, path
        assert _looked_at(page) == []
    print(f"{len(REFUSED)} refused forms at {len(WIDTHS)} widths: no violation")
