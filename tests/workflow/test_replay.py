"""Replaying a history under the workflow versions that its audit went through."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from tests.factories import NOW, RULES, World, an_audit, resolve
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands.context import CommandContext
from workflow.history import Chain, HistoryEntry, Row, link
from workflow.replay import replay
from workflow.storage import tables
from workflow.storage.engine import write_transaction

LEAP = ("share", "draft", "shared", "none")


def test_a_row_that_leads_where_the_workflow_does_not_is_named() -> None:
    with pytest.raises(ValueError, match="row 2, share, leads to shared and none, which no workflow version allows"):
        replay(_rows(("start", None, "draft", "none"), LEAP), [RULES])


def test_a_row_that_opens_an_escalation_without_its_move_is_named() -> None:
    with pytest.raises(ValueError, match="row 2, allocate, leads to draft and open"):
        replay(_rows(("start", None, "draft", "none"), ("allocate", "draft", "draft", "open")), [RULES])


def test_a_row_that_an_earlier_version_allowed_is_allowed_to_an_audit_started_then() -> None:
    share = replace(RULES.audit.moves["share"], sources=("draft",))
    earlier = replace(RULES, version=1, audit=replace(RULES.audit, moves={**RULES.audit.moves, "share": share}))
    assert replay(_rows(("start", None, "draft", "none"), LEAP), [earlier, RULES]) == ("shared", "none")


@pytest.mark.parametrize("grade", ["good", "inadequate"])
def test_a_walked_history_replays(council: Council, world: World, grade: str) -> None:
    reference = an_audit(world, "actions_closed", grade=grade)
    assert find_first_break(council, [reference]) == ""


class EarlierWorld(World):
    """In which audits are started on version 1 of the workflow."""

    def command_context(self) -> CommandContext:
        return replace(super().command_context(), rules=replace(RULES, version=1))


def test_the_version_that_an_audit_was_started_on_is_the_first_that_counts(council: Council) -> None:
    world = EarlierWorld(council.store)
    reference = an_audit(world, "shared", grade="inadequate")
    resolve(world, reference)
    assert find_first_break(council, [reference]) == f"{reference}: rules version 1 is not stored."
    text = RULES.text.replace(f"version = {RULES.version}", "version = 1", 1)
    with write_transaction(council.engine) as connection:
        connection.execute(insert(tables.definitions).values(kind="rules", version=1, text=text))
    assert find_first_break(council, [reference]) == ""


def _rows(*entries: tuple[str, str | None, str, str]) -> list[Row]:
    rows, chain = [], Chain()
    for move, before, after, escalation in entries:
        row, chain = link(chain, "k7f3-2qxy", HistoryEntry(NOW, 1, "Ann", move, before, after, escalation, "{}"))
        rows.append(row)
    return rows
