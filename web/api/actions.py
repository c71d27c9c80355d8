"""Actions over JSON. An action’s ID is its audit’s reference and its number there."""

from typing import Any

from flask import Response

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.api.request_context import answer_with_action, answer_with_nothing, split_action_id
from web.api.serialisers import find_action, serialise_action
from web.request.context import command_context, current_council, identified_person
from web.request.read_log import reveal_and_log
from web.request.view_options import ViewOptions
from workflow.commands import actions, successions
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import see
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.registry import make_action_move
from workflow.errors import BadInput, NotFound

blueprint = ApiBlueprint("api_actions", "Actions of sections 13 and 15")
Given = dict[str, Any]
WORDING, PROGRESS = ("text", "owner", "due_on"), ("progress", "evidence")
NOT_BOTH = (
    "Send either the new text, owner or due date, or the progress and evidence: an action can’t be changed once its owner is notified."
)


@blueprint.post("/audits/<reference>/actions")
@blueprint.arguments(request_schemas.NewAction)
@blueprint.answers_once(201, response_schemas.Action)
def add(given: Given, reference: str) -> Response:
    new = NewAction(given["text"], given["owner"], given["due_on"])
    return answer_with_action(lambda context: actions.add_action(context, identified_person(), reference, new), reference, status=201)


@blueprint.get("/actions/<action_id>")
@blueprint.response(200, response_schemas.Action)
@ViewOptions(read_log_title="Action")
def show(action_id: str) -> Given:
    reference, number = split_action_id(action_id)
    context, who = command_context(), identified_person()
    view = see(context, who, reference)
    find_action(view, number)
    view = reveal_and_log(view)
    return serialise_action(context, who, view, find_action(view, number))


@blueprint.patch("/actions/<action_id>")
@blueprint.arguments(request_schemas.Progress)
@blueprint.answers_once(200, response_schemas.Action)
def change(given: Given, action_id: str) -> Response:
    """Set progress and evidence, as its owner; reword it, as the person who added it, before its owner is notified."""
    reference, number = split_action_id(action_id)
    is_reworded, is_in_progress = (any(given[name] is not None for name in names) for names in (WORDING, PROGRESS))
    if is_reworded and is_in_progress:
        raise BadInput.about("progress", NOT_BOTH)

    def run(context: CommandContext) -> object:
        if is_reworded:
            return actions.change_action(context, identified_person(), reference, number, _with_stored_text(reference, number, given))
        if is_in_progress:
            return actions.record_progress(context, identified_person(), reference, number, given["progress"], given["evidence"])
        return get_visible_audit(context, identified_person(), reference)[0]

    return answer_with_action(run, reference, number)


@blueprint.delete("/actions/<action_id>")
@blueprint.answers_once(204)
def remove(action_id: str) -> Response:
    reference, number = split_action_id(action_id)
    return answer_with_nothing(lambda context: actions.remove_action(context, identified_person(), reference, number), reference)


@blueprint.post("/actions/<action_id>/moves")
@blueprint.arguments(request_schemas.ActionMove)
@blueprint.answers_once(200, response_schemas.Action)
def move(given: Given, action_id: str) -> Response:
    reference, number = split_action_id(action_id)
    return answer_with_action(lambda context: make_action_move(context, identified_person(), reference, number, given), reference, number)


@blueprint.put("/actions/<action_id>/owner")
@blueprint.arguments(request_schemas.Successor)
@blueprint.answers_once(200, response_schemas.Action)
def owner(given: Given, action_id: str) -> Response:
    reference, number = split_action_id(action_id)
    return answer_with_action(
        lambda context: successions.name_owner(context, identified_person(), reference, number, given["person"], given["reason"]),
        reference,
        number,
    )


def _with_stored_text(reference: str, number: int, given: Given) -> NewAction:
    """Return what was given, with the stored text for the rest. It is saved again and shown to nobody here."""
    audit = current_council().store.audit(reference)
    action = audit.action(number) if audit else None
    if action is None:
        raise NotFound
    owner = command_context().directory.person(action.owner_id)
    stored = {"text": action.text, "owner": owner.email if owner else "", "due_on": action.due_on.isoformat()}
    return NewAction(*(stored[name] if given[name] is None else given[name] for name in WORDING))
