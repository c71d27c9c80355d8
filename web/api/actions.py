"""Actions over JSON. An action’s id is its audit’s reference and its number there."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from web.api import schemas
from web.api.asking import asker, know_the_asker
from web.api.shown import action_shown
from web.signed_in import the_desk
from workflow.answers import read_day
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.commands.making import named_move
from workflow.commands.seeing import see
from workflow.errors import NotFound
from workflow.record import SmartAction

blueprint = Blueprint("api_actions", __name__, description="Actions of sections 13 and 15")
blueprint.before_request(know_the_asker)
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
    return _answer(reference, carry_out(reference, number, given))


def carry_out(reference: str, number: int, given: Given) -> SmartAction:
    desk, who, reason = the_desk(), asker(), given["reason"] or ""
    name = named_move(desk.rules.action, given["move"]).name
    plain = {"verify": actions.verify, "grant_more_time": actions.grant_more_time}
    reasoned = {"return": actions.return_action, "cancel": actions.cancel, "refuse_more_time": actions.refuse_more_time}
    if name in plain:
        return plain[name](desk, who, reference, number)
    if name in reasoned:
        return reasoned[name](desk, who, reference, number, reason)
    if name == "report":
        return actions.report(desk, who, reference, number, read_day("completed_on", given["completed_on"]))
    return actions.ask_for_more_time(desk, who, reference, number, read_day("due_on", given["due_on"]), reason)


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
    return action_shown(desk, asker(), see(desk, asker(), reference), action)
