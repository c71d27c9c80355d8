"""What one person asks for and another must agree to: a role that opens audits, and a new email address."""

from workflow.commands.context import CommandContext
from workflow.directory import Person, Request
from workflow.events import QA_INBOX, Notice
from workflow.ports import DirectoryWriter

WAITS, GIVEN = "waits", "given"


def may_answer(context: CommandContext, who: Person, request: Request) -> bool:
    """By the first right whose post is held by somebody independent (rules, section 5)."""
    return who.id in _who_may_answer(context, request)


def ask_a_second_person(context: CommandContext, writing: DirectoryWriter, request: Request) -> None:
    """Store the request and notify the people who may answer it, or the QA inbox where nobody may."""
    writing.ask(request)
    what, event = ("email", "address_change_asked_for") if request.new_email else (request.duty.role, "privileged_role_asked_for")
    key = f"asked_for/{request.person_id}/{what}/{context.directory.version}"
    recipients = _who_may_answer(context, request) or (QA_INBOX,)
    writing.notify([Notice(key, event, person_id, "") for person_id in recipients])


def _who_may_answer(context: CommandContext, request: Request) -> tuple[int, ...]:
    people = [person for person in context.directory.people.values() if person.is_active and person.id not in request.concerned]
    rights = ("approve_privileged", "approve_privileged_where_vacant")
    every = (tuple(person.id for person in people if context.permissions.allow_role(right, person)) for right in rights)
    return next(filter(None, every), ())
