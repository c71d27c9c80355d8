"""My work: the tasks that wait for the signed-in user, and what they can start."""

from collections.abc import Mapping

from flask import Blueprint, render_template

from notifications.queries import NEVER, worker_status
from web.directory.unit_routes import requests_for
from web.escalations.board import troubled
from web.identity.current_user import current_user, login_required, visibility_filter
from web.notices.queries import how_many_given_up
from web.read_access.queries import emergencies_waiting, may_decide
from web.request.context import command_context, current_council
from web.worklist.queries import MOST, actions_waiting_for, audits_waiting_for
from web.worklist.tasks import (
    in_order,
    tasks_of_actions,
    tasks_of_audits,
    tasks_of_emergencies,
    tasks_of_requests,
    tasks_of_troubled,
    tasks_of_undelivered,
)
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.storage.engine import read_transaction
from workflow.working_days import KNOWN_UNTIL, date_past_known_holidays

pages = Blueprint("my_work", __name__, template_folder="templates")


@pages.get("/")
@login_required
def show() -> str:
    context, me, reader = command_context(), current_user(), visibility_filter()
    with read_transaction(current_council().engine) as connection:
        audits = audits_waiting_for(connection, reader)
        actions = actions_waiting_for(connection, reader)
        untold = troubled(connection, reader) if "qa" in me.roles else []
        emergencies = emergencies_waiting(connection) if may_decide(me, context.directory) else []
        undelivered = how_many_given_up(connection, reader) if context.permissions.allow_role("see_to_undelivered", me) else 0
    tasks = [
        *tasks_of_audits(audits, me, context.directory, current_council().notification_policy.clocks),
        *tasks_of_actions(actions, me, context.directory),
    ]
    tasks += [
        *tasks_of_troubled(untold),
        *tasks_of_undelivered(undelivered),
        *tasks_of_requests(requests_for(me), context.directory),
        *tasks_of_emergencies(emergencies, me, context.directory),
    ]
    starts = [
        right
        for right in ("start", "start_for_another", "ask_in_emergency", "read_readings", "see_to_undelivered")
        if context.permissions.allow_role(right, me)
    ]
    return render_template(
        "my_work.html",
        tasks=in_order(tasks, context.today),
        is_cut=max(len(audits), len(actions)) > MOST,
        today=context.today,
        starts=starts,
        worker=_worker(context, me),
    )


def _worker(context: CommandContext, me: Person) -> Mapping[str, object]:
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
