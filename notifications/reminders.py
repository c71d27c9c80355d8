"""When somebody is reminded, and who: the policy of notifications.toml’s clocks, in London days, without a database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from notifications.recipients import QA_INBOX, Clocks
from workflow.calendar import add_working_days, london_day, next_working_day
from workflow.events import Notice
from workflow.people import Directory
from workflow.record import Audit, Recipient

LATER = 60
"""How many weekly reminders ahead are looked at: over a year."""


@dataclass(frozen=True, slots=True)
class Due:
    """An action to look at, and who hears of it."""

    reference: str
    number: int
    due_on: date
    since: date
    owner_id: int
    team: str | None
    team_manager_id: int | None
    service_manager_id: int | None
    child_id: str | None = None


def reminders(action: Due, today: date, clocks: Clocks, directory: Directory) -> tuple[Notice, ...]:
    """What the policy says of the days since the action was last looked at, gathered into one reminder a person."""
    event, about = _event(action, today, clocks), directory.about(action.child_id)
    if event is None:
        return ()
    told: Iterable[int | None] = _late(action, today, clocks, about) if event == "action_overdue" else (action.owner_id,)
    key = f"reminder/{action.reference}/{action.number}/{event}/{today}"
    people = dict.fromkeys(person for person in told if person is not None and person not in about.set_aside)
    return tuple(Notice(key, event, person, action.reference, action.number, action.due_on) for person in people)


def look_again_on(due_on: date, today: date, clocks: Clocks) -> date:
    """The next day on which the policy says something."""
    days = (due_on - timedelta(days=clocks["action_due_soon_days"]), due_on, *_ladder(due_on, clocks), *_weekly(due_on, clocks))
    return min((day for day in days if day > today), default=today + timedelta(days=clocks["action_overdue_every_days"]))


def _event(action: Due, today: date, clocks: Clocks) -> str | None:
    if any(action.since <= day <= today for day in (*_ladder(action.due_on, clocks), *_weekly(action.due_on, clocks))):
        return "action_overdue"
    if today == action.due_on:
        return "action_due_today"
    soon = action.due_on - timedelta(days=clocks["action_due_soon_days"])
    return "action_due_soon" if action.since <= soon <= today < action.due_on else None


def _late(action: Due, today: date, clocks: Clocks, directory: Directory) -> Iterator[int | None]:
    if any(action.since <= day <= today for day in _weekly(action.due_on, clocks)):
        yield from (action.owner_id, action.team_manager_id)
    to_service_manager, to_head_of_service = _ladder(action.due_on, clocks)
    if action.since <= to_service_manager <= today:
        yield action.service_manager_id
    if action.since <= to_head_of_service <= today:
        holder = directory.holder("head_of_service", action.team)
        yield holder.person.id if holder else None


def _weekly(due_on: date, clocks: Clocks) -> Iterator[date]:
    first = next_working_day(due_on)
    return (first + timedelta(days=clocks["action_overdue_every_days"] * n) for n in range(LATER))


def _ladder(due_on: date, clocks: Clocks) -> tuple[date, date]:
    names = ("action_overdue_service_manager_working_days", "action_overdue_head_of_service_working_days")
    first, second = (add_working_days(due_on, clocks[name]) for name in names)
    return first, second


def chases(audit: Audit, today: date, clocks: Clocks, directory: Directory) -> Iterator[Notice]:
    """Daily, to each who has not acknowledged in time; once, to the next person up and the QA inbox."""
    escalation = audit.escalation
    if escalation is None or escalation.state != "open":
        return
    opened_on, directory = london_day(escalation.opened_at), directory.about(audit.header.child_id)
    is_late = today > add_working_days(opened_on, clocks["escalation_acknowledged_working_days"])
    is_passed_up = today > add_working_days(opened_on, clocks["escalation_passed_up_working_days"])
    for recipient in escalation.recipients if is_late else ():
        if recipient.acknowledged_at is None:
            yield from _chase(audit, recipient, today, directory)
            yield from _pass_up(audit, recipient, directory) if is_passed_up else ()


def _chase(audit: Audit, recipient: Recipient, today: date, directory: Directory) -> Iterator[Notice]:
    holder = directory.holder(recipient.post, audit.header.team)
    key = f"chase/{audit.reference}/{_number(audit)}/{recipient.post}/{today}"
    yield Notice(key, "escalation_not_acknowledged", holder.person.id if holder else QA_INBOX, audit.reference)


def _pass_up(audit: Audit, recipient: Recipient, directory: Directory) -> Iterator[Notice]:
    key = f"passed_up/{audit.reference}/{_number(audit)}/{recipient.post}"
    ups = (directory.holder(post, audit.header.team) for post in directory.next_up.get(recipient.post, ())[:1])
    for person_id in dict.fromkeys([*(up.person.id for up in ups if up), QA_INBOX]):
        yield Notice(key, "escalation_passed_up", person_id, audit.reference)


def _number(audit: Audit) -> int:
    return audit.escalation.number if audit.escalation else 0
