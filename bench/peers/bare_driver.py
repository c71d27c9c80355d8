"""The limit of the peers: their unit of work in SQL by hand, through sqlite3 or psycopg alone, and nothing checked."""

import sqlite3
import sys
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import psycopg

from bench.peers.the_work import AUDITOR, HEADER, NAMES, Row, areas, audits, history_row, notice, notifications_of, now, take_turns, waiting

IS_SQLITE = sys.argv[1].startswith("sqlite")
WRITING = "BEGIN IMMEDIATE" if IS_SQLITE else "BEGIN"
AUDIT = ("id", "reference", "state", "version", "history_count", "history_head", *HEADER)
TABLES = (
    "CREATE TABLE people (id integer PRIMARY KEY, name text, is_active boolean)",
    """CREATE TABLE audits (id integer PRIMARY KEY, reference text, state text, version integer, history_count integer, history_head text,
    auditor_id integer, practitioner_id integer, team_manager_id integer, service_manager_id integer, qaro_id integer, team text,
    child_id text, strand text, consulted boolean, overall_grade text, shared_at timestamptz)""",
    "CREATE TABLE areas (audit_id integer, key text, grade text, evidence text, impact text, PRIMARY KEY (audit_id, key))",
    """CREATE TABLE history (number integer, at timestamptz, by_id integer, by_name text, move text, from_state text, to_state text,
    facts text, previous text, hash text, audit_id integer, PRIMARY KEY (audit_id, number))""",
    "CREATE TABLE notices (key text, recipient integer, event text, reference text, at timestamptz, PRIMARY KEY (key, recipient))",
    """CREATE TABLE outbox (key text, recipient integer, event text, reference text, created_at timestamptz, state text, attempts integer,
    next_attempt_at timestamptz, PRIMARY KEY (key, recipient))""",
    "CREATE INDEX next_attempts ON outbox (next_attempt_at)",
)
UPDATE = "UPDATE audits SET state = 'shared', version = ?, shared_at = ?, history_count = ?, history_head = ? WHERE id = ? AND version = ?"


def _opened() -> Any:
    if not IS_SQLITE:
        return psycopg.connect(sys.argv[1].replace("+psycopg", ""), autocommit=True).cursor()
    connection = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection.cursor()


CURSOR = _opened()


def _run(statement: str, *values: object) -> Any:
    return CURSOR.execute(statement if IS_SQLITE else statement.replace("?", "%s"), values)


def _add(table: str, rows: Iterable[Row]) -> None:
    rows = list(rows)
    marks = ", ".join("?" if IS_SQLITE else "%s" for _ in rows[0])
    CURSOR.executemany(f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})", [tuple(row.values()) for row in rows])


def fill() -> None:
    for table in TABLES:
        _run(table)
    _run(WRITING)
    _add("people", [{"id": number, "name": name, "is_active": True} for number, name in enumerate(NAMES, 1)])
    for audit in audits():
        _add("audits", [audit])
        _add("areas", [{"audit_id": audit["id"], **area} for area in areas()])
    _run("COMMIT")


def share(number: int) -> None:
    at = now()
    _run(WRITING)
    _run("SELECT id, name, is_active FROM people WHERE id = ?", AUDITOR).fetchone()
    audit = SimpleNamespace(**dict(zip(AUDIT, _run(f"SELECT {', '.join(AUDIT)} FROM audits WHERE id = ?", number).fetchone(), strict=True)))
    _run("SELECT key, grade, evidence, impact FROM areas WHERE audit_id = ?", number).fetchall()
    row = history_row(audit, AUDITOR, at)
    _run(UPDATE, audit.version + 1, at.isoformat(), row["number"], row["hash"], number, audit.version)
    _add("history", [row | {"at": at.isoformat(), "audit_id": number}])
    told = notifications_of(audit, row["number"])
    _add("notices", [notice(notification_policy, at.isoformat()) for notification_policy in told])
    _add("outbox", [waiting(notification_policy, at.isoformat()) for notification_policy in told])
    _run("COMMIT")


if __name__ == "__main__":
    fill()
    take_turns(share)
