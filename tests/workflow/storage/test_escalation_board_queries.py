"""What the escalation board reads, on each database: only the latest opening, pages without gaps, emails and reads since then."""

from datetime import timedelta

from tests.factories import NOW, PERMISSIONS, World, a_world, an_audit, resolve
from tests.workflow.storage.support.bulk_audits import multiply
from web.council import Council
from web.escalations import queries
from workflow.commands import audit_moves, escalations
from workflow.ports import ReadLogEntry
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.visibility import VisibilityFilter


def reader_of(world: World, name: str) -> VisibilityFilter:
    return VisibilityFilter(world.person(name), world.store.directory(), PERMISSIONS)


def test_only_the_latest_opening_is_shown_with_what_came_since(council: Council) -> None:
    world = a_world(council)
    reference = an_audit(world, at="shared", grade="inadequate")
    ppqa = world.person("hos.ppqa")
    world.passes(hours=1)
    world.store.log_readings([ReadLogEntry(ppqa.id, ppqa.name, reference, 1, 1, "page", "audits.show", world.now)])
    audit_moves.return_for_correction(world.command_context(), ppqa, reference, "The team is wrong.")
    world.passes(hours=1)
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    with read_transaction(council.engine) as connection:
        rows, following = queries.fetch_unresolved(connection, reader_of(world, "qa"))
        emails, read = queries.fetch_emails(connection, rows), queries.fetch_first_readings(connection, rows)
        assert queries.count_by_state(connection, reader_of(world, "qa")) == {"open": 1}
    assert [(row.reference, row.number, row.opened_at) for row in rows] == [(reference, 2, NOW + timedelta(hours=2))]
    assert following is None
    assert {email.created_at for email in emails[reference]} == {NOW + timedelta(hours=2)}
    assert len(emails[reference]) == 3
    assert read == {}, "it was read before this opening"


def test_a_page_ends_where_the_next_begins_also_within_one_instant(council: Council) -> None:
    world = a_world(council)
    everything = [an_audit(world, at="shared", grade="inadequate") for _ in range(queries.SIZE + 2)]
    with read_transaction(council.engine) as connection:
        first, cursor = queries.fetch_unresolved(connection, reader_of(world, "hos.ppqa"))
        second, end = queries.fetch_unresolved(connection, reader_of(world, "hos.ppqa"), cursor)
        assert [row.reference for row in (*first, *second)] == everything[::-1]
        assert (len(first), end) == (queries.SIZE, None)
        assert queries.fetch_unresolved(connection, reader_of(world, "head.of.service2"))[0] == []


def test_the_longest_waiting_are_counted_however_many_came_after(council: Council) -> None:
    world = a_world(council)
    first = an_audit(world, at="shared", grade="inadequate")
    world.passes(days=1)
    an_audit(world, at="shared", grade="inadequate")
    with write_transaction(council.engine) as connection:
        number = multiply(connection, 250)
        waiting = queries.fetch_open(connection, reader_of(world, "qa"))
        emails = queries.fetch_emails(connection, waiting)
    assert (len(waiting), waiting[0].reference) == (number, first)
    assert {len(about) for about in emails.values()} == {3}


def test_a_resolved_escalation_is_listed_separately_for_a_fortnight(council: Council) -> None:
    world = a_world(council)
    resolved, known = (an_audit(world, at="shared", grade="inadequate") for _ in range(2))
    resolve(world, resolved)
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), known)
    me = reader_of(world, "director.safeguarding")
    with read_transaction(council.engine) as connection:
        assert [row.reference for row in queries.fetch_unresolved(connection, me)[0]] == [known]
        assert queries.fetch_open(connection, me) == []
        later = [
            [row.reference for row in queries.fetch_recently_resolved(connection, me, NOW + timedelta(days=days))] for days in (13, 14)
        ]
    assert later == [[resolved], []]
