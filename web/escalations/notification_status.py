"""Where the notification of each recipient has got to: sent, delivered, seen, acknowledged, overdue or failed.

It is calculated from stored rows and deadlines each time, so it can't be out of date.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from notifications.policy import Deadlines
from workflow.blindness import without_judge
from workflow.directory import Directory, Holder, Person
from workflow.events import QA_INBOX
from workflow.models import Audit, Escalation, Recipient
from workflow.storage.row_mapping import recipients_of
from workflow.working_days import add_working_days, london_day

STUCK_AFTER = timedelta(minutes=5)
VACANT = "The post is vacant and nobody stands in."
UNDELIVERABLE = "The email could not be delivered"
CANCELLED = "The email was not sent: it was out of date, or they can no longer see the audit."
STUCK = "The email has waited for more than 5 minutes."
NOT_NOTIFIED = "The person in this post has changed. The new person is notified with the next reminder."
MAX_REPLY_LENGTH = 120
COPIED_FIELDS = ("state", "source", "opened_at", "recipients", "plan_at", "plan_by", "resolved_at", "resolved_by")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """One recipient. `person` holds the post now, or acknowledged it; `problem` says why they may not have been notified."""

    post: str
    person: Person | None
    stands_in: bool
    was_named: Person | None
    due_on: date
    pass_up_on: date
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_as: str | None = None
    by_link: bool = False
    problem: str = ""
    is_overdue: bool = False
    chased_at: datetime | None = None
    next_up: Holder | None = None
    passed_up_at: datetime | None = None

    @property
    def state(self) -> str:
        if self.acknowledged_at:
            return "acknowledged"
        if self.problem:
            return "failed"
        if self.seen_at:
            return "seen"
        return "delivered" if self.delivered_at else "sent"

    @property
    def is_undeliverable(self) -> bool:
        return self.problem.startswith(UNDELIVERABLE)

    @property
    def chase_on(self) -> date:
        return self.due_on + timedelta(days=1)

    @property
    def steps(self) -> tuple[tuple[str, datetime | None], ...]:
        """Each step and when it happened, for the line of steps on the page."""
        instants = (self.sent_at, self.delivered_at, self.seen_at, self.acknowledged_at)
        return tuple(zip(("Sent", "Delivered", "Seen", "Acknowledged"), instants, strict=True))


@dataclass(frozen=True, slots=True)
class EscalationStatus:
    """One escalation: its recipients and the dates of its response plan, without case text."""

    reference: str
    team: str | None
    state: str
    source: str
    opened_at: datetime
    recipients: tuple[RecipientStatus, ...]
    plan_due_on: date
    is_plan_late: bool
    plan_at: datetime | None
    planned_by: Person | None
    resolved_at: datetime | None
    resolved_by: Person | None

    @property
    def is_overdue(self) -> bool:
        return any(one.is_overdue for one in self.recipients)

    @property
    def not_notified(self) -> tuple[RecipientStatus, ...]:
        """Recipients who must be notified another way."""
        return tuple(one for one in self.recipients if one.state == "failed")


@dataclass(frozen=True, slots=True)
class StatusInput:
    """What a status is calculated from: a row of the board, or the audit itself."""

    reference: str
    team: str | None
    child_id: str | None
    state: str
    source: str
    opened_at: datetime
    recipients: str | tuple[Recipient, ...]
    plan_at: datetime | None
    plan_by: int | None
    resolved_at: datetime | None
    resolved_by: int | None
    moderator_id: int | None
    judged_by: int | None
    moderated_at: datetime | None


def describe_opening(audit: Audit, one: Escalation) -> StatusInput:
    copied = {name: getattr(one, name) for name in COPIED_FIELDS}
    moderation = {name: getattr(audit, name) for name in ("moderator_id", "judged_by", "moderated_at")}
    return StatusInput(reference=audit.reference, team=audit.header.team, child_id=audit.header.child_id, **copied, **moderation)


@dataclass(frozen=True, slots=True)
class StatusCalculator:
    """Calculates the status of escalations at one instant."""

    directory: Directory
    clocks: Deadlines
    now: datetime

    def calculate(
        self, rows: Iterable[Any], emails: Mapping[str, list[Any]], read: Mapping[tuple[str, int | None], datetime]
    ) -> list[EscalationStatus]:
        return [self._calculate_one(row, emails[row.reference], read) for row in rows]

    def _calculate_one(self, row: Any, emails: list[Any], read: Mapping[tuple[str, int | None], datetime]) -> EscalationStatus:
        opened_on = london_day(row.opened_at)
        plan_due_on = add_working_days(opened_on, self.clocks["response_plan_working_days"])
        is_plan_late = row.plan_at is None and row.state != "resolved" and london_day(self.now) > plan_due_on
        return EscalationStatus(
            row.reference, row.team, row.state, row.source, row.opened_at,
            tuple(self._recipient_status(row, one, emails, read) for one in _recipients(row.recipients)),
            plan_due_on, is_plan_late, row.plan_at, self.directory.person(row.plan_by), row.resolved_at, self.directory.person(row.resolved_by),
        )  # fmt: skip

    def _recipient_status(
        self, row: Any, one: Recipient, emails: list[Any], read: Mapping[tuple[str, int | None], datetime]
    ) -> RecipientStatus:
        directory, opened_on = without_judge(row, self.directory.for_child(row.child_id)), london_day(row.opened_at)
        holder = directory.holder(one.post, row.team)
        person = directory.person(one.acknowledged_by) if one.acknowledged_at else holder.person if holder else None
        their_emails = [email for email in emails if person and email.recipient == person.id and email.event != "escalation_passed_up"]
        due_on, pass_up_on = self._deadline(opened_on, "acknowledged"), self._deadline(opened_on, "passed_up") + timedelta(days=1)
        next_holders = [directory.holder(up, row.team) for up in directory.next_up.get(one.post, ())[:1]]
        chases = [email.created_at for email in their_emails if email.event == "escalation_not_acknowledged"]
        passed_to = {QA_INBOX, *(up.person.id for up in next_holders if up)}
        passed = [email.created_at for email in emails if email.event == "escalation_passed_up" and email.recipient in passed_to]
        is_waiting = one.acknowledged_at is None and row.state == "open"
        return RecipientStatus(
            post=one.post, person=person, stands_in=_stands_in(one, holder if is_waiting else None), acknowledged_as=one.acknowledged_as,
            was_named=directory.person(one.person_id), due_on=due_on, pass_up_on=pass_up_on,
            sent_at=min((email.created_at for email in their_emails), default=None),
            delivered_at=min((email.sent_at for email in their_emails if email.sent_at), default=None),
            seen_at=read.get((row.reference, person.id)) if person else None,
            acknowledged_at=one.acknowledged_at, by_link=one.by_link,
            problem=_find_problem(person, their_emails, self.now) if is_waiting else "", is_overdue=is_waiting and london_day(self.now) > due_on,
            chased_at=max(chases, default=None), next_up=next_holders[0] if next_holders else None, passed_up_at=min(passed, default=None),
        )  # fmt: skip

    def _deadline(self, opened_on: date, name: str) -> date:
        return add_working_days(opened_on, self.clocks[f"escalation_{name}_working_days"])


def _stands_in(one: Recipient, waits_for: Holder | None) -> bool:
    """Today while it waits; else as it was acknowledged, or as they were named where that was not stored."""
    if waits_for:
        return waits_for.stands_in
    return one.stands_in if one.acknowledged_stands_in is None else one.acknowledged_stands_in


def _recipients(held: str | tuple[Recipient, ...]) -> tuple[Recipient, ...]:
    return recipients_of(held) if isinstance(held, str) else held


def _find_problem(person: Person | None, emails: Sequence[Any], now: datetime) -> str:
    """Judge by the latest email: a newer one that is delivered makes up for one that was not."""
    if person is None:
        return VACANT
    if not emails:
        return NOT_NOTIFIED
    latest = emails[-1]
    if latest.state == "dead":
        return f"{UNDELIVERABLE}: {_clean_reply(latest)}."
    if latest.state == "waiting" and now - latest.created_at > STUCK_AFTER:
        return f"{STUCK} We are still trying to send it: {_clean_reply(latest)}." if latest.last_error else STUCK
    return CANCELLED if latest.state == "cancelled" else ""


def _clean_reply(email: Any) -> str:
    """Return the mail server's reply on one line."""
    return "".join(letter if letter.isprintable() else " " for letter in email.last_error or "")[:MAX_REPLY_LENGTH].rstrip(". ")
