"""The read log: who has read which audit, for the people who check it."""

from flask import Blueprint, render_template, request

from web.identity.current_user import current_user, login_required, visibility_filter
from web.read_access.queries import ReadLogFilter, fetch_heavy_readers, fetch_readings
from web.request.context import command_context, current_council
from workflow.commands.audit_view import see
from workflow.errors import PermissionDenied
from workflow.storage.engine import read_transaction

pages = Blueprint("readings", __name__, template_folder="templates")
REFUSED = "You can’t see who has read audits."


@pages.get("/readings")
@login_required
def every() -> str:
    """Show readings by person and by audit, and people who read unusually many audits in an hour."""
    context, council = command_context(), current_council()
    if not context.permissions.allow_role("read_readings", current_user()):
        raise PermissionDenied(REFUSED)
    person, most = request.args.get("person", ""), council.notification_policy.clocks["many_audits_read_in_an_hour"]
    sought = ReadLogFilter(
        int(person) if person.isdecimal() and len(person) < 10 else None,
        request.args.get("reference", "").strip().lower()[:40] or None,
        request.args.get("cursor"),
    )
    with read_transaction(council.engine) as connection:
        rows, following = fetch_readings(connection, visibility_filter(), sought)
        many = fetch_heavy_readers(connection, most, context.now)
    people = sorted(context.directory.people.values(), key=lambda one: one.name)
    return render_template(
        "readings.html", rows=rows, many=many, most=most, sought=sought, people=people, more={**request.args, "cursor": following} if following else None
    )  # fmt: skip


@pages.get("/audits/<reference>/readings")
@login_required
def of_audit(reference: str) -> str:
    context = command_context()
    seen = see(context, current_user(), reference)
    if "read_readings" not in seen.may:
        raise PermissionDenied(REFUSED)
    sought = ReadLogFilter(reference=reference, cursor=request.args.get("cursor"))
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_readings(connection, visibility_filter(), sought)
    return render_template("who_read.html", audit=seen.audit, rows=rows, following=following)
