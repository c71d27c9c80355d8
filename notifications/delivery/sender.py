"""Send the emails that are due: lease, build once, send, mark. One email that can’t be sent does not stop the others."""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from typing import Any

from notifications import outbox
from notifications.channels import Channel, ChannelUnavailable, PermanentFailure, TemporaryFailure
from notifications.context import WorkerContext
from notifications.delivery import digest, messages
from notifications.delivery.lease_keeper import keep_lease
from notifications.outbox import EmailRows
from notifications.refusals import record_refusal
from notifications.reminders.relevance import Verdict, judge, read_facts, successors
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
    """Send everything that is due, until `stopping` is set. Return how many emails were sent."""
    sent, stopping = 0, stopping or Event()
    while not stopping.is_set() and (emails := outbox.claim(context.engine, worker, clock(), context.notification_rules)):
        # Read again for each batch, so that a change of the directory counts for every email not sent yet.
        directory, left = context.store.directory(), deque(emails)
        try:
            while left and not stopping.is_set():
                sent += _deliver_one(context, channel, directory, left.popleft(), clock)
        except ChannelUnavailable:
            return sent
        finally:
            outbox.release(context.engine, left, to_others=stopping.is_set())
    return sent


def _deliver_one(context: WorkerContext, channel: Channel, directory: Directory, rows: EmailRows, clock: Clock) -> bool:
    """Raises ChannelUnavailable if no other email can be sent either, so that the batch does not wait for a server that is down."""
    try:
        rows = _keep_relevant(context, directory, rows, clock())
        if not rows or not _send(context, channel, directory, rows, clock):
            return False
    except PermanentFailure as refused:
        outbox.mark_dead(context.engine, rows, str(refused), clock())
    except TemporaryFailure as refused:
        outbox.mark_failed(context.engine, rows, str(refused), clock())
        if isinstance(refused, ChannelUnavailable):
            raise
    except Exception as error:  # noqa: BLE001 (a broken row must not stop the rest; the message may contain case text)
        _record_error(context, rows, error, clock())
    else:
        outbox.mark_sent(context.engine, rows, clock())
        return True
    return False


def _keep_relevant(context: WorkerContext, directory: Directory, rows: EmailRows, now: datetime) -> EmailRows:
    """Return the rows to send; cancel what is outdated, and pass on what is not theirs now. A row that can’t be checked holds back no other."""
    facts, verdicts = read_facts(context, directory, rows), {verdict: list[Any]() for verdict in Verdict}
    for row in rows:
        with _recording_errors(context, row, now):
            verdicts[judge(context, directory, row, facts, now)].append(row)
    if outdated := verdicts[Verdict.OUTDATED]:
        outbox.mark_cancelled(context.engine, outdated)
    for row in verdicts[Verdict.NOT_THEIRS]:
        with _recording_errors(context, row, now):
            outbox.pass_on(context.engine, row, successors(context, directory, row, now), now)
    return verdicts[Verdict.RELEVANT]


@contextmanager
def _recording_errors(context: WorkerContext, row: Any, now: datetime) -> Iterator[None]:
    try:
        yield
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 (as above)
        _record_error(context, [row], error, now)


def _record_error(context: WorkerContext, rows: EmailRows, error: Exception, now: datetime) -> None:
    LOG.error("notice %s could not be sent: %s", rows[0].id, type(error).__name__)
    outbox.mark_failed(context.engine, rows, f"it could not be built: {type(error).__name__}", now)


def _send(context: WorkerContext, channel: Channel, directory: Directory, rows: EmailRows, clock: Clock) -> bool:
    """Send the stored bytes if this was tried before, else newly built ones. Return False if another worker has the email now."""
    ident = messages.message_id([row.key for row in rows], rows[0].recipient, context.settings)
    before = _tried_before(rows, ident)
    email = before or _build(context, directory, rows, ident)
    # An email with a secret link is built again at each try, with the same result: if stored, anybody with the database could use the link.
    stored = None if before or rows[0].locked else email.body
    if not outbox.renew_lease(context.engine, rows, clock(), ident, email.to, stored):
        return False
    try:
        with keep_lease(context.engine, rows, clock):
            channel.send(email.to, ident, email.body)
    except (PermanentFailure, TemporaryFailure):
        record_refusal(context.engine, clock())
        raise
    return True


def _tried_before(rows: EmailRows, ident: str) -> BuiltEmail | None:
    """None also if the email had other rows then."""
    row = rows[0]
    return BuiltEmail(row.sent_to, row.body) if row.body is not None and row.message_id == ident else None


def _build(context: WorkerContext, directory: Directory, rows: EmailRows, ident: str) -> BuiltEmail:
    """For the address that the directory has now, or the one before where the event asks for it; raises PermanentFailure if there is none."""
    row, rules, settings = rows[0], context.notification_rules, context.settings
    person = directory.person(row.recipient) if row.recipient != QA_INBOX else None
    if person and rules.events[row.event].get("to_former_address"):
        person = replace(person, email=row.sent_to, is_active=True)
    if row.recipient != QA_INBOX and (person is None or not person.can_be_reached):
        raise PermanentFailure("the person is not active, or has no address")
    is_digest = row.event in rules.gathered
    message = digest.build(rows, ident, person, rules, settings) if is_digest else messages.build(row, person, rules, settings)
    return BuiltEmail(person.email if person else settings.qa_inbox, message.as_bytes())
