"""Record that the safeguarding procedure was used for a child in immediate danger."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.form_fields import ask_about_earlier, read_date
from web.request.view_options import ViewOptions
from workflow.commands.audit_view import see
from workflow.commands.safeguarding import MOVE, record_safeguarding
from workflow.errors import BadInput, PermissionDenied
from workflow.sense_checks import FIRST_DAY

pages = ViewOptions(replays_form=True)(Blueprint("safeguarding", __name__, template_folder="templates"))


@pages.get("/audits/<reference>/safeguarding")
@login_required
def show(reference: str) -> str:
    return _page(reference)


@pages.post("/audits/<reference>/safeguarding")
@login_required
def record(reference: str) -> Response | tuple[str, HTTPStatus]:
    typed = request.form
    used_on = read_date("used_on", typed)
    try:
        ask_about_earlier(FIRST_DAY, used_on, f"The year is {used_on[:4]}. Correct it, or tick the box if it is right.", typed)
        audit = record_safeguarding(command_context(), current_user(), reference, used_on, typed.get("used_time"), typed.get("told"))
    except BadInput as refusal:
        return _page(reference, refusal), status_of(refusal)
    flash("You have recorded that the safeguarding procedure was used.")
    where = "escalations.show" if audit.was_escalated else "audits.show"
    return redirect(url_for(where, reference=reference), HTTPStatus.SEE_OTHER)


def _page(reference: str, refusal: BadInput | None = None) -> str:
    seen = see(command_context(), current_user(), reference)
    if MOVE not in seen.may:
        raise PermissionDenied("You can’t record this for the audit.")
    return render_template(
        "safeguarding.html", audit=seen.audit, refusal=refusal, typed=request.form, doubted=read_date("used_on", request.form)
    )
