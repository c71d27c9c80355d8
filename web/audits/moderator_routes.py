"""Assign a moderator. The moderator's judgement is a section of the form."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import list_with_role
from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.commands import assignments
from workflow.commands.audit_view import see
from workflow.errors import BadInput, PermissionDenied, PreconditionsNotMet
from workflow.guards.moderation import conflicts_of
from workflow.retelling import writers_of

pages = ViewOptions(replays_form=True)(Blueprint("moderation", __name__, template_folder="templates"))


@pages.get("/audits/<reference>/moderator")
@login_required
def assign(reference: str) -> str:
    return _page(reference)


@pages.post("/audits/<reference>/moderator")
@login_required
def assign_now(reference: str) -> Response | tuple[str, HTTPStatus]:
    try:
        assignments.assign_moderator(command_context(), current_user(), reference, request.form.get("person"))
    except (BadInput, PreconditionsNotMet) as refusal:
        return _page(reference, refusal), status_of(refusal)
    flash("Moderator assigned and notified.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


def _page(reference: str, refusal: BadInput | PreconditionsNotMet | None = None) -> str:
    context = command_context()
    seen = see(context, current_user(), reference)
    if "assign_moderator" not in seen.may:
        raise PermissionDenied("You can’t assign a moderator to this audit at the moment.")
    titles, writers = context.permissions.titles, writers_of(context.store.history(seen.audit))
    moderators = [
        (person, [one.message for one in conflicts_of(person, seen.audit, titles, writers)])
        for person in list_with_role(context.directory, "moderator")
    ]
    return render_template("assign.html", audit=seen.audit, moderators=moderators, refusal=refusal)
