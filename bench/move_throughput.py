"""A move, all rules on, against its limit and against the peers. Blocks of all take turns, on SQLite and on PostgreSQL.

The limit is what the service says to its database, said by the bare driver and nothing else. The peers do the unit of work of
`bench/peers/the_work.py`, with the text of the same audit, and have a limit of their own. An audit without actions is shared, so that ours
tells five as they do; it also seals what is shared, and they don’t.
"""

import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.databases import Home, open_databases, write_graded_audits
from bench.interleaved_runs import Contestant, peer, take_turns
from bench.move_programs import LIMIT, OURS, record_statements
from bench.result import Result, rate, work

BLOCKS, BLOCK = 31, 10
PROCESSES, BLOCKS_OF_ALL, BLOCK_OF_ONE = 8, 9, 6
SAMPLE, SHARED = "01-neglect-at-home", "02-settled-foster-care"
PEERS_LIMIT = "bare_driver"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
GOALS = {SQLITE: ("P1 a move on SQLite FULL, one process", "≥ 0.40"), POSTGRESQL: ("P2 a move on PostgreSQL, one process", "≥ 0.75")}
MOVES = (BLOCKS + 1) * BLOCK


@dataclass(frozen=True, slots=True)
class Peer:
    name: str
    environment: str
    program: str
    goal_on_sqlite: str = "a peer"


PEERS = (
    Peer("SQLAlchemy Core, no rules", "sqlalchemy", "core_no_rules"),
    Peer("SQLAlchemy Core + transitions", "sqlalchemy", "core_transitions"),
    Peer("SpiffWorkflow, JSON state", "spiffworkflow", "spiffworkflow_bpmn"),
    Peer("Django + viewflow.fsm", "django", "viewflow_fsm"),
    Peer("SQLAlchemy ORM + transitions", "sqlalchemy", "sqlalchemy_orm"),
    Peer("Django + django-fsm-2", "django", "django_fsm_2", "≥ 2.5"),
    Peer("viewflow Flow", "django", "viewflow_flow", "≥ 10"),
    Peer("a DBOS workflow", "dbos", "dbos_workflow", "≥ 10"),
    Peer("Wagtail workflow", "wagtail", "wagtail_workflow"),
)


def measure_moves() -> list[Result]:
    return [*_one_process(SQLITE), *_one_process(POSTGRESQL), _eight_processes()]


def _one_process(database: str) -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
        open_databases(Path(folder), database) as (home, url),
    ):
        contestants = _ours_and_the_limit(home, [write_graded_audits(home, SHARED, MOVES)], BLOCK)
        contestants[PEERS_LIMIT] = peer(PEERS_LIMIT, "", url(PEERS_LIMIT), MOVES, BLOCK)
        contestants |= {one.program: peer(one.program, one.environment, url(one.program), MOVES, BLOCK) for one in PEERS}
        runs = take_turns(contestants, BLOCKS, f"Sharing audits on {database}")
    what, goal = GOALS[database]
    yield rate(f"{what}: share of the bare driver", goal, runs, OURS, LIMIT)
    yield rate(f"{what}: against the bare driver doing the peers’ work, which seals nothing", "to compare", runs, OURS, PEERS_LIMIT)
    for one in PEERS:
        wanted = one.goal_on_sqlite if database == SQLITE else "a peer"
        yield rate(f"{what}: rate against {one.name}", wanted, runs, OURS, one.program)
        yield work(f"{what}: processor time of {one.name} against ours", runs, one.program, OURS)
        yield rate(f"{what}, {one.name}: share of the bare driver doing the same", "a peer", runs, one.program, PEERS_LIMIT)


def _eight_processes() -> Result:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
        open_databases(Path(folder), POSTGRESQL) as (home, _),
    ):
        each = (BLOCKS_OF_ALL + 1) * BLOCK_OF_ONE
        references = write_graded_audits(home, SHARED, PROCESSES * each)
        dealt = [references[start : start + each] for start in range(0, len(references), each)]
        runs = take_turns(_ours_and_the_limit(home, dealt, BLOCK_OF_ONE), BLOCKS_OF_ALL, f"Sharing audits in {PROCESSES} processes")
    return rate(f"P2 a move on PostgreSQL, {PROCESSES} processes: share of the bare driver", "≥ 0.60", runs, OURS, LIMIT)


def _ours_and_the_limit(home: Home, dealt: list[list[str]], block: int) -> dict[str, Contestant]:
    """Three copies of one council: one is written down, one repeats that, one is the service. Each hand that was dealt is a process."""
    repeats, serves = home.copy("repeats"), home.copy("serves")
    said = [record_statements(home, references) for references in dealt]
    return {
        OURS: Contestant(*_commands(OURS, home.folder, dealt, block), **serves.settings),
        LIMIT: Contestant(*_commands(LIMIT, home.folder, said, block), **repeats.settings),
    }


def _commands(kind: str, folder: Path, work: Sequence[object], block: int) -> Iterator[list[str]]:
    for number, part in enumerate(work):
        file = folder / f"{kind}-{number}.pickle"
        file.write_bytes(pickle.dumps(part))
        yield [sys.executable, "-m", "bench.move_programs", kind, str(file), str(block)]
