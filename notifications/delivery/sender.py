"""Sending what is due: lease, build once, send, mark. One mail that can’t go does not stop the rest."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from notifications import outbox
from notifications.channels import Channel, ChannelUnavailable, PermanentFailure, TemporaryFailure
from notifications.context import WorkerContext
from notifications.delivery import digest, messages
from notifications.outbox import EmailRows
from notifications.reminders.relevance import is_still_relevant, read_facts
from workflow.directory import Directory
from workflow.events import QA_INBOX
from workflow.storage.engine import DatabaseError

LOG = logging.getLogger("practice_audit.delivery")
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class BuiltEmail:
    to: str
    body: bytes


def deliver(context: WorkerContext, channel: Channel, worker: str, clock: Clock, stopping: Event | None = None) -> int:
    """Send all that is due, until told to stop; answers how many mails were sent."""
    sent, stopping = 0, stopping or Event()
    while not stopping.is_set() and (letters := outbox.claim(context.engine, worker, clock(), context.notification_rules)):
        # Read again for each batch: what it says of somebody since then holds for every mail not sent yet.
        directory, left = context.store.directory(), deque(letters)
        try:
            while left and not stopping.is_set():
                sent += _deliver_one(context, channel, directory, left.popleft(), clock)
        except ChannelUnavailable:
            return sent
        finally:
            outbox.release(context.engine, left, to_others=stopping.is_set())
    return sent


def _deliver_one(context: WorkerContext, channel: Channel, directory: Directory, letter: EmailRows, clock: Clock) -> bool:
    """Raises ChannelUnavailable where no other mail can go either, so that those are not kept waiting for a server that is not there."""
    try:
        letter = _keep_relevant(context, directory, letter, clock())
        if not letter or not _send(context, channel, directory, letter, clock):
            return False
    except PermanentFailure as refused:
        outbox.mark_dead(context.engine, letter, str(refused), clock())
    except TemporaryFailure as refused:
        outbox.mark_failed(context.engine, letter, str(refused), clock())
        if isinstance(refused, ChannelUnavailable):
            raise
    except Exception as error:  # noqa: BLE001 (a poisoned row must not stop the rest; its words may be of a case)
        _record_error(context, letter, error, clock())
    else:
        outbox.mark_sent(context.engine, letter, clock())
        return True
    return False


def _keep_relevant(context: WorkerContext, directory: Directory, letter: EmailRows, now: datetime) -> EmailRows:
    """One that can’t be judged does not keep back what it was to go with."""
    facts, so, over = read_facts(context, directory, letter), list[Any](), list[Any]()
    for row in letter:
        try:
            (so if is_still_relevant(context, directory, row, facts, now) else over).append(row)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 (as above)
            _record_error(context, [row], error, now)
    if over:
        outbox.mark_cancelled(context.engine, over)
    return so


def _record_error(context: WorkerContext, letter: EmailRows, error: Exception, now: datetime) -> None:
    LOG.error("notice %s could not be sent: %s", letter[0].id, type(error).__name__)
    outbox.mark_failed(context.engine, letter, f"it could not be built: {type(error).__name__}", now)


def _send(context: WorkerContext, channel: Channel, directory: Directory, letter: EmailRows, clock: Clock) -> bool:
    """The stored bytes where this was tried before, else new ones; False where another worker has it now."""
    ident = messages.message_id([row.key for row in letter], letter[0].recipient, context.settings)
    before = _tried_before(letter, ident)
    mail = before or _build(context, directory, letter, ident)
    # What is locked is made anew, and the same, at each try: kept, it would be a link that anybody with the database could open.
    kept = None if before or letter[0].locked else mail.body
    if not outbox.renew_lease(context.engine, letter, clock(), ident, mail.to, kept):
        return False
    channel.send(mail.to, ident, mail.body)
    return True


def _tried_before(letter: EmailRows, ident: str) -> BuiltEmail | None:
    """None too where it told of other things then."""
    row = letter[0]
    return BuiltEmail(row.sent_to, row.body) if row.body is not None and row.message_id == ident else None


def _build(context: WorkerContext, directory: Directory, letter: EmailRows, ident: str) -> BuiltEmail:
    """To the address that the directory holds now; raises PermanentFailure where there is none."""
    row, rules, settings = letter[0], context.notification_rules, context.settings
    person = directory.person(row.recipient) if row.recipient != QA_INBOX else None
    if row.recipient != QA_INBOX and (person is None or not person.can_be_reached):
        raise PermanentFailure("nobody active with an address holds it")
    is_digest = row.event in rules.gathered
    message = digest.build(letter, ident, person, rules, settings) if is_digest else messages.build(row, person, rules, settings)
    return BuiltEmail(person.email if person else settings.qa_inbox, message.as_bytes())
