"""An access token or a calendar address made without a second factor stops where its person comes to need one."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from tests.factories import a_council, settings
from tests.web.support import sign_in
from tests.web.support.browser import PASSWORD, text_of
from tests.web.support.roles import now_holds, passes_on
from tests.web.support.sign_in import Visitor, set_up_app
from web.app import create_app
from web.cli.main import main
from web.council import Council
from web.identity.row_signatures import sign_row
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction

AUDITOR = "auditor@demo.example"
WORKS, STOPPED = (200, 200), (401, 404)


def opened(folder: Path, roles: str) -> Flask:
    app = create_app(settings(folder, MFA_ROLES=roles))
    app.testing = True
    return app


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Flask]:
    """A council where the QA Service needs a second factor, and the auditor does not."""
    a_council(tmp_path / "strict").engine.dispose()
    app = opened(tmp_path / "strict", "qa")
    yield app
    council_of(app).engine.dispose()


def council_of(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def makes(visitor: Visitor, codes: list[str] | None = None) -> tuple[str, str]:
    """A new token, and the path of a new calendar address, confirmed with recovery codes or, without any, with the password."""
    proofs = [{"proof_code": code} for code in codes] if codes else [{"proof_password": PASSWORD}] * 2
    page = visitor.send("/tokens/new", name="x", scope="read", days="9", **proofs[0]).get_data(as_text=True)
    token = re.search(r'value="(pa_[\w-]{43})"', page)
    page = visitor.send("/calendar", **proofs[1]).get_data(as_text=True)
    path = re.search(r'value="http://localhost(/calendar/[\w-]+\.ics)"', page)
    assert token
    assert path
    return token[1], path[1]


def answers(app: Flask, token: str, path: str) -> tuple[int, int]:
    client = app.test_client()
    called = client.get("/api/v1/audits", headers={"Authorization": f"Bearer {token}"})
    return called.status_code, client.get(path).status_code


def signed_in(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.tries(AUDITOR)
    return visitor


def gains_the_role(council: Council) -> None:
    now_holds(council, "auditor", "qa")


def stands_in_for_it(council: Council) -> None:
    passes_on(council, "qa", "auditor", "qa")


@pytest.mark.parametrize("comes_to_need_it", [gains_the_role, stands_in_for_it])
def test_what_was_made_with_a_password_alone_stops_with_the_role(strict: Flask, comes_to_need_it: Callable[[Council], None]) -> None:
    """AC25: a thief with the password makes a token today, and waits until the person has rights worth having."""
    made = makes(signed_in(strict))
    assert answers(strict, *made) == WORKS
    comes_to_need_it(council_of(strict))
    assert answers(strict, *made) == STOPPED
    now_holds(council_of(strict), "auditor", "auditor")
    if comes_to_need_it is gains_the_role:
        assert answers(strict, *made) == WORKS, "as soon as the role is gone"


def test_what_was_made_with_a_code_works_on(strict: Flask) -> None:
    visitor = signed_in(strict)
    _, codes = set_up_app(visitor)
    made = makes(visitor, codes)
    gains_the_role(council_of(strict))
    assert answers(strict, *made) == WORKS
    assert stored_proofs(strict) == ["code", "code"]


def test_it_stops_when_the_setting_changes(tmp_path: Path) -> None:
    a_council(tmp_path / "changing").engine.dispose()
    before = opened(tmp_path / "changing", "")
    made = makes(signed_in(before))
    assert answers(before, *made) == WORKS
    council_of(before).engine.dispose()
    after = opened(tmp_path / "changing", "auditor")
    assert answers(after, *made) == STOPPED
    council_of(after).engine.dispose()


def test_what_was_made_before_proofs_were_stored_stops_too(strict: Flask) -> None:
    visitor = signed_in(strict)
    _, codes = set_up_app(visitor)
    made = makes(visitor, codes)
    council = council_of(strict)
    with write_transaction(council.engine) as connection:
        for table in (tables.tokens, tables.calendars):
            before = {**connection.execute(select(table)).one()._mapping, "proof": None}
            connection.execute(update(table).values(proof=None, signature=sign_row(council.settings, table.name, before)))
    assert answers(strict, *made) == WORKS
    gains_the_role(council_of(strict))
    assert answers(strict, *made) == STOPPED


def test_a_token_made_at_the_command_line_was_proven_by_the_operator(strict: Flask) -> None:
    token = at_the_command_line(strict, "create", "--scope", "read").strip()
    gains_the_role(council_of(strict))
    assert answers(strict, token, "/health")[0] == 200
    assert stored_proofs(strict) == ["command line"]


def test_the_pages_and_the_list_say_why_it_stopped(strict: Flask) -> None:
    visitor = signed_in(strict)
    token, path = makes(visitor)
    gains_the_role(council_of(strict))
    assert answers(strict, token, path) == STOPPED
    set_up_app(visitor, sign_in.at_the_command_line(strict, "second-factor", "enrol", AUDITOR).strip())
    page = text_of(visitor.get("/tokens").get_data(as_text=True))
    assert "Stopped: your role now needs two-step verification. Create a new token." in page
    assert "never used" in page, "a refused call is no use"
    assert "Your calendar address has stopped: your role now needs" in text_of(visitor.get("/calendar").get_data(as_text=True))
    assert "never used  stopped" in at_the_command_line(strict, "list")


def at_the_command_line(app: Flask, verb: str, *more: str) -> str:
    given = {"PRACTICE_AUDIT_DATA": str(council_of(app).settings.data), "PRACTICE_AUDIT_MFA_ROLES": "qa"}
    return CliRunner().invoke(main, ["tokens", verb, AUDITOR, *more], env=given).output


def stored_proofs(app: Flask) -> list[Any]:
    with read_transaction(council_of(app).engine) as connection:
        return [row.proof for table in (tables.tokens, tables.calendars) for row in connection.execute(select(table))]
