"""DBOS: the move is a workflow of one transaction of a datasource, with SQLAlchemy’s Core in it."""

import sqlite3
import sys
from contextlib import closing

from dbos import DBOS, SQLAlchemyDatasource

from bench.peers import in_core
from bench.peers.the_work import take_turns

URL = sys.argv[1]


def _write_ahead() -> None:
    """WAL is stored in the file, so it applies to every connection; `synchronous` is FULL by default."""
    if URL.startswith("sqlite"):
        with closing(sqlite3.connect(URL.removeprefix("sqlite:///"))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")


_write_ahead()
DBOS(config={"name": "audits", "system_database_url": URL, "log_level": "ERROR"})
SOURCE = SQLAlchemyDatasource.create(URL)


@SOURCE.transaction()
def share_in_one_transaction(number: int) -> None:
    in_core.share(SOURCE.sql_session(), number)


@DBOS.workflow()
def share(number: int) -> None:
    share_in_one_transaction(number)


if __name__ == "__main__":
    with SOURCE.engine.begin() as filling:
        in_core.fill(filling)
    DBOS.launch()
    take_turns(share)
    DBOS.destroy()
