"""Bringing a database up to what the tables say, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from workflow.storage.engine import reading, writing


def upgrade(engine: Engine) -> None:
    if not is_current(engine):
        with writing(engine) as connection:
            command.upgrade(_config(connection), "head")


def downgrade(engine: Engine, to: str = "base") -> None:
    with writing(engine) as connection:
        command.downgrade(_config(connection), to)


def is_current(engine: Engine) -> bool:
    with reading(engine) as connection:
        held = MigrationContext.configure(connection).get_current_revision()
    return held == ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
