"""Who has read an audit, over JSON."""

from typing import Any

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.api.serialisers import email_of
from web.read_access.queries import ReadLogFilter, fetch_readings
from web.read_access.routes import REFUSED
from web.request.context import command_context, current_council, identified_person
from workflow.commands.audit_view import see
from workflow.errors import PermissionDenied
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

blueprint = ApiBlueprint("api_readings", "Who has read what")
Given = dict[str, Any]
NAMES = ("by_name", "edition", "version", "door", "what", "at")


@blueprint.get("/audits/<reference>/readings")
@blueprint.arguments(request_schemas.Filter(only=("cursor",)), location="query")
@blueprint.shown_to_some
@blueprint.response(200, response_schemas.Readings)
def of_audit(given: Given, reference: str) -> Given:
    context, who = command_context(), identified_person()
    if "read_readings" not in see(context, who, reference).may:
        raise PermissionDenied(REFUSED)
    sought = ReadLogFilter(reference=reference, cursor=given["cursor"])
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_readings(connection, VisibilityFilter(who, context.directory, context.permissions), sought)
    shown = [
        {**{name: getattr(row, name) for name in NAMES}, "by": email_of(context.directory, row.person_id), "emergency": row.emergency_id}
        for row in rows
    ]
    return {"readings": shown, "next": following}
