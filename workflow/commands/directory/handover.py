"""Duties that somebody can no longer carry out: the QA Service is notified of each one (rules, invariant 13)."""

from workflow.commands.context import CommandContext
from workflow.directory import Directory, Person
from workflow.errors import BadInput
from workflow.events import QA_INBOX, Notice
from workflow.role_assignments import OpenDuty


def handover_notices(context: CommandContext, person_id: int, holdings: tuple[OpenDuty, ...]) -> list[Notice]:
    """One notice to the QA inbox for each duty; another one where it happens again."""
    key = f"pass_on/{person_id}/{context.directory.version}"
    return [
        Notice(f"{key}/{one.reference}/{one.role}/{one.action or ''}", "duty_must_pass_on", QA_INBOX, one.reference, one.action)
        for one in holdings
    ]


def escalation_reassignment_notices(
    context: CommandContext, before: Directory, after: Directory, references: tuple[str, ...]
) -> list[Notice]:
    """Notices of an unacknowledged escalation to the people who answer for its posts from now on."""
    notices = {}
    for audit in filter(None, (context.store.audit(reference) for reference in references)):
        for recipient in audit.escalation.recipients if audit.escalation else ():
            was, now = (one.holder(recipient.post, audit.header.team) for one in (before, after))
            if recipient.acknowledged_at is None and now and (was is None or was.person.id != now.person.id):
                key = f"fallen/{audit.reference}/{recipient.post}/{context.directory.version}"
                notices[audit.reference, now.person.id] = Notice(key, "escalation_opened", now.person.id, audit.reference)
    return list(notices.values())


def ensure_may_be_given(directory: Directory, person: Person, child_id: object, field: str, section: str = "") -> None:
    """Raise BadInput where the person is connected to the child. The sentence does not say why: connections are private."""
    if isinstance(child_id, str) and directory.is_connected(person.id, child_id):
        raise BadInput.about(field, "This can’t be given to this person: choose somebody else.", section)
