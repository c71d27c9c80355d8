"""A council of many audits, teams and people, fill_council by SQL alone: for measuring lists, not for trying rules."""

from pathlib import Path

from config.settings import read_settings
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.transfer import copy_all


def fill_council(folder: Path, count: int) -> Council:
    """A council in `folder` that holds `count` audits, made by config/demo/large_council.sql."""
    council = open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder)}))
    prepare(council)
    load_people(council, "not signed in with")
    statements = (council.settings.config / "demo" / "large_council.sql").read_text(encoding="utf-8").replace(":count", str(count))
    for statement in filter(str.strip, statements.split(";\n")):
        with write_transaction(council.engine) as connection:
            connection.exec_driver_sql(statement)
    return council


def copy_to_postgresql(council: Council, url: str) -> Council:
    """All that it holds, moved into the empty database at `url`."""
    named = {"DATA": str(council.settings.data), "DATABASE_URL": url, "SECRET_KEY": council.settings.secret_key}
    moved = open_council(read_settings({f"PRACTICE_AUDIT_{name}": value for name, value in named.items()}))
    prepare(moved)
    with read_transaction(council.engine) as source, write_transaction(moved.engine) as target:
        copy_all(source, target, lambda _: None)
    return moved
