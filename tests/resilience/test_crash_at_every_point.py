"""The process ends before and after every statement, commit and verb of SMTP, of every move and of all that the worker does.

Each death is a real one, of a process of its own, at a point that was counted before; all of them are visited.
"""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from notifications.scheduling.sweep import tick
from notifications.scheduling.worker import run_once
from tests.factories import NOW, a_world
from tests.resilience.support.crash_points import COMMITTED, is_in_doubt
from tests.resilience.support.crash_visits import Choice, Visits, a_template, every_point, one_of_each_kind
from tests.resilience.support.database_snapshot import WHEN_IT_WAS_FOUND, WHO_CARRIED_IT, notices, outbox, snapshot
from tests.resilience.support.every_transition import TRANSITIONS, Key, cells
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import ALL_TRANSITIONS, ForkServer, copy_template, make_the_move, reopen_council, send
from tests.resilience.support.worker_scenarios import SCENARIOS, Scenario, a_day_to_sweep
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import write_transaction

# One of each shape: a state alone, with a seal and an escalation, of an action, of the escalation, with a reason and an action that is new.
ONE_OF_EACH: tuple[Key, ...] = (
    ("audit", "record_consultation", "draft"), ("escalation", "open", "none"),
    ("action", "return", "reported"), ("escalation", "acknowledge", "open"), ("audit", "reopen", "actions_closed"),
)  # fmt: skip
OTHERS_OF_TODAY: list[Key] = chance("moves that crash").sample([key for key in ALL_TRANSITIONS if key not in ONE_OF_EACH], 3)
AGAIN = timedelta(minutes=1, seconds=1)


# --- Moves -----------------------------------------------------------------------------------------------------------


def test_every_move_of_the_rules_is_among_them() -> None:
    assert TRANSITIONS.keys() == cells()


def _is_whole_or_not_there(key: Key, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, choose: Choice) -> int:
    """At how many points it ended."""
    reference = a_template(memory_folder / "template", lambda council: _ready(council, key))
    visits = Visits(fork_server, faulty_smtp, memory_folder / "template", memory_folder / "var", NOW, {"key": key, "reference": reference})
    before = _of_the_template(visits)
    points = visits.whole()
    council = reopen_council(visits.folder, faulty_smtp.url)
    after = snapshot(council)
    assert after != before
    answer, settled, emails = _settles(council, faulty_smtp, key, reference)
    committed_at = points.index(COMMITTED, points.index("after BEGIN IMMEDIATE"))
    chosen = choose(points)
    for died_at, _ in zip(chosen, visits.at(points, chosen), strict=True):
        council = reopen_council(visits.folder, faulty_smtp.url)
        is_committed = died_at >= committed_at
        assert snapshot(council) == (after if is_committed else before), "not the whole move, nor none of it"
        send(council.worker_context, NOW)
        assert faulty_smtp.copies() == (emails if is_committed else Counter()), "sent and not committed, or the other way"
        assert _settles(council, faulty_smtp, key, reference) == (answer, settled, emails)
    print(f"{' '.join(key)}: {len(points)} points, {len(chosen)} deaths, {emails.total()} emails")
    return len(chosen)


def _ready(council: Council, key: Key) -> str:
    """What was told on the way is sent before, into a folder."""
    reference = ALL_TRANSITIONS[key].ready(a_world(council))
    run_once(council.worker_context, NOW)
    return reference


def _of_the_template(visits: Visits) -> Any:
    copy_template(visits.template, visits.folder)
    council = reopen_council(visits.folder, visits.faulty_smtp.url)
    kept = snapshot(council)
    council.engine.dispose()
    return kept


def _settles(council: Council, faulty_smtp: FaultySmtpServer, key: Key, reference: str) -> tuple[str, Any, Counter[str]]:
    """Make the move again under its key and send everything: the answer, everything stored, and the copies of each email."""
    answer = make_the_move(council, key, reference, NOW)
    run_once(council.worker_context, NOW)
    rows, told = outbox(council), notices(council)
    assert {row.state for row in rows} <= {"sent"}
    assert sorted((row.key, row.recipient) for row in rows) == sorted((one.key, one.recipient) for one in told), "a notice for each, once"
    assert len({(row.key, row.recipient) for row in rows}) == len(rows)
    assert find_first_break(council, list_references(council)) == ""
    kept = snapshot(council, WHO_CARRIED_IT)
    council.engine.dispose()
    return answer, kept, faulty_smtp.copies()


