"""Emails that could not be delivered, for the QA Service to deal with."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from notifications.delivery import undelivered
from web.identity.current_user import current_user, login_required, visibility_filter
from web.notices import queries
from web.request.context import command_context, current_council
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.events import QA_INBOX
from workflow.storage.engine import read_transaction

pages = ViewOptions(replays_form=True)(Blueprint("undelivered", __name__, template_folder="templates"))


@pages.get("/undelivered")
@login_required
def every() -> str:
    context, council = command_context(), current_council()
    undelivered.ensure_permitted(context, current_user())
    reader = visibility_filter()
    with read_transaction(council.engine) as connection:
        rows, following = queries.fetch_failed(connection, reader, council.notification_policy, request.args.get("cursor"))
        tried = queries.fetch_retrying(connection, reader, council.notification_policy, context.now)
    return render_template(
        "undelivered.html", rows=rows, following=following, tried=tried, most=queries.SIZE,
        events=council.notification_policy.events, directory=context.directory, now=context.now, qa_inbox=QA_INBOX,
        can_be_resent={row.id for row in rows if undelivered.can_be_resent(row, council.notification_policy)},
        sees_people=context.permissions.allow_role("see_directory", current_user()),
    )  # fmt: skip


@pages.post("/undelivered/<int:email_id>/again")
@login_required
def again(email_id: int) -> Response:
    undelivered.resend(command_context(), current_user(), email_id, current_council().engine, current_council().notification_policy)
    flash("The email will be sent again, to the person’s current address.")
    return _redirect_to_list()


@pages.post("/undelivered/<int:email_id>/settle")
@login_required
def settle(email_id: int) -> Response:
    undelivered.settle(command_context(), current_user(), email_id, current_council().engine, current_council().notification_policy)
    flash("Recorded: you told them another way.")
    return _redirect_to_list()


def _redirect_to_list() -> Response:
    return redirect(url_for("undelivered.every"), HTTPStatus.SEE_OTHER)
