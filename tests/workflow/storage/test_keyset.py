"""A keyset page starts after the last row of the page before, whatever the columns that order it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, insert, select

from workflow.errors import BadInput
from workflow.storage.column_types import Instant
from workflow.storage.keyset import HIGHEST_ID, fetch_page, parse_cursor, precedes

START = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
ROWS = Table("rows", MetaData(), Column("id", Integer, primary_key=True), Column("at", Instant, nullable=False))
BY_ID, BY_TIME = (ROWS.c.id,), (ROWS.c.at, ROWS.c.id)


@pytest.fixture
def connection() -> Any:
    """Seven rows; every two share an instant."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        ROWS.metadata.create_all(connection)
        connection.execute(insert(ROWS), [{"id": number, "at": START + timedelta(microseconds=number // 2)} for number in range(1, 8)])
        yield connection
    engine.dispose()


@pytest.mark.parametrize("columns", [BY_ID, BY_TIME])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_show_every_row_once_newest_first(connection: Connection, columns: Any, size: int) -> None:
    seen: list[int] = []
    cursor = None
    while True:
        rows, cursor = fetch_page(connection, select(ROWS), columns, cursor, size)
        seen += [row.id for row in rows]
        if cursor is None:
            break
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_a_row_added_between_two_pages_moves_no_other(connection: Connection) -> None:
    first, cursor = fetch_page(connection, select(ROWS), BY_ID, None, 3)
    connection.execute(insert(ROWS), {"id": 8, "at": START})
    second, _ = fetch_page(connection, select(ROWS), BY_ID, cursor, 3)
    assert [row.id for row in (*first, *second)] == [7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize("cursor", ["x", "-1", "1-2", "", "1 ", "٣", "1.5", str(HIGHEST_ID + 1), "9" * 400])
def test_a_malformed_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        precedes(BY_ID, cursor)


@pytest.mark.parametrize("cursor", ["1", "1-x", "x-1", "1-2-3", "1-", "-1", "99999999999999999-1", f"1-{HIGHEST_ID + 1}"])
def test_a_malformed_cursor_of_two_columns_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput):
        precedes(BY_TIME, cursor)


def test_the_highest_id_is_a_cursor() -> None:
    assert parse_cursor(str(HIGHEST_ID)) == HIGHEST_ID
