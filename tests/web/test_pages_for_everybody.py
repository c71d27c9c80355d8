"""Every page for everybody in every state: no page breaks, none shows what is not theirs, and looking changes nothing."""

import re
from functools import cache
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import STATES, World, an_audit
from tests.support.coverage_sampling import Axis, chance, cover
from tests.web.access_matrix.runner import LOG_TABLES
from tests.web.support.audit_pages import CASE_TEXT, pages_of
from tests.web.support.browser import Browser
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

PEOPLE = (
    "auditor", "auditor2", "practitioner", "practitioner2", "team.manager", "service.manager", "qaro", "qa", "moderator", "moderator2",
    "head.of.service", "head.of.service2", "director.safeguarding", "director.parenting", "hos.ppqa", "governance", "admin",
)  # fmt: skip
KNOWN_BEFORE_SHARING = {"auditor", "qa", "governance", "admin"}
Visit = tuple[str, str, str, str]
"""State, grade, person and path, with {} for the reference."""
GRADES = ("good", "inadequate")
VISITS: list[Visit] = list(product(STATES, GRADES, PEOPLE, ["/", "/audits", "/notices", "/audits/new", *pages_of("{}")]))


@cache
def _sample() -> frozenset[Visit]:
    """Each page for each person, each page in each state, each state for each person; others each day."""
    by: list[Axis[Visit]] = [lambda one: one[2:], lambda one: (*one[:2], one[3]), lambda one: one[:3]]
    return frozenset(cover(VISITS, by, chance("pages for everybody")))


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("state", STATES)
def test_a_page_answers_everybody_and_changes_nothing(app: Flask, world: World, state: str, grade: str) -> None:
    _answer_well(app, world, [one for one in VISITS if one in _sample() and one[:2] == (state, grade)])


@pytest.mark.long
@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("state", STATES)
def test_every_page_answers_everybody_and_changes_nothing(app: Flask, world: World, state: str, grade: str) -> None:
    _answer_well(app, world, [one for one in VISITS if one[:2] == (state, grade)])


def _answer_well(app: Flask, world: World, visits: list[Visit]) -> None:
    state, grade, *_ = visits[0]
    reference = an_audit(world, at=state, grade=grade)
    before, browsers = stored(app.extensions["council"]), {person: Browser(app, person) for _, _, person, _ in visits}
    for _, _, person, path in visits:
        answer = browsers[person].get(path.format(reference))
        allowed = {200, 403, 404}
        if "{}" in path and STATES.index(state) < STATES.index("shared") and person not in KNOWN_BEFORE_SHARING:
            allowed = {404}
        assert answer.status_code in allowed, (person, path)
        page = answer.get_data(as_text=True)
        _check_page(page, reference, f"{person} {path}")
        if answer.status_code != 200 and not path.endswith("/new"):
            assert not [words for words in CASE_TEXT if words in page], (person, path)
    assert stored(app.extensions["council"]) == before


def _check_page(page: str, reference: str, where: str) -> None:
    title = re.search(r"<title>(.*?)</title>", page, re.S)
    assert title, where
    assert title[1].strip(), where
    assert reference not in title[1], where
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page), where
    assert len(re.findall("<h1", page)) == 1, where
    assert not re.search(r"bound method|object at 0x|Undefined|>None<|&lt;(p|a|div)\b", page), where


def stored(council: Council) -> dict[str, list[object]]:
    """Everything stored, except sessions, sign-in places and the read log."""
    with read_transaction(council.engine) as connection:
        held = [table for table in tables.metadata.sorted_tables if table.name not in LOG_TABLES]
        return {table.name: [tuple(row) for row in connection.execute(select(table))] for table in held}
