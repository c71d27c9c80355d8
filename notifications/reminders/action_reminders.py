"""When somebody is reminded, and who: the policy of notifications.toml’s clocks, in London days, without a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from notifications.policy import Deadlines
from workflow.directory import Directory
from workflow.events import QA_INBOX, Notice
from workflow.models import Audit, Escalation, Recipient
from workflow.working_days import add_working_days, london_day, next_working_day

HEAD_OF_SERVICE = "head_of_service"


@dataclass(frozen=True, slots=True)
class ActionToCheck:
    """An action to look at, and the people to remind."""

    reference: str
    number: int
    due_on: date
    since: date
    owner_id: int
    team: str | None
    team_manager_id: int | None
    service_manager_id: int | None
    child_id: str | None = None


def reminders(action: ActionToCheck, today: date, clocks: Deadlines, directory: Directory) -> tuple[Notice, ...]:
    """What the policy says of the days since the action was last looked at, gathered into one reminder a person.

    Each is keyed by the day that it was for: what was told late is not told again, even where the clock goes back.
    """
    about, told = directory.for_child(action.child_id), dict[int, Notice]()
    for event, day, relation in _due_reminders(action.due_on, action.since, today, clocks):
        person = _person_in(relation, action, about)
        if person is not None and person not in about.excluded and person not in told:
            key = f"reminder/{action.reference}/{action.number}/{event}/{day}"
            told[person] = Notice(key, event, person, action.reference, action.number, action.due_on)
    return tuple(told.values())


def _person_in(relation: str, action: ActionToCheck, directory: Directory) -> int | None:
    holder = directory.holder(relation, action.team) if relation == HEAD_OF_SERVICE else None
    found: int | None = holder.person.id if holder else getattr(action, relation, None)
    return found


# What is said depends on the days alone, and many actions share them: it is reckoned once for all of these.
@lru_cache(maxsize=10_000)
def next_check_on(due_on: date, today: date, clocks: Deadlines) -> date:
    """The next day on which the policy says something."""
    before = (due_on - timedelta(days=clocks["action_due_soon_days"]), due_on)
    if today < due_on:
        return min(day for day in before if day > today)
    return min(day for day in (*_ladder(due_on, clocks), _week_after(today, due_on, clocks)) if day > today)


@lru_cache(maxsize=10_000)
def _due_reminders(due_on: date, since: date, today: date, clocks: Deadlines) -> tuple[tuple[str, date, str], ...]:
    """An event, the day that it is for, and who it is for: of the days up to today that nobody has looked at yet."""
    soon = due_on - timedelta(days=clocks["action_due_soon_days"])
    if today == due_on:
        return (("action_due_today", today, "owner_id"),)
    if since <= soon <= today < due_on:
        return (("action_due_soon", soon, "owner_id"),)
    late = _late(due_on, today, clocks) if today > due_on else ()
    return tuple(("action_overdue", day, relation) for day, relation in late if since <= day <= today)


def _late(due_on: date, today: date, clocks: Deadlines) -> Iterator[tuple[date, str]]:
    """The last weekly reminder, to the owner and the Team Manager; and each step of the ladder."""
    week = _week_after(today, due_on, clocks) - timedelta(days=clocks["action_overdue_every_days"])
    if week > due_on:
        yield from ((week, relation) for relation in ("owner_id", "team_manager_id"))
    yield from zip(_ladder(due_on, clocks), ("service_manager_id", HEAD_OF_SERVICE), strict=True)


def _week_after(day: date, due_on: date, clocks: Deadlines) -> date:
    """The first weekly reminder after `day`: the next working day after it was due, and every seventh from then on, for ever."""
    first, every = next_working_day(due_on), clocks["action_overdue_every_days"]
    return first if day < first else first + timedelta(days=((day - first).days // every + 1) * every)


def _ladder(due_on: date, clocks: Deadlines) -> tuple[date, date]:
    names = ("action_overdue_service_manager_working_days", "action_overdue_head_of_service_working_days")
    first, second = (add_working_days(due_on, clocks[name]) for name in names)
    return first, second


def chases(audit: Audit, today: date, clocks: Deadlines, directory: Directory) -> Iterator[Notice]:
    """Daily, to each who has not acknowledged in time; once, to the next person up and the QA inbox. A person who answers for two posts is reminded once."""
    escalation = audit.escalation
    if escalation is None or escalation.state != "open":
        return
    directory, late_from = directory.for_child(audit.header.child_id), _chased_from(escalation, clocks)
    is_passed_up = today > add_working_days(london_day(escalation.opened_at), clocks["escalation_passed_up_working_days"])
    for recipient in escalation.recipients if today >= late_from else ():
        if recipient.acknowledged_at is None:
            every = clocks["escalation_chased_every_days"]
            yield from _chase(audit, recipient, today - timedelta(days=(today - late_from).days % every), directory)
            yield from _pass_up(audit, recipient, directory) if is_passed_up else ()


def next_chase_on(audit: Audit, today: date, clocks: Deadlines) -> date | None:
    """Each day from the first, whatever the clocks say: posts change hands meanwhile, and a chase must reach who holds one then."""
    if audit.escalation is None or audit.escalation.state != "open":
        return None
    return max(_chased_from(audit.escalation, clocks), today + timedelta(days=1))


def _chased_from(escalation: Escalation, clocks: Deadlines) -> date:
    by = add_working_days(london_day(escalation.opened_at), clocks["escalation_acknowledged_working_days"])
    return by + timedelta(days=1)


def _chase(audit: Audit, recipient: Recipient, day: date, directory: Directory) -> Iterator[Notice]:
    holder = directory.holder(recipient.post, audit.header.team)
    key = f"chase/{audit.reference}/{_number(audit)}/{day}"
    yield Notice(key, "escalation_not_acknowledged", holder.person.id if holder else QA_INBOX, audit.reference)


def _pass_up(audit: Audit, recipient: Recipient, directory: Directory) -> Iterator[Notice]:
    key = f"passed_up/{audit.reference}/{_number(audit)}"
    ups = (directory.holder(post, audit.header.team) for post in directory.next_up.get(recipient.post, ())[:1])
    for person_id in dict.fromkeys([*(up.person.id for up in ups if up), QA_INBOX]):
        yield Notice(key, "escalation_passed_up", person_id, audit.reference)


def _number(audit: Audit) -> int:
    return audit.escalation.number if audit.escalation else 0
