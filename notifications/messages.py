"""What a mail says: a verb, a reference, a date and a link. Never a word of a case."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from string import Template
from typing import Any

from config.settings import Settings
from notifications import acknowledging
from notifications.channels.addresses import with_plain_domain
from notifications.locked import unlock
from notifications.recipients import WhoHears
from workflow.calendar import LONDON, london_day
from workflow.people import Person

TEMPLATES = {
    name: Template((Path(__file__).parent / "templates" / f"{name}.txt").read_text(encoding="utf-8")) for name in ("notice", "account")
}


def message_id(key: str, recipient: int, settings: Settings) -> str:
    """Always the same for the same notice to the same person, and telling nothing."""
    hashed = hashlib.sha256(f"{settings.secret_key}/{key}/{recipient}".encode()).hexdigest()[:32]
    return f"<{hashed}@{settings.mail_from.rpartition('@')[2]}>"


def build(row: Any, person: Person | None, hears: WhoHears, settings: Settings) -> EmailMessage:
    """`row` is the outbox’s; `person` is None for the QA inbox."""
    event = hears.events[row.event]
    to = with_plain_domain(person.email if person else settings.qa_inbox)
    message = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
    message["From"] = f"Practice Audit <{settings.mail_from}>"
    message["To"] = to
    message["Reply-To"] = settings.qa_inbox
    message["Subject"] = event["subject"]
    message["Date"] = format_datetime(row.created_at.astimezone(LONDON))
    message["Message-ID"] = message_id(row.key, row.recipient, settings)
    message["Auto-Submitted"] = "auto-generated"
    if event.get("urgent"):
        message["Importance"] = "high"
    message.set_content(_body(row, person, event, settings))
    return message


def link(row: Any, event: Any, settings: Settings) -> str:
    """To the audit, or to where the event leads."""
    if "leads_to" in event:
        return f"{settings.base_url}{event['leads_to']}"
    action = f"/actions/{row.action}" if row.action is not None else ""
    return f"{settings.base_url}/audits/{row.reference}{action}"


def _body(row: Any, person: Person | None, event: Any, settings: Settings) -> str:
    if event.get("of_account"):
        # Without the name, so that every try is the same even where the name changes meanwhile.
        link_to = unlock(settings, row.locked) if row.locked else link(row, event, settings)
        return TEMPLATES["account"].substitute(does=event["does"], link=link_to)
    due = f"Due: {row.due_on.day} {row.due_on:%B %Y}\n" if row.due_on else ""
    told = f"{london_day(row.created_at).day} {london_day(row.created_at):%B %Y}"
    return TEMPLATES["notice"].substitute(
        name=person.name if person else "QA Service",
        does=event["does"],
        audit=f"Audit: {row.reference}\n" if row.reference else "",
        due=due,
        told=told,
        link=link(row, event, settings) + acknowledging.line(row, settings),
    )
