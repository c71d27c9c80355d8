"""Emergency access: ask to read one audit, and allow or refuse it."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.formatting import clock
from web.identity.current_user import current_user, login_required
from web.read_access.queries import fetch_own_requests, fetch_waiting_requests
from web.request.context import command_context, current_council
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.commands import emergency_access
from workflow.errors import BadInput, PermissionDenied
from workflow.storage.engine import read_transaction

pages = ViewOptions(replays_form=True)(Blueprint("emergencies", __name__, template_folder="templates"))
ASKED = "Request sent. You will be notified when it is answered."


@pages.get("/emergencies")
@login_required
def every() -> str:
    return _page()


@pages.post("/emergencies")
@login_required
def ask() -> Response | tuple[str, HTTPStatus]:
    try:
        emergency_access.ask_to_read_in_emergency(
            command_context(), current_user(), request.form.get("reference"), request.form.get("reason")
        )
    except BadInput as refusal:
        return _page(refusal), status_of(refusal)
    flash(ASKED)
    return _redirect_to_list()


@pages.post("/emergencies/<int:emergency_id>/let-in")
@login_required
def let_in(emergency_id: int) -> Response:
    until = emergency_access.let_in(command_context(), current_user(), emergency_id).ends_at
    flash(f"They can read the audit until {clock(until) if until else ''}. The people who must know have been notified.")
    return _redirect_to_list()


@pages.post("/emergencies/<int:emergency_id>/refuse")
@login_required
def refuse(emergency_id: int) -> Response:
    emergency_access.refuse(command_context(), current_user(), emergency_id)
    flash("Request refused. The person who asked has been notified.")
    return _redirect_to_list()


def _redirect_to_list() -> Response:
    return redirect(url_for("emergencies.every"), HTTPStatus.SEE_OTHER)


def _page(refusal: BadInput | None = None) -> str:
    context, me = command_context(), current_user()
    asks, decides = emergency_access.may_ask(context, me), emergency_access.may_answer_any(context.directory, me)
    if not asks and not decides:
        raise PermissionDenied("Only people who work with cases can ask to read an audit in an emergency.")
    with read_transaction(current_council().engine) as connection:
        mine = fetch_own_requests(connection, me)
        theirs, following = fetch_waiting_requests(connection, me, context.directory, request.args.get("cursor"))
    return render_template(
        "emergencies.html",
        asks=asks,
        mine=mine,
        theirs=theirs,
        following=following,
        directory=context.directory,
        now=context.now,
        refusal=refusal,
        typed=request.form,
        minutes=current_council().notification_policy.clocks["emergency_minutes"],
    )
