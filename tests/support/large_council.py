"""A council of many audits, for what must not grow with the number held."""

from pathlib import Path

from tests.factories import a_council
from web.council import Council
from workflow.storage.engine import write_transaction


def a_large_council(folder: Path, count: int) -> Council:
    """It holds `count` audits, made by config/demo/large_council.sql."""
    council = a_council(folder)
    statements = (council.settings.config / "demo" / "large_council.sql").read_text(encoding="utf-8").replace(":count", str(count))
    for statement in filter(str.strip, statements.split(";\n")):
        with write_transaction(council.engine) as connection:
            connection.exec_driver_sql(statement)
    return council
