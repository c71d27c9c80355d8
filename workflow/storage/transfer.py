"""Copy every row from SQLite to an empty PostgreSQL database, in one transaction of each, and compare the two."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, delete, func, insert, inspect, make_url, select

from workflow.errors import Refusal
from workflow.storage.engine import DatabaseError, open_engine
from workflow.storage.tables import metadata, outbox, ticks

BATCH = 1_000
# A worker writes a heartbeat every two seconds, except while it sends an email: then that email is leased.
LAST_SEEN = timedelta(seconds=15)
DRIVER = "postgresql+psycopg"
TABLES = tuple(metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class TableDigest:
    """The rows of one table in one database: the digest is a sum over the rows, so their order does not matter."""

    rows: int
    digest: str


def open_target(url: str) -> Engine:
    """Raise Refusal for an address that is not of a PostgreSQL database."""
    try:
        target = make_url(url)
    except (DatabaseError, ValueError):
        raise Refusal("The address must be like postgresql://user:password@host/database.") from None
    if target.drivername not in {"postgresql", DRIVER} or not target.database:
        raise Refusal("The address must be like postgresql://user:password@host/database: a council can only be moved to PostgreSQL.")
    target = target.set(drivername=DRIVER).update_query_dict({"connect_timeout": target.query.get("connect_timeout", "10")})
    try:
        return open_engine(target.render_as_string(hide_password=False))
    except ImportError:
        raise Refusal("The PostgreSQL driver is not installed: install practice-audit[postgresql].") from None


def address(url: URL) -> str:
    """The address without its password and options, to be printed and stored."""
    host = url.host or str(url.query.get("host", "")) or None
    return URL.create("postgresql", url.username, None, host, url.port, url.database).render_as_string()


def describe_error(error: DatabaseError) -> tuple[bool, str]:
    """Whether the error is from SQLite, and its class. Its message may quote what was being stored."""
    kind = type(getattr(error, "orig", None) or error)
    return kind.__module__ == "sqlite3", kind.__name__


def reason_source_is_busy(source: Connection, now: datetime) -> str:
    """Why the council can’t be moved now, or ""."""
    beat = source.execute(select(func.max(ticks.c.at)).where(ticks.c.worker == "worker", ticks.c.at <= now)).scalar()
    leased = source.execute(select(func.count()).select_from(outbox).where(outbox.c.leased_until > now)).scalar_one()
    if leased or (beat and now - beat < LAST_SEEN):
        return "A worker is running on this council, or was a moment ago: stop it, and try again in a minute."
    return ""


def is_empty(target: Connection) -> bool:
    found = inspect(target)
    return not (found.get_table_names() or found.get_view_names())


def reason_target_is_unfit(target: Connection) -> str:
    return "" if is_empty(target) else "That database is not empty: name a new one. Nothing was moved."


def number_of_rows(source: Connection) -> int:
    return sum(source.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES)


def copy_all(source: Connection, target: Connection, report: Callable[[int], None]) -> None:
    """Copy into tables that the migrations have just made; raises Refusal for a row that PostgreSQL can’t store unchanged."""
    # The trigger is slow, and would count rows whose counts are copied too.
    target.exec_driver_sql("ALTER TABLE audits DISABLE TRIGGER keep_tallies")
    for table in TABLES:
        # Rows that the migrations inserted.
        if target.execute(select(func.count()).select_from(table)).scalar_one():
            target.execute(delete(table))
        for rows in _batches(source, table):
            target.execute(insert(table), [_check_fits(table, row) for row in rows])
            report(len(rows))
        _set_sequence(target, table)
        target.exec_driver_sql(f"ANALYZE {table.name}")
    target.exec_driver_sql("ALTER TABLE audits ENABLE TRIGGER keep_tallies")


def digest_tables(connection: Connection, report: Callable[[int], None]) -> dict[str, TableDigest]:
    return {table.name: _digest_table(connection, table, report) for table in TABLES}


def _digest_table(connection: Connection, table: Table, report: Callable[[int], None]) -> TableDigest:
    rows = total = 0
    for batch in _batches(connection, table):
        rows += len(batch)
        total += sum(int.from_bytes(_digest(row), "big") for row in batch)
        report(len(batch))
    return TableDigest(rows, f"{total % 2**256:064x}")


def _batches(connection: Connection, table: Table) -> Iterator[list[Mapping[str, Any]]]:
    found = connection.execute(select(table), execution_options={"yield_per": BATCH})
    for rows in found.mappings().partitions():
        yield [dict(row) for row in rows]


def _digest(row: Mapping[str, Any]) -> bytes:
    return hashlib.sha256("\n".join(f"{name}={_canonical(value)}" for name, value in row.items()).encode()).digest()


def _canonical(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, (dict, list, str)):
        return json.dumps(value, sort_keys=True)
    return repr(value)


def _check_fits(table: Table, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """SQLite stores any text; PostgreSQL refuses NUL, and text longer than its column."""
    for column in table.columns:
        value = row[column.name]
        if isinstance(value, str):
            longest = getattr(column.type, "length", None)
            if "\x00" in value:
                raise Refusal(
                    f"{_place(table, column.name, row)} contains a NUL character, which PostgreSQL can’t store: nothing was moved."
                )
            if longest and len(value) > longest:
                raise Refusal(f"{_place(table, column.name, row)} has {len(value)} characters, more than {longest}: nothing was moved.")
    return row


def _place(table: Table, column: str, row: Mapping[str, Any]) -> str:
    """Name the row by its numeric keys only: a key in text may contain case text."""
    keys = (f"{key.name} {row[key.name]}" for key in table.primary_key if isinstance(row[key.name], int))
    return f"{table.name}.{column} of {', '.join(keys) or 'one row'}"


def _set_sequence(target: Connection, table: Table) -> None:
    """Make the next row get the number after the last."""
    if (column := table.autoincrement_column) is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        target.execute(select(func.setval(sequence, func.max(column))).having(func.max(column).is_not(None)))


def differences(here: Mapping[str, TableDigest], there: Mapping[str, TableDigest]) -> Iterable[str]:
    """A sentence for each table that differs between the two databases."""
    for name, one in here.items():
        other = there[name]
        if one.rows != other.rows:
            yield f"{name}: {one.rows} rows were to be moved, but {other.rows} arrived."
        elif one.digest != other.digest:
            yield f"{name}: {one.rows} rows arrived, but not all are unchanged."
