"""A person's due dates as iCalendar: the tasks of My work that have a date, by audit reference only."""

import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from web.request.context import command_context, current_council
from web.worklist.queries import fetch_actions_waiting, fetch_audits_waiting
from web.worklist.tasks import Task, list_action_tasks, list_audit_tasks
from workflow.directory import Person
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

LONDON_TIME = "\r\n".join((
    "BEGIN:VTIMEZONE", "TZID:Europe/London",
    "BEGIN:DAYLIGHT", "DTSTART:19810329T010000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZNAME:BST", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0100", "END:DAYLIGHT",
    "BEGIN:STANDARD", "DTSTART:19961027T020000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZNAME:GMT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0000", "END:STANDARD",
    "END:VTIMEZONE",
))  # fmt: skip


def list_due_tasks(person: Person) -> list[Task]:
    """Return their dated tasks under the rights they have now, so that lost access shows at the next fetch."""
    context, council = command_context(), current_council()
    reader = VisibilityFilter(person, context.directory, context.permissions)
    with read_transaction(council.engine) as connection:
        audits, actions = fetch_audits_waiting(connection, reader), fetch_actions_waiting(connection, reader)
    tasks = [
        *list_audit_tasks(audits, person, context.directory, council.notification_policy.clocks),
        *list_action_tasks(actions, person, context.directory),
    ]
    return sorted((task for task in tasks if task.due_on), key=lambda task: (str(task.due_on), task.reference, task.title))


def write_icalendar(person: Person, tasks: Iterable[Task], made_at: datetime) -> bytes:
    """Return the same bytes for the same tasks, so that a client can skip an unchanged calendar."""
    # Imported here because few requests are for a calendar.
    from icalendar import Calendar, Event, Timezone

    settings = current_council().settings
    calendar = Calendar()
    for name, value in (("prodid", "-//Practice Audit//EN"), ("version", "2.0"), ("method", "PUBLISH"), ("x-wr-calname", "Practice Audit")):
        calendar.add(name, value)
    # A calendar with nothing in it is not valid (RFC 5545, 3.6).
    calendar.add_component(Timezone.from_ical(LONDON_TIME))
    for task in tasks:
        assert task.due_on is not None, "only what is due is listed"
        event, key = Event(), f"{person.id}/{task.href}/{task.title}".encode()
        event.add("uid", f"{hmac.digest(settings.key_for('calendar'), key, 'sha256').hex()[:32]}@practice-audit")
        event.add("dtstamp", made_at.replace(microsecond=0))
        event.add("sequence", task.revision)
        event.add("dtstart", task.due_on)
        event.add("dtend", task.due_on + timedelta(days=1))
        event.add("summary", f"{task.title}: audit {task.reference}")
        event.add("url", f"{settings.base_url}{task.href}")
        event.add("class", "PRIVATE")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
