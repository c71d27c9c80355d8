"""A council of many audits, teams and people, filled by SQL alone: for measuring lists, not for trying rules."""

from pathlib import Path

from config.settings import read_settings
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.transfer import copy_all

TEAMS, OTHERS, OPEN, OWN = 50, 1_000, 2_000, 100
# As in a council: what is open is the work of some months, and what names one person is a career’s, whatever number is held.
AUDITS = f"""
INSERT INTO audits (id, reference, state, version, edition, form_key, form_version, rules_version, auditor_id, team, practitioner_id,
    team_manager_id, service_manager_id, qaro_id, child_id, strand, audit_on, overall_grade, picked_because, started_at, share_by,
    shared_at, moderated_at, escalation_state, history_count, history_head)
WITH RECURSIVE n(i, is_open) AS (SELECT 0, 0 UNION ALL SELECT i + 1, i + 1 >= :count - {OPEN} FROM n WHERE i + 1 < :count)
SELECT i + 1, printf('%04x-%04x', i * 7919 % 65521, i / 65521),
    CASE WHEN NOT is_open THEN 'actions_closed' WHEN i % 3 = 0 THEN 'draft' ELSE 'moderated' END, 1, 1, 'practice_evaluation', 1, 1,
    CASE i % (:count / {OWN}) WHEN 1 THEN 1 ELSE 1000 + i % 97 END, CASE i % {TEAMS} WHEN 1 THEN 'assessment-east' ELSE 'team-' || (i % {TEAMS}) END,
    CASE i % (:count / {OWN}) WHEN 1 THEN 3 ELSE 1000 + i % {OTHERS} END, CASE i % (:count / {OWN}) WHEN 1 THEN 5 ELSE 1000 + i % 89 END, 1000 + i % 83, 1000 + i % 79,
    'C-' || (i * 7 % (:count / 2)), CASE i % 3 WHEN 0 THEN 'care_experienced' ELSE 'help_and_protection' END,
    date('2026-11-01', '-' || ((:count - i) * 2000 / :count) || ' days'), CASE i % 23 WHEN 3 THEN 'inadequate' ELSE 'good' END, '',
    '2026-11-01T09:00:00+00:00', '2026-11-30', CASE WHEN is_open AND i % 3 = 0 THEN NULL ELSE '2026-11-02T09:00:00+00:00' END,
    CASE WHEN is_open AND i % 3 = 0 THEN NULL ELSE '2026-11-03T09:00:00+00:00' END, CASE i % 23 WHEN 3 THEN 'resolved' ELSE 'none' END, 1, 'x'
FROM n
"""
ACTIONS = f"""
INSERT INTO actions (audit_id, number, section, text, owner_id, due_on, added_by, added_on, state, is_live, progress, evidence, note,
    earlier_due_dates, asked_reason)
SELECT id, 1, 13, 'Book the visit.', practitioner_id, date(audit_on, '+28 days'), auditor_id, audit_on,
    CASE WHEN id > :count - {OPEN} THEN 'open' ELSE 'verified' END, 1, '', '', '', '', '' FROM audits
"""
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {})"
FILL = (
    f"INSERT INTO teams (code, name, service) {NUMBERS.format(TEAMS)} SELECT 'team-' || i, 'Team ' || i, 'care' FROM n",
    f"INSERT INTO people (id, email, name, is_active) {NUMBERS.format(OTHERS)} SELECT 1000 + i, i || '@demo.example', 'Person ' || i, 1 FROM n",
    AUDITS,
    ACTIONS,
    "ANALYZE",
)


def filled(folder: Path, count: int) -> Council:
    """A council in `folder` that holds `count` audits, `OPEN` of them still open; `OWN` name the demo’s auditor, practitioner and team manager."""
    council = open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder)}))
    prepare(council)
    load_people(council, "not signed in with")
    for statement in FILL:
        with write_transaction(council.engine) as connection:
            connection.exec_driver_sql(statement.replace(":count", str(count)))
    return council


def on_postgresql(council: Council, url: str) -> Council:
    """All that it holds, moved into the empty database at `url`."""
    named = {"DATA": str(council.settings.data), "DATABASE_URL": url, "SECRET_KEY": council.settings.secret_key}
    moved = open_council(read_settings({f"PRACTICE_AUDIT_{name}": value for name, value in named.items()}))
    prepare(moved)
    with read_transaction(council.engine) as source, write_transaction(moved.engine) as target:
        copy_all(source, target, lambda _: None)
    return moved
