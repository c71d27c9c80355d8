"""A person's tasks: each says what to do, links to where, and has a due date or none."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import url_for

from notifications.policy import Deadlines
from notifications.reminders.action_reminders import action_to_check
from web.escalations.notification_status import EscalationStatus, RecipientStatus
from web.formatting import role_title
from workflow.approvers import approvers
from workflow.blindness import is_blind, without_judge
from workflow.directory import Directory, Person, Request
from workflow.duty_holders import holder_of
from workflow.ports import EmergencyAccessRequest
from workflow.storage.row_mapping import recipients_of
from workflow.working_days import add_working_days, london_day

FIRST_DAY = date(2020, 1, 1)


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    href: str
    reference: str
    due_on: date | None = None
    urgent: bool = False
    is_first: bool = False
    revision: int = 0
    """Greater each time its date is moved."""

    def is_late(self, today: date) -> bool:
        return self.due_on is not None and self.due_on < today


def sort_tasks(tasks: list[Task], today: date) -> list[Task]:
    """Undelivered escalations first, then other urgent tasks, then by due date."""
    return sorted(tasks, key=lambda task: (not task.is_first, not task.urgent, task.due_on or date.max, task.reference))


def list_audit_tasks(rows: Iterable[Any], me: Person, directory: Directory, clocks: Deadlines) -> Iterator[Task]:
    for row in rows:
        show = url_for("audits.show", reference=row.reference)
        if row.escalation_state in {"open", "acknowledged"}:
            yield from _list_escalation_tasks(row, me, directory, clocks)
        if row.auditor_id == me.id and "auditor" in me.roles and row.state in DRAFTING:
            yield Task(DRAFTING[row.state], show, row.reference, row.share_by, revision=_revision_of(row.share_by))
        if row.state == "shared":
            yield from _list_moderation_tasks(row, me, show, clocks)
        if row.withdrawal_asked_by and row.state != "withdrawn" and not is_blind(me, row) and _may_approve(row, me, directory):
            yield Task(
                "Decide whether to withdraw the audit",
                url_for("audits.move", reference=row.reference, move="withdraw"),
                row.reference,
            )
        if row.state == "moderated" and row.unsettled == 0 and _can_close(row, me):
            yield Task("Close the audit", show, row.reference)


def _may_approve(row: Any, me: Person, directory: Directory) -> bool:
    return me in approvers(row.withdrawal_asked_by, row.team, without_judge(row, directory.for_child(row.child_id)))


DRAFTING = {
    "draft": "Read the file and record the consultation",
    "practitioner_consulted": "Grade the areas of practice",
    "graded": "Agree the actions and share the audit",
}


def list_notification_tasks(unnotified: Iterable[EscalationStatus]) -> Iterator[Task]:
    for one in unnotified:
        href = url_for("escalations.show", reference=one.reference)
        for title in _ways_to_notify(one.not_notified):
            yield Task(title, href, one.reference, one.not_notified[0].due_on, urgent=True, is_first=True)


def _ways_to_notify(recipients: Iterable[RecipientStatus]) -> Iterator[str]:
    """Phone the people whose email was not delivered; fill the vacant posts."""
    vacant = [role_title(one.post) for one in recipients if one.person is None]
    if vacant:
        yield f"Fill the vacant post{'s' if vacant[1:] else ''} of {_in_a_sentence(vacant)} to deal with an escalation"
    for is_final, verb in ((True, "could not be"), (False, "has not been")):
        posts = [role_title(one.post) for one in recipients if one.person and one.is_undeliverable == is_final]
        if posts:
            yield f"Phone the {_in_a_sentence(posts)}: the escalation email {verb} delivered"


def _in_a_sentence(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def list_undelivered_email_tasks(count: int) -> Iterator[Task]:
    if count:
        title = "Deal with an email that could not be delivered" if count == 1 else f"Deal with {count} emails that could not be delivered"
        yield Task(title, url_for("undelivered.every"), "", urgent=True)


def _list_escalation_tasks(row: Any, me: Person, directory: Directory, clocks: Deadlines) -> Iterator[Task]:
    href = url_for("escalations.show", reference=row.reference)
    waiting = [one.post for one in recipients_of(row.recipients) if one.acknowledged_at is None]
    opened_on, directory = london_day(row.opened_at), without_judge(row, directory.for_child(row.child_id))
    waits = any(_answers_for(me, post, row.team, directory) for post in waiting)
    if row.escalation_state == "open" and waits:
        by = add_working_days(opened_on, clocks["escalation_acknowledged_working_days"])
        yield Task("Acknowledge the escalation", href, row.reference, by, urgent=True, revision=_revision_of(by))
    if not row.plan and _answers_for(me, "head_of_service", row.team, directory):
        by = add_working_days(opened_on, clocks["response_plan_working_days"])
        yield Task("Record the response plan", href, row.reference, by, urgent=True, revision=_revision_of(by))
    if row.escalation_state == "acknowledged" and row.plan and _answers_for(me, "hos_ppqa", row.team, directory):
        yield Task("Resolve the escalation", href, row.reference, urgent=True)


def _revision_of(due_on: date) -> int:
    """Of a date that counts from when something happened: if it happens again, the date is later, so it can number its own revisions."""
    return max(0, (due_on - FIRST_DAY).days)


def _answers_for(me: Person, post: str, team: str | None, directory: Directory) -> bool:
    holder = directory.holder(post, team)
    return directory.is_in_post(me, post, team) or (holder is not None and holder.person.id == me.id)


def _list_moderation_tasks(row: Any, me: Person, show: str, clocks: Deadlines) -> Iterator[Task]:
    due_on = add_working_days(london_day(row.shared_at), clocks["moderation_working_days"])
    if row.moderator_id == me.id and "moderator" in me.roles:
        yield Task("Moderate the audit", show, row.reference, due_on, revision=_revision_of(due_on))
    if row.moderator_id is None and "qa" in me.roles:
        yield Task("Assign a moderator, or waive moderation", show, row.reference, due_on, revision=_revision_of(due_on))


def _can_close(row: Any, me: Person) -> bool:
    if row.escalation_state == "none":
        # A Director sees the audit only if nobody before them in the line can close it.
        return not me.roles.isdisjoint({"qa", "director"})
    return row.escalation_state == "resolved" and "hos_ppqa" in me.roles


def list_emergency_tasks(waiting: Iterable[EmergencyAccessRequest], directory: Directory) -> Iterator[Task]:
    for one in waiting:
        title = f"Decide whether {directory.people[one.asked_by].name} may read an audit in an emergency"
        yield Task(title, url_for("emergencies.every"), one.reference, urgent=True)


def list_action_tasks(rows: Iterable[Any], me: Person, directory: Directory) -> Iterator[Task]:
    for row in rows:
        href = url_for("actions.show", reference=row.reference, number=row.number)
        title = _describe_action_task(row, me, directory)
        if title:
            moved = len([day for day in row.earlier_due_dates.split(",") if day])
            yield Task(title, href, row.reference, row.due_on if row.state == "open" else None, revision=moved)


def list_vacant_duty_tasks(count: int) -> Iterator[Task]:
    if count:
        title = (
            "Name somebody else for a duty without a holder" if count == 1 else f"Name somebody else for {count} duties without a holder"
        )
        yield Task(title, url_for("duties.every"), "", urgent=True)


def list_role_request_tasks(waiting: Iterable[Request], directory: Directory) -> Iterator[Task]:
    """Roles and email addresses that a second person must approve."""
    for one in waiting:
        name = directory.people[one.person_id].name
        title = f"Decide whether to change the email address of {name}" if one.new_email else f"Decide whether to give {name} a role"
        yield Task(title, url_for("posts.requests"), "")


def _describe_action_task(row: Any, me: Person, directory: Directory) -> str:
    if is_blind(me, row):
        return f"Carry out action {row.number}" if row.state == "open" else ""
    is_escalated = row.escalation_state != "none"
    if row.state == "reported":
        verifies = "hos_ppqa" if is_escalated else "qa"
        return (
            f"Verify that action {row.number} is complete" if verifies in me.roles and me.id not in {row.owner_id, row.reported_by} else ""
        )
    if row.asked_due_on and ("hos_ppqa" if is_escalated else "qa") in me.roles:
        return f"Grant or refuse more time for action {row.number}"
    if row.owner_id == me.id and me.works_with_cases:
        return f"Carry out action {row.number}"
    reports = (
        _answers_for(me, "head_of_service", row.team, without_judge(row, directory.for_child(row.child_id)))
        if is_escalated
        else _reports(row, me, directory)
    )
    return f"Track action {row.number} and report when it is complete" if reports else ""


def _reports(row: Any, me: Person, directory: Directory) -> bool:
    return me in holder_of("team_manager", action_to_check(row, since=row.due_on).audit, directory).answers
