"""A date in three boxes is understood as people write it, or refused with the name of the box that is wrong."""

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from web.request.form_fields import read_date
from workflow.field_types import parse_iso_date

DAY, MONTH, YEAR = "enter the day", "enter the month", "enter the year"


def boxes(day: str, month: str, year: str, name: str = "due_on") -> dict[str, str]:
    return {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}


@pytest.mark.parametrize(
    "typed",
    [("3", "11", "2026"), ("03", "11", "2026"), ("3", "Nov", "2026"), ("3rd", "november", "26"), (" 3 ", "NOV.", "2026"), ("3", "Nov 2026", ""),
     ("3 November 2026", "", ""), ("3/11/26", "", ""), ("", "3.11.2026", ""), ("2026-11-03", "", "")],
)  # fmt: skip
def test_it_is_understood(typed: tuple[str, str, str]) -> None:
    assert parse_iso_date(read_date("due_on", boxes(*typed))) == "2026-11-03"


@pytest.mark.parametrize(
    ("typed", "fault"),
    [(("32", "11", "2026"), DAY), (("0", "11", "2026"), DAY), (("x", "11", "2026"), DAY), (("", "11", "2026"), "the day is missing"),
     (("3", "13", "2026"), MONTH), (("3", "Mo", "2026"), MONTH), (("3", "Nox", "2026"), MONTH), (("3", "", "2026"), "the month is missing"),
     (("3", "Nov 2026", "2026"), MONTH), (("3", "11", "202"), YEAR), (("3", "11", "99"), YEAR), (("3", "11", "20266"), YEAR),
     (("3", "11", "twenty"), YEAR), (("3", "11", ""), "the year is missing"), (("3", "11", "\u0662\u0660\u0662\u0666"), YEAR),
     (("31", "2", "2026"), "this must be a real date"), (("29", "Feb", "27"), "this must be a real date")],
)  # fmt: skip
def test_the_box_that_is_wrong_is_named(typed: tuple[str, str, str], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_iso_date(read_date("due_on", boxes(*typed)))


def test_nothing_typed_is_no_date() -> None:
    assert read_date("due_on", boxes("", " ", "")) == ""


def test_a_page_says_which_box_and_shows_again_what_was_typed(app: Flask, world: World) -> None:
    browser, reference = Browser(app, "auditor"), an_audit(world, at="draft")
    typed = boxes("20", "Nowember", "26", "audit_date") | boxes("20", "2", "", "previous_audit_on")
    refused = browser.post(f"/audits/{reference}/sections/details", seen=world.audit(reference).version, **typed)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert "Audit date: enter the month as a number from 1 to 12, or as its name." in text_of(page)
    assert "the year is missing." in text_of(page)
    assert 'value="Nowember"' in page


def test_a_month_by_its_name_is_saved(app: Flask, world: World) -> None:
    browser, reference = Browser(app, "auditor"), an_audit(world, at="draft")
    saved = browser.post(
        f"/audits/{reference}/sections/details", seen=world.audit(reference).version, **boxes("20", "Nov", "26", "audit_date")
    )
    assert saved.status_code == 303
    assert world.audit(reference).answer("details", "audit_date") == "2026-11-20"
