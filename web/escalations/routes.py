"""The escalation of an audit: who has been notified and has acknowledged it, the response plan, and how it was resolved."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.escalations.board import load_status
from web.formatting import history_title
from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.read_log import reveal_and_log
from web.request.view_options import ViewOptions
from workflow.commands.audit_view import see
from workflow.commands.registry import make_escalation_move
from workflow.commands.safeguarding import procedure_uses
from workflow.errors import BadInput, NotFound, PreconditionsNotMet
from workflow.workflow_config import history_verb

pages = ViewOptions(replays_form=True)(Blueprint("escalations", __name__, template_folder="templates"))


@pages.get("/audits/<reference>/escalation")
@login_required
@ViewOptions(read_log_title="The escalation")
def show(reference: str) -> str:
    return _page(reference)


@pages.post("/audits/<reference>/escalation/moves/<move>")
@login_required
def make_move(reference: str, move: str) -> Response | tuple[str, HTTPStatus]:
    given = {"move": move, "reason": request.form.get("reason", ""), "plan": request.form.get("plan", "")}
    try:
        make_escalation_move(command_context(), current_user(), reference, given)
    except (BadInput, PreconditionsNotMet) as refusal:
        return _page(reference, refusal), status_of(refusal)
    flash(f"{history_title(history_verb('escalation', move))}.")
    return redirect(url_for("escalations.show", reference=reference), HTTPStatus.SEE_OTHER)


def _page(reference: str, refusal: BadInput | PreconditionsNotMet | None = None) -> str:
    context = command_context()
    seen = see(context, current_user(), reference)
    if not seen.sees_escalation:
        raise refusal or NotFound
    if seen.escalation:
        seen = reveal_and_log(seen)
    uses = procedure_uses(context, seen.audit) if seen.escalation else ()
    return render_template(
        "escalation.html", seen=seen, audit=seen.audit, escalation=seen.escalation, directory=context.directory,
        status=load_status(seen.audit) if seen.escalation else None, uses=uses,
        sees_people=context.permissions.allow_role("see_directory", current_user()), refusal=refusal, typed=request.form,
    )  # fmt: skip
