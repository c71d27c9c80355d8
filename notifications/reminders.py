"""When somebody is reminded, and who: the policy of notifications.toml’s clocks, in London days, without a database."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from notifications.recipients import QA_INBOX, Clocks
from workflow.calendar import add_working_days, london_day, next_working_day
from workflow.events import Notice
from workflow.people import Directory
from workflow.record import Audit, Escalation, Recipient


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
    before = (due_on - timedelta(days=clocks["action_due_soon_days"]), due_on)
    if today < due_on:
        return min(day for day in before if day > today)
    return min(day for day in (*_ladder(due_on, clocks), _week_after(today, due_on, clocks)) if day > today)


def _event(action: Due, today: date, clocks: Clocks) -> str | None:
    if today < action.due_on:
        soon = action.due_on - timedelta(days=clocks["action_due_soon_days"])
        return "action_due_soon" if action.since <= soon <= today else None
    if today == action.due_on:
        return "action_due_today"
    is_time = _a_week_ends(action, today, clocks) or any(action.since <= day <= today for day in _ladder(action.due_on, clocks))
    return "action_overdue" if is_time else None


def _late(action: Due, today: date, clocks: Clocks, directory: Directory) -> Iterator[int | None]:
    if _a_week_ends(action, today, clocks):
        yield from (action.owner_id, action.team_manager_id)
    to_service_manager, to_head_of_service = _ladder(action.due_on, clocks)
    if action.since <= to_service_manager <= today:
        yield action.service_manager_id
    if action.since <= to_head_of_service <= today:
        holder = directory.holder("head_of_service", action.team)
        yield holder.person.id if holder else None


def _a_week_ends(action: Due, today: date, clocks: Clocks) -> bool:
    """Whether a weekly reminder falls between the day the action was last looked at and today."""
    return _week_after(action.since - timedelta(days=1), action.due_on, clocks) <= today


def _week_after(day: date, due_on: date, clocks: Clocks) -> date:
    """The first weekly reminder after `day`: the next working day after it was due, and every seventh from then on, for ever."""
    first, every = next_working_day(due_on), clocks["action_overdue_every_days"]
    return first if day < first else first + timedelta(days=((day - first).days // every + 1) * every)


def _ladder(due_on: date, clocks: Clocks) -> tuple[date, date]:
    names = ("action_overdue_service_manager_working_days", "action_overdue_head_of_service_working_days")
    first, second = (add_working_days(due_on, clocks[name]) for name in names)
    return first, second


def chases(audit: Audit, today: date, clocks: Clocks, directory: Directory) -> Iterator[Notice]:
    """Daily, to each who has not acknowledged in time; once, to the next person up and the QA inbox."""
    escalation = audit.escalation
    if escalation is None or escalation.state != "open":
        return
    directory, late_from = directory.about(audit.header.child_id), _chased_from(escalation, clocks)
    is_passed_up = today > add_working_days(london_day(escalation.opened_at), clocks["escalation_passed_up_working_days"])
    for recipient in escalation.recipients if today >= late_from else ():
        if recipient.acknowledged_at is None:
            every = clocks["escalation_chased_every_days"]
            yield from _chase(audit, recipient, today - timedelta(days=(today - late_from).days % every), directory)
            yield from _pass_up(audit, recipient, directory) if is_passed_up else ()


def chase_again_on(audit: Audit, today: date, clocks: Clocks) -> date | None:
    """Each day from the first, whatever the clocks say: posts change hands meanwhile, and a chase must reach who holds one then."""
    if audit.escalation is None or audit.escalation.state != "open":
        return None
    return max(_chased_from(audit.escalation, clocks), today + timedelta(days=1))


def _chased_from(escalation: Escalation, clocks: Clocks) -> date:
    by = add_working_days(london_day(escalation.opened_at), clocks["escalation_acknowledged_working_days"])
    return by + timedelta(days=1)


def _chase(audit: Audit, recipient: Recipient, day: date, directory: Directory) -> Iterator[Notice]:
    holder = directory.holder(recipient.post, audit.header.team)
    key = f"chase/{audit.reference}/{_number(audit)}/{recipient.post}/{day}"
    yield Notice(key, "escalation_not_acknowledged", holder.person.id if holder else QA_INBOX, audit.reference)


def _pass_up(audit: Audit, recipient: Recipient, directory: Directory) -> Iterator[Notice]:
    key = f"passed_up/{audit.reference}/{_number(audit)}/{recipient.post}"
    ups = (directory.holder(post, audit.header.team) for post in directory.next_up.get(recipient.post, ())[:1])
    for person_id in dict.fromkeys([*(up.person.id for up in ups if up), QA_INBOX]):
        yield Notice(key, "escalation_passed_up", person_id, audit.reference)


def _number(audit: Audit) -> int:
    return audit.escalation.number if audit.escalation else 0
