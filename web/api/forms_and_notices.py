"""The form, and one’s own notices."""

from typing import Any

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.notices.queries import fetch_notices
from web.request.context import command_context, current_council, identified_person
from workflow.forms import as_json
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

blueprint = ApiBlueprint("api_council", "The form and the notices")
Given = dict[str, Any]


@blueprint.get("/forms/current")
@blueprint.response(200, response_schemas.Form)
def current_form() -> Given:
    return as_json(command_context().forms.current)


@blueprint.get("/notices")
@blueprint.arguments(request_schemas.Filter(only=("cursor",)), location="query")
@blueprint.response(200, response_schemas.Notices)
def notices(given: Given) -> Given:
    policy = current_council().notification_policy
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_notices(
            connection,
            VisibilityFilter(identified_person(), command_context().directory, command_context().permissions),
            policy,
            cursor=given["cursor"],
        )
    shown = [
        {
            "event": row.event, "subject": policy.events[row.event]["subject"], "reference": row.reference, "due_on": row.due_on, "at": row.at,
            "action": f"{row.reference}-{row.action}" if row.action is not None else None,
        }
        for row in rows
    ]  # fmt: skip
    return {"notices": shown, "next": following}
