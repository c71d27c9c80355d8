"""Processes of the release before run on while a migration is made: so it only adds, or says in CONTRACTS what that release no longer uses.

It checks the migrations after 0013: their `upgrade`, and everything in their file that it calls.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[2] / "workflow" / "storage" / "migrations" / "versions"
FREE_UNTIL = "0013"
TAKES_AWAY = {"drop_table", "drop_column", "rename_table"}
DEMANDS = {"create_unique_constraint", "create_check_constraint", "create_foreign_key", "create_primary_key"}
IN_SQL = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|FUNCTION|TYPE|VIEW)|RENAME\s|SET\s+NOT\s+NULL|ALTER\s+COLUMN|ADD\s+(CONSTRAINT|CHECK|UNIQUE))", re.IGNORECASE
)
JUDGED = sorted(path for path in VERSIONS.glob("[0-9]*.py") if path.name[:4] > FREE_UNTIL)


def contracting(text: str) -> list[str]:
    """What in it an old process may stumble over; nothing where the file says why it may."""
    tree = ast.parse(text)
    named = {name: node for node in tree.body for name in _names_of(node)}
    if isinstance(said := named.get("CONTRACTS"), ast.Assign) and len(ast.literal_eval(said.value).split()) > 3:
        return []
    return [what for node in _reached(named) for what in _stumbled_over(node)]


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    return [one.id for one in node.targets if isinstance(one, ast.Name)] if isinstance(node, ast.Assign) else []


def _reached(named: dict[str, ast.stmt]) -> Iterator[ast.stmt]:
    waiting, seen = ["upgrade"], set[str]()
    while waiting:
        name = waiting.pop()
        if name in named and name not in seen:
            seen.add(name)
            yield named[name]
            waiting += [node.id for node in ast.walk(named[name]) if isinstance(node, ast.Name)]


def _stumbled_over(reached: ast.stmt) -> Iterator[str]:
    for node in ast.walk(reached):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (found := IN_SQL.search(node.value)):
            yield found[0].upper()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _called(node.func.attr, node)


def _called(name: str, call: ast.Call) -> Iterator[str]:
    given = {one.arg: getattr(one.value, "value", one.value) for one in call.keywords if one.arg}
    if name in TAKES_AWAY | DEMANDS:
        yield name
    if name == "alter_column" and not given.get("nullable"):
        yield name
    if name == "create_index" and given.get("unique"):
        yield "a unique index"
    if name == "add_column" and _is_demanded(call):
        yield "a column that must be given and has no server_default"


def _is_demanded(call: ast.Call) -> bool:
    columns = [one for one in call.args if isinstance(one, ast.Call)]
    given = [{key.arg: getattr(key.value, "value", None) for key in one.keywords} for one in columns]
    return any(one.get("nullable") is False and "server_default" not in one for one in given)


def test_a_migration_only_adds_or_says_what_is_no_longer_used() -> None:
    """Processes of the release before still run: add now, remove one release later and list it in CONTRACTS."""
    assert {path.stem: found for path in JUDGED if (found := contracting(path.read_text(encoding="utf-8")))} == {}


TRIED = {
    "op.add_column('audits', sa.Column('mood', sa.Text, nullable=True))": False,
    "op.add_column('audits', sa.Column('mood', sa.Text, nullable=False, server_default=''))": False,
    "op.add_column('audits', sa.Column('mood', sa.Text, nullable=False))": True,
    "op.create_table('moods', sa.Column('id', sa.Integer, nullable=False))": False,
    "op.create_index('by_mood', 'audits', ['mood'])": False,
    "op.create_index('by_mood', 'audits', ['mood'], unique=True)": True,
    "op.alter_column('audits', 'mood', nullable=True)": False,
    "op.alter_column('audits', 'mood', nullable=False)": True,
    "op.drop_column('audits', 'mood')": True,
    "op.execute(TAKEN)": True,
    "op.execute('CREATE FUNCTION mood() …')": False,
}


@pytest.mark.parametrize(("step", "is_contracting"), TRIED.items(), ids=range(len(TRIED)))
def test_what_only_adds_is_told_from_what_takes_away(step: str, is_contracting: bool) -> None:
    rest = "TAKEN = 'ALTER TABLE audits DROP COLUMN mood'\n\ndef downgrade():\n    op.drop_table('moods')\n"
    text = f"def upgrade():\n    {step}\n\n{rest}"
    assert bool(contracting(text)) is is_contracting
    assert contracting(f"CONTRACTS = 'The release before no longer reads the mood.'\n{text}") == []


def test_earlier_migrations_follow_the_same_rule_or_are_listed() -> None:
    judged = {path.name[:4]: contracting(path.read_text(encoding="utf-8")) for path in sorted(VERSIONS.glob("[0-9]*.py"))}
    print("before the rule:", {name: sorted(set(found)) for name, found in judged.items() if found})
    assert judged["0013"] == []
