"""Guards of the escalation’s own moves."""

from collections.abc import Iterator

from workflow.blindness import directory_about
from workflow.errors import Missing
from workflow.guards.audits import posts_are_filled
from workflow.guards.context import Guard, GuardContext
from workflow.models import Recipient
from workflow.permissions import answers_for


def audit_was_shared(s: GuardContext) -> Iterator[Missing]:
    if not s.audit.was_shared:
        yield Missing("escalation", "state", "The audit has not been shared yet.")


def audit_is_not_withdrawn(s: GuardContext) -> Iterator[Missing]:
    if s.audit.is_withdrawn:
        yield Missing("escalation", "state", "The audit has been withdrawn: an escalation of it can’t be raised.")


def raised_escalation_can_be_reached(s: GuardContext) -> Iterator[Missing]:
    yield from posts_are_filled(s)


def not_yet_acknowledged(s: GuardContext) -> Iterator[Missing]:
    if all(recipient.acknowledged_at for recipient in _own(s)):
        yield Missing("escalation", "state", "You have already acknowledged it.")


def every_recipient_has_acknowledged(s: GuardContext) -> Iterator[Missing]:
    for recipient in s.audit.escalation.recipients if s.audit.escalation else ():
        if recipient.acknowledged_at is None:
            yield Missing("escalation", "state", f"The {s.titles[recipient.post]} has not acknowledged it yet.")


def plan_is_given(s: GuardContext) -> Iterator[Missing]:
    if not s.given.plan:
        yield Missing("escalation", "plan", "Write the response plan.")


def plan_is_recorded(s: GuardContext) -> Iterator[Missing]:
    if s.audit.escalation is None or not s.audit.escalation.plan:
        yield Missing("escalation", "plan", "The Head of Service’s response plan is not recorded yet.")


def _own(s: GuardContext) -> list[Recipient]:
    recipients = s.audit.escalation.recipients if s.audit.escalation else ()
    directory = directory_about(s.audit, s.directory)
    return [recipient for recipient in recipients if answers_for(s.who, recipient.post, s.audit.header.team, directory)]


GUARDS: tuple[Guard, ...] = (
    audit_was_shared, audit_is_not_withdrawn, raised_escalation_can_be_reached, not_yet_acknowledged,
    every_recipient_has_acknowledged, plan_is_given, plan_is_recorded,
)  # fmt: skip
