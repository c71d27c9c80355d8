"""`history checkpoint` prints a line to store outside, and `history verify --checkpoints` compares with a file of them."""

import json
import sqlite3
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.factories import World, a_council, a_world, an_audit
from web.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def _run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"PRACTICE_AUDIT_DATA": str(tmp_path / "var"), **environment})

    return _run


@pytest.fixture
def world(tmp_path: Path) -> World:
    council = a_council(tmp_path / "var")
    made = a_world(council)
    council.engine.dispose()
    return made


def test_a_checkpoint_is_one_line_that_anybody_can_check_with_the_public_key(run: Run, world: World) -> None:
    references = [an_audit(world, "shared"), an_audit(world, "draft")]
    line = run("history", "checkpoint").stdout
    said = json.loads(line)
    assert line.count("\n") == 1
    assert {reference: number for reference, (number, _) in said["audits"].items()} == {
        reference: world.audit(reference).chain.count for reference in references
    }
    key, signature = run("history", "checkpoint", "--public-key").stdout.strip(), said.pop("signature")
    assert said["key"] == key
    Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(b64decode(signature), json.dumps(said, separators=(",", ":")).encode())
    assert "Alex" not in line


def test_a_file_of_checkpoints_verifies_until_something_is_cut_off(run: Run, world: World, tmp_path: Path) -> None:
    kept = tmp_path / "checkpoints"
    for state in ("shared", "draft"):
        an_audit(world, state)
        with kept.open("a") as lines:
            lines.write(run("history", "checkpoint").stdout)
    assert run("history", "verify", "--checkpoints", str(kept)).exit_code == 0
    with sqlite3.connect(tmp_path / "var" / "practice-audit.db") as database:
        database.execute("DROP TRIGGER keep_chain_links_delete")
        database.execute("DROP TRIGGER keep_audit_heads_delete")
        # As a backup from before it would be.
        last = database.execute("SELECT max(number) FROM chain_links WHERE chain = 'audit_heads'").fetchone()
        database.execute("DELETE FROM chain_links WHERE chain = 'audit_heads' AND number = ?", last)
        (head,) = database.execute("SELECT hash FROM chain_links WHERE chain = 'audit_heads' ORDER BY number DESC").fetchone()
        database.execute("UPDATE chains SET number = number - 1, head = ? WHERE name = 'audit_heads'", (head,))
        database.execute("DELETE FROM audit_heads WHERE id = (SELECT max(id) FROM audit_heads)")
    database.close()
    result = run("history", "verify", "--checkpoints", str(kept))
    assert result.exit_code == 2
    assert "an older backup was restored" in result.stderr


def test_a_changed_secret_key_asks_for_the_public_key_of_before(run: Run, world: World, tmp_path: Path) -> None:
    kept, changed = tmp_path / "checkpoints", "Wv7mQ2zR9tY4uI1oP6aS3dF8gH5jK0lX"
    kept.write_text(run("history", "checkpoint").stdout)
    before = run("history", "checkpoint", "--public-key").stdout.strip()
    result = run("history", "verify", "--checkpoints", str(kept), PRACTICE_AUDIT_SECRET_KEY=changed)
    assert (result.exit_code, "is signed with another key" in result.stderr) == (2, True)
    assert run("history", "verify", "--checkpoints", str(kept), "--key", before, PRACTICE_AUDIT_SECRET_KEY=changed).exit_code == 0


@pytest.mark.parametrize("content", [None, "", "Dear all,\n\nthere is nothing here.\n", "{}"])
def test_a_file_without_a_checkpoint_is_refused_in_one_sentence(run: Run, world: World, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "file").write_text(content)
    result = run("history", "verify", "--checkpoints", str(tmp_path / "file"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.strip().splitlines()) <= 2, "a progress bar, and a sentence"


@pytest.mark.parametrize("line", ['{"checkpoint":1,', '{"checkpoint":1,"at":"now"}', '{"checkpoint":1,"signature":[],"key":1,"at":{}}'])
def test_what_is_broken_off_is_named_and_never_a_traceback(run: Run, world: World, tmp_path: Path, line: str) -> None:
    (tmp_path / "file").write_text(line)
    result = run("history", "verify", "--checkpoints", str(tmp_path / "file"))
    assert (result.exit_code, "is not what was signed" in result.stderr) == (2, True), result.output


def test_a_line_names_the_audits_that_went_on_last_or_all(run: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = an_audit(world, "draft"), an_audit(world, "draft")
    run("history", "checkpoint")
    monkeypatch.setattr("web.cli.checkpoints.NAMED", 1)
    assert list(json.loads(run("history", "checkpoint").stdout)["audits"]) == [second]
    assert list(json.loads(run("history", "checkpoint", "--all").stdout)["audits"]) == [first, second]
