"""Where the moves are made: a council’s folder and database, on SQLite or on PostgreSQL, of which whole copies can be taken."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from rich.progress import track
from sqlalchemy import make_url

from bench.postgres import create_database, postgres_server
from config.settings import read_settings
from web.cli.demo_audits import read_sample, write_audit
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.storage.engine import SQLITE_PRAGMAS


@dataclass(frozen=True, slots=True)
class Home:
    folder: Path
    url: str = ""

    @property
    def settings(self) -> dict[str, str]:
        database = {"PRACTICE_AUDIT_DATABASE_URL": self.url, "PRACTICE_AUDIT_SECRET_KEY": "k" * 32} if self.url else {}
        return {"PRACTICE_AUDIT_DATA": str(self.folder), **database}

    def opened(self) -> Council:
        return open_council(read_settings(self.settings))

    def bare(self) -> Any:
        """A connection of the driver alone."""
        if self.url:
            return psycopg.connect(self.url.replace("+psycopg", ""))
        connection = sqlite3.connect(self.folder / "practice-audit.db", isolation_level=None)
        for pragma in SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def copy(self, name: str) -> "Home":
        """Nobody may be connected to it meanwhile."""
        if not self.url:
            shutil.copytree(self.folder, self.folder.with_name(name))
            return Home(self.folder.with_name(name))
        return Home(self.folder, create_database(self.url, f"TEMPLATE {make_url(self.url).database}"))


def write_graded_audits(home: Home, sample: str, count: int) -> list[str]:
    """References of audits that are ready to be shared, written by the real moves."""
    council = home.opened()
    prepare(council)
    load_people(council, "not signed in with")
    read = read_sample(council.settings.config / "demo" / "audits" / f"{sample}.json")
    references = [write_audit(council, read, "graded", date.today()) for _ in track(range(count), "Writing audits")]
    checkpoint(council)
    return references


def checkpoint(council: Council) -> None:
    """Leave its database, with everything that was written in one place."""
    if council.engine.dialect.name == "sqlite":
        with council.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    council.engine.dispose()


Urls = Callable[[str], str]


@contextmanager
def open_databases(folder: Path, kind: str) -> Iterator[tuple[Home, Urls]]:
    """A home for the service, and the URL of an empty database for each peer by name, all of one kind and all in `folder`."""
    if kind == "SQLite":
        yield Home(folder / "first"), lambda name: f"sqlite:///{folder / name}.db"
        return
    with postgres_server(folder / "postgres") as server:
        yield Home(folder / "first", create_database(server)), lambda _name: create_database(server)
