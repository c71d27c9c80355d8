"""An engine of SQLAlchemy, with SQLite set as its documentation says: a transaction begins when it is told to, and takes the write lock then."""

from typing import Any

from sqlalchemy import Engine, create_engine, event


def opened(url: str) -> Engine:
    engine = create_engine(url)
    set_up(engine)
    return engine


def set_up(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
