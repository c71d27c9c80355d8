"""Eight processes that move audits and eight that read them, at once on SQLite: nobody gets the error that the database is locked."""

import os

import pytest

from tests.factories import a_world, an_audit
from tests.support.bar_table import Bar
from tests.workflow.storage.support.writers_and_readers import Work, run_processes
from web.cli.verify_history import find_first_break, list_references
from web.council import Council

WRITERS, READERS = 8, 8
SECONDS, LONG = float(os.environ.get("SECONDS", "5")), 60


def test_nobody_sees_a_locked_database(on_sqlite: Council, bar: Bar) -> None:
    _all_at_once(on_sqlite, SECONDS)
    bar("E8", wanted=int(SECONDS), seen=int(SECONDS))


@pytest.mark.long
def test_nobody_sees_a_locked_database_for_a_minute(on_sqlite: Council, bar: Bar) -> None:
    _all_at_once(on_sqlite, LONG)
    bar("E8", wanted=LONG, seen=LONG)


def _all_at_once(council: Council, seconds: float) -> None:
    world = a_world(council)
    references = [an_audit(world, at="graded") for _ in range(WRITERS)]
    before = {reference: world.audit(reference).chain.count for reference in references}
    done = run_processes(council.settings.data, seconds, references, READERS)
    writers, readers = ([one for one in done if one.kind == kind] for kind in ("moves", "readings"))
    assert (len(writers), len(readers)) == (WRITERS, READERS)
    assert [refusal for one in done for refusal in one.refusals] == []
    made = [world.audit(reference).chain.count - before[reference] for reference in references]
    assert sorted(made) == sorted(len(one.seconds) for one in writers)
    assert find_first_break(council, list_references(council)) == ""
    print(f"{WRITERS} writers, {READERS} readers, {seconds:g} s: {_said(writers, 'moves')}; {_said(readers, 'readings')}; no lock seen")
    assert min(made) > 0


def _said(those: list[Work], what: str) -> str:
    counts, took = [len(one.seconds) for one in those], [seconds for one in those for seconds in one.seconds]
    return f"{sum(counts)} {what}, {min(counts)} to {max(counts)} each, the slowest in {max(took) * 1000:.0f} ms"
