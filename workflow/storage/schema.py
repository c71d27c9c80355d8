"""Migrate a database with Alembic."""

from collections.abc import Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from workflow.errors import ConfigurationError
from workflow.storage.engine import read_transaction, write_transaction

NOT_PREPARED = {
    "absent": "There is no database of this service yet: run `practice-audit init` first.",
    "behind": "The database is older than this version: run `practice-audit init` to bring it up to date.",
}


def upgrade(engine: Engine, keys: Mapping[str, bytes] | None = None) -> None:
    """Raises ConfigurationError for a database that a newer version has migrated.

    `keys` sign the rows of a table, by its name, that were made before rows were signed.
    """
    schema = schema_status(engine)
    if schema == "ahead":
        raise ConfigurationError(
            "The database is newer than this version of Practice Audit: install the version that brought it up to date."
        )
    if schema != "current":
        with write_transaction(engine) as connection:
            upgrade_on(connection, keys)


def upgrade_on(connection: Connection, keys: Mapping[str, bytes] | None = None) -> None:
    """Within a transaction that the caller began and will end."""
    config = _config(connection)
    config.attributes["keys"] = keys or {}
    command.upgrade(config, "head")


def downgrade(engine: Engine, to: str = "base") -> None:
    with write_transaction(engine) as connection:
        command.downgrade(_config(connection), to)


def is_current(engine: Engine) -> bool:
    return schema_status(engine) == "current"


def schema_status(engine: Engine) -> str:
    """`current`; `absent` if there is none yet; `behind` if a migration is missing; `ahead` if it has one that this version does not know."""
    with read_transaction(engine) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    head, *earlier = known_revisions()
    if revision == head:
        return "current"
    if revision is None:
        return "absent"
    return "behind" if revision in earlier else "ahead"


@cache
def known_revisions() -> tuple[str, ...]:
    """Every revision of this version, newest first."""
    return tuple(one.revision for one in ScriptDirectory.from_config(_config(None)).walk_revisions())


def is_ours(name: str | None, kind: str, _parents: MutableMapping[Any, str | None]) -> bool:
    """Whether Alembic should compare it with our tables: Procrastinate migrates its own."""
    return kind != "table" or not str(name).startswith("procrastinate_")


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
