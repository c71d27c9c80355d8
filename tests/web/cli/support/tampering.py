"""What somebody with the database does to it: in one transaction, which is never committed, with every trigger gone."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from tests.factories import FOURTEENTH, STATES, WALKS, Plan, World, an_audit, assign, resolve, save
from tests.web.support.tampering import of
from tests.web.support.tampering import tampering as database_of_anybody
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands import action_moves, actions, audit_moves, escalations
from workflow.commands.actions import NewAction
from workflow.content import FACT, content_digest
from workflow.history import Chain, HistoryEntry, facts_of, link
from workflow.storage import row_mapping
from workflow.storage.tables import metadata

Snapshot = Mapping[str, list[dict[str, Any]]]
"""By table, the rows of one audit as they were once."""
OF_AN_AUDIT = [
    table for table in metadata.sorted_tables if table.name == "audits" or ("audit_id" in table.c and table.name != "audit_heads")
]


@contextmanager
def tampering(council: Council) -> Iterator["Tampered"]:
    with database_of_anybody(council) as tampered:
        yield Tampered(tampered)


class Tampered:
    """A council whose database takes any change."""

    def __init__(self, council: Council) -> None:
        self.council, self.connection = council, of(council)
        self.snapshots: Mapping[str, list[Snapshot]] = {}

    def run(self, sql: str, *values: object) -> int:
        return self.connection.exec_driver_sql(sql, values).rowcount

    def rows(self, table: str, where: str = "1") -> list[dict[str, Any]]:
        """Of a table, with the number of each row as `at_row`."""
        found = self.connection.exec_driver_sql(f"SELECT rowid AS at_row, * FROM {table} WHERE {where}").mappings()
        return [dict(row) for row in found]

    @contextmanager
    def one_change(self) -> Iterator[None]:
        self.run("SAVEPOINT one")
        yield
        self.run("ROLLBACK TO one")

    def relink(self, audit_id: int, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Rewrite each row as `changed` makes it, with every later hash, as somebody does who has the source too."""
        (audit,) = self.rows("audits", f"id = {audit_id}")
        chain = Chain()
        for row in map(changed, self.rows("history", f"audit_id = {audit_id} ORDER BY number")):
            linked, chain = link(chain, audit["reference"], entry_of(row))
            values = row_mapping.history_values(audit_id, linked) | {"at": row["at"]}
            self.run(f"UPDATE history SET {', '.join(f'{name} = ?' for name in values)} WHERE rowid = ?", *values.values(), row["at_row"])
        self.run("UPDATE audits SET history_head = ? WHERE id = ?", chain.head, audit_id)

    def stamp(self, reference: str) -> None:
        """Renew the digest of what is stored, as the service does."""
        audit = self.council.store.audit(reference)
        assert audit is not None
        self.run("UPDATE audits SET content_digest = ? WHERE reference = ?", content_digest(audit), reference)

    def verify(self, *references: str) -> str:
        return find_first_break(self.council, references)


def entry_of(values: Mapping[str, Any]) -> HistoryEntry:
    plain = {field.name: values[field.name] for field in fields(HistoryEntry)}
    return HistoryEntry(**{**plain, "at": datetime.fromisoformat(values["at"])})


def without_digests(row: dict[str, Any]) -> dict[str, Any]:
    """A row as releases before this one wrote it."""
    facts = {name: value for name, value in json.loads(row["facts"]).items() if name not in {FACT, "salt"}}
    return {**row, "facts": facts_of(facts)}


def walked_with_snapshots(council: Council, world: World) -> tuple[str, list[Snapshot]]:
    """An audit whose actions are closed, and how it was in each state before."""
    snapshots: list[Snapshot] = []
    reference, plan = an_audit(world, "draft"), Plan()
    for state in STATES[1:]:
        with tampering(council) as there:
            ident = world.audit(reference).id
            where = {table.name: f"{'id' if table.name == 'audits' else 'audit_id'} = {ident}" for table in OF_AN_AUDIT}
            snapshots.append({table: there.rows(table, of_it) for table, of_it in where.items()})
        WALKS[state](world, reference, plan)
    return reference, snapshots


def a_rich_audit(world: World) -> str:
    """Two editions, two escalations, actions in several states, a withdrawal asked for: as many columns filled as one audit can."""
    reference = an_audit(world, "moderated", grade="inadequate")
    resolve(world, reference)
    owner, head, hos = (world.person(name) for name in ("practitioner", "head.of.service", "hos.ppqa"))
    actions.record_progress(world.command_context(), owner, reference, 1, "The visit is booked.", "On the file.")
    action_moves.ask_for_more_time(world.command_context(), owner, reference, 1, date(2027, 1, 5), "She was ill.")
    action_moves.grant_more_time(world.command_context(), hos, reference, 1)
    for number, name in ((2, "team.manager"), (3, "qaro")):
        actions.add_action(world.command_context(), hos, reference, NewAction(f"Step {number}.", f"{name}@demo.example", "2026-12-18"))
        action_moves.report(world.command_context(), head, reference, number)
    action_moves.verify(world.command_context(), hos, reference, 2)
    action_moves.return_action(world.command_context(), hos, reference, 3, "Not yet done.")
    audit_moves.return_for_correction(world.command_context(), hos, reference, "Two areas are the wrong way round.")
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    escalations.acknowledge(world.command_context(), head, reference)
    escalations.plan(world.command_context(), head, reference, "Daily oversight again.")
    action_moves.ask_for_more_time(world.command_context(), owner, reference, 1, date(2027, 1, 9), "The school is shut.")
    assign(world, reference)
    judgement = {"grade": "good", **FOURTEENTH, "difference_reason": "Seen differently."}
    save(world, "moderator", reference, "moderation", judgement)
    audit_moves.moderate(world.command_context(), world.person("moderator"), reference)
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "The wrong child.")
    return reference
