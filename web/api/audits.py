"""Audits over JSON: start, find, read, write, move."""

from typing import Any

from flask import Response

from web.api import request_schemas, response_schemas
from web.api.blueprint import ApiBlueprint
from web.api.openapi import IF_MATCH
from web.api.request_context import answer_with_audit, answer_with_escalation, make_audit_response, read_if_match
from web.api.serialisers import email_of, serialise_audit, serialise_history_row, serialise_moves, to_json
from web.audit_list.queries import AuditFilter, fetch_audits
from web.request.context import command_context, current_council, identified_person
from web.request.read_log import reveal_and_log, reveal_history
from web.request.view_options import ViewOptions
from workflow.commands import assignments, drafting, successions
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import see
from workflow.commands.registry import make_audit_move, make_escalation_move
from workflow.commands.safeguarding import record_safeguarding
from workflow.commands.shown_versions import save_as_shown
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter
from workflow.validation import read_text

blueprint = ApiBlueprint("api_audits", "Audits and their moves")
Given = dict[str, Any]


@blueprint.post("/audits")
@blueprint.arguments(request_schemas.NewAudit)
@blueprint.answers_audit(201)
def start(given: Given) -> Response:
    return answer_with_audit(lambda context: drafting.start_audit(context, identified_person(), given["details"], given["auditor"]), 201)


@blueprint.get("/audits")
@blueprint.arguments(request_schemas.Filter, location="query")
@blueprint.response(200, response_schemas.Page)
def every(given: Given) -> Given:
    return _page(given)


@blueprint.post("/audits/search")
@blueprint.arguments(request_schemas.Search)
@blueprint.response(200, response_schemas.Page)
@ViewOptions(only_reads=True)
def search(given: Given) -> Given:
    return _page(given)


@blueprint.get("/audits/<reference>")
@blueprint.answers_audit()
def show(reference: str) -> Response:
    context, who = command_context(), identified_person()
    shown = serialise_audit(context, who, reveal_and_log(see(context, who, reference)))
    return make_audit_response(shown, to_json(shown))


@blueprint.put("/audits/<reference>/sections/<section>")
@blueprint.arguments(request_schemas.AnyAnswers, required=True)
@blueprint.takes_headers(IF_MATCH)
@blueprint.answers_audit()
@ViewOptions(read_log_title="Section")
def save_section(given: Given, reference: str, section: str) -> Response:
    see(command_context(), identified_person(), reference)
    expected_version = read_if_match()
    return answer_with_audit(
        lambda context: save_as_shown(context, identified_person(), reference, section, given, expected_version, of_whole_audit=True)
    )


@blueprint.get("/audits/<reference>/moves")
@blueprint.response(200, response_schemas.Offers)
def moves(reference: str) -> Given:
    return {"moves": serialise_moves(see(command_context(), identified_person(), reference))}


@blueprint.post("/audits/<reference>/moves")
@blueprint.arguments(request_schemas.Move)
@blueprint.answers_audit()
def move(given: Given, reference: str) -> Response:
    new = tuple(NewAction(one["text"], one["owner"], one["due_on"]) for one in given["actions"])
    return answer_with_audit(lambda context: make_audit_move(context, identified_person(), reference, {**given, "new_actions": new}))


@blueprint.get("/audits/<reference>/history")
@blueprint.shown_to_some
@blueprint.response(200, response_schemas.History)
@ViewOptions(read_log_title="The history")
def history(reference: str) -> Given:
    context = command_context()
    rows = reveal_history(see(context, identified_person(), reference))
    return {"rows": [serialise_history_row(context.directory, row, reason) for row, reason in rows]}


@blueprint.put("/audits/<reference>/moderator")
@blueprint.arguments(request_schemas.Named)
@blueprint.answers_audit()
def moderator(given: Given, reference: str) -> Response:
    return answer_with_audit(lambda context: assignments.assign_moderator(context, identified_person(), reference, given["person"]))


@blueprint.put("/audits/<reference>/people/<role>")
@blueprint.arguments(request_schemas.Successor)
@blueprint.answers_audit()
def name_person(given: Given, reference: str, role: str) -> Response:
    return answer_with_audit(
        lambda context: successions.name_person(context, identified_person(), reference, role, given["person"], given["reason"])
    )


@blueprint.put("/audits/<reference>/auditor")
@blueprint.arguments(request_schemas.Named)
@blueprint.answers_audit()
def auditor(given: Given, reference: str) -> Response:
    return answer_with_audit(lambda context: assignments.allocate(context, identified_person(), reference, given["person"]))


@blueprint.post("/audits/<reference>/escalation/moves")
@blueprint.arguments(request_schemas.EscalationMove)
@blueprint.answers_once(200, response_schemas.Escalation)
@ViewOptions(read_log_title="The escalation")
def escalation_move(given: Given, reference: str) -> Response:
    return answer_with_escalation(lambda context: make_escalation_move(context, identified_person(), reference, given), reference)


@blueprint.post("/audits/<reference>/safeguarding")
@blueprint.arguments(request_schemas.SafeguardingUsed)
@blueprint.answers_audit()
def safeguarding(given: Given, reference: str) -> Response:
    return answer_with_audit(
        lambda context: record_safeguarding(context, identified_person(), reference, given["used_on"], given["used_time"], given["told"])
    )


def _page(given: Given) -> Given:
    context, who = command_context(), identified_person()
    wanted = AuditFilter(given["state"], given["team"], read_text("q", given.get("q"), 100, one_line=True), given["cursor"])
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_audits(connection, VisibilityFilter(who, context.directory, context.permissions), wanted)
    audits = [
        {
            "reference": r.reference,
            "state": r.state,
            "auditor": email_of(context.directory, r.auditor_id),
            "team": r.team,
            "escalation": r.escalation_state,
        }
        for r in rows
    ]
    return {"audits": audits, "next": following}
