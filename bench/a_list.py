"""The list of audits at a million beside the same at ten thousand: first and deep pages, for who may know of all and of a few."""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.progress import track

from bench.a_move import Result
from config.settings import read_settings
from web.council import Council, open_council, prepare
from web.demo import load_people
from web.worklist.queries import Wanted, page_of_audits
from workflow.storage.engine import reading, writing

FEW, MANY, REPEATS = 10_000, 1_000_000, 9
# One audit in a thousand is the practitioner’s; every person and team is there, so that no filter is trivial.
FILL = """
INSERT INTO audits (reference, state, version, edition, form_key, form_version, rules_version, auditor_id, team, practitioner_id,
    team_manager_id, service_manager_id, qaro_id, child_id, strand, audit_on, overall_grade, picked_because, started_at, share_by,
    shared_at, escalation_state, history_count, history_head)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT printf('%04x-%04x', i / 65536, i % 65536), CASE i % 3 WHEN 0 THEN 'draft' ELSE 'shared' END, 1, 1, 'practice_evaluation', 1, 1,
    1 + i % 2, 'assessment-east', CASE i % 1000 WHEN 1 THEN 3 ELSE 4 END, 6, 7, 8, 'C-' || i, 'help_and_protection', '2026-11-01', 'good', '',
    '2026-11-01T09:00:00+00:00', '2026-11-30', CASE i % 3 WHEN 0 THEN NULL ELSE '2026-11-02T09:00:00+00:00' END, 'none', 1, 'x'
FROM n
"""


def growth_of_the_list() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        few, many = (_filled(Path(folder) / str(count), count) for count in track((FEW, MANY), "Filling lists"))
        return [
            _compared(few, many, "qa", "first page", lambda count: None),
            _compared(few, many, "qa", "deep page", lambda count: str(count // 10)),
            _compared(few, many, "practitioner", "first page", lambda count: None),
        ]


def _filled(folder: Path, count: int) -> Council:
    council = open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder)}))
    prepare(council)
    load_people(council, "not signed in with")
    with writing(council.engine) as connection:
        connection.exec_driver_sql(FILL.replace(":count", str(count)))
    with writing(council.engine) as connection:
        connection.exec_driver_sql("ANALYZE")
    return council


def _compared(few: Council, many: Council, who: str, which: str, cursor: Callable[[int], str | None]) -> Result:
    ratios = [_seconds(many, who, cursor(MANY)) / _seconds(few, who, cursor(FEW)) for _ in range(REPEATS)]
    what = f"P6 the list for {who}, {which}: at {MANY:,} audits against {FEW:,}"
    return Result(what, "≤ 1.5", statistics.median(ratios), min(ratios), max(ratios))


def _seconds(council: Council, name: str, cursor: str | None) -> float:
    directory = council.store.directory()
    person = directory.by_email(f"{name}@demo.example")
    assert person is not None
    began = time.perf_counter()
    with reading(council.engine) as connection:
        page_of_audits(connection, person, directory, council.permissions, replace(Wanted(), cursor=cursor))
    return time.perf_counter() - began
