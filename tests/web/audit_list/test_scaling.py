"""What a list costs does not grow with the number of audits held: counted in steps of the database, which no noise changes."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from tests.support.large_council import a_large_council
from web.audit_list.queries import AuditFilter, count_by_state, fetch_audits
from web.council import Council
from web.worklist.queries import fetch_actions_waiting, fetch_audits_waiting
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

FEW, MANY = 10_000, 100_000
PEOPLE = ("qa", "hos.ppqa", "head.of.service", "governance", "moderator", "practitioner", "team.manager", "auditor")
Look = Callable[[Connection, VisibilityFilter], object]
# Filled once, by the worker that gets them all.
pytestmark = pytest.mark.xdist_group("lists of 100,000 audits")


@pytest.fixture(scope="module")
def councils(tmp_path_factory: pytest.TempPathFactory) -> tuple[Council, Council]:
    few, many = (a_large_council(tmp_path_factory.mktemp("lists") / str(count), count) for count in (FEW, MANY))
    return few, many


def _pages(wanted: AuditFilter) -> Look:
    return lambda connection, reader: fetch_audits(connection, reader, wanted)


LOOKS: dict[str, Look] = {
    "first page": _pages(AuditFilter()), "one state": _pages(AuditFilter(state="moderated")), "closed": _pages(AuditFilter(state="actions_closed")),
    "one team": _pages(AuditFilter(team="assessment-east")), "a strand": _pages(AuditFilter(strand="care_experienced")),
    "a reference": _pages(AuditFilter(q="00af-0001")), "counts": count_by_state, "audits waiting": fetch_audits_waiting,
    "actions waiting": fetch_actions_waiting,
}  # fmt: skip


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_ten_times_the_audits_cost_the_same(councils: tuple[Council, Council], who: str, look: Look) -> None:
    few, many = (_steps(council, who, look) for council in councils)
    assert many <= 1.5 * few + 100, f"{few} steps became {many}"


def test_a_deep_page_costs_what_the_first_does(councils: tuple[Council, Council]) -> None:
    first, deep = (_steps(councils[1], "qa", _pages(AuditFilter(cursor=cursor))) for cursor in (None, str(MANY // 10)))
    assert deep <= 1.5 * first


def test_a_director_reads_no_more_than_what_was_escalated_to_them(councils: tuple[Council, Council]) -> None:
    few, many = (_steps(council, "director.safeguarding", LOOKS["first page"]) for council in councils)
    assert many <= 10 * few


def _steps(council: Council, name: str, look: Look) -> int:
    """Tens of steps that SQLite’s virtual machine took."""
    directory, taken = council.store.directory(), 0
    person = directory.by_email(f"{name}@demo.example")
    assert person is not None

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    with read_transaction(council.engine) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_progress_handler(count, 10)
        look(connection, VisibilityFilter(person, directory, council.permissions))
        driver.set_progress_handler(None, 0)
    return taken
