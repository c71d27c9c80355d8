"""The morning digest: all reminders of one person in one email, the earliest due date first, each with a link."""

from datetime import date
from email.message import EmailMessage
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

from config.settings import Settings
from notifications.delivery.messages import envelope, format_date, link, name_of, set_text
from notifications.outbox import EmailRows
from notifications.recipients import NotificationRules
from workflow.directory import Person

TEMPLATE = Template((Path(__file__).parent / "templates" / "digest.txt").read_text(encoding="utf-8"))
SUBJECT = "Your reminders from Practice Audit"


def build(rows: EmailRows, ident: str, person: Person | None, rules: NotificationRules, settings: Settings) -> EmailMessage:
    """`person` is None for the QA inbox. The same outbox rows always give the same bytes."""
    message = envelope(person, SUBJECT, ident, max(row.send_from for row in rows), settings)
    things = _once_each(rows)
    to_do = "You have 1 thing to do." if len(things) == 1 else f"You have {len(things)} things to do."
    set_text(message, TEMPLATE.substitute(name=name_of(person), to_do=to_do, things=_things(things, rules, settings)))
    return message


def _once_each(rows: EmailRows) -> EmailRows:
    """The latest reminder of each action, and of each deadline of an audit: it says what the earlier ones do, and more."""
    return tuple({(row.reference, row.event if row.action is None else row.action): row for row in sorted(rows, key=_found)}.values())


def _things(rows: EmailRows, rules: NotificationRules, settings: Settings) -> str:
    first = {row.event: _due(row) for row in sorted(rows, key=_due, reverse=True)}
    ordered = sorted(rows, key=lambda row: (first[row.event], row.event, _due(row), row.id))
    return "".join(_group(rules.events[event], list(same), settings) for event, same in groupby(ordered, key=lambda row: row.event))


def _group(event: Any, rows: list[Any], settings: Settings) -> str:
    lines = "".join(f"- Audit {row.reference}{_by(row)}:\n  {link(row, event, settings)}\n" for row in rows)
    return f"{event['does']}\n{lines}\n"


def _by(row: Any) -> str:
    action = f", action {row.action}" if row.action is not None else ""
    return f"{action}, due {format_date(row.due_on)}" if row.due_on else action


def _found(row: Any) -> int:
    return int(row.id)


def _due(row: Any) -> date:
    return row.due_on or date.max
