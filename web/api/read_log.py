"""Who has read an audit, over JSON."""

from typing import Any

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.api.request_context import asker
from web.api.serialisers import email
from web.identity.current_user import command_context, the_council
from web.read_access.queries import ReadLogFilter, page_of_readings
from web.read_access.routes import REFUSED
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
    context, who = command_context(), asker()
    if "read_readings" not in see(context, who, reference).may:
        raise PermissionDenied(REFUSED)
    sought = ReadLogFilter(reference=reference, cursor=given["cursor"])
    with read_transaction(the_council().engine) as connection:
        rows, following = page_of_readings(connection, VisibilityFilter(who, context.directory, context.permissions), sought)
    shown = [
        {**{name: getattr(row, name) for name in NAMES}, "by": email(context.directory, row.person_id), "emergency": row.emergency_id}
        for row in rows
    ]
    return {"readings": shown, "next": following}
