"""The command line: one sentence on stderr and exit 1 where it refuses, never a traceback, and nothing changed."""

import json
import sqlite3
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from click.testing import CliRunner, Result

from config.settings import FOLDER
from tests.factories import World, a_council, a_world, an_audit, save
from tests.support.postgres import a_database
from web.cli.main import main
from web.council import Council
from workflow.commands import audit_moves
from workflow.state_diagram import draw_states

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def _run(*arguments: str, **environment: str) -> Result:
        named = {f"PRACTICE_AUDIT_{name}": value for name, value in environment.items()}
        return CliRunner().invoke(main, arguments, env={"PRACTICE_AUDIT_DATA": str(tmp_path / "var"), **named})

    return _run


@pytest.fixture
def prepared(tmp_path: Path) -> World:
    council = a_council(tmp_path / "var")
    world = a_world(council)
    council.engine.dispose()
    return world


REFUSED = [
    ("nonsense",), ("serve", "--processes", "2"), ("serve", "--processes", "0"), ("worker", "--nonsense"), ("worker", "--now", "2026-11-30T09:00:00Z"), ("worker", "--once", "--now", "tomorrow"),
    ("tokens", "create", "nobody@demo.example"), ("tokens", "create"), ("tokens", "create", "auditor@demo.example", "--days", "366"),
    ("tokens", "create", "auditor@demo.example", "--scope", "all"), ("tokens", "create", "auditor@demo.example", "--name", " "),
    ("tokens", "list", "nobody@demo.example"), ("tokens", "revoke", "1"), ("tokens", "revoke", "x"), ("tokens", "revoke", "9" * 20), ("audits", "export", "zzzz-zzzz"), ("audits", "export", "../../etc"),
    ("audits", "export", "zzzz-zzzz", "--as", "exe"), ("forms", "check", "/nowhere.toml"), ("forms", "check", "/")
]  # fmt: skip


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_a_refusal_is_one_sentence_and_exit_1(run: Run, prepared: World, arguments: tuple[str, ...]) -> None:
    an_audit(prepared, at="draft")
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("serve",), ("worker", "--once"), ("tokens", "create", "x@y"), ("history", "verify")], ids=" ".join)
def test_a_database_that_is_not_prepared_says_what_to_run(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "practice-audit init" in result.stderr


def test_a_database_that_can_not_be_used_names_its_setting(run: Run, tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"not a database at all" * 100)
    for url in ("sqlite:////nowhere/x.db", f"sqlite:///{tmp_path}/junk.db"):
        result = run("init", DATABASE_URL=url)
        assert result.exit_code == 1
        assert result.stderr.startswith("PRACTICE_AUDIT_DATABASE_URL")


@pytest.mark.postgres
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_can_not_store_all_names_is_refused(
    run: Run, prepared: World, tmp_path_factory: pytest.TempPathFactory, encoding: str
) -> None:
    with a_database(tmp_path_factory.getbasetemp() / "postgres", encoding) as url:
        for result in (run("init", DATABASE_URL=url, SECRET_KEY="k" * 32), run("migrate-to", url)):
            assert (result.exit_code, result.stdout) == (1, "")
            assert result.stderr == f"The database stores text as {encoding}: create a database with the encoding UTF8.\n"


def test_every_command_has_help(run: Run) -> None:
    for arguments in ((), ("--help",), *((name, "--help") for name in main.commands)):
        result = run(*arguments)
        assert result.exit_code == 0, arguments
        assert "Usage:" in result.output


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").output == f"{version('practice-audit')}\n"


def test_a_setting_that_is_wrong_is_named(run: Run) -> None:
    result = run("init", MAIL_URL="pigeon:")
    assert (result.exit_code, result.stderr[:24]) == (1, "PRACTICE_AUDIT_MAIL_URL ")


def test_the_instant_is_refused_in_production_before_anything_else(run: Run) -> None:
    result = run("worker", "--once", "--now", "2026-11-30T09:00:00Z", ENV="production")
    assert result.exit_code == 1
    assert result.stderr.startswith("--now is refused in production")


def test_the_worker_sends_once_what_is_due(run: Run, prepared: World, tmp_path: Path) -> None:
    an_audit(prepared, at="shared")
    folder = tmp_path / "var" / "mail"
    assert run("worker", "--once").exit_code == 0
    sent = {file.name for file in folder.glob("*.eml")}
    assert len(sent) >= 5
    assert run("worker", "--once").exit_code == 0
    assert {file.name for file in folder.glob("*.eml")} == sent
    assert run("worker", "--once", "--now", "2027-01-04T09:00:00Z").exit_code == 0
    assert len(list(folder.glob("*.eml"))) > len(sent)


def test_an_intact_history_verifies_and_a_changed_one_is_named(run: Run, prepared: World, tmp_path: Path) -> None:
    reference = an_audit(prepared, at="moderated", grade="inadequate")
    assert run("history", "verify").exit_code == 0
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        database.execute("UPDATE audits SET state = 'actions_closed'")
    database.close()
    result = run("history", "verify")
    assert result.exit_code == 2
    assert reference in result.stderr


def test_a_draft_that_the_release_before_saved_is_listed_and_not_broken(run: Run, prepared: World, tmp_path: Path) -> None:
    reference = an_audit(prepared, at="practitioner_consulted")
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        (made,) = database.execute("SELECT content_digest FROM audits").fetchone()
        save(prepared, "auditor", reference, "area_1", {"grade": "good", "evidence": "Seen.", "impact": "Safer."})
        database.execute("UPDATE audits SET content_digest = ?", (made,))
    database.close()
    result = run("history", "verify")
    listed = f"Last saved by the release before, so compared only with their histories and seals: {reference}."
    assert (result.exit_code, result.stdout.splitlines()) == (0, ["Every history is intact.", listed])


def test_a_reason_that_was_reworded_is_named(run: Run, prepared: World, tmp_path: Path) -> None:
    reference = an_audit(prepared, at="graded")
    audit_moves.withdraw(prepared.command_context(), prepared.person("auditor"), reference, "The wrong child.")
    assert run("history", "verify").exit_code == 0
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        database.execute("UPDATE remarks SET text = 'A better reason.'")
    database.close()
    assert "reason" in run("history", "verify").stderr


def test_a_sealed_text_that_was_changed_is_named(run: Run, prepared: World, tmp_path: Path) -> None:
    reference = an_audit(prepared, at="shared")
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        database.execute("DROP TRIGGER keep_seals_update")
        database.execute("UPDATE seals SET content = replace(content, 'safer', 'unsafe')")
    database.close()
    result = run("history", "verify")
    assert result.exit_code == 2
    assert f"{reference}: what was sealed" in result.stderr


def test_history_can_not_be_changed_or_removed(prepared: World, tmp_path: Path) -> None:
    an_audit(prepared, at="shared")
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        for table in ("history", "seals"):
            for change in (f"UPDATE {table} SET rowid = rowid + 100", f"DELETE FROM {table}"):
                with pytest.raises(sqlite3.IntegrityError):
                    database.execute(change)
    database.close()


def test_an_export_contains_the_whole_audit(run: Run, prepared: World) -> None:
    reference = an_audit(prepared, at="moderated")
    held = json.loads(run("audits", "export", reference, "--as", "json").stdout)
    assert held["reference"] == reference
    assert held["sections"]["area_1"]["evidence"] == "Seen on the file."
    assert [row["number"] for row in held["history"]] == list(range(1, len(held["history"]) + 1))


def test_a_token_is_printed_once_and_stored_only_as_a_digest(run: Run, prepared: World, tmp_path: Path) -> None:
    token = run("tokens", "create", "auditor@demo.example").stdout.strip()
    assert len(token) > 40
    assert token.encode() not in (tmp_path / "var" / "practice-audit.db").read_bytes()


def test_tokens_are_listed_without_their_secret_and_revoked(run: Run, prepared: World) -> None:
    token = run("tokens", "create", "auditor@demo.example", "--name", "The dashboard", "--scope", "read", "--days", "7").stdout.strip()
    run("tokens", "create", "auditor@demo.example")
    listed = run("tokens", "list", "auditor@demo.example").stdout.splitlines()
    assert [line.split("  ")[1:4] for line in listed] == [
        ["Made at the command line", "read and write", "never used"],
        ["The dashboard", "read", "never used"],
    ]
    assert token not in "".join(listed)
    number = listed[1].split()[0]
    assert run("tokens", "revoke", number).exit_code == run("tokens", "revoke", number).exit_code == 0
    assert run("tokens", "list", "auditor@demo.example").stdout.splitlines()[1].endswith("revoked")


def test_a_form_is_checked(run: Run) -> None:
    result = run("forms", "check", str(FOLDER / "forms" / "practice_evaluation.toml"))
    assert result.exit_code == 0
    assert "20 sections" in result.stdout


def test_the_demo_has_audits_in_all_states_and_prints_who_can_sign_in(run: Run, tmp_path: Path) -> None:
    result = run("demo", "--password", "one for all")
    assert result.exit_code == 0, result.output
    assert "one for all" in result.stdout
    assert "hos.ppqa@demo.example" in result.stdout
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        states = {state for (state,) in database.execute("SELECT DISTINCT state FROM audits")}
    database.close()
    assert len(states) >= 4
    assert run("history", "verify").exit_code == 0
    assert run("worker", "--once").exit_code == 0


def test_loading_the_demo_again_changes_its_password_and_no_audit(run: Run, prepared: World) -> None:
    reference = an_audit(prepared, at="draft")
    before = prepared.audit(reference)
    assert run("demo", "--password", "another one").exit_code == 0
    assert prepared.audit(reference) == before
    with prepared.store.engine.connect() as connection:
        hashes = connection.exec_driver_sql("SELECT DISTINCT password_hash FROM people").scalars().all()
    assert [PasswordHasher().verify(one, "another one") for one in hashes] == [True]


def test_the_demo_is_not_mixed_with_others(run: Run, prepared: World, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        database.execute("UPDATE people SET email = 'someone@council.example' WHERE id = 1")
    database.close()
    result = run("demo")
    assert result.exit_code == 1
    assert "holds other audits" in result.stderr


def test_the_picture_is_drawn_from_the_rules(run: Run, council: Council) -> None:
    assert run("picture").stdout.strip() == draw_states(council.rules).strip()
