"""Duties that somebody can no longer carry out: the QA Service is notified of each one (rules, invariant 13)."""

from workflow.commands.context import CommandContext
from workflow.directory import Directory, Duty, Person
from workflow.duty_holders import OWNER
from workflow.errors import BadInput
from workflow.events import QA_INBOX, Notice
from workflow.ports import DirectoryWriter
from workflow.role_assignments import OpenDuty
from workflow.roles import CONTENT_FREE


def handover_notices(context: CommandContext, person_id: int, holdings: tuple[OpenDuty, ...]) -> list[Notice]:
    """One notice to the QA inbox for each duty; another one where it happens again."""
    key = f"pass_on/{person_id}/{context.directory.version}"
    return [
        Notice(f"{key}/{one.reference}/{one.role}/{one.action or ''}", "duty_must_pass_on", QA_INBOX, one.reference, one.action)
        for one in holdings
    ]


def give(context: CommandContext, writing: DirectoryWriter, person_id: int, duty: Duty) -> None:
    """Give a role. Who comes to administer or govern owns no action any more: theirs pass on (rules, section 2)."""
    writing.give((person_id, duty))
    if duty.role in CONTENT_FREE:
        writing.notify(handover_notices(context, person_id, tuple(one for one in writing.holdings(person_id) if one.role == OWNER)))


def ensure_may_be_given(directory: Directory, person: Person, child_id: object, field: str, section: str = "") -> None:
    """Raise BadInput where the person is connected to the child. The sentence does not say why: connections are private."""
    if isinstance(child_id, str) and directory.is_connected(person.id, child_id):
        raise BadInput.about(field, "This can’t be given to this person: choose somebody else.", section)
