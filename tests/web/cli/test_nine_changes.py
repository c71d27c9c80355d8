"""The changes that somebody made with the service stopped, on a shared and moderated audit, while `history verify` called it whole."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.factories import a_council, a_world
from tests.web.cli.support.tampering import a_rich_audit
from web.cli.main import main

# SQL, and the message after the audit's reference. The audit is in its second edition, moderated from inadequate to good.
CHANGES = {
    "1 words of a shared section": (
        "UPDATE sections SET answers = replace(answers, 'Alex is safer', 'Alex is not safer') WHERE section = 'area_5'",
        "area_5 is not what was sealed in edition 2.",
    ),
    "2 the overall grade, in the row and in its section": (
        "UPDATE audits SET overall_grade = 'outstanding'; UPDATE sections SET answers = replace(answers, 'good', 'outstanding') WHERE section = 'moderation'",
        "moderation is not what was sealed in edition 2.",
    ),
    "3 an action set to verified": (
        "UPDATE actions SET state = 'verified' WHERE number = 3",
        "the history leads action 3 to open, but verified is stored.",
    ),
    "4 an action removed": ("DELETE FROM actions WHERE number = 1", "action 1 is missing, which was sealed in edition 2."),
    "5 the plan of the escalation": (
        "UPDATE escalations SET plan = 'A visit a month.' WHERE number = 2",
        "the plan of escalation 2 is not what was written.",
    ),
    "6 the auditor": ("UPDATE audits SET auditor_id = moderator_id", "the history records auditor"),
    "6 the practitioner": ("UPDATE audits SET practitioner_id = auditor_id", "practitioner is not what was sealed in edition 2."),
    "7 the audit date": ("UPDATE audits SET audit_on = '2026-11-02'", "audit_on is not what was sealed in edition 2."),
    "7 the shared date": ("UPDATE audits SET shared_at = '2026-11-03T09:00:00.000000+00:00'", "the history records shared_at 2026-11-23"),
    "7 the edition": ("UPDATE audits SET edition = 1", "the history records edition 2, but 1 is stored."),
    "8 the seals of an edition": (
        "DELETE FROM seals WHERE edition = 1",
        "the seal of what was shared in edition 1 is missing: row 5 of the history names it.",
    ),
    "9 a whole audit": (
        ";".join(
            f"DELETE FROM {table}"
            for table in ("sections", "actions", "escalations", "escalated_to", "history", "remarks", "seals", "audits")
        ),
        "the audit was started, but is missing.",
    ),
}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The reference of an audit, and the folder of its council."""
    folder = tmp_path_factory.mktemp("walked") / "var"
    council = a_council(folder)
    reference = a_rich_audit(a_world(council))
    council.engine.dispose()
    return reference, folder


def test_as_it_was_written_it_is_intact(walked: tuple[str, Path]) -> None:
    result = _verify(walked[1])
    assert (result.exit_code, result.stdout) == (0, "Every history is intact.\n")


@pytest.mark.parametrize("change", CHANGES)
def test_it_is_named(walked: tuple[str, Path], tmp_path: Path, change: str) -> None:
    (reference, folder), (sql, said) = walked, CHANGES[change]
    copied = shutil.copytree(folder, tmp_path / "var")
    with sqlite3.connect(copied / "practice-audit.db") as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.executescript(sql)
    database.close()
    result = _verify(copied)
    assert result.exit_code == 2
    assert f"{reference}: {said}" in result.stderr


def _verify(folder: Path) -> Result:
    return CliRunner().invoke(main, ["history", "verify"], env={"PRACTICE_AUDIT_DATA": str(folder)})
