"""Declaring a personal connection to a child: it takes away every right on that child’s audits, from the next request on."""

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.handover import escalation_reassignment_notices, handover_notices
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.field_types import clean

MOST = 40
"""Characters of a child’s ID."""


@retry_on_conflict
def declare_connection(context: CommandContext, who: Person, child_id: object, person_id: int | None = None) -> None:
    """Anybody for themselves; the QA Service and the HoS for Practice, Performance and QA for somebody else. Twice is once."""
    person = who if person_id is None else context.directory.person(person_id)
    if person != who and not context.permissions.allow_role("declare_for_another", who):
        raise PermissionDenied("Everybody declares their own connections; the QA Service those of others.")
    if person is None or not person.is_active:
        raise BadInput.about("person", "There is nobody active here by that name.")
    child = _child(child_id)
    if context.directory.is_connected(person.id, child):
        return
    before = context.directory.for_child(child)
    with context.store.changing(context.directory.version, context.now) as writing:
        writing.connect(person.id, child, who.id)
        writing.tell(handover_notices(context, person.id, writing.holdings(person.id, child)))
        writing.tell(escalation_reassignment_notices(context, before, before.without(frozenset({person.id})), writing.escalated(child)))


@retry_on_conflict
def end_connection(context: CommandContext, who: Person, connection_id: int) -> int:
    """Never by the person themselves; who declared it, who ended it and when stay on the record. Answers whose it was."""
    if not context.permissions.allow_role("end_connection", who):
        raise PermissionDenied("A connection is ended by the QA Service or the HoS for Practice, Performance and QA.")
    with context.store.changing(context.directory.version, context.now) as writing:
        connection = writing.connection(connection_id)
        if connection is None:
            raise NotFound
        if connection.person_id == who.id:
            raise PermissionDenied("Nobody ends their own connection: ask somebody else of the QA Service.")
        writing.end_connection(connection_id, who.id)
        return connection.person_id


def _child(typed: object) -> str:
    try:
        child = clean(typed, MOST, one_line=True)
    except ValueError as error:
        raise BadInput.about("child_id", f"The child’s ID number: {error}") from error
    if not child:
        raise BadInput.about("child_id", "Give the child’s ID number.")
    return child
