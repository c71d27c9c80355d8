"""The notices that sweeps have sent, read from the outbox; and a calendar of England written by hand, to check the policy."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update

from tests.factories import World
from web.council import Council
from workflow.events import QA_INBOX
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction
from workflow.working_days import LONDON

# As GOV.UK publishes them, and for the years to come as the rules of 1971 make them.
BANK_HOLIDAYS = frozenset(
    date.fromisoformat(f"{year}-{day}")
    for year, days in {
        2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26", 2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
        2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28", 2028: "01-03 04-14 04-17 05-01 05-29 08-28 12-25 12-26",
        2029: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26", 2030: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
        2031: "01-01 04-11 04-14 05-05 05-26 08-25 12-25 12-26", 2032: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
        2033: "01-03 04-15 04-18 05-02 05-30 08-29 12-26 12-27", 2034: "01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26",
        2035: "01-01 03-23 03-26 05-07 05-28 08-27 12-25 12-26",
    }.items()
    for day in days.split()
)  # fmt: skip
WEEK, DAY = timedelta(days=7), timedelta(days=1)


class SentNotice(NamedTuple):
    day: date
    event: str
    who: str
    reference: str
    action: int | None


def sent_notices(council: Council, *events: str) -> list[SentNotice]:
    """By London day, in the order they were sent; the QA inbox is “QA inbox”. All events, unless one is named."""
    names = {person.id: person.email.partition("@")[0] for person in council.store.directory().people.values()} | {QA_INBOX: "QA inbox"}
    wanted = select(tables.outbox).order_by(tables.outbox.c.id)
    with read_transaction(council.engine) as connection:
        rows: list[Any] = list(connection.execute(wanted.where(tables.outbox.c.event.in_(events)) if events else wanted))
    return [
        SentNotice(row.created_at.astimezone(LONDON).date(), row.event, names[row.recipient], row.reference, row.action) for row in rows
    ]


def days(council: Council, event: str, who: str) -> list[date]:
    return [one.day for one in sent_notices(council, event) if one.who == who]


def in_london(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), LONDON).astimezone(UTC)


def from_to(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def is_working(day: date) -> bool:
    return day.isoweekday() <= 5 and day not in BANK_HOLIDAYS


def last_working_day(day: date) -> date:
    return next(day - timedelta(days=n) for n in range(30) if is_working(day - timedelta(days=n)))


def after_working_days(day: date, count: int) -> date:
    working = (day + timedelta(days=n) for n in range(1, 400) if is_working(day + timedelta(days=n)))
    return [next(working) for _ in range(count)][-1]


def leaves(world: World, name: str) -> None:
    set_active(world, name, is_active=False)


def set_active(world: World, name: str, *, is_active: bool) -> None:
    with write_transaction(world.store.engine) as connection:
        connection.execute(update(tables.people).where(tables.people.c.email == f"{name}@demo.example").values(is_active=is_active))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
