"""A council with something in every table, and an empty PostgreSQL for it to move to."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, create_engine

from config.settings import Settings
from notifications import outbox
from notifications.delivery.encryption import encrypt
from tests.factories import a_council, a_world, an_audit, save, settings
from tests.support.postgres import a_database
from tests.workflow.storage.support.edge_values import TEXT, add_edges, empty_tables, everything_in
from web.cli.main import main
from web.council import Council, open_council
from workflow.commands import actions, audit_moves
from workflow.commands.actions import NewAction
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.log_chains import link_unlinked

Run = Callable[..., Result]
There = Callable[..., Council]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Council]:
    """With something in every table; a new table is not forgotten."""
    council = a_council(tmp_path / "var")
    fill(council)
    yield council
    council.engine.dispose()


@pytest.fixture
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with a_database(tmp_path_factory.getbasetemp() / "postgres") as url:
        yield url


@pytest.fixture
def target(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def _run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"PRACTICE_AUDIT_DATA": str(tmp_path / "var")})

    return _run


@pytest.fixture
def there(source: Council, url: str) -> Iterator[There]:
    """The council as it runs on the other database, under the key that it had."""
    with ExitStack() as afterwards:

        def _there(key: str = "") -> Council:
            given: Settings = settings(source.settings.data, DATABASE_URL=url, SECRET_KEY=key or source.settings.secret_key)
            moved = open_council(given)
            afterwards.callback(moved.engine.dispose)
            return moved

        yield _there


def fill(council: Council) -> None:
    world = a_world(council)
    for state in ("draft", "graded", "shared", "actions_closed"):
        an_audit(world, at=state, grade="inadequate")
    written = an_audit(world, at="practitioner_consulted")
    save(world, "auditor", written, "area_1", {"evidence": TEXT.replace("\x01", "").replace("\x7f", "")})
    actions.add_action(
        world.command_context(), world.person("auditor"), written, NewAction("Ünusual 🧑‍⚖️", "practitioner@demo.example", "2026-12-20")
    )
    audit_moves.withdraw(world.command_context(), world.person("auditor"), an_audit(world, at="draft"), "The wrong child’s file.")
    with write_transaction(council.engine) as connection:
        add_edges(connection)
        assert empty_tables(connection) == []
        link = encrypt(council.settings, "the way to a new password")
        outbox.enqueue_account_email(connection, "password_reset", "reset/1", 1, world.now, locked=link)
    link_unlinked(council.engine)


def held(engine: Engine) -> dict[str, list[str]]:
    with read_transaction(engine) as connection:
        return everything_in(connection)
