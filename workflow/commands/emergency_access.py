"""Reading in an emergency: one person asks with a reason, another gives access for some minutes, and those who must know are notified at once.

What is asked for may be anything: nothing that is answered tells whether there is such an audit.
"""

import re
from dataclasses import replace

from workflow.commands.context import CommandContext, retry_on_conflict
from workflow.directory import Directory, Person
from workflow.errors import BadInput, ErrorCollector, InvalidTransition, NotFound, PermissionDenied
from workflow.events import QA_INBOX, Event, Notice
from workflow.models import Audit
from workflow.permissions import answers_for
from workflow.ports import EmergencyAccessRequest
from workflow.roles import CONTENT_FREE
from workflow.validation import read_text

MOST = 2_000
# So that nobody’s inventions hide somebody else’s request.
MOST_OPEN = 3
REFERENCE = re.compile(r"[0-9a-z]{4}-[0-9a-z]{4}")


@retry_on_conflict
def ask_to_read_in_emergency(context: CommandContext, who: Person, reference: object, reason: object) -> None:
    """Raises BadInput, PermissionDenied; the same whether or not the audit exists."""
    if not may_ask(context, who):
        raise PermissionDenied("Only people who work with cases can ask to read an audit in an emergency.")
    errors = ErrorCollector()
    with errors:
        why = _required(read_text("reason", reason, MOST), "reason", "Say why you must read it now.")
    with errors:
        named = _reference(reference)
    errors.refuse()
    key = f"emergency/{who.id}/{context.now.isoformat()}"
    recipients = [person.id for person in context.directory.people.values() if may_answer(context.directory, person, who)]
    notices = [Notice(key, "emergency_asked", person_id, named) for person_id in recipients or [QA_INBOX]]
    if not context.store.ask(EmergencyAccessRequest(named, who.id, context.now, why), notices, MOST_OPEN):
        raise BadInput.about(
            "reference", f"You have {MOST_OPEN} requests that nobody has answered yet. Wait for an answer before you ask again."
        )


@retry_on_conflict
def let_in(context: CommandContext, who: Person, emergency_id: int) -> EmergencyAccessRequest:
    """Give access to what was shared, until it ends. Raises NotFound, PermissionDenied, InvalidTransition."""
    asked, requester = _to_answer(context, who, emergency_id)
    audit = context.store.audit(asked.reference)
    if audit is None or not _can_be_let_in(context, requester, audit) or context.directory.is_connected(who.id, audit.header.child_id):
        raise PermissionDenied("Access can’t be given for this request.")
    answered = replace(
        asked, answered_by=who.id, answered_at=context.now, ends_at=context.notification_policy.emergency_ends_at(context.now)
    )
    happened = Event("read_in_emergency", audit.reference, emergency_id)
    alerts = context.notification_policy.notices(happened, audit, context.directory)
    context.store.answer(answered, [*alerts, _to_requester(answered)], context.directory.version)
    return answered


@retry_on_conflict
def refuse(context: CommandContext, who: Person, emergency_id: int) -> EmergencyAccessRequest:
    asked, _ = _to_answer(context, who, emergency_id)
    answered = replace(asked, answered_by=who.id, answered_at=context.now)
    context.store.answer(answered, [_to_requester(answered)], context.directory.version)
    return answered


def may_ask(context: CommandContext, who: Person) -> bool:
    """Never somebody who administers or governs, even with other roles."""
    return who.is_active and context.permissions.allow_role("ask_in_emergency", who) and not who.roles & CONTENT_FREE


def may_answer(directory: Directory, who: Person, requester: Person) -> bool:
    """The HoS for Practice, Performance and QA; a director where that person asks. Nobody may answer a request of their own."""
    if not who.is_active or who.id == requester.id or who.roles & CONTENT_FREE:
        return False
    return "director" in who.roles if answers_for(requester, "hos_ppqa", None, directory) else answers_for(who, "hos_ppqa", None, directory)


def may_answer_any(directory: Directory, who: Person) -> bool:
    """Whether this person could answer anybody's request. For others, requests are not looked up."""
    return "director" in who.roles or directory.is_in_post(who, "hos_ppqa")


def _to_answer(context: CommandContext, who: Person, emergency_id: int) -> tuple[EmergencyAccessRequest, Person]:
    """Raise NotFound both for a request that does not exist and for one that this person may not know about."""
    asked = context.store.emergency(emergency_id)
    requester = context.directory.person(asked.asked_by) if asked else None
    if asked is None or requester is None:
        raise NotFound
    if requester.id == who.id:
        raise PermissionDenied("You can’t answer your own request: somebody else must answer it.")
    if not may_answer(context.directory, who, requester):
        raise NotFound
    if asked.answered_at is not None:
        raise InvalidTransition("This request has already been answered.")
    return asked, requester


def _can_be_let_in(context: CommandContext, requester: Person, audit: Audit) -> bool:
    is_there = audit.was_shared and audit.state != "withdrawn"
    return is_there and may_ask(context, requester) and not context.directory.is_connected(requester.id, audit.header.child_id)


def _to_requester(answered: EmergencyAccessRequest) -> Notice:
    return Notice(f"emergency/{answered.id}/answered", "emergency_answered", answered.asked_by, answered.reference)


def _reference(typed: object) -> str:
    named = read_text("reference", typed, 20, one_line=True).lower()
    if not REFERENCE.fullmatch(named):
        raise BadInput.about("reference", "Give the audit’s reference, like k7f3-2qxy.")
    return named


def _required(text: str, field: str, otherwise: str) -> str:
    if not text:
        raise BadInput.about(field, otherwise)
    return text