@pytest.mark.parametrize("key", [*ONE_OF_EACH, *OTHERS_OF_TODAY], ids=" ".join)
def test_a_move_is_complete_or_absent(
    key: Key, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _is_whole_or_not_there(key, fork_server, faulty_smtp, memory_folder, one_of_each_kind)
    bar("R2", wanted=seen, seen=seen)


@pytest.mark.long
@pytest.mark.parametrize("key", ALL_TRANSITIONS, ids=" ".join)
def test_every_move_is_complete_or_absent_at_every_point(
    key: Key, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _is_whole_or_not_there(key, fork_server, faulty_smtp, memory_folder, every_point)
    bar("R2", wanted=seen, seen=seen)


# --- The worker ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sender_that_ends_loses_nothing_and_doubles_only_what_it_could_not_know(
    name: str, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _sends_on(name, fork_server, faulty_smtp, memory_folder, one_of_each_kind)
    bar("R2", wanted=seen, seen=seen)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_sender_that_ends_at_any_point_loses_nothing(
    name: str, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _sends_on(name, fork_server, faulty_smtp, memory_folder, every_point)
    bar("R2", wanted=seen, seen=seen)


def _sends_on(name: str, fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, choose: Choice) -> int:
    scenario: Scenario = SCENARIOS[name]
    faulty_smtp.answers = scenario.answers
    now = a_template(memory_folder / "template", scenario.ready)
    visits = Visits(fork_server, faulty_smtp, memory_folder / "template", memory_folder / "var", now, {"does": "send"}, scenario.trouble)
    points = visits.whole()
    expected = _sent_to_the_end(visits, faulty_smtp, scenario)
    assert set(expected[1].values()) == {1}
    doubts, chosen = 0, choose(points)
    for ended in visits.at(points, chosen):
        came_to, copies = _sent_to_the_end(visits, faulty_smtp, scenario)
        assert came_to == expected[0]
        assert copies.keys() == expected[1].keys(), "lost, or sent though it did not commit"
        is_unknown = is_in_doubt([*ended.passed, ended.died_at])
        assert copies.total() - len(copies) == is_unknown, ended.died_at
        doubts += is_unknown
    print(
        f"{name}: {len(points)} points, {len(chosen)} deaths, {len(expected[1])} emails; {doubts} deaths hit a send: {doubts} extra copies"
    )
    assert (doubts > 0) == scenario.sends
    return len(chosen)


def _sent_to_the_end(visits: Visits, faulty_smtp: FaultySmtpServer, scenario: Scenario) -> tuple[Any, Counter[str]]:
    """What a worker that is started again makes of it, among people who are called otherwise by then: what each row came to, and the copies."""
    council = reopen_council(visits.folder, faulty_smtp.url)
    with write_transaction(council.engine) as connection:
        connection.execute(update(tables.people).values(name=tables.people.c.name + "-Brown"))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    for later in (AGAIN, 20 * AGAIN):
        run_once(council.worker_context, visits.now + later)
    rows = outbox(council)
    assert Counter(row.state for row in rows if row.id > scenario.sent_before(rows)) == scenario.ends
    assert len({(one.key, one.recipient) for one in notices(council)}) == len(notices(council))
    assert {row.message_id for row in rows if row.state == "sent"} >= faulty_smtp.copies().keys()
    came_to = snapshot(council, WHO_CARRIED_IT)
    council.engine.dispose()
    return came_to, faulty_smtp.copies()


def test_a_sweep_that_ends_has_told_each_once_when_the_next_is_through(
    fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _sweeps_on(fork_server, faulty_smtp, memory_folder, one_of_each_kind)
    bar("R2", wanted=seen, seen=seen)


@pytest.mark.long
def test_a_sweep_that_ends_at_any_point_has_told_each_once(
    fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, bar: Bar
) -> None:
    seen = _sweeps_on(fork_server, faulty_smtp, memory_folder, every_point)
    bar("R2", wanted=seen, seen=seen)


def _sweeps_on(fork_server: ForkServer, faulty_smtp: FaultySmtpServer, memory_folder: Path, choose: Choice) -> int:
    now = a_template(memory_folder / "template", a_day_to_sweep)
    visits = Visits(fork_server, faulty_smtp, memory_folder / "template", memory_folder / "var", now, {"does": "tick"})
    points = visits.whole()
    told = _swept_to_the_end(visits, faulty_smtp)
    assert len({row.split("'")[3] for row in told["outbox"]}) > 6, "of every kind"
    chosen = choose(points)
    for _ in visits.at(points, chosen):
        assert _swept_to_the_end(visits, faulty_smtp) == told
    print(f"a sweep: {len(points)} points, {len(chosen)} deaths, {len(told['outbox'])} outbox rows, each once")
    return len(chosen)


def _swept_to_the_end(visits: Visits, faulty_smtp: FaultySmtpServer) -> Any:
    council = reopen_council(visits.folder, faulty_smtp.url)
    for minutes in (1, 2):
        tick(council.worker_context, visits.now + timedelta(minutes=minutes))
    kept = snapshot(council, WHEN_IT_WAS_FOUND)
    # Whether the minute of the death was claimed is of no matter.
    kept["sweeps"] = sorted(set(kept["sweeps"]))
    council.engine.dispose()
    return kept
