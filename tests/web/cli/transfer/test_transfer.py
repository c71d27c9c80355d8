"""An embedded council moves to PostgreSQL: everything comes as it was, or nothing does; and nobody goes on where it was."""

from datetime import UTC, datetime
from time import monotonic

import pytest
from click.testing import CliRunner
from cryptography.fernet import InvalidToken
from sqlalchemy import Engine, inspect, make_url

from notifications import outbox
from notifications.delivery.encryption import decrypt
from notifications.scheduling.worker import run_once
from tests.factories import a_world, an_audit
from tests.web.cli.transfer.conftest import Run, There, held
from tests.workflow.storage.support.bulk_audits import multiply
from web.cli.checkpoints import find_break_of_logs
from web.cli.main import main
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.storage.engine import DatabaseError, read_transaction, write_transaction
from workflow.storage.log_chains import record_heads

pytestmark = pytest.mark.postgres
LONG = 10_000


def test_everything_is_transferred_unchanged_and_work_continues(source: Council, url: str, run: Run, there: There) -> None:
    before, references = held(source.engine), list_references(source)
    result = run("migrate-to", url)
    assert result.exit_code == 0, result.output
    moved = there()
    assert held(moved.engine) == before == held(source.engine)
    assert list_references(moved) == references
    assert find_first_break(moved, references) == find_break_of_logs(moved) == ""
    for table, rows in before.items():
        assert f"{table:20} {len(rows):>9,} rows, the same on both sides" in result.stdout
    assert source.settings.secret_key not in result.output
    assert str(source.settings.data / "secret-key") in result.stdout
    world = a_world(moved)
    an_audit(world, at="actions_closed", grade="inadequate")
    assert find_break_of_logs(moved) == ""
    assert run_once(moved.worker_context, world.now) > len(references)
    print(f"{len(before)} tables, {sum(map(len, before.values()))} rows, {len(references)} histories, the same on both sides")


def test_the_embedded_database_refuses_changes_afterwards(source: Council, url: str, run: Run) -> None:
    """Neither who starts again nor who never stopped; and it can be undone."""
    world = a_world(source)
    assert run("migrate-to", url).exit_code == 0
    before = held(source.engine)
    for arguments in (("serve",), ("worker",), ("worker", "--once"), ("init",), ("demo",), ("tokens", "list", "auditor@demo.example")):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (1, ""), arguments
        assert "was moved to postgresql://" in result.stderr
    for goes_on in (lambda: an_audit(world, at="draft"), lambda: run_once(source.worker_context, world.now)):
        with pytest.raises(DatabaseError, match="moved to another database"):
            goes_on()
    assert held(source.engine) == before
    assert "there is nothing more to do" in run("migrate-to", url).stderr
    elsewhere = make_url(url).set(database="postgres").render_as_string(hide_password=False)
    assert "was moved to postgresql://" in run("migrate-to", elsewhere).stderr
    assert run("migrate-to", "--take-back").exit_code == 0
    assert run("worker", "--once").exit_code == 0
    assert run("migrate-to", "--take-back").exit_code == 1


def test_encrypted_values_open_with_the_transferred_key_and_no_other(source: Council, url: str, run: Run, there: There) -> None:
    assert run("migrate-to", url).exit_code == 0
    moved = there()
    with read_transaction(moved.engine) as connection:
        locked = bytes(connection.exec_driver_sql("SELECT locked FROM outbox WHERE key = 'reset/1'").scalar_one())
    assert decrypt(moved.settings, locked) == "the way to a new password"
    with pytest.raises(InvalidToken):
        decrypt(there("another key of the council").settings, locked)


NO_TARGETS = (
    "sqlite:///x.db", "mysql://localhost/x", "postgresql://", "postgresql://localhost", "nonsense", "postgresql://[::1/x", "postgresql://u:secret@127.0.0.1:1/x"
)  # fmt: skip


@pytest.mark.parametrize("url", NO_TARGETS)
def test_an_unusable_target_is_refused_with_a_sentence(source: Council, run: Run, url: str) -> None:
    before = held(source.engine)
    result = run("migrate-to", url)
    assert (result.exit_code, result.stdout, len(result.stderr.strip().splitlines())) == (1, "", 1), result.output
    assert "secret" not in result.stderr
    assert held(source.engine) == before
    assert run("worker", "--once").exit_code == 0


def test_a_target_that_is_missing_or_not_empty_is_refused_and_unchanged(source: Council, url: str, target: Engine, run: Run) -> None:
    assert run("migrate-to", f"{url.replace('test_', 'not_there_')}").exit_code == 1
    with target.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (id int)")
    result = run("migrate-to", url)
    assert (result.exit_code, result.stderr) == (1, "That database is not empty: name a new one. Nothing was moved.\n")
    assert inspect(target).get_table_names() == ["theirs"]


def test_only_an_embedded_council_that_nobody_uses_is_transferred(source: Council, url: str, target: Engine, run: Run) -> None:
    now = datetime.now(UTC)
    outbox.heartbeat(source.engine, "worker", now)
    assert "stop it" in run("migrate-to", url).stderr
    outbox.heartbeat(source.engine, "worker", now.replace(year=now.year - 1))
    letters = outbox.claim(source.engine, "somebody", now, source.notification_policy)
    assert "stop it" in run("migrate-to", url).stderr
    outbox.release(source.engine, letters)
    assert inspect(target).get_table_names() == []
    assert run("migrate-to", url).exit_code == 0
    on_postgresql = CliRunner().invoke(
        main, ["migrate-to", url], env={"PRACTICE_AUDIT_DATABASE_URL": url, "PRACTICE_AUDIT_SECRET_KEY": "k" * 32}
    )
    assert on_postgresql.stderr.startswith("Only a council on the embedded database is moved")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE remarks SET text = 'before' || char(0) || 'after'", "remarks.text of audit_id 4, number 13 contains a NUL character"),
        ("UPDATE people SET name = printf('%.300c', 'x') WHERE id = 3", "people.name of id 3 has 300 characters, more than 200"),
        ("UPDATE tokens SET id = 99999999999", "can’t be used (NumericValueOutOfRange)"),
        ("UPDATE chains SET number = 0 WHERE name = 'readings'", "The read log ends at link "),
        ("UPDATE remarks SET text = 'Another reason.'", "the reason given with row 13 is not what was written"),
    ],
)
def test_a_value_that_postgresql_can_not_store_or_a_broken_history_is_named(
    source: Council, url: str, target: Engine, run: Run, change: str, told: str
) -> None:
    with write_transaction(source.engine) as connection:
        connection.exec_driver_sql(change)
    result = run("migrate-to", url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert inspect(target).get_table_names() == []
    assert run("worker", "--once").exit_code == 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_audits_are_transferred(source: Council, url: str, run: Run, there: There) -> None:
    with write_transaction(source.engine) as connection:
        number = multiply(connection, LONG // 5)
    record_heads(source.engine)
    started = monotonic()
    result = run("migrate-to", url)
    assert result.exit_code == 0, result.output
    moved = there()
    assert len(list_references(moved)) == number > LONG
    print(f"{number} audits moved, compared and verified on both sides in {monotonic() - started:.0f} s")
