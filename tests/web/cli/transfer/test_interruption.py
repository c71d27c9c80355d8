"""What may happen while a council moves: a row that changes on the way, an end in the middle, moves that go on being made."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, inspect

from tests.factories import a_world, an_audit, save
from tests.web.cli.transfer.conftest import Run, There, held
from web.council import Council, open_council
from workflow.storage.engine import DatabaseError

pytestmark = pytest.mark.postgres
PROGRAM = Path(sys.executable).with_name("practice-audit")


ON_THE_WAY = """
CREATE FUNCTION on_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} END $$;
CREATE FUNCTION when_made() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.{table}' AND command_tag = 'CREATE TABLE') THEN
    CREATE {trigger} ON {table} {deferred} FOR EACH ROW EXECUTE FUNCTION on_the_way();
  END IF;
END $$;
CREATE EVENT TRIGGER when_made ON ddl_command_end EXECUTE FUNCTION when_made();
"""


def happens_on_the_way(target: Engine, table: str, does: str, *, at_commit: bool = False) -> None:
    trigger, deferred = (
        ("CONSTRAINT TRIGGER x AFTER INSERT", "DEFERRABLE INITIALLY DEFERRED") if at_commit else ("TRIGGER x BEFORE INSERT", "")
    )
    with target.begin() as connection:
        connection.exec_driver_sql(ON_THE_WAY.format(table=table, does=does.replace("%", "%%"), trigger=trigger, deferred=deferred))


@pytest.mark.parametrize(
    ("table", "does", "told"),
    [
        (
            "sections",
            "NEW.answers = replace(NEW.answers, 'safer', 'unsafe'); RETURN NEW;",
            "sections: 54 rows arrived, but not all are unchanged.",
        ),
        ("people", "NEW.is_active = NEW.is_active AND NEW.id != 7; RETURN NEW;", "people: 20 rows arrived, but not all are unchanged."),
        ("readings", "NEW.at = NEW.at + interval '1 microsecond'; RETURN NEW;", "readings: 1 rows arrived, but not all are unchanged."),
        ("notices", "RETURN NULL;", "rows were to be moved, but 0 arrived."),
    ],
)
def test_a_row_that_changed_during_the_transfer_is_detected(
    source: Council, url: str, target: Engine, run: Run, table: str, does: str, told: str
) -> None:
    happens_on_the_way(target, table, does)
    result = run("migrate-to", url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert inspect(target).get_table_names() == []
    assert run("worker", "--once").exit_code == 0


def test_after_an_interruption_at_the_end_nothing_can_change_and_the_same_command_continues(
    source: Council, url: str, target: Engine, run: Run, there: There
) -> None:
    happens_on_the_way(target, "ticks", "RAISE EXCEPTION 'the disk is full';", at_commit=True)
    before = held(source.engine)
    result = run("migrate-to", url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "did not confirm the last step" in result.stderr
    assert inspect(target).get_table_names() == []
    assert run("worker", "--once").exit_code == 1
    with target.begin() as connection:
        connection.exec_driver_sql("DROP EVENT TRIGGER when_made")
    assert run("migrate-to", url).exit_code == 0
    moved = there()
    assert held(moved.engine) == before


@pytest.mark.parametrize("moment", ["Copying", "Comparing", "Verifying the embedded database", "Verifying the copy"])
def test_killed_in_the_middle_nothing_was_transferred(source: Council, url: str, target: Engine, run: Run, moment: str) -> None:
    before = held(source.engine)
    environment = {"PRACTICE_AUDIT_DATA": str(source.settings.data)}
    moving = subprocess.Popen([str(PROGRAM), "migrate-to", url], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert moving.stderr
    said = next(line for line in moving.stderr if moment in line)
    moving.kill()
    output, _ = moving.communicate()
    assert (moving.returncode, output) == (-9, ""), said
    assert inspect(target).get_table_names() == []
    assert held(source.engine) == before
    assert run("migrate-to", url).exit_code == 0


def test_a_move_made_during_the_transfer_is_transferred_or_was_refused(source: Council, url: str, run: Run, there: There) -> None:
    """Four people save again and again during the transfer; every save that was confirmed is there afterwards."""
    world = a_world(source)
    references, saved = [an_audit(world, at="practitioner_consulted") for _ in range(4)], dict[str, str]()
    everybody_saves = Barrier(5, timeout=60)

    def goes_on_saving(reference: str) -> int:
        for number in count():
            mine = replace(world, store=open_council(source.settings, source.engine).store)
            try:
                save(mine, "auditor", reference, "area_1", {"evidence": f"Text {number}."})
            except DatabaseError:
                break
            saved[reference] = f"Text {number}."
            if number == 0:
                everybody_saves.wait()
        return number

    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(goes_on_saving, reference) for reference in references]
        everybody_saves.wait()
        result = run("migrate-to", url)
        saves = sum(writer.result() for writer in writers)
    assert result.exit_code == 0, result.output
    moved = a_world(there())
    assert len(saved) == 4
    assert {reference: moved.audit(reference).answer("area_1", "evidence") for reference in saved} == saved
    print(f"{saves} saves acknowledged before and while it was moved, 0 missing there; all 4 were refused afterwards")
