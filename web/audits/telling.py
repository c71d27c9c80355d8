"""Who will be told by a move, by name, before it is made."""

from notifications.recipients import WhoHears
from workflow import audit as an_audit
from workflow import escalation
from workflow.commands.desk import Desk
from workflow.definition import Move
from workflow.events import Event
from workflow.record import INADEQUATE, Audit


def who_will_be_told(desk: Desk, hears: WhoHears, audit: Audit, move: Move) -> dict[str, list[str]]:
    """Event -> names. Only for sharing: there a name left out, or too many, could still be put right."""
    if move.name != "share":
        return {}
    shared = an_audit.shared(audit, desk.form_of(audit).overall.key, desk.now, desk.today)
    told = {"audit_shared": _names(desk, hears, shared, "audit_shared")}
    if shared.overall_grade == INADEQUATE:
        directory = desk.directory.about(shared.header.child_id)
        recipients = escalation.recipients_of(desk.rules.escalation_recipients, shared.header.team, directory)
        told["escalation_opened"] = [desk.directory.people[recipient.person_id].name for recipient in recipients]
    return told


def _names(desk: Desk, hears: WhoHears, audit: Audit, event: str) -> list[str]:
    notices = hears.notices(Event(event, audit.reference, 0), audit, desk.directory)
    people = (desk.directory.person(notice.person_id) for notice in notices)
    return [person.name if person else "the QA inbox" for person in people]
