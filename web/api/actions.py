"""Actions over JSON. An action’s ID is its audit’s reference and its number there."""

from typing import Any

from flask import Response

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.api.serialisers import serialise_action
from web.request.context import command_context, current_council, identified_person
from web.request.read_log import reveal_and_log
from web.request.view_options import ViewOptions
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import AuditView, see
from workflow.commands.registry import make_action_move
from workflow.errors import NotFound
from workflow.models import SmartAction

blueprint = ApiBlueprint("api_actions", "Actions of sections 13 and 15")
Given = dict[str, Any]


@blueprint.post("/audits/<reference>/actions")
@blueprint.arguments(request_schemas.NewAction)
@blueprint.response(201, response_schemas.Action)
def add(given: Given, reference: str) -> Given:
    new = NewAction(given["text"], given["owner"], given["due_on"])
    return _answer(reference, actions.add_action(command_context(), identified_person(), reference, new).number)


@blueprint.get("/actions/<action_id>")
@blueprint.response(200, response_schemas.Action)
@ViewOptions(read_log_title="Action")
def show(action_id: str) -> Given:
    reference, number = split_action_id(action_id)
    return _answer(reference, number)


@blueprint.patch("/actions/<action_id>")
@blueprint.arguments(request_schemas.Progress)
@blueprint.response(200, response_schemas.Action)
def change(given: Given, action_id: str) -> Given:
    """Set progress and evidence, as its owner; reword it, as the person who added it, before its owner is notified."""
    reference, number = split_action_id(action_id)
    if any(given[name] is not None for name in ("text", "owner", "due_on")):
        actions.change_action(command_context(), identified_person(), reference, number, _with_stored_text(reference, number, given))
    if any(given[name] is not None for name in ("progress", "evidence")):
        actions.record_progress(command_context(), identified_person(), reference, number, given["progress"], given["evidence"])
    return _answer(reference, number)


@blueprint.delete("/actions/<action_id>")
@blueprint.response(204)
def remove(action_id: str) -> Response:
    reference, number = split_action_id(action_id)
    actions.remove_action(command_context(), identified_person(), reference, number)
    return Response(status=204)


@blueprint.post("/actions/<action_id>/moves")
@blueprint.arguments(request_schemas.ActionMove)
@blueprint.response(200, response_schemas.Action)
def move(given: Given, action_id: str) -> Given:
    reference, number = split_action_id(action_id)
    make_action_move(command_context(), identified_person(), reference, number, given)
    return _answer(reference, number)


def split_action_id(action_id: str) -> tuple[str, int]:
    """Return the audit’s reference and the action’s number. Raise NotFound for a malformed ID."""
    reference, _, number = action_id.rpartition("-")
    if not reference or not (number.isascii() and number.isdigit()) or len(number) > 6:
        raise NotFound
    return reference, int(number)


def _find_action(view: AuditView, number: int) -> SmartAction:
    action = next((action for action in view.actions if action.number == number), None)
    if action is None:
        raise NotFound
    return action


def _with_stored_text(reference: str, number: int, given: Given) -> NewAction:
    """Return what was given, with the stored text for the rest. It is saved again and shown to nobody here."""
    audit = current_council().store.audit(reference)
    action = audit.action(number) if audit else None
    if action is None:
        raise NotFound
    owner = command_context().directory.person(action.owner_id)
    stored = {"text": action.text, "owner": owner.email if owner else "", "due_on": action.due_on.isoformat()}
    return NewAction(*(stored[name] if given[name] is None else given[name] for name in ("text", "owner", "due_on")))


def _answer(reference: str, number: int) -> Given:
    context = command_context()
    view = see(context, identified_person(), reference)
    _find_action(view, number)
    view = reveal_and_log(view)
    return serialise_action(context, identified_person(), view, _find_action(view, number))
