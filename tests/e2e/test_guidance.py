"""Guidance is beside the boxes, and stays folded once somebody has folded it."""

import pytest
from playwright.sync_api import Page

from tests.e2e.support.live_server import LiveServer
from tests.factories import World, a_world, an_audit

pytestmark = pytest.mark.browser


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


def _opened(page: Page) -> bool:
    return bool(page.locator("details[data-guidance]").evaluate("details => details.open"))


def test_guidance_is_beside_the_boxes_until_it_is_known(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = served.page("auditor")
    page.goto(f"{served.url}/audits/{reference}/sections/area_2")
    guidance, box = page.locator("details[data-guidance]").bounding_box(), page.get_by_label("Evidence").bounding_box()
    assert guidance
    assert box
    assert guidance["x"] > box["x"] + box["width"]
    assert _opened(page)
    page.get_by_text("What to consider").click()
    page.goto(f"{served.url}/audits/{reference}/sections/area_3")
    assert not _opened(page)
    page.locator("details[data-guidance] summary").press("Enter")
    page.reload()
    assert _opened(page)


def test_guidance_starts_folded_on_a_narrow_screen(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = served.page("auditor")
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{served.url}/audits/{reference}/sections/area_7")
    assert not _opened(page)
