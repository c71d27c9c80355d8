"""Reading in an emergency: one asks, another lets them in, for minutes and a reason, and everybody who must know is told at once.

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
REFERENCE = re.compile(r"[0-9a-z]{4}-[0-9a-z]{4}")


@retry_on_conflict
def ask_to_read_in_emergency(context: CommandContext, who: Person, reference: object, reason: object) -> None:
    """Raises BadInput, PermissionDenied; the same for an audit that is there and for one that is not."""
    if not may_ask(context, who):
        raise PermissionDenied("Reading in an emergency is for those who work with cases.")
    both = ErrorCollector()
    with both:
        said = _said(read_text("reason", reason, MOST), "reason", "Say why you must read it now.")
    with both:
        named = _reference(reference)
    both.refuse()
    key = f"emergency/{who.id}/{context.now.isoformat()}"
    told = [person.id for person in context.directory.people.values() if may_answer(context.directory, person, who)]
    notices = [Notice(key, "emergency_asked", person_id, named) for person_id in told or [QA_INBOX]]
    context.store.ask(EmergencyAccessRequest(named, who.id, context.now, said), notices)


@retry_on_conflict
def let_in(context: CommandContext, who: Person, emergency_id: int) -> EmergencyAccessRequest:
    """From now on they read what was shared, until it ends by itself. Raises NotFound, PermissionDenied, InvalidTransition."""
    asked, asker = _to_answer(context, who, emergency_id)
    audit = context.store.audit(asked.reference)
    if audit is None or not _can_be_let_in(context, asker, audit) or context.directory.is_connected(who.id, audit.header.child_id):
        raise PermissionDenied("Nobody can be let in by this request.")
    answered = replace(
        asked, answered_by=who.id, answered_at=context.now, ends_at=context.notification_policy.emergency_ends_at(context.now)
    )
    happened = Event("read_in_emergency", audit.reference, emergency_id)
    alerts = context.notification_policy.notices(happened, audit, context.directory)
    context.store.answer(answered, [*alerts, _to_asker(answered)], context.directory.version)
    return answered


@retry_on_conflict
def refuse(context: CommandContext, who: Person, emergency_id: int) -> EmergencyAccessRequest:
    asked, _ = _to_answer(context, who, emergency_id)
    answered = replace(asked, answered_by=who.id, answered_at=context.now)
    context.store.answer(answered, [_to_asker(answered)], context.directory.version)
    return answered


def may_ask(context: CommandContext, who: Person) -> bool:
    """Never who administers or governs, whatever else they hold."""
    return who.is_active and context.permissions.allow_role("ask_in_emergency", who) and not who.roles & CONTENT_FREE


def may_answer(directory: Directory, who: Person, asker: Person) -> bool:
    """The HoS for Practice, Performance and QA; a director where that is who asks. Nobody answers themselves."""
    if not who.is_active or who.id == asker.id or who.roles & CONTENT_FREE:
        return False
    return "director" in who.roles if answers_for(asker, "hos_ppqa", None, directory) else answers_for(who, "hos_ppqa", None, directory)


def _to_answer(context: CommandContext, who: Person, emergency_id: int) -> tuple[EmergencyAccessRequest, Person]:
    """Raises NotFound alike for a request that is not there and for one that is not theirs to know of."""
    asked = context.store.emergency(emergency_id)
    asker = context.directory.person(asked.asked_by) if asked else None
    if asked is None or asker is None:
        raise NotFound
    if asker.id == who.id:
        raise PermissionDenied("Nobody lets themselves in: somebody else answers this.")
    if not may_answer(context.directory, who, asker):
        raise NotFound
    if asked.answered_at is not None:
        raise InvalidTransition("This request is answered already.")
    return asked, asker


def _can_be_let_in(context: CommandContext, asker: Person, audit: Audit) -> bool:
    is_there = audit.was_shared and audit.state != "withdrawn"
    return is_there and may_ask(context, asker) and not context.directory.is_connected(asker.id, audit.header.child_id)


def _to_asker(answered: EmergencyAccessRequest) -> Notice:
    return Notice(f"emergency/{answered.id}/answered", "emergency_answered", answered.asked_by, answered.reference)


def _reference(typed: object) -> str:
    named = read_text("reference", typed, 20).lower()
    if not REFERENCE.fullmatch(named):
        raise BadInput.about("reference", "Give the audit’s reference, like k7f3-2qxy.")
    return named


def _said(text: str, field: str, otherwise: str) -> str:
    if not text:
        raise BadInput.about(field, otherwise)
    return text
