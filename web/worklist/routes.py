"""My work: the tasks that wait for the signed-in user, and what they can start."""

from collections.abc import Mapping

from flask import Blueprint, render_template

from notifications.queries import NEVER, worker_status
from web.audits.vacant_duties import find_vacant_duties
from web.directory.unit_routes import list_requests_for
from web.escalations.board import find_unnotified
from web.identity.current_user import current_user, login_required, visibility_filter
from web.notices.queries import count_failed
from web.read_access.queries import fetch_waiting_requests
from web.request.context import command_context, current_council
from web.worklist.queries import MOST, fetch_actions_waiting, fetch_audits_waiting
from web.worklist.tasks import (
    list_action_tasks,
    list_audit_tasks,
    list_emergency_tasks,
    list_notification_tasks,
    list_role_request_tasks,
    list_undelivered_email_tasks,
    list_vacant_duty_tasks,
    sort_tasks,
)
from web.worklist.unsaved_routes import list_unsaved
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.storage.engine import Connection, read_transaction
from workflow.storage.visibility import VisibilityFilter
from workflow.working_days import KNOWN_UNTIL, date_past_known_holidays

pages = Blueprint("my_work", __name__, template_folder="templates")
LINKED_RIGHTS = ("start", "start_for_another", "ask_in_emergency", "read_readings", "see_to_undelivered")


@pages.get("/")
@login_required
def show() -> str:
    context, me, reader = command_context(), current_user(), visibility_filter()
    with read_transaction(current_council().engine) as connection:
        audits = fetch_audits_waiting(connection, reader)
        actions = fetch_actions_waiting(connection, reader)
        unnotified = find_unnotified(connection, reader) if "qa" in me.roles else []
        emergencies, _ = fetch_waiting_requests(connection, me, context.directory)
        vacant = find_vacant_duties(connection, reader) if context.permissions.allow_role("see_vacant_duties", me) else []
        undelivered = _count_undelivered(connection, reader)
    tasks = [
        *list_audit_tasks(audits, me, context.directory, current_council().notification_policy.clocks),
        *list_action_tasks(actions, me, context.directory),
        *list_notification_tasks(unnotified),
        *list_undelivered_email_tasks(undelivered),
        *list_vacant_duty_tasks(len(vacant)),
        *list_role_request_tasks(list_requests_for(me), context.directory),
        *list_emergency_tasks(emergencies, context.directory),
    ]
    return render_template(
        "my_work.html",
        tasks=sort_tasks(tasks, context.today),
        is_cut=max(len(audits), len(actions)) > MOST,
        today=context.today,
        starts=[right for right in LINKED_RIGHTS if context.permissions.allow_role(right, me)],
        worker=_worker_warnings(context, me),
        unsaved=list_unsaved(),
    )


def _count_undelivered(connection: Connection, reader: VisibilityFilter) -> int:
    if not command_context().permissions.allow_role("see_to_undelivered", current_user()):
        return 0
    return count_failed(connection, reader, current_council().notification_policy)


def _worker_warnings(context: CommandContext, me: Person) -> Mapping[str, object]:
    """Return what stops the service from sending notices, for people who can get it fixed."""
    if not context.permissions.allow_role("see_the_worker", me):
        return {}
    council = current_council()
    runs = worker_status(council.engine, context.now)
    stopped = runs.stopped_since(context.now)
    return {
        "has_stopped": stopped is not None,
        "since": stopped if stopped != NEVER else None,
        "reckoned_until": date_past_known_holidays(
            context.today, runs.last_due_on, council.notification_policy.clocks.longest_working_days
        ),
        "known_until": KNOWN_UNTIL,
    }
