"""Declaring a personal connection to a child: it takes away every right on that child’s audits from the next request."""

from workflow.child_ids import is_no_id
from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.commands.directory.changing import changing
from workflow.commands.directory.handover import handover_notices
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.field_types import clean

MOST = 40
"""Characters of a child’s ID."""


@retry_on_conflict
def declare_connection(context: CommandContext, who: Person, child_id: object, person_id: int | None = None) -> None:
    """Anybody for themselves; the QA Service and the HoS for Practice, Performance and QA for others. Repeating it changes nothing."""
    person = who if person_id is None else context.directory.person(person_id)
    if person != who and not context.permissions.allow_role("declare_for_another", who):
        raise PermissionDenied("You can declare only your own connections. The QA Service can declare those of other people.")
    if person is None or not person.is_active:
        raise BadInput.about("person", "There is nobody active with that name.")
    child = _child(child_id)
    if context.directory.is_connected(person.id, child):
        return
    with changing(context) as writing:
        writing.connect(person.id, child, who.id)
        writing.notify(handover_notices(context, person.id, writing.holdings(person.id, child)))


@retry_on_conflict
def end_connection(context: CommandContext, who: Person, connection_id: int) -> int:
    """Never by the person themselves. Who declared it, who ended it and when stay on the record. Return the id of the person."""
    if not context.permissions.allow_role("end_connection", who):
        raise PermissionDenied("Only the QA Service or the HoS for Practice, Performance and QA can end a connection.")
    with changing(context) as writing:
        connection = writing.connection(connection_id)
        if connection is None:
            raise NotFound
        if connection.person_id == who.id:
            raise PermissionDenied("You can’t end your own connection. Ask somebody else in the QA Service.")
        writing.end_connection(connection_id, who.id)
        return connection.person_id


def _child(typed: object) -> str:
    try:
        child = clean(typed, MOST, one_line=True)
    except ValueError as error:
        raise BadInput.about("child_id", f"The child’s ID number: {error}") from error
    if not child:
        raise BadInput.about("child_id", "Give the child’s ID number.")
    if is_no_id(child):
        raise BadInput.about("child_id", "This is not an ID number. Give the child’s ID from the case management system.")
    return child
