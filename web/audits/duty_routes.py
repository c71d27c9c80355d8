"""Duties without a holder, for the QA Service."""

from flask import Blueprint, render_template

from web.audits.vacant_duties import MOST, find_vacant_duties
from web.identity.current_user import current_user, login_required, visibility_filter
from web.request.context import command_context, current_council
from workflow.errors import PermissionDenied
from workflow.storage.engine import read_transaction

pages = Blueprint("duties", __name__, template_folder="templates")


@pages.get("/duties")
@login_required
def every() -> str:
    if not command_context().permissions.allow_role("see_vacant_duties", current_user()):
        raise PermissionDenied("Only the QA Service can see the duties without a holder.")
    with read_transaction(current_council().engine) as connection:
        vacant = find_vacant_duties(connection, visibility_filter())
    return render_template("duties.html", vacant=vacant, most=MOST)
