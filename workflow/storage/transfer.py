"""Every row of an embedded council into an empty PostgreSQL, inside one transaction of each, and the two held against each other."""

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
# A worker says every two seconds that it is there, but while a mail is on its way; then the mail’s lease says so.
LAST_SEEN = timedelta(seconds=15)
DRIVER = "postgresql+psycopg"
TABLES = tuple(metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What one database holds of one table: the sum of its rows’ digests is the same whatever their order."""

    rows: int
    digest: str


def open_target(url: str) -> Engine:
    """Raise Refusal for whatever is no PostgreSQL."""
    try:
        target = make_url(url)
    except (DatabaseError, ValueError):
        raise Refusal("The address must be like postgresql://user:password@host/database.") from None
    if target.drivername not in {"postgresql", DRIVER} or not target.database:
        raise Refusal("The address must be like postgresql://user:password@host/database: a council is moved to PostgreSQL alone.")
    target = target.set(drivername=DRIVER).update_query_dict({"connect_timeout": target.query.get("connect_timeout", "10")})
    try:
        return open_engine(target.render_as_string(hide_password=False))
    except ImportError:
        raise Refusal("PostgreSQL’s driver is not installed: install practice-audit[postgresql].") from None


def address(url: URL) -> str:
    """As it may be printed and kept: without its password, nor anything else that was given with it."""
    host = url.host or str(url.query.get("host", "")) or None
    return URL.create("postgresql", url.username, None, host, url.port, url.database).render_as_string()


def describe_error(error: DatabaseError) -> tuple[bool, str]:
    """Whether it is the embedded database’s, and of what kind. Its words may quote what was being stored."""
    kind = type(getattr(error, "orig", None) or error)
    return kind.__module__ == "sqlite3", kind.__name__


def reason_source_is_busy(source: Connection, now: datetime) -> str:
    """Why the council can’t be moved from here just now, or ""."""
    beat = source.execute(select(func.max(ticks.c.at)).where(ticks.c.worker == "worker", ticks.c.at <= now)).scalar()
    leased = source.execute(select(func.count()).select_from(outbox).where(outbox.c.leased_until > now)).scalar_one()
    if leased or (beat and now - beat < LAST_SEEN):
        return "A worker is at work on this council, or was a moment ago: stop it, and try again in a minute."
    return ""


def is_empty(target: Connection) -> bool:
    found = inspect(target)
    return not (found.get_table_names() or found.get_view_names())


def reason_target_is_unfit(target: Connection) -> str:
    return "" if is_empty(target) else "That database is not empty: name one that was just made. Nothing was moved."


def number_of_rows(source: Connection) -> int:
    return sum(source.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES)


def copy_all(source: Connection, target: Connection, told: Callable[[int], None]) -> None:
    """Into tables that the migrations have just made; raises Refusal for a row that PostgreSQL can’t hold as it is."""
    # It would count again what is copied, and be slow about it.
    target.exec_driver_sql("ALTER TABLE audits DISABLE TRIGGER keep_tallies")
    for table in TABLES:
        # What the migrations themselves put in.
        if target.execute(select(func.count()).select_from(table)).scalar_one():
            target.execute(delete(table))
        for rows in _batches(source, table):
            target.execute(insert(table), [_check_fits(table, row) for row in rows])
            told(len(rows))
        _set_sequence(target, table)
        target.exec_driver_sql(f"ANALYZE {table.name}")
    target.exec_driver_sql("ALTER TABLE audits ENABLE TRIGGER keep_tallies")


def digest_tables(connection: Connection, told: Callable[[int], None]) -> dict[str, TableDigest]:
    return {table.name: _digest_table(connection, table, told) for table in TABLES}


def _digest_table(connection: Connection, table: Table, told: Callable[[int], None]) -> TableDigest:
    rows = total = 0
    for batch in _batches(connection, table):
        rows += len(batch)
        total += sum(int.from_bytes(_digest(row), "big") for row in batch)
        told(len(batch))
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
    """The embedded database takes any text; PostgreSQL takes no NUL, nor more letters than were said."""
    for column in table.columns:
        value = row[column.name]
        if isinstance(value, str):
            longest = getattr(column.type, "length", None)
            if "\x00" in value:
                raise Refusal(f"{_place(table, column.name, row)} holds a NUL character, which PostgreSQL can’t: nothing was moved.")
            if longest and len(value) > longest:
                raise Refusal(f"{_place(table, column.name, row)} holds {len(value)} letters, more than {longest}: nothing was moved.")
    return row


def _place(table: Table, column: str, row: Mapping[str, Any]) -> str:
    """By numbers alone: keys in words may be of a case."""
    keys = (f"{key.name} {row[key.name]}" for key in table.primary_key if isinstance(row[key.name], int))
    return f"{table.name}.{column} of {', '.join(keys) or 'one row'}"


def _set_sequence(target: Connection, table: Table) -> None:
    """The next row gets the number after the last."""
    if (column := table.autoincrement_column) is not None:
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        target.execute(select(func.setval(sequence, func.max(column))).having(func.max(column).is_not(None)))


def differences(here: Mapping[str, TableDigest], there: Mapping[str, TableDigest]) -> Iterable[str]:
    """A sentence for each table that is not the same on both sides."""
    for name, one in here.items():
        other = there[name]
        if one.rows != other.rows:
            yield f"{name}: {one.rows} rows were to be moved, and {other.rows} came."
        elif one.digest != other.digest:
            yield f"{name}: {one.rows} rows came, but not all as they were."
