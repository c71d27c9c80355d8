"""The list of audits: found by what one may read, and by nothing else."""

import re

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser
from web.audit_list.queries import AuditFilter, fetch_audits
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter


def found(app: Flask, who: str, query: str) -> set[str]:
    page = Browser(app, who).get(f"/audits?{query}").get_data(as_text=True)
    council: Council = app.extensions["council"]
    with read_transaction(council.engine) as connection:
        everything = connection.exec_driver_sql("SELECT reference FROM audits").scalars().all()
    return {reference for reference in everything if f">{reference}<" in page}


@pytest.fixture
def audits(world: World) -> dict[str, str]:
    other = {
        "team": "care-west", "practitioner": "practitioner2@demo.example", "team_manager": "team.manager2@demo.example",
        "strand": "care_experienced", "audit_date": "2026-03-01", "child_id": "C-2002",
    }  # fmt: skip
    return {
        "mine": an_audit(world, at="shared", grade="inadequate"), "draft": an_audit(world, at="draft"),
        "other": an_audit(world, at="moderated", auditor="auditor2", moderator="moderator2", details=other),
    }  # fmt: skip


def _id(world: World, name: str) -> int:
    return world.person(name).id


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"mine", "draft", "other"}), ("team=care-west", {"other"}), ("strand=care_experienced", {"other"}), ("grade=inadequate", {"mine"}),
        ("grade=good", {"other"}), ("months=1", {"mine"}), ("months=12", {"mine", "other"}), ("state=draft", {"draft"}),
        ("grade=good&team=care-west", {"other"}), ("grade=inadequate&team=care-west", set()), ("months=7&person=x&colour=red", {"mine", "draft", "other"}),
    ],
)  # fmt: skip
def test_the_qa_service_filters_what_it_may_read(app: Flask, audits: dict[str, str], query: str, names: set[str]) -> None:
    assert found(app, "qa", query) == {audits[name] for name in names}


@pytest.mark.parametrize(
    ("person", "names"), [("auditor", {"mine", "draft"}), ("practitioner2", {"other"}), ("moderator2", {"other"}), ("qa", set())]
)
def test_a_person_is_found_as_auditor_as_moderator_and_in_the_case(
    app: Flask, world: World, audits: dict[str, str], person: str, names: set[str]
) -> None:
    assert found(app, "qa", f"person={_id(world, person)}") == {audits[name] for name in names}


def test_a_filter_reveals_nothing_that_its_reader_may_not_know(app: Flask, world: World, audits: dict[str, str]) -> None:
    for query in (
        "grade=inadequate",
        "team=assessment-east",
        "strand=help_and_protection",
        "months=1",
        f"person={_id(world, 'practitioner')}",
    ):
        assert found(app, "governance", query) == set(), query
        assert found(app, "admin", query) == set(), query
    assert found(app, "governance", "") == set(audits.values())


def test_a_moderator_can_not_find_the_grade_by_filtering(app: Flask, world: World, audits: dict[str, str]) -> None:
    Browser(app, "qa").post(f"/audits/{audits['mine']}/moderator", person="moderator@demo.example")
    assert audits["mine"] in found(app, "moderator", "team=assessment-east")
    assert found(app, "moderator", "grade=inadequate") == set()


def test_searching_takes_the_beginning_of_a_reference_or_of_a_childs_id(app: Flask, world: World, audits: dict[str, str]) -> None:
    council: Council = app.extensions["council"]
    for q, names in ((audits["mine"][:5], {"mine"}), ("C-2", {"other"}), ("C-", {"mine", "other"}), ("nothing", set())):
        page = Browser(app, "qa").post("/audits/search", q=q).get_data(as_text=True)
        assert {name for name, reference in audits.items() if f">{reference}<" in page} == names, q
    with read_transaction(council.engine) as connection:
        rows, _ = fetch_audits(
            connection, VisibilityFilter(world.person("qa"), council.store.directory(), council.permissions), AuditFilter(q="C-1001")
        )
    assert [row.reference for row in rows] == [audits["mine"]], "a draft is not read by the QA Service, so it is not found by the child"


def test_searching_finds_a_child_however_the_id_is_written(app: Flask, world: World) -> None:
    written = {an_audit(world, at="draft", details={"child_id": typed}) for typed in ("SW/2291", "SW 2291", "0SW2291")}
    an_audit(world, at="draft", details={"child_id": "unborn"})
    auditor = Browser(app, "auditor")
    for q, wanted in (("sw-22", written), ("ＳＷ２２９１", written), ("00sw", written), ("-", set()), ("unborn", set())):
        page = auditor.post("/audits/search", q=q).get_data(as_text=True)
        assert set(re.findall(r">(\w{4}-\w{4})<", page)) == wanted, q


def test_the_next_page_of_a_search_is_of_the_same_search(app: Flask, world: World, audits: dict[str, str]) -> None:
    wanted = {an_audit(world, at="draft", details={"child_id": f"C-77{number}"}) for number in range(52)}
    auditor, seen = Browser(app, "auditor"), list[str]()
    more: dict[str, str] = {}
    for _ in range(2):
        page = auditor.post("/audits/search", q="C-77", **more).get_data(as_text=True)
        seen += re.findall(r">(\w{4}-\w{4})<", page)
        cursor = re.search(r'name="cursor" value="([^"]+)"', page)
        more = {"cursor": cursor[1]} if cursor else {}
    assert sorted(seen) == sorted(wanted)
    assert more == {}
