"""Liveness, readiness and health are separate checks."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories import FORM, a_council, settings
from web import configuration
from web.app import create_app
from web.cli.main import main
from web.council import Council, open_council, prepare
from workflow.commands import drafting
from workflow.errors import ConfigurationError
from workflow.storage import schema as database_schema
from workflow.storage.schema import NOT_PREPARED


def revise(app: Flask, revision: str) -> None:
    with app.extensions["council"].engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")


STARTS = [["serve"], ["worker", "--once"]]


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """What a command that refuses says."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 1
    return capsys.readouterr().err


def asked(app: Flask, path: str) -> tuple[int, object]:
    answer = app.test_client().get(path, headers={"Host": "10.0.0.7:8000"})
    return answer.status_code, answer.get_json()


def test_liveness_checks_nothing_else(app: Flask) -> None:
    statements: list[str] = []
    event.listen(app.extensions["council"].engine, "before_cursor_execute", lambda _c, _cursor, said, *_: statements.append(said))
    assert asked(app, "/health/live") == (200, {"status": "ok"})
    assert statements == []


def test_the_service_is_ready_before_a_worker_ran(app: Flask) -> None:
    assert asked(app, "/health/ready") == (200, {"status": "ok", "database": True, "schema": "current"})
    assert asked(app, "/health")[0] == 503


def test_without_a_database_the_service_is_alive_but_not_ready(app: Flask) -> None:
    council = app.extensions["council"]
    council.engine.dispose()
    database = council.settings.data / "practice-audit.db"
    database.rename(council.settings.data / "away")
    database.mkdir()
    assert asked(app, "/health/ready") == (503, {"status": "down", "database": False})
    assert asked(app, "/health/live")[0] == 200
    database.rmdir()
    (council.settings.data / "away").rename(database)
    assert asked(app, "/health/ready")[0] == 200


@pytest.mark.parametrize(("place", "status", "schema"), [(1, 503, "behind"), (-1, 503, "behind"), (None, 200, "ahead")])
def test_the_service_is_ready_once_every_known_migration_is_applied(app: Flask, place: int | None, status: int, schema: str) -> None:
    """Also with a newer database: an upgrade runs its migrations first, while the old version still serves."""
    revise(app, "9999" if place is None else database_schema.known_revisions()[place])
    answer = asked(app, "/health/ready")
    assert (answer[0], answer[1]["schema"]) == (status, schema)  # type: ignore[index]


def test_it_starts_on_a_newer_database_only_if_the_setting_allows_it(tmp_path: Path, app: Flask) -> None:
    revise(app, "9999")
    with pytest.raises(ConfigurationError, match="newer than this version"):
        create_app(settings(tmp_path / "var"))
    again = create_app(settings(tmp_path / "var", NEWER_DATABASE="allow"))
    assert again.test_client().get("/sign-in").status_code == 200
    with pytest.raises(ConfigurationError, match="newer than this version"):
        prepare(open_council(settings(tmp_path / "var", NEWER_DATABASE="allow")))
    again.extensions["council"].engine.dispose()


def test_the_command_line_refuses_a_newer_database_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    council = a_council(tmp_path / "var")
    with council.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    council.engine.dispose()
    monkeypatch.setenv("PRACTICE_AUDIT_DATA", str(tmp_path / "var"))
    for arguments in (["init"], ["history", "verify"], *STARTS):
        assert "newer than this version" in refused(capsys, arguments)


@pytest.mark.parametrize(("revision", "sentence"), [("", NOT_PREPARED["absent"]), ("older", NOT_PREPARED["behind"])])
@pytest.mark.parametrize("arguments", STARTS, ids=" ".join)
def test_a_database_that_is_older_or_absent_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], revision: str, sentence: str
) -> None:
    if revision:
        council = a_council(tmp_path / "var")
        with council.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{database_schema.known_revisions()[1]}'")
        council.engine.dispose()
    monkeypatch.setenv("PRACTICE_AUDIT_DATA", str(tmp_path / "var"))
    assert refused(capsys, arguments) == f"{sentence}\n"


@pytest.mark.parametrize("arguments", [["init"], *STARTS], ids=" ".join)
def test_a_form_that_has_changed_and_kept_its_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    a_council(tmp_path / "var").engine.dispose()
    monkeypatch.setattr(configuration, "load_form", lambda _: replace(FORM, text=f"{FORM.text}\n# Changed.\n"))
    monkeypatch.setenv("PRACTICE_AUDIT_DATA", str(tmp_path / "var"))
    assert refused(capsys, arguments) == (
        f"The form practice_evaluation has changed but is still version {FORM.version}: give it the next version.\n"
    )


def test_an_audit_started_on_a_form_that_only_serve_saw_is_opened_on_the_next(tmp_path: Path) -> None:
    a_council(tmp_path / "var").engine.dispose()
    seen = _served_on(tmp_path, FORM.version + 1)
    auditor = seen.store.directory().by_email("auditor@demo.example")
    assert auditor
    reference = drafting.start_audit(seen.command_context(), auditor, {}).reference
    following = _served_on(tmp_path, FORM.version + 2)
    audit = following.store.audit(reference)
    assert audit
    assert following.command_context().form_of(audit).version == FORM.version + 1
    for council in (seen, following):
        council.engine.dispose()


def _served_on(folder: Path, version: int) -> Council:
    form = folder / f"form-{version}.toml"
    form.write_text(FORM.text.replace(f"version = {FORM.version}\n", f"version = {version}\n", 1))
    council: Council = create_app(replace(settings(folder / "var"), form=form)).extensions["council"]
    return council
