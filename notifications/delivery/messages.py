"""The text of an email: what to do, a reference, a date and a link. Never case text."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from string import Template
from typing import Any

from config.settings import Settings
from notifications.delivery import acknowledgement_links
from notifications.delivery.encryption import decrypt
from notifications.recipients import NotificationRules
from workflow.directory import Person
from workflow.mailboxes import with_plain_domain
from workflow.working_days import LONDON, add_working_days, london_day

TEMPLATES = {
    name: Template((Path(__file__).parent / "templates" / f"{name}.txt").read_text(encoding="utf-8")) for name in ("notice", "account")
}


def message_id(keys: Sequence[str], recipient: int, settings: Settings) -> str:
    """The same for the same notices to the same person, whenever it is made; it reveals nothing."""
    hashed = hashlib.sha256("/".join((settings.secret_key, *keys, str(recipient))).encode()).hexdigest()[:32]
    return f"<{hashed}@{settings.mail_from.rpartition('@')[2]}>"


def build(row: Any, person: Person | None, rules: NotificationRules, settings: Settings) -> EmailMessage:
    """`row` is an outbox row; `person` is None for the QA inbox."""
    event = rules.events[row.event]
    message = envelope(person, _subject(row, event), message_id([row.key], row.recipient, settings), row.created_at, settings)
    if event.get("urgent"):
        message["Importance"] = "high"
    set_text(message, _body(row, person, rules, settings))
    return message


def _subject(row: Any, event: Any) -> str:
    """A reference is random, so it identifies no child; it distinguishes the emails of one morning."""
    action = f", action {row.action}" if row.action is not None else ""
    return f"{event['subject']}: {row.reference}{action}" if row.reference else str(event["subject"])


def envelope(person: Person | None, subject: str, ident: str, at: datetime, settings: Settings) -> EmailMessage:
    to = with_plain_domain(person.email if person else settings.qa_inbox)
    message = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
    message["From"] = f"Practice Audit <{settings.mail_from}>"
    message["To"] = to
    message["Reply-To"] = settings.qa_inbox
    message["Subject"] = subject
    message["Date"] = format_datetime(at.astimezone(LONDON))
    message["Message-ID"] = ident
    message["Auto-Submitted"] = "auto-generated"
    # Exchange ignores Auto-Submitted: without this, it would send an automatic reply for everybody on leave.
    message["X-Auto-Response-Suppress"] = "All"
    return message


def set_text(message: EmailMessage, text: str) -> None:
    """Never encoded in broken lines: a link stays in one piece in every email program. The channel encodes it where a server needs that."""
    message.set_content(text, cte="7bit" if text.isascii() else "8bit")


def link(row: Any, event: Any, settings: Settings) -> str:
    """To the audit or its action, or to the page that the event names."""
    if "leads_to" in event:
        return f"{settings.base_url}{event['leads_to']}"
    action = f"/actions/{row.action}" if row.action is not None else ""
    return f"{settings.base_url}/audits/{row.reference}{action}"


def name_of(person: Person | None) -> str:
    return person.name if person else "QA Service"


def _due_on(row: Any, rules: NotificationRules) -> date | None:
    """The due date of the row; for an event that starts a deadline, the date of that deadline."""
    day = london_day(row.created_at)
    if row.event == "escalation_opened":
        return row.due_on or add_working_days(day, rules.clocks["escalation_acknowledged_working_days"])
    return rules.share_by(day) if row.event in {"audit_allocated", "audit_returned"} else row.due_on


def _line(label: str, value: object) -> str:
    return f"{label}: {value}\n" if value else ""


def format_date(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""


def format_instant(at: datetime) -> str:
    """28 May 2027 at 9:05am, in London."""
    local = at.astimezone(LONDON)
    return f"{format_date(local.date())} at {local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def _account_link(row: Any, event: Any, settings: Settings) -> str:
    """Most have none, so that nobody learns to sign in from an email’s link."""
    if row.locked:
        return f"\n{decrypt(settings, row.locked)}\n"
    return f"\n{link(row, event, settings)}\n" if "leads_to" in event else ""


def _body(row: Any, person: Person | None, rules: NotificationRules, settings: Settings) -> str:
    event = rules.events[row.event]
    if event.get("of_account"):
        # Without the name, so that every try is the same even if the name changes between tries.
        return TEMPLATES["account"].substitute(
            does=event["does"], when=format_instant(row.created_at), detail=_line("Browser", row.detail),
            link=_account_link(row, event, settings),
        )  # fmt: skip
    facts = (_line("Audit", row.reference), _line("Action", row.action), _line("Due", format_date(_due_on(row, rules))))
    return TEMPLATES["notice"].substitute(
        name=name_of(person),
        does=event["does"],
        facts="".join(facts),
        sent=format_date(london_day(row.created_at)),
        link=link(row, event, settings) + acknowledgement_links.acknowledge_line(row, settings),
    )
