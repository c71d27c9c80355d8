"""Duties that somebody can no longer carry out: the QA Service is notified of each one, and so is the next in line (rules, invariants 13 and 14)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from workflow.commands.context import CommandContext
from workflow.directory import Directory, Duty, Person
from workflow.duty_holders import OWNER, holder_of
from workflow.errors import BadInput
from workflow.events import QA_INBOX, Notice
from workflow.ports import DirectoryWriter
from workflow.role_assignments import OpenDuty
from workflow.roles import CONTENT_FREE


def handover_notices(context: CommandContext, person_id: int, holdings: tuple[OpenDuty, ...]) -> list[Notice]:
    """For each duty one notice to the QA inbox, and for each audit one to the people it falls to until then; again where it happens again."""
    key = f"pass_on/{person_id}/{context.directory.version}"
    to_qa = [
        Notice(f"{key}/{one.reference}/{one.role}/{one.action or ''}", "duty_must_pass_on", QA_INBOX, one.reference, one.action)
        for one in holdings
    ]
    return [*to_qa, *_notices_to_next_in_line(context, key, person_id, holdings)]


def _notices_to_next_in_line(context: CommandContext, key: str, person_id: int, holdings: Iterable[OpenDuty]) -> Iterator[Notice]:
    if not holdings:
        return
    others = {other: person for other, person in context.directory.people.items() if other != person_id}
    directory = replace(context.directory, people=others)
    for reference, duties in groupby(sorted(holdings, key=lambda one: one.reference), key=lambda one: one.reference):
        audit = context.store.audit(reference)
        holders = [holder_of(one.role, audit, directory, one.action) for one in duties] if audit else []
        # The QA Service reads the QA inbox.
        fallen = {person.id for holder in holders if holder.fell_to and holder.fell_to != "qa" for person in holder.answers}
        yield from (Notice(f"{key}/{reference}/falls", "duty_fell", person, reference) for person in sorted(fallen))


def give(context: CommandContext, writing: DirectoryWriter, person_id: int, duty: Duty) -> None:
    """Give a role. Who comes to administer or govern owns no action any more: theirs pass on (rules, section 2)."""
    writing.give((person_id, duty))
    if duty.role in CONTENT_FREE:
        writing.notify(handover_notices(context, person_id, tuple(one for one in writing.holdings(person_id) if one.role == OWNER)))


def ensure_may_be_given(directory: Directory, person: Person, child_id: object, field: str, section: str = "") -> None:
    """Raise BadInput where the person is connected to the child. The sentence does not say why: connections are private."""
    if isinstance(child_id, str) and directory.is_connected(person.id, child_id):
        raise BadInput.about(field, "This can’t be given to this person: choose somebody else.", section)
