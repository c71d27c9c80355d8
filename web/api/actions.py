"""Actions over JSON. An action’s id is its audit’s reference and its number there."""

from typing import Any

from flask import Response

from web.action_moves import carry_out
from web.api import schemas
from web.api.asking import asker
from web.api.room import Room
from web.api.shown import action_facts
from web.signed_in import the_desk
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.commands.seeing import see
from workflow.errors import NotFound
from workflow.record import SmartAction

blueprint = Room("api_actions", "Actions of sections 13 and 15")
Given = dict[str, Any]


@blueprint.post("/audits/<reference>/actions")
@blueprint.arguments(schemas.NewAction)
@blueprint.response(201, schemas.Action)
def add(given: Given, reference: str) -> Given:
    new = NewAction(given["text"], given["owner"], given["due_on"])
    return _answer(reference, actions.add_action(the_desk(), asker(), reference, new))


@blueprint.get("/actions/<action_id>")
@blueprint.response(200, schemas.Action)
def show(action_id: str) -> Given:
    reference, number = parts(action_id)
    return _answer(reference, _visible(reference, number))


@blueprint.patch("/actions/<action_id>")
@blueprint.arguments(schemas.Progress)
@blueprint.response(200, schemas.Action)
def change(given: Given, action_id: str) -> Given:
    """Progress and evidence by its owner; before its owner is told, its words by who added it."""
    reference, number = parts(action_id)
    action = _visible(reference, number)
    if any(given[name] is not None for name in ("text", "owner", "due_on")):
        action = actions.change_action(the_desk(), asker(), reference, number, _reworded(action, given))
    if any(given[name] is not None for name in ("progress", "evidence")):
        action = actions.record_progress(the_desk(), asker(), reference, number, given["progress"], given["evidence"])
    return _answer(reference, action)


@blueprint.delete("/actions/<action_id>")
@blueprint.response(204)
def remove(action_id: str) -> Response:
    reference, number = parts(action_id)
    _visible(reference, number)
    actions.remove_action(the_desk(), asker(), reference, number)
    return Response(status=204)


@blueprint.post("/actions/<action_id>/moves")
@blueprint.arguments(schemas.ActionMove)
@blueprint.response(200, schemas.Action)
def move(given: Given, action_id: str) -> Given:
    reference, number = parts(action_id)
    return _answer(reference, carry_out(the_desk(), asker(), reference, number, given))


def parts(action_id: str) -> tuple[str, int]:
    """The audit’s reference and the action’s number; raises NotFound for what could be no action’s id."""
    reference, _, number = action_id.rpartition("-")
    if not reference or not (number.isascii() and number.isdigit()) or len(number) > 6:
        raise NotFound
    return reference, int(number)


def _visible(reference: str, number: int) -> SmartAction:
    seen = see(the_desk(), asker(), reference)
    action = next((action for action in seen.actions if action.number == number), None)
    if action is None:
        raise NotFound
    return action


def _reworded(action: SmartAction, given: Given) -> NewAction:
    owner = the_desk().directory.person(action.owner_id)
    kept = {"text": action.text, "owner": owner.email if owner else "", "due_on": action.due_on.isoformat()}
    return NewAction(*(kept[name] if given[name] is None else given[name] for name in ("text", "owner", "due_on")))


def _answer(reference: str, action: SmartAction) -> Given:
    desk = the_desk()
    return action_facts(desk, asker(), see(desk, asker(), reference), action)
